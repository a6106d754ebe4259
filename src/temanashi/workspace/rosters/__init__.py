"""A roster of the personnel department against the accounts that there are: who comes, who moves, who leaves."""
