"""Tickets of another system as occasions of tasks: a file is read whole, and what is not understood is told by row and column."""
