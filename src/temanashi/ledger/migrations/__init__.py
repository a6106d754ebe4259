"""Alembic's folder. `versions/NNNN_name.py` hold revisions "0001", "0002", ... in one line; the highest is the head."""

__all__: list[str] = []
