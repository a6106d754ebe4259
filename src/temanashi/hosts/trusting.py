"""Keys that hosts show, beside what is recorded of them, and beside what somebody knows from elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from temanashi.errors import InputError
from temanashi.hosts.inventory import Host
from temanashi.text.local import phrase

if TYPE_CHECKING:
    from temanashi.hosts.ssh.known_hosts import HostKey, KnownHosts, KnownKey
    from temanashi.hosts.ssh.reaching import Reach

__all__ = ["BadProof", "Look", "Proof", "in_reach_order", "look_at", "read_proof"]

State = Literal["known", "authority", "new", "changed", "revoked"]
PREFIX = "SHA256:"
FINGERPRINT = 43
"""Characters of an unpadded base64 of 32 bytes."""


class BadProof(InputError):
    """A fingerprint, or a file of keys or fingerprints, that proves nothing."""

    key = "inventory.bad-proof"

    def __init__(self, given: str, *, reason: str = "") -> None:
        super().__init__(given=given, problem=phrase("inventory.proof-unreadable", reason=reason) if reason else "")


class Look(NamedTuple):
    """What a host shows. `names` are what it is recorded under; `recorded` are the keys that files have for it."""

    host: str
    state: State
    names: tuple[str, ...]
    keys: tuple[HostKey, ...]
    recorded: tuple[KnownKey, ...]


def look_at(host: Host, reach: Reach) -> Look:
    """Ask a host for its keys, without signing in to it; raises TargetError. Hosts on the way are verified and signed in to."""
    keys, names, known = reach.shown_keys(host)
    return Look(host.name, _state(keys, known), tuple(names), tuple(keys), tuple(known))


def _state(shown: Sequence[HostKey], known: Sequence[KnownKey]) -> State:
    recorded = [entry.key for entry in known if not entry.marker]
    if any(entry.key in shown for entry in known if entry.marker == "revoked"):
        return "revoked"
    if any(key in recorded for key in shown):
        return "known"
    if recorded:
        return "changed"
    return "authority" if any(entry.marker == "cert-authority" for entry in known) else "new"


def in_reach_order(hosts: Iterable[Host]) -> list[list[Host]]:
    """The hosts and all those on the way to them, in rounds: each round is behind hosts of earlier ones only."""
    every: dict[str, tuple[Host, int]] = {}
    for host in hosts:
        for depth, one in enumerate((*host.hops, host)):
            if one.transport == "ssh" and one.shell != "none" and every.get(one.name, (one, -1))[1] < depth:
                every[one.name] = (one, depth)
    rounds: dict[int, list[Host]] = defaultdict(list)
    for host, depth in every.values():
        rounds[depth].append(host)
    return [rounds[depth] for depth in sorted(rounds)]


@dataclass(frozen=True)
class Proof:
    """What is known of keys from elsewhere: for any host, by the host's name, and as lines of known_hosts."""

    fingerprints: frozenset[str] = frozenset()
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: KnownHosts | None = None

    def proven(self, look: Look) -> tuple[HostKey, ...]:
        """The keys of a host that are proven to be its own."""
        accepted = set(self.fingerprints)
        for name in (look.host, *look.names):
            accepted |= self.named.get(name.lower(), frozenset())
        keys = {entry.key for entry in self.known.keys_for([look.host, *look.names]) if not entry.marker} if self.known else set()
        return tuple(key for key in look.keys if key.fingerprint in accepted or key in keys)


def read_proof(fingerprints: Sequence[str], file: Path | None) -> Proof:
    """Fingerprints that a person typed, and a file: lines of known_hosts, or `HOST SHA256:...`, or what `ssh-keygen -l` prints.

    Raises BadProof.
    """
    from temanashi.hosts.ssh.known_hosts import KnownHosts  # noqa: PLC0415  (a layer above says when SSH is needed)

    for one in fingerprints:
        if not _is_fingerprint(one):
            raise BadProof(one)
    known, named = KnownHosts(), defaultdict[str, set[str]](set)
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise BadProof(str(file), reason=error.strerror or "") from error
        for line in text.splitlines():
            words = line.split()
            found = {word for word in words if _is_fingerprint(word)}
            for word in words if found else ():
                for name in (word.lower(), word.lower().rpartition("@")[2]):
                    named[name] |= found
        known.read("\n".join(line for line in text.splitlines() if PREFIX not in line), file.name)
        if not named and not known.recorded:
            raise BadProof(str(file))
    return Proof(frozenset(fingerprints), {name: frozenset(found) for name, found in named.items()}, known)


def _is_fingerprint(word: str) -> bool:
    return word.startswith(PREFIX) and len(word) == len(PREFIX) + FINGERPRINT
