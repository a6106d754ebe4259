"""Questions that staff ask, answered from entries that a person wrote and verified, or handed to a person."""
