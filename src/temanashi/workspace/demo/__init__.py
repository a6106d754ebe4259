"""A separate, clearly marked workspace with a year of made-up records, for a look at the report before one has a year."""
