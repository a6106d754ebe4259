"""Files of known host keys (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): our own reader.

Plain, hashed and wildcard names, negation, `[host]:port`, `@cert-authority` and `@revoked`. A line that cannot be read is a
warning; the rest of the file counts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from temanashi.errors import Location
from temanashi.text.local import Phrase, phrase

__all__ = [
    "SSH_PORT",
    "HostKey",
    "KnownHosts",
    "KnownHostsWarning",
    "KnownKey",
    "known_name",
    "load_known_hosts",
    "record_host_key",
    "record_host_keys",
]

Marker = Literal["", "cert-authority", "revoked"]
MARKERS: dict[str, Marker] = {"@cert-authority": "cert-authority", "@revoked": "revoked"}
SSH_PORT = 22


class HostKey(NamedTuple):
    """A public key: its type (`ssh-ed25519`) and its bytes as SSH sends them (RFC 4253, section 6.6)."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as `ssh-keygen -l` shows it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


class KnownKey(NamedTuple):
    """A key that a file has for a host, what the line says it is, and where that line is."""

    key: HostKey
    marker: Marker
    place: str


class KnownHostsWarning(NamedTuple):
    """A line that was left out, and why; line 0 means the whole file."""

    at: Location
    problem: Phrase


@dataclass
class KnownHosts:
    """The lines of all files, ready to be asked for the keys of a host."""

    warnings: list[KnownHostsWarning] = field(default_factory=list)
    _plain: dict[str, list[KnownKey]] = field(default_factory=dict)
    _hashed: list[tuple[bytes, bytes, KnownKey]] = field(default_factory=list)
    _patterns: list[tuple[str, KnownKey]] = field(default_factory=list)
    _hashes: dict[tuple[str, int], dict[KnownKey, None]] = field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """Whether there is any key at all."""
        return bool(self._plain or self._hashed or self._patterns)

    def keys_for(self, names: Iterable[str]) -> list[KnownKey]:
        """What is known of a host under the first of these names (`known_name`) that has keys; marked lines count under each."""
        found: dict[KnownKey, None] = {}
        for name in dict.fromkeys(name.lower() for name in names):
            seen = dict.fromkeys(self._plain.get(name, ()))
            seen |= {known: None for patterns, known in self._patterns if _matches(patterns, name)}
            enough = any(not known.marker for known in found)
            # Every hashed line costs a hash a name, so thousands of them are not gone through for nothing.
            seen |= self._under_hashes(name, [entry for entry in self._hashed if entry[2].marker] if enough else self._hashed)
            found |= {known: None for known in seen if known.marker or not enough}
        return list(found)

    def _under_hashes(self, name: str, lines: list[tuple[bytes, bytes, KnownKey]]) -> dict[KnownKey, None]:
        key = (name, len(lines))
        if key not in self._hashes:
            encoded = name.encode()
            self._hashes[key] = {known: None for salt, digest, known in lines if hmac.digest(salt, encoded, "sha1") == digest}
        return self._hashes[key]

    def read(self, text: str, file: str) -> None:
        """Add the lines of a file."""
        for number, line in enumerate(text.splitlines(), 1):
            if (words := line.split()) and not words[0].startswith("#"):
                problem = self._line(words, f"{file}:{number}")
                if problem is not None:
                    self.warnings.append(KnownHostsWarning(Location(file, number), problem))

    def _line(self, words: Sequence[str], place: str) -> Phrase | None:
        marker: Marker = ""
        if words[0].startswith("@"):
            if words[0] not in MARKERS:
                return phrase("hosts.known-hosts-marker", marker=words[0][:40])
            marker, words = MARKERS[words[0]], words[1:]
        if len(words) < 3:  # noqa: PLR2004  (names, type, key)
            return phrase("hosts.known-hosts-fields")
        names, kind, encoded = words[:3]
        key = _key(kind, encoded)
        if key is None:
            return phrase("hosts.known-hosts-key")
        return self._add(names.lower() if not names.startswith("|") else names, KnownKey(key, marker, place))

    def _add(self, names: str, known: KnownKey) -> Phrase | None:
        if names.startswith("|"):
            hashed = _hashed(names)
            if hashed is None:
                return phrase("hosts.known-hosts-hash")
            self._hashed.append((*hashed, known))
        elif any(sign in names for sign in "*?!"):
            self._patterns.append((names, known))
        else:
            for name in names.split(","):
                self._plain.setdefault(name, []).append(known)
        return None


