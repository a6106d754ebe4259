"""The end of a checklist: done, refused or expired. One `decision` record tells every line, who did and confirmed it, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from temanashi.canonical import canonical_json
from temanashi.changes import Change, Outcome
from temanashi.people import Actor, Channel
from temanashi.runs.active_time import whole_seconds
from temanashi.runs.checklist_faults import ChecklistOpen, NoChecklist, NoteTooLong, RefusalWithoutReason
from temanashi.runs.checklist_journal import add_deed, read_checklist
from temanashi.runs.checklist_samples import sample_of, time_of
from temanashi.runs.checklist_state import Checklist, LineNow
from temanashi.runs.checklists import NOTE_LENGTH, lock_wait
from temanashi.runs.engine import Engine
from temanashi.runs.journal import draft_of, read_rows, settle
from temanashi.runs.tables import WAITS
from temanashi.text.local import Phrase, phrase

__all__ = ["Spent", "answer_whole", "close_checklist", "expire_checklist", "leave_checklist", "line_outcomes", "spent_on"]

End = Literal["done", "refused", "expired", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Spent:
    """One person's time in seconds: as measured, as they corrected it (None: not), and what the idle cap took off."""

    name: str
    measured: int
    entered: int | None
    idle: int

    @property
    def seconds(self) -> int:
        """What counts."""
        return self.measured if self.entered is None else self.entered


def spent_on(now: Checklist) -> tuple[Spent, ...]:
    """Everybody's time, in order of name."""
    times = time_of(now)
    return tuple(
        Spent(
            name=name,
            measured=whole_seconds(times[name].worked) if name in times else 0,
            entered=now.entered.get(name),
            idle=whole_seconds(times[name].idle) if name in times else 0,
        )
        for name in sorted({*times, *now.entered})
    )


def close_checklist(
    engine: Engine,
    run: str,
    *,
    actor: Actor,
    channel: Channel,
    verdict: Literal["done", "refused"],
    note: str = "",
    step: str | None = None,
) -> str:
    """Close the checklist that a run waits for; the step of its wait. The run goes on with the next `advance`.

    Raises NoRun, NotWaiting, RunsStopped, NoChecklist, ChecklistOpen, RefusalWithoutReason and NoteTooLong.
    """
    now = engine.clock.now()
    with engine.database.transaction() as connection:
        row, wait = lock_wait(connection, run, step=step, now=now)
        found = read_checklist(connection, run, wait.step) if wait.kind == "manual" else None
        if found is None:
            raise NoChecklist(run)
        if verdict == "refused" and not note.strip():
            raise RefusalWithoutReason
        left = [line.line.number for line in found.lines if not line.settled]
        if left and verdict == "done":
            raise ChecklistOpen(run, left)
        _Closing(engine, connection, row, wait.step, found).write(verdict, actor=actor, channel=channel, note=note)
        return str(wait.step)


def answer_whole(
    engine: Engine,
    connection: Connection,
    row: Any,
    wait: Any,
    *,
    actor: Actor,
    channel: Channel,
    verdict: Literal["done", "refused"],
    note: str,
    human_seconds: int | None,
) -> None:
    """Answer for the whole checklist at once: what is not ticked yet is done by this person. No sample; the caller holds the wait.

    `human_seconds` are this person's, as they say; without them, what the runbook proposes for the lines left is taken.
    Raises ChecklistOpen where a line needs a value or a second person.
    """
    found = read_checklist(connection, row.id, wait.step)
    if found is None:  # opened before there were checklists
        raise NoChecklist(row.id)
    now = engine.clock.now()
    left = [line for line in found.lines if not line.settled]
    if verdict == "done":
        if needy := [line.line.number for line in left if not _simple(line)]:
            raise ChecklistOpen(row.id, needy)
        for line in left:
            add_deed(connection, row.id, wait.step, "tick", actor=actor, at=now, line=line.line.number, data={"whole": True})
    if human_seconds is not None:
        add_deed(connection, row.id, wait.step, "minutes", actor=actor, at=now, data={"seconds": human_seconds})
    closing = _Closing(engine, connection, row, wait.step, read_checklist(connection, row.id, wait.step) or found)
    default = 0 if verdict == "refused" or human_seconds is not None else sum(_proposed(line) for line in left)
    closing.write(verdict, actor=actor, channel=channel, note=note, default=default, whole=verdict == "done" and bool(left))


