"""The front door: the one app that mounts Prefect's server and our pages. Imports nothing: Prefect reads its environment then."""
