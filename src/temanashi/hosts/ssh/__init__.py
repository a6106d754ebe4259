"""Hosts by SSH: one verified connection a host, one exec for all commands of a sweep."""