def expire_checklist(engine: Engine, connection: Connection, row: Any, step: str, *, actor: Actor) -> bool:
    """Write that nobody closed a checklist in time; False where the wait has none."""
    found = read_checklist(connection, row.id, step)
    if found is not None:
        _Closing(engine, connection, row, step, found).write("expired", actor=actor, channel="schedule", note="")
    return found is not None


def leave_checklist(engine: Engine, connection: Connection, row: Any, *, actor: Actor) -> None:
    """Write what was done of a checklist whose run is cancelled, and settle it; nothing where nobody had done anything."""
    wait = connection.execute(select(WAITS).where((WAITS.c.run == row.id) & (WAITS.c.state == "open"))).one_or_none()
    found = read_checklist(connection, row.id, wait.step) if wait is not None and wait.kind == "manual" else None
    if wait is None or found is None or not found.deeds:
        return
    _Closing(engine, connection, row, wait.step, found).write("cancelled", actor=actor, channel=row.channel, note="")
    now = engine.clock.now()
    done = {(line.line.step, line.line.iteration): line for line in found.lines if line.state != "open"}
    told = {
        (line["step"], line["iteration"]): line for line in _told(found.lines, dict.fromkeys(range(1, len(found.lines) + 1), 0))
    }
    for change in [
        r.change for r in read_rows(connection, row.id) if (r.change.step, r.change.iteration) in done and not r.settled
    ]:
        line = told[change.step, change.iteration]
        settle(connection, row.id, change, _outcome({"verdict": "cancelled", "note": ""}, line, now), now)


def _simple(line: LineNow) -> bool:
    terms = line.line.terms
    return line.state == "open" and not terms.confirm and (terms.value is None or not terms.value.required)


def _proposed(line: LineNow) -> int:
    return round((line.line.terms.minutes or 0) * 60)


@dataclass(frozen=True)
class _Closing:
    """One checklist at its end."""

    engine: Engine
    connection: Connection
    row: Any
    step: str
    found: Checklist

    def write(self, verdict: End, *, actor: Actor, channel: Channel, note: str, default: int = 0, whole: bool = False) -> None:
        """The wait's decision, which the run takes over, and the record. `default`: seconds that nobody measured or entered."""
        if len(note) > NOTE_LENGTH:
            raise NoteTooLong(most=NOTE_LENGTH)
        people, clean = spent_on(self.found), self.engine.redactor.text(note.strip())
        total = sum(person.seconds for person in people)
        if not total and not default and not self.found.entered and verdict == "done":
            default = sum(_proposed(line) for line in self.found.lines if line.state == "done")
        lines = _told(self.found.lines, self._by_line(default))
        decision = {"verdict": verdict, "note": clean, "actor": actor.name, "human_seconds": total + default, "lines": lines}
        where = (WAITS.c.run == self.row.id) & (WAITS.c.step == self.step)
        self.connection.execute(update(WAITS).where(where).values(state=verdict, decision=canonical_json(decision)))
        confirmers = dict.fromkeys(line.confirmed_by.name for line in self.found.lines if line.confirmed_by is not None)
        draft = draft_of(
            self.row,
            "decision",
            actor=actor,
            channel=channel,
            step=self.step,
            outcome=verdict,
            reason=clean if verdict == "refused" else "",
            approvers=tuple(confirmers),
            human_seconds=total + default,
            human_source=self._source(total, default),
            body=self._body(verdict, people, clean, lines, default=default, whole=whole),
        )
        self.engine.ledger.append(self.connection, draft)

    def _source(self, total: int, default: int) -> Literal["", "timer", "entered", "default"]:
        if default:
            return "default"
        if self.found.entered:
            return "entered"
        return "timer" if total else ""

    def _by_line(self, default: int) -> dict[int, int]:
        """Seconds of each line, of everybody who worked on it; where nothing was measured, what is proposed."""
        if len(self.found.lines) == 1:
            return {1: sum(person.seconds for person in spent_on(self.found)) + default}
        sums: dict[int, timedelta] = {}
        for time in time_of(self.found).values():
            for line, spent in time.by_line.items():
                sums[line] = sums.get(line, timedelta()) + spent
        seconds = {line: whole_seconds(time) for line, time in sums.items()}
        return {line.line.number: seconds.get(line.line.number) or (_proposed(line) if default else 0) for line in self.found.lines}

    def _body(
        self, verdict: End, people: Sequence[Spent], note: str, lines: list[dict[str, Any]], *, default: int, whole: bool
    ) -> dict[str, Any]:
        found = self.found
        sample = sample_of(found)
        why = phrase("runs.sample-whole") if whole or default else sample.refused
        if verdict != "done":
            why = phrase("runs.sample-not-done")
        body: dict[str, Any] = self.engine.redactor.value(
            {
                "wait": "manual",
                "note": note,
                "lines": [{**line, "measured": line["line"] in sample.lines and verdict == "done"} for line in lines],
                "people": [
                    {"name": p.name, "seconds_measured": p.measured, "seconds_entered": p.entered, "seconds_idle": p.idle}
                    for p in people
                ],
                "seconds_proposed": default,
                "started_by": found.started_by.name if found.started_by else "",
                "started_at": found.started_at.isoformat() if found.started_at else "",
                "hand_overs": [{"by": h.by, "after": h.after, "at": h.at.isoformat()} for h in found.hand_overs],
                "history": [_history(deed) for deed in found.deeds if deed.verb != "heartbeat"],
                "sample": {"accepted": why is None, "refused": why.model_dump() if why else None},
            }
        )
        return body


