"""Prefect, as we use it: flows from runbooks, deployments, the worker, and `tema up`. Nothing is imported here: that takes seconds."""
