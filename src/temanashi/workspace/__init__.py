"""A workspace: settings, runbooks, site data, flows and FAQ as files, and the versions of them that were published."""
