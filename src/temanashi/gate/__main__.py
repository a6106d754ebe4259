"""`python -m temanashi.gate`: serve Prefect and our pages for the workspace here."""

from __future__ import annotations

from temanashi.gate.serving import main

if __name__ == "__main__":
    main()
