"""`tema up` and `tema doctor`: the server in the foreground, and what is wrong with this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here
from temanashi.text import Phrase, phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from temanashi.settings import Settings
    from temanashi.workspace.examining import Finding

__all__ = ["register"]

LOOK_EVERY = 4
"""Turns of half a second between two looks at the files."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up", help=say_here("cli.help-up"))(up)
    app.command("doctor", help=say_here("cli.help-doctor"))(doctor)


def up(
    now: Annotated[list[str] | None, typer.Option("--now", metavar="RUNBOOK", help=say_here("cli.help-now"))] = None,
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Start server, pages, schedules and a worker."""
    from temanashi.orchestration.supervisor import Supervisor
    from temanashi.people import current_actor
    from temanashi.settings import find_workspace, load_settings

    settings = load_settings(find_workspace(workspace))
    lang = language()
    who = current_actor(actor)
    publishing = _Publishing(settings, name=who.name, tell=lambda said: progress(said.text(lang)))
    watch = publishing.look if settings.publish_on_change else None

    def prepare() -> None:
        publishing.publish()
        _first_admin(settings, tell=lambda said: progress(said.text(lang)))

    Supervisor(
        settings,
        tell=lambda said: progress(said.text(lang)),
        publish=prepare,
        on_look=watch,
        run_now=tuple(now or ()),
        actor=who,
    ).run()


def _first_admin(settings: Settings, *, tell: Callable[[Phrase], None]) -> None:
    """Nobody could sign in before somebody can: the first `tema up` makes one, and says where their password is."""
    from temanashi.workspace.first_admin import ADMIN, first_password_file, make_first_admin
    from temanashi.workspace.opening import open_installation

    if not settings.gate.sign_in:
        tell(phrase("cli.no-sign-in"))
        return
    with open_installation(settings.root) as opened:
        make_first_admin(opened)
    file = first_password_file(settings)
    if file.exists():
        tell(phrase("cli.first-admin", user=ADMIN, file=str(file), url=settings.page("sign-in")))


class _Publishing:
    """Publishes on start and, when asked, on change."""

    def __init__(self, settings: Settings, *, name: str, tell: Callable[[Phrase], None]) -> None:
        self._settings, self._name, self._tell = settings, name, tell
        self._turn = 0
        self._seen = self._stamp()

    def publish(self) -> None:
        """Publish what the files say, and tell what came of it."""
        from temanashi.people import Actor as Person
        from temanashi.runbooks.kinds import step_kinds
        from temanashi.workspace.faults import errors_among, fault_lines
        from temanashi.workspace.live import earlier_lists
        from temanashi.workspace.loading import load_workspace
        from temanashi.workspace.opening import open_installation
        from temanashi.workspace.publishing import publish

        with open_installation(self._settings.root) as opened:
            with opened.database.reading() as connection:
                earlier = earlier_lists(connection)
            loaded = load_workspace(opened.settings.root, kinds=step_kinds(), earlier=earlier)
            author = Person(name=self._name)
            result = publish(opened.database, opened.ledger, loaded, actor=author, clock=opened.clock, automatic=True)
        self._tell(phrase(f"cli.published-{result.status}", number=result.number, runbooks=list(result.needs_second)))
        for line in fault_lines(errors_among(result.faults), language()):
            self._tell(phrase("cli.disabled-line", line=line))

    def look(self) -> None:
        """Publish again when a file changed; telling the server is the watch flow's work."""
        self._turn += 1
        if self._turn % LOOK_EVERY:
            return
        now = self._stamp()
        if now != self._seen:
            self._seen = now
            self.publish()

    def _stamp(self) -> frozenset[tuple[str, int, int]]:
        files = [
            path
            for folder in ("runbooks", "flows", "faq")
            for path in (self._settings.root / folder).rglob("*")
            if path.suffix in {".yaml", ".yml", ".py", ".md"} and path.is_file()
        ]
        return frozenset((str(path), (stat := path.stat()).st_mtime_ns, stat.st_size) for path in files)


def doctor(workspace: Root = None, json: Json = False) -> None:
    """Look at everything; exit 1 when something is bad."""
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.examining import examine

    settings = load_settings(find_workspace(workspace))
    lang = language()
    found = list(examine(settings, server=lambda: _server(settings)))
    bad = sum(1 for finding in found if finding.level == "bad")
    if json:
        emit([{"level": f.level, "message": f.message.text(lang), "next": f.next.text(lang) if f.next else ""} for f in found])
        raise typer.Exit(1 if bad else 0)
    answer(say_here("cli.doctor-bad" if bad else "cli.doctor-good", bad=bad), style="red" if bad else "green")
    for finding in found:
        shape, colour = {"good": ("○", "green"), "warning": ("△", "yellow"), "bad": ("×", "red")}[finding.level]
        answer(f"  {shape} {finding.message.text(lang)}", style=colour)
        if finding.next is not None:
            answer(f"     → {finding.next.text(lang)}")
    raise typer.Exit(1 if bad else 0)


def _server(settings: Settings) -> Finding:
    import httpx

    from temanashi.orchestration.environment import base_url
    from temanashi.workspace.examining import Finding
    from temanashi.workspace.local_token import bearer

    url = f"{base_url(settings)}/tema/healthz"
    try:
        found = httpx.get(url, timeout=3, trust_env=False, headers=bearer(settings)).json()
        failing = [name for name, check in found["checks"].items() if not check["ok"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        return Finding("warning", phrase("doctor.server-down", url=url), phrase("doctor.server-down.next"))
    if failing:
        what = phrase("doctor.server-failing", names=failing, url=url)
        return Finding("bad", what, phrase("doctor.server-failing.next", url=url))
    return Finding("good", phrase("doctor.server-good", url=url))
