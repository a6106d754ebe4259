"""Drafts of runbooks from what a company already has: procedures in Excel, jobs of Rundeck. Nothing that is read is ever run."""
