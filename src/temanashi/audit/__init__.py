"""What an auditor needs of the ledger: find, read a run's whole story, draw samples, export, and take evidence along.

`finding` searches by marks; everything that is shown, exported or sampled is read from the records themselves. Nothing is imported
here, so that `audit.periods` stays cheap to import.
"""

__all__: list[str] = []