def _history(deed: Any) -> dict[str, Any]:
    said = {"seq": deed.seq, "verb": deed.verb, "by": deed.actor.name, "at": deed.at.isoformat(), "line": deed.line}
    return {name: value for name, value in said.items() if value is not None}


def _told(lines: Iterable[LineNow], seconds: Mapping[int, int]) -> list[dict[str, Any]]:
    return [
        {
            "line": now.line.number,
            "step": now.line.step,
            "iteration": now.line.iteration,
            "title": (now.line.terms.title or now.line.text).model_dump(),
            "state": now.state,
            "value": now.value,
            "note": now.note,
            "by": now.by.name if now.by else "",
            "assurance": now.by.assurance if now.by else "",
            "at": now.at.isoformat() if now.at else "",
            "confirmed_by": now.confirmed_by.name if now.confirmed_by else "",
            "confirmed_at": now.confirmed_at.isoformat() if now.confirmed_at else "",
            "seconds": seconds[now.line.number],
        }
        for now in lines
    ]


def line_outcomes(decision: Mapping[str, Any], changes: Sequence[Change], now: datetime) -> dict[tuple[str, int, str], Outcome]:
    """What became of each change, as the wait's decision tells it. A refused or expired checklist keeps what was done before."""
    lines = {(line["step"], line["iteration"]): line for line in decision.get("lines", ())}
    ended = {change.key: _outcome(decision, lines.get((change.step, change.iteration)), now) for change in changes}
    if decision["verdict"] != "done" and all(outcome.good for outcome in ended.values()):
        ended[changes[-1].key] = _outcome(decision, None, now)
    return ended


def _outcome(decision: Mapping[str, Any], line: Mapping[str, Any] | None, now: datetime) -> Outcome:
    if line is not None and line["state"] != "open":
        reason = _reason(line, decision)
        outputs = {
            "note": line["note"] or decision["note"],
            "by": line["by"],
            "confirmed_by": line["confirmed_by"],
            "value": line["value"],
        }
        status: Literal["changed", "already"] = "changed" if line["state"] == "done" else "already"
        return Outcome(status=status, reason=reason, ended_at=now, human_seconds=line["seconds"], outputs=outputs)
    if decision["verdict"] == "expired":
        return Outcome(status="failed", reason=phrase("runs.expired"), ended_at=now)
    if decision["verdict"] == "done":  # decided before there were checklists
        outputs = {"note": decision["note"], "by": decision["actor"]}
        reason = phrase("runs.done-by", actor=decision["actor"], note=decision["note"])
        return Outcome(status="changed", reason=reason, ended_at=now, human_seconds=decision["human_seconds"], outputs=outputs)
    reason = phrase("runs.refused-by", actor=decision["actor"], note=decision["note"])
    return Outcome(status="failed", reason=reason, ended_at=now)


def _reason(line: Mapping[str, Any], decision: Mapping[str, Any]) -> Phrase:
    note = line["note"] or (decision["note"] if decision["verdict"] == "done" else "")
    if line["state"] == "not_applicable":
        return phrase("runs.line-not-applicable", actor=line["by"], note=note)
    told = {"actor": line["by"], "note": " ".join(str(part) for part in (line["value"], note) if part not in {None, ""})}
    if line["confirmed_by"]:
        return phrase("runs.done-and-confirmed-by", **told, confirmed_by=line["confirmed_by"])
    if line["seconds"]:
        return phrase("runs.confirmed-by", **told, minutes=f"{line['seconds'] / 60:.1f}".removesuffix(".0"))
    return phrase("runs.done-by", **told)
