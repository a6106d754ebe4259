"""The front door: the one app that mounts Prefect's server and our pages. Nothing is imported here: Prefect reads its environment."""
