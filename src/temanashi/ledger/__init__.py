"""The ledger: append-only, hash-chained records, and the one database in which journal and published versions live beside it.

`database` opens and upgrades, `ledger` appends and reads, `verification` proves, `checkpoints` sign the head outside the database,
`pruning`, `backup` and `restoring` keep it. Nothing is imported here, so that `ledger.records` stays cheap to import.
"""

__all__: list[str] = []
