"""Answers to questions that come again and again: entries, the search over them, and how right it is."""
