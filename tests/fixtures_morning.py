"""Mornings of a small company: hosts whose plugins answer what a test says, on days that a test sets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import httpx

from fixtures_prefect import make_place
from fixtures_schedules import SetClock, Town, at
from temanashi.hosts.transport import Result, Unreachable
from temanashi.pages import Links, Site, build_pages
from temanashi.reports.morning import MorningSheet
from temanashi.runs.advancing import advance
from temanashi.runs.reading import RunView, run_view
from temanashi.workspace.morning import read_sheet
from temanashi.workspace.opening import open_installation

__all__ = ["Browser", "Morning", "SetClock", "at", "morning_in", "site_of"]

CHECKS = ("disk", "load", "memory")
EXITS = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


class Scripted:
    """A host that answers plugins as the test says: `says[host, check]` is a word; hosts that are `down` do not let us in."""

    def __init__(self, morning: Morning, host: str) -> None:
        self.morning, self.host = morning, host

    def run(self, command: Any, *, timeout: float) -> Result:
        check = command.argv[-1]
        word = self.morning.says.get((self.host, check), "OK")
        text = f"{check} is {word} | 'used'=42%;80;90;0;100"
        return Result(exit=EXITS[word], stdout=f"{text}\n".encode())

    def run_all(self, commands: Sequence[Any], *, timeout: Any) -> list[Any]:
        if self.host in self.morning.down:
            raise Unreachable(self.host, "Connection refused")
        return [self.run(command, timeout=10) for command in commands]


class Morning:
    """A town with hosts, and a runbook `morning` that checks them all at 07:30 on business days."""

    def __init__(self, town: Town, hosts: dict[str, Any]) -> None:
        self.town = town
        self.says: dict[tuple[str, str], str] = {}
        self.down: set[str] = set()
        site = town.place.root / "runbooks" / "site"
        site.mkdir(parents=True, exist_ok=True)
        (site / "hosts.yaml").write_text(json.dumps({"hosts": hosts}), encoding="utf-8")
        town.engine = replace(town.engine, connect=lambda host, _: Scripted(self, host.name))

    def book(
        self, name: str = "morning", *, checks: Sequence[str] = CHECKS, each: dict[str, Any] | None = None, **more: Any
    ) -> None:
        """A runbook of plugins; `each` goes into every check."""
        items = [
            {"id": check, "kind": "nagios_plugin", "title": {"ja": f"{check}点検", "en": f"The {check}"}, "run": ["probe", check]}
            for check in checks
        ]
        step = {"id": "look", "checks": [item | (each or {}) for item in items]}
        schedules = more.pop("schedules", [{"cron": "30 7 * * *", "calendar": "tse"}])
        self.town.runbook(name, *schedules, steps=(step,), **{"targets": "all,!localhost", **more})

    def publish(self, text: str = "") -> None:
        if text:
            self.town.clock.set(text)
        self.town.publish()

    def run(self, when: str, name: str = "morning", **more: Any) -> RunView:
        """The scheduled run of a moment, through to its end."""
        self.town.clock.set(when)
        run = self.town.start(name, when, **more)
        advance(self.town.engine, run)
        with self.town.opened.database.reading() as connection:
            return run_view(connection, run)

    def sheet(self, day: str, now: str = "", **more: Any) -> MorningSheet:
        """The sheet of a day, looked at now."""
        if now:
            self.town.clock.set(now)
        with self.town.opened.database.reading() as connection:
            return read_sheet(self.town.opened, connection, self.town.published, date.fromisoformat(day), **more)


def site_of(morning: Morning) -> Site:
    """What the pages act with; nobody listens at Prefect's side."""
    nothing: Any = lambda *_: None  # noqa: E731
    links = Links(wake=nothing, worker_seen=nothing, submit=nothing, refusal=nothing, flow_run=nothing, start="/v2")
    return Site(installation=morning.town.opened, links=links)


class Browser:
    """Requests to our pages, mounted under `/tema`, without a server."""

    def __init__(self, morning: Morning) -> None:
        app = build_pages(site_of(morning))
        self._transport = httpx.ASGITransport(app=app, root_path="/tema")
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            headers = {"accept-language": "", "origin": "http://testserver"}
            async with httpx.AsyncClient(transport=self._transport, base_url="http://testserver", cookies=self.cookies) as client:
                answer = await client.request(method, f"/tema{path}", headers=headers, **more)
                self.cookies = {cookie.name: str(cookie.value) for cookie in client.cookies.jar}
                return answer

        return anyio.run(call)

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def confirm(self, day: str, name: str, *, note: str = "", digest: str | None = None, lang: str = "ja") -> httpx.Response:
        """Press the button on the page as it is now, or with the digest of what was shown before."""
        found = re.search(r'name="digest" value="([^"]+)"', self.get(f"/checks/{day}?lang={lang}").text)
        shown = digest or (found[1] if found else "-")
        form = {"name": name, "note": note, "digest": shown, "verb": "confirm"}
        return self.request("POST", f"/checks/{day}?lang={lang}", data=form)


HOSTS = {
    "order1": {"system": "order"},
    "order2": {"system": "order"},
    "books1": {"system": "books", "jump": ["gate1"]},
    "books2": {"system": "books", "jump": ["gate1"]},
    "gate1": {"system": "gates"},
}


@contextmanager
def morning_in(
    folder: Path, *, hosts: dict[str, Any] | None = None, moment: str = "2026-11-18 06:00", settings: str = ""
) -> Iterator[Morning]:
    """Wednesday 18 November 2026, early; Monday 23 is a holiday. `settings` are lines of `[tool.temanashi.checks]`."""
    place, clock = make_place(folder), SetClock(at(moment))
    file = folder / "pyproject.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}[tool.temanashi.checks]\n{settings}\n", encoding="utf-8")
    with open_installation(place.root, clock=clock) as opened:
        yield Morning(Town(place, opened, clock), HOSTS if hosts is None else hosts)