def known_name(address: str, port: int) -> str:
    """What a host is called in these files: its address, `[address]:port` for another port than 22."""
    return address if port == SSH_PORT else f"[{address}]:{port}"


def load_known_hosts(files: Iterable[Path]) -> KnownHosts:
    """All files together. One that does not exist has no lines; one that cannot be read is a warning."""
    known = KnownHosts()
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = phrase("hosts.known-hosts-unreadable", reason=error.strerror or "")
            known.warnings.append(KnownHostsWarning(Location(str(file)), problem))
            continue
        known.read(text, str(file))
    return known


def record_host_key(file: Path, names: Sequence[str], keys: Iterable[HostKey], *, replacing: bool = False) -> None:
    """Write keys of one host into a file, as `record_host_keys` does. Raises OSError."""
    record_host_keys(file, [(names, keys)], replacing=replacing)


def record_host_keys(
    file: Path, entries: Iterable[tuple[Sequence[str], Iterable[HostKey]]], *, replacing: bool = False, comment: str = ""
) -> None:
    """Write keys of hosts into a file; `replacing` takes away what it had under these plain or hashed names. Whole or not at all.

    Lines that a host shares with others, and marked ones, stay as they are. `comment` ends each new line. Raises OSError.
    """
    every = list(entries)
    kept = list(_without(file, [name for names, _ in every for name in names])) if replacing else _lines(file)
    present = {tuple(line.split()[:3]) for line in kept}
    added = [(",".join(names), key.type, base64.b64encode(key.blob).decode()) for names, keys in every for key in keys]
    lines = [*kept, *(" ".join((*line, *comment.split())) for line in dict.fromkeys(added) if line not in present)]
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="surrogateescape")
    fresh.replace(file)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if file.exists() else []


def _without(file: Path, names: Sequence[str]) -> Iterator[str]:
    mine = {name.lower() for name in names}
    for line in _lines(file):
        first = line.split(maxsplit=1)[0] if line.strip() else ""
        hashed = _hashed(first) if first.startswith("|") else None
        own = {name.lower() for name in first.split(",")} <= mine and not first.startswith(("#", "@"))
        if hashed is not None:
            own = any(hmac.digest(hashed[0], name.encode(), "sha1") == hashed[1] for name in mine)
        if not first or not own:
            yield line


def _key(kind: str, encoded: str) -> HostKey | None:
    try:
        blob = base64.b64decode(encoded, validate=True)
        (size,) = struct.unpack_from(">I", blob)
    except (binascii.Error, ValueError, struct.error):
        return None
    return HostKey(kind, blob) if blob[4 : 4 + size] == kind.encode("utf-8", "replace") else None


def _hashed(names: str) -> tuple[bytes, bytes] | None:
    """`|1|salt|hash`: salt and HMAC-SHA1 of the name."""
    parts = names.split("|")
    if len(parts) != 4 or parts[1] != "1":  # noqa: PLR2004  (an empty part before the first bar)
        return None
    try:
        return base64.b64decode(parts[2], validate=True), base64.b64decode(parts[3], validate=True)
    except (binascii.Error, ValueError):
        return None


def _matches(patterns: str, name: str) -> bool:
    """Whether a list of patterns has the name: `*` and `?` stand for characters, `!` takes away whatever else matches."""
    found = False
    for pattern in patterns.split(","):
        if _like(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _like(pattern: str, name: str) -> bool:
    # Brackets are plain characters here (`[host]:port`), so fnmatch would not do.
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), name) is not None
