"""`/tema/healthz`: what an outside monitor asks. 200 when all is well, 503 when something is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.errors import LedgerError
from temanashi.pages.identity import signed_in
from temanashi.pages.site import Site
from temanashi.runs.stopping import stopped

__all__ = ["SILENT_SECONDS", "health"]

SILENT_SECONDS = 120
"""Prefect's workers tell that they live every 30 seconds."""


def health(site: Site) -> Callable[[Request], Response]:
    """The endpoint."""

    def answer(request: Request) -> Response:
        checks = {"database": _database(site), "ledger": _ledger(site), "worker": _worker(site), "emergency_stop": _stop(site)}
        good = all(check["ok"] for check in checks.values())
        if site.installation.settings.gate.sign_in and signed_in(request) is None:  # what is wrong is not for everybody
            checks = {name: {"ok": check["ok"]} for name, check in checks.items()}
        body = {"status": "ok" if good else "failing", "at": site.installation.clock.now().isoformat(), "checks": checks}
        return JSONResponse(body, status_code=200 if good else 503, headers={"cache-control": "no-store"})

    return answer


def _database(site: Site) -> dict[str, Any]:
    """Whether something could be written: a transaction takes the write lock and is given back."""
    try:
        with site.installation.database.transaction() as connection:
            connection.execute(text("SELECT 1"))
    except LedgerError as error:
        return {"ok": False, "problem": str(error)}
    return {"ok": True}


def _ledger(site: Site) -> dict[str, Any]:
    try:
        with site.installation.database.reading() as connection:
            head = site.installation.ledger.head(connection)
    except LedgerError as error:
        return {"ok": False, "problem": str(error)}
    return {"ok": True, "seq": head.seq, "hash": head.hash}


def _worker(site: Site) -> dict[str, Any]:
    try:
        seen = site.links.worker_seen()
    except Exception as error:  # noqa: BLE001  (whatever is wrong with the way to the worker, the answer is: not seen)
        return {"ok": False, "problem": f"{type(error).__name__}: {error}"}
    if seen is None:
        return {"ok": False, "problem": "no worker was ever seen"}
    silent = (site.installation.clock.now() - seen).total_seconds()
    return {"ok": silent <= SILENT_SECONDS, "last_seen": seen.isoformat(), "silent_seconds": max(0, round(silent))}


def _stop(site: Site) -> dict[str, Any]:
    """The emergency stop is a decision of a person, not a failure of this server; it is told, and does not fail the check."""
    try:
        with site.installation.database.reading() as connection:
            stop = stopped(connection)
    except LedgerError as error:
        return {"ok": False, "problem": str(error)}
    return {"ok": True, "on": stop is not None, **({"by": stop["actor"], "reason": stop["reason"]} if stop else {})}
