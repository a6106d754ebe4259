"""`tema hosts test` and `trust`: whether hosts can be entered, and whose key a host's key is."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.hosts import Selector
from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temanashi.hosts.reachability import Reachability
    from temanashi.hosts.ssh.known_hosts import HostKey
    from temanashi.hosts.trusting import Look, Proof
    from temanashi.workspace.trusting_hosts import Trust

__all__ = ["register"]

STEP = 20
"""Hosts between two lines of progress."""
SHOWN = 30
"""Hosts that one line names."""

Prints = Annotated[
    list[str] | None, typer.Option("--fingerprint", metavar="SHA256:...", help=say_here("inventory.help-fingerprint"))
]
From = Annotated[Path | None, typer.Option("--from", metavar="FILE", help=say_here("inventory.help-from"))]
Yes = Annotated[bool, typer.Option("--yes", help=say_here("inventory.help-yes"))]
Replace = Annotated[bool, typer.Option("--replace", help=say_here("inventory.help-replace"))]


class NeedsProof(InputError):
    """`--yes` without anything that says which keys are right."""

    key = "inventory.needs-proof"


class NeedsPerson(InputError):
    """Nobody is at the terminal who could be asked."""

    key = "inventory.needs-person"


def register(group: typer.Typer) -> None:
    """Add the commands to those of `tema hosts`."""
    group.command("test", help=say_here("inventory.help-test"), epilog=say_here("inventory.help-test-exit"))(try_out)
    group.command("trust", help=say_here("inventory.help-trust"), epilog=say_here("inventory.help-trust-exit"))(trust)


def try_out(selector: Selector = "all", workspace: Root = None, json: Json = False) -> None:
    """Sign in to hosts and tell which cannot be reached and why."""
    from temanashi.clock import SystemClock
    from temanashi.hosts.connecting import connecting
    from temanashi.hosts.reachability import try_hosts
    from temanashi.hosts.ssh.pool import Pool
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.hosts_here import hosts_here

    settings = load_settings(find_workspace(workspace))
    chosen = hosts_here(settings.root).inventory.select(selector)
    connections = Pool(idle_seconds=settings.ssh.idle_seconds)
    counted = _Counted(len(chosen))
    try:
        found = try_hosts(chosen, connect=connecting(settings, connections), clock=SystemClock(), noticed=counted.notice)
    finally:
        connections.close()
    if json:
        emit([_reach_json(one) for one in found.values()])
    else:
        _tell_test(list(found.values()))
    states = {one.state for one in found.values()}
    raise typer.Exit(3 if "unreachable" in states else 1 if "warning" in states else 0)


class _Counted:
    """Progress: a line now and then, and one for each host that cannot be reached."""

    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total

    def notice(self, one: Reachability) -> None:
        self._done += 1
        if one.state == "unreachable" or self._done == self._total or self._done % STEP == 0:
            said = f" {_mark(one.state)} {one.host}" if one.state == "unreachable" else ""
            progress(f"{self._done}/{self._total}{said}")


def _tell_test(found: list[Reachability]) -> None:
    by_state = {state: [one for one in found if one.state == state] for state in ("good", "warning", "unreachable", "outside")}
    counts = {state: len(hosts) for state, hosts in by_state.items()}
    worst = "bad" if by_state["unreachable"] else "warning" if by_state["warning"] else "good"
    reached = counts["good"] + counts["warning"]
    answer(
        say_here(f"inventory.test-{worst}", reached=reached, **counts), style={"bad": "red", "good": "green"}.get(worst, "yellow")
    )
    _tell_errors(by_state["unreachable"])
    for one in by_state["warning"]:
        for note in one.notes:
            answer(f"{_mark('warning')} {one.host}  {note.text(language())}", style="yellow")
    if by_state["outside"]:
        answer(f"{_mark('outside')} {say_here('inventory.test-outside', hosts=_some([one.host for one in by_state['outside']]))}")


def _tell_errors(found: Sequence[Reachability]) -> None:
    """Each host with its reason; what to do is told once for all hosts with the same trouble."""
    from temanashi.text import explain

    troubles: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for one in found:
        if one.error is not None:
            troubles[one.error.key].append((one.host, explain(one.error, language())))
    for hosts in troubles.values():
        for host, told in hosts:
            answer(f"{_mark('unreachable')} {host}  {told.what}", style="magenta")
        for following in list(dict.fromkeys(told.next for _, told in hosts if told.next))[:3]:
            answer(f"    {say_here('cli.next')} {following}")


def _mark(state: str) -> str:
    return {"good": "○", "warning": "△", "unreachable": "？", "outside": "－"}[state]


def _some(hosts: Sequence[str]) -> str:
    more = f" … (+{len(hosts) - SHOWN})" if len(hosts) > SHOWN else ""
    return ", ".join(hosts[:SHOWN]) + more


def _reach_json(one: Reachability) -> dict[str, Any]:
    from temanashi.text import explain

    told = explain(one.error, language()) if one.error is not None else None
    return {
        "host": one.host,
        "state": one.state,
        "error": one.error.key if one.error is not None else "",
        "message": told.what if told else " ".join(note.text(language()) for note in one.notes),
        "next": told.next if told else "",
        "seconds": round(one.seconds, 3),
        "user": one.user,
        "system": one.kernel,
        "clock_offset": one.clock_offset,
    }


def trust(
    selector: Selector = "all",
    fingerprint: Prints = None,
    proofs: From = None,
    yes: Yes = False,
    replace: Replace = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Record the keys of hosts as theirs, with a person's yes."""
    from functools import partial

    from temanashi.hosts.ssh.reaching import Reach
    from temanashi.hosts.trusting import read_proof
    from temanashi.people import current_actor
    from temanashi.workspace.hosts_here import hosts_here
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.trusting_hosts import Trusted, record_trust, trust_hosts

    given = bool(fingerprint or proofs)
    if yes and not given:
        raise NeedsProof
    if not yes and not (sys.stdin.isatty() and not json):
        raise NeedsPerson
    proof = read_proof(fingerprint or [], proofs)
    with open_installation(workspace) as opened:
        chosen = hosts_here(opened.settings.root).inventory.select(selector)
        reach = Reach(opened.settings.ssh, root=opened.settings.root, pool=opened.connections)
        file = reach.known_hosts_files[0]
        record = partial(record_trust, opened, file=file, actor=current_actor(actor), reason=reason)
        decide = proof.proven if yes else _Asked(proof if given else None).decide
        by = Trusted(reach=reach, decide=decide, record=record, replace=replace, scanning=_tell_scanning)
        ended = trust_hosts(chosen, by)
    if json:
        emit([_trust_json(one) for one in ended])
    else:
        _tell_trust(ended, file)
    raise typer.Exit(3 if any(one.state == "unreachable" for one in ended) else 0 if all(one.trusted for one in ended) else 1)


