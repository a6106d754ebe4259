"""Monitoring: what the results of runs mean over time. States, problems, outages, maintenance, acknowledgements, alerts."""
