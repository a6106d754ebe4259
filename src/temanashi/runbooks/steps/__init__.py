"""The kinds of step, one file a kind, all on the contract of `changes.py`."""
