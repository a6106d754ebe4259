"""From past inquiries to entries: what was asked again and again, how much time it took, and in which words."""
