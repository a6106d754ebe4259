"""How the entry that answers a question is found: documents, words, rankers, and how sure we are."""
