"""The runbook: its model, loading, inputs and telling. `steps/` has one file a kind of step."""
