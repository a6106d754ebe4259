"""How a run lasts: planning, the journal, advance, waits, decisions. With Prefect and without, it is the same."""
