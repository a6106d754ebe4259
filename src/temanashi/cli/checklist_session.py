"""Working through a checklist at the terminal: each line typed is saved at once, so that Ctrl-C loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from temanashi.cli.language import language
from temanashi.cli.output import answer, say_here, tell_error
from temanashi.errors import InputError, RunError

if TYPE_CHECKING:
    from temanashi.people import Actor
    from temanashi.runs.checklist_state import Checklist, LineNow, Verb
    from temanashi.runs.engine import Engine

__all__ = ["ChecklistSession", "show_checklist"]

MARKS = {"open": "○", "done": "✓", "not_applicable": "－"}


class _Unknown(InputError):
    """A word that is no command of a checklist."""

    key = "cli.checklist-unknown"

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


def show_checklist(now: Checklist) -> None:
    """The lines with their states, who is on it, and what is left."""
    lang = language()
    for line in now.lines:
        terms = line.line.terms
        title = terms.title.text(lang) if terms.title else line.line.step
        style = "green" if line.settled else "yellow" if line.wants_confirmation else ""
        answer(f"{MARKS[line.state]} {line.line.number:>2}. {title}{_told(line)}", style=style)
        if line.state == "open":
            for text in line.line.text.text(lang).splitlines():
                answer(f"       {text}")
        if line.note:
            answer(f"       {say_here('cli.checklist-note')}: {line.note}")
    holder = now.holder.name if now.holder else say_here("cli.checklist-nobody")
    answer(say_here("cli.checklist-progress", done=now.done, total=len(now.lines), holder=holder))


def _told(line: LineNow) -> str:
    parts = []
    if line.value is not None:
        parts.append(str(line.value))
    if line.by is not None:
        parts.append(line.by.name)
    if line.confirmed_by is not None:
        parts.append(say_here("cli.checklist-confirmed", name=line.confirmed_by.name))
    elif line.wants_confirmation:
        parts.append(say_here("cli.checklist-wants-confirmation"))
    return f"  ({', '.join(parts)})" if parts else ""


@dataclass
class ChecklistSession:
    """One person at one checklist. `read` asks for a line and raises EOFError or KeyboardInterrupt when there is none."""

    engine: Engine
    run: str
    actor: Actor
    read: Callable[[str], str]
    step: str = ""

    def go(self) -> bool:
        """Work until the checklist is closed (True) or the person leaves (False)."""
        try:
            now = self._begun()
            while now is not None:
                show_checklist(now)
                typed = self.read(say_here("cli.checklist-prompt")).strip()
                if typed == "q":
                    break
                try:
                    if self._did(typed, now):
                        return True
                except (InputError, RunError) as error:
                    tell_error(error)
                now = self._now()
        except (EOFError, KeyboardInterrupt):
            answer()
        answer(say_here("cli.checklist-left", run=self.run))
        return False

    def _now(self) -> Checklist | None:
        from temanashi.runs.checklists import checklist_of

        with self.engine.database.reading() as connection:
            return checklist_of(connection, self.run)

    def _begun(self) -> Checklist | None:
        """Start, or take over from a colleague if the person wants to."""
        now = self._now()
        if now is None:
            return None
        self.step = now.lines[0].line.step
        if now.holder is None:
            return self._act("begin")
        if now.holder.name != self.actor.name:
            asked = say_here("cli.checklist-take-over", name=now.holder.name)
            if self.read(asked).strip().casefold() in {"y", "yes", "はい"}:
                return self._act("take_over")
        return now

    def _act(self, verb: Verb, line: LineNow | None = None, *, value: str | None = None, note: str | None = None) -> Checklist:
        from temanashi.runs.checklists import Act, act

        number, seen = (line.line.number, line.seen) if line is not None else (None, None)
        asked = Act(verb=verb, actor=self.actor, line=number, value=value, note=note, seen=seen)
        return act(self.engine, self.run, asked, step=self.step)

    def _did(self, typed: str, now: Checklist) -> bool:
        """Do what was typed; True when the checklist is closed."""
        from temanashi.runs.checklist_closing import close_checklist

        word, _, rest = typed.partition(" ")
        if not typed:
            return False
        if word.isdecimal():
            self._toggle(self._line(now, word), rest.strip())
        elif word in {"n", "v", "x", "c", "u"}:
            number, _, text = rest.strip().partition(" ")
            self._on_line(word, self._line(now, number), text.strip())
        elif word == "h":
            self._act("take_over")
        elif word == "m":
            self._minutes(rest)
        elif word in {"d", "r"}:
            verdict: Literal["done", "refused"] = "done" if word == "d" else "refused"
            close_checklist(
                self.engine, self.run, actor=self.actor, channel="cli", verdict=verdict, note=rest.strip(), step=self.step
            )
            return True
        elif word in {"?", "help"}:
            answer(say_here("cli.checklist-help"))
        else:
            raise _Unknown(typed)
        return False

    def _line(self, now: Checklist, number: str) -> LineNow:
        from temanashi.runs.checklist_faults import NoLine

        line = now.line(int(number)) if number.isdecimal() else None
        if line is None:
            raise NoLine(int(number) if number.isdecimal() else 0, most=len(now.lines))
        return line

    def _toggle(self, line: LineNow, value: str) -> None:
        if line.state != "open":
            self._act("untick", line)
            return
        spec = line.line.terms.value
        if spec is not None and not value and line.value is None:
            value = self.read(f"{spec.title.text(language())}: ")
        self._act("tick", line, value=value if spec is not None and (value or line.value is None) else None)

    def _on_line(self, word: str, line: LineNow, text: str) -> None:
        if word == "n":
            self._act("save", line, note=text)
        elif word == "v":
            self._act("save", line, value=text)
        elif word == "x":
            self._act("not_applicable", line, note=text or None)
        else:
            self._act("confirm" if word == "c" else "untick", line)

    def _minutes(self, typed: str) -> None:
        from temanashi.runs.checklist_faults import BadMinutes
        from temanashi.runs.checklists import MOST_MINUTES, Act, act

        try:
            seconds = round(float(typed) * 60)
        except (ValueError, OverflowError):
            raise BadMinutes(most=MOST_MINUTES) from None
        act(self.engine, self.run, Act(verb="minutes", actor=self.actor, seconds=seconds), step=self.step)
