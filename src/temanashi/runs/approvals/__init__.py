"""Four eyes: who must approve a run, the wait for it, the votes, emergencies. The ledger decides; rows only show."""
