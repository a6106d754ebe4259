"""`tema hosts trust`: keys of hosts that somebody takes for theirs, written to the file of known hosts and on the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from temanashi.changes import OutcomeStatus
from temanashi.errors import TemanashiError
from temanashi.hosts.fanout import fan_out
from temanashi.hosts.inventory import Host
from temanashi.hosts.trusting import Look, in_reach_order, look_at
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.people import Actor
from temanashi.redaction import one_line
from temanashi.workspace.opening import Installation
from temanashi.workspace.writing import CannotWrite

if TYPE_CHECKING:
    from temanashi.hosts.ssh.known_hosts import HostKey
    from temanashi.hosts.ssh.reaching import Reach

__all__ = ["Decide", "Enough", "Trust", "Trusted", "record_trust", "trust_hosts"]

RECORDED: OutcomeStatus = "changed"
WORKERS = 64


class Enough(Exception):
    """Whoever decides wants to see no further host."""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How it ended for one host. `keys` are those that were recorded now; `error` says why an unreachable one was not asked."""

    host: str
    state: Literal["known", "authority", "recorded", "declined", "changed", "revoked", "unreachable", "behind"]
    look: Look | None = None
    keys: tuple[HostKey, ...] = ()
    error: TemanashiError | None = None

    @property
    def trusted(self) -> bool:
        """Whether the host can be entered as far as its key goes."""
        return self.state in {"known", "authority", "recorded"}


Decide = Callable[[Look], tuple["HostKey", ...]]
"""The keys of a new or changed host to record, none to decline; raises Enough."""


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """Who decides and what is written with. `record` writes the decisions of one round at once."""

    reach: Reach
    decide: Decide
    record: Callable[[Sequence[Trust]], None]
    replace: bool = False
    scanning: Callable[[int], None] = lambda _: None


def trust_hosts(hosts: Sequence[Host], by: Trusted) -> list[Trust]:
    """Ask hosts for their keys, those on the way first, and record what is decided; one value a host, those on the way included.

    A host behind one that is not trusted is not asked. A changed key is left as it is unless `replace` says otherwise.
    Raises CannotWrite and LedgerError.
    """
    ended: dict[str, Trust] = {}
    over = False
    for round_ in in_reach_order(hosts):
        open_ = [host for host in round_ if all(ended[hop.name].trusted for hop in host.hops if hop.name in ended)]
        for host in round_:
            if host not in open_ or over:
                ended[host.name] = Trust(host=host.name, state="declined" if over and host in open_ else "behind")
        if over or not open_:
            continue
        by.scanning(len(open_))
        looks = fan_out(open_, partial(look_at, reach=by.reach), workers=WORKERS)
        over = _decided(looks, by, ended)
        by.record([ended[host.name] for host in open_ if ended[host.name].state == "recorded"])
    return list(ended.values())


def _decided(looks: dict[str, Look | TemanashiError], by: Trusted, ended: dict[str, Trust]) -> bool:
    """Note how each host of a round ends; whether enough was seen."""
    over = False
    for name, look in looks.items():
        if isinstance(look, TemanashiError):
            ended[name] = Trust(host=name, state="unreachable", error=look)
        elif look.state in {"known", "authority", "revoked"}:
            ended[name] = Trust(host=name, state=look.state, look=look)
        elif look.state == "changed" and not by.replace:
            ended[name] = Trust(host=name, state="changed", look=look)
        else:
            keys: tuple[HostKey, ...] = ()
            try:
                keys = () if over else by.decide(look)
            except Enough:
                over = True
            ended[name] = Trust(host=name, state="recorded" if keys else "declined", look=look, keys=keys)
    return over


def record_trust(opened: Installation, trusts: Sequence[Trust], *, file: Path, actor: Actor, reason: str) -> None:
    """Write keys to a file of known hosts, and the fact to the ledger: both or none. Raises CannotWrite and LedgerError."""
    from temanashi.hosts.ssh.known_hosts import record_host_keys  # noqa: PLC0415  (paramiko takes long to import)

    decided = [(trust, trust.look) for trust in trusts if trust.look is not None]
    if not decided:
        return
    comment = one_line(f"{actor.name} {opened.clock.now().isoformat(timespec='seconds')}")
    fresh = [(look.names, trust.keys) for trust, look in decided if look.state != "changed"]
    changed = [(look.names, trust.keys) for trust, look in decided if look.state == "changed"]
    with opened.database.transaction() as connection:
        opened.ledger.append(connection, _draft([trust for trust, _ in decided], file, actor, reason))
        try:
            if fresh:
                record_host_keys(file, fresh, comment=comment)
            if changed:
                record_host_keys(file, changed, replacing=True, comment=comment)
        except OSError as error:
            raise CannotWrite(file.parent, reason=error.strerror or type(error).__name__) from error


def _draft(trusts: Sequence[Trust], file: Path, actor: Actor, reason: str) -> Draft:
    hosts = []
    for trust in trusts:
        recorded = trust.look.recorded if trust.look else ()
        hosts.append(
            {
                "host": trust.host,
                "names": list(trust.look.names) if trust.look else [],
                "keys": [{"type": key.type, "fingerprint": key.fingerprint} for key in trust.keys],
                "replaced": [{"type": old.key.type, "fingerprint": old.key.fingerprint} for old in recorded if not old.marker],
            }
        )
    return Draft(
        kind="hosts_trusted",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel="cli",
        reason=reason,
        targets=tuple(TargetOutcome(target=trust.host, outcome=RECORDED) for trust in trusts),
        body={"file": file.name, "hosts": hosts},
    )
