"""Taking a replaced file back: only while it is still what we wrote, and only to what is known to have been there."""

from __future__ import annotations

from temanashi.changes import Change, Outcome
from temanashi.runbooks.steps.contract import Effects
from temanashi.runbooks.steps.files import FileTrouble, Found, look, remove, restore
from temanashi.runbooks.steps.wording import shown
from temanashi.text.local import phrase

__all__ = ["restored"]


def restored(effects: Effects, change: Change, key: str) -> Outcome:
    """Put back what was there before; raises TargetError."""
    payload, before = change.payload, change.payload["restore"]
    transport = effects.connect(effects.host(change.target))
    seconds = float(payload["timeout"])
    path, written = payload["path"], payload["written"]
    found = look(transport, path, timeout=seconds)
    conflict = Outcome(status="conflict", reason=phrase("steps.template-conflict", path=shown(path, limit=200)))
    if before and _same(found, before):
        return Outcome(status="already")
    if not before and found.digest != written:
        return Outcome(status="already")  # it was never written, or somebody replaced it since
    if found.digest != written:
        return conflict
    if before.get("sha256") == "absent":
        done = remove(transport, path, expected=written, key=key, timeout=seconds)
        return Outcome(status="changed") if done else conflict
    kept = look(transport, payload["backup"], timeout=seconds)
    if kept.state == "absent":
        raise FileTrouble(path, phrase("steps.template-no-backup"))
    wanted = before.get("sha256", kept.digest)
    done = restore(transport, path, payload["backup"], expected=written, before=wanted, key=key, timeout=seconds)
    return Outcome(status="changed") if done else conflict


def _same(found: Found, before: dict[str, str]) -> bool:
    facts = found.facts()
    return all(facts.get(name) == value for name, value in before.items())
