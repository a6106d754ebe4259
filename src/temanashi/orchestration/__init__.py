"""Prefect, as we use it: flows from runbooks, deployments, the worker, `tema up`. Imports nothing: that would take seconds."""
