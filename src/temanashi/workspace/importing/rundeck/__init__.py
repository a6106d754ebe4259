"""Jobs exported from Rundeck as drafts of runbooks. What has no equal here becomes a step that a person does, and is told."""