def _tell_scanning(count: int) -> None:
    progress(say_here("inventory.trust-scanning", count=count))


class _Asked:
    """A person at the terminal, host by host, until they say that all others are right too."""

    def __init__(self, proof: Proof | None) -> None:
        self._proof = proof
        self._all = False

    def decide(self, look: Look) -> tuple[HostKey, ...]:
        """Show the key of a host and ask; only what was shown is recorded."""
        from temanashi.workspace.trusting_hosts import Enough

        proven = self._proof.proven(look) if self._proof else ()
        keys = proven or look.keys[:1]
        answer(f"{look.host}  ({', '.join(look.names)})", style="bold")
        for known in look.recorded if look.state == "changed" else ():
            answer(f"  {say_here('inventory.trust-old')} {known.key.type} {known.key.fingerprint}  ({known.place})", style="red")
        for key in keys:
            answer(f"  {say_here('inventory.trust-new')} {key.type} {key.fingerprint}")
        if self._proof is not None:
            answer(f"  {say_here('inventory.trust-proven' if proven else 'inventory.trust-unproven')}")
        if self._all and look.state != "changed":
            return keys
        while True:
            said = typer.prompt(f"  {say_here('inventory.trust-ask')}", prompt_suffix=" ", default="n", show_default=False)
            match str(said).strip().lower()[:1]:
                case "y":
                    return keys
                case "a":
                    self._all = True
                    return keys
                case "n":
                    return ()
                case "q":
                    raise Enough


def _tell_trust(ended: Sequence[Trust], file: Path) -> None:
    by_state: dict[str, list[Trust]] = defaultdict(list)
    for one in ended:
        by_state[one.state].append(one)
    trusted = [one for one in ended if one.trusted]
    counts = {"trusted": len(trusted), "total": len(ended), "recorded": len(by_state["recorded"]), "file": file}
    answer(say_here("inventory.trust-end", **counts), style="green" if len(trusted) == len(ended) else "yellow")
    for state in ("declined", "behind"):
        if by_state[state]:
            answer(f"－ {say_here(f'inventory.trust-{state}', hosts=_some([one.host for one in by_state[state]]))}")
    for one in (*by_state["changed"], *by_state["revoked"]):
        if one.look is not None:
            _tell_changed(one, one.look)
    if by_state["changed"]:
        answer(f"    {say_here('cli.next')} {say_here('inventory.trust-changed-next')}")
    _tell_unreachable(by_state["unreachable"])


def _tell_changed(one: Trust, look: Look) -> None:
    answer(f"× {one.host}  {say_here(f'inventory.trust-{one.state}')}", style="red")
    for known in look.recorded:
        answer(f"    {say_here('inventory.trust-old')} {known.key.type} {known.key.fingerprint}  ({known.place})")
    for key in look.keys:
        answer(f"    {say_here('inventory.trust-new')} {key.type} {key.fingerprint}")


def _tell_unreachable(ended: Sequence[Trust]) -> None:
    from temanashi.hosts.reachability import Reachability

    _tell_errors([Reachability(host=one.host, state="unreachable", error=one.error) for one in ended])


def _trust_json(one: Trust) -> dict[str, Any]:
    from temanashi.text import explain

    look = one.look
    return {
        "host": one.host,
        "state": one.state,
        "trusted": one.trusted,
        "names": list(look.names) if look else [],
        "shown": [{"type": key.type, "fingerprint": key.fingerprint} for key in look.keys] if look else [],
        "recorded": [{"type": key.type, "fingerprint": key.fingerprint} for key in one.keys],
        "before": [{"type": k.key.type, "fingerprint": k.key.fingerprint, "place": k.place} for k in look.recorded] if look else [],
        "error": one.error.key if one.error else "",
        "message": explain(one.error, language()).what if one.error else "",
    }
