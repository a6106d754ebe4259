"""OpenSSH's client configuration (ssh_config(5)), as far as it says how a host is reached. We apply Include and ProxyJump.

Per keyword the first value counts; IdentityFile and CertificateFile add up. `Match exec` would run commands: such parts are passed
over with a warning, like lines that cannot be read. Whatever it says of host keys, they are verified.
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from temanashi.errors import Location
from temanashi.hosts.ssh.faults import ConfigUnreadable
from temanashi.text.local import Phrase, phrase

__all__ = ["ClientConfig", "ConfigWarning", "Options", "load_client_config"]

LINE = re.compile(r"(?P<key>[A-Za-z]+)(?:\s*=\s*|\s+)(?P<value>.+)")
ADDING = frozenset({"identityfile", "certificatefile"})
DEEPEST = 16
PAIRED = frozenset({"host", "originalhost", "user", "localuser"})
VARIABLE = re.compile(r"\$\{(\w+)\}")


class ConfigWarning(NamedTuple):
    """A line that was left out, and why."""

    at: Location
    problem: Phrase


class _Test(NamedTuple):
    """One condition of a block: what is looked at, the patterns, and whether it must not match."""

    criterion: str
    patterns: tuple[str, ...] = ()
    negated: bool = False


class _Entry(NamedTuple):
    tests: tuple[_Test, ...]
    key: str
    value: str


@dataclass(frozen=True)
class Options:
    """What the configuration says of one host; empty where it says nothing. `proxy_jump` is as written, `none` included."""

    hostname: str = ""
    user: str = ""
    port: int = 0
    alias: str = ""
    proxy_jump: str = ""
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    identities_only: bool = False


@dataclass
class ClientConfig:
    """All entries in their order, each with the conditions that it stands under."""

    warnings: list[ConfigWarning] = field(default_factory=list)
    entries: list[_Entry] = field(default_factory=list)

    def options(self, name: str, *, user: str = "") -> Options:
        """What holds for a host under the name that somebody typed; `user` is the account when it is known already."""
        found: dict[str, list[str]] = {"user": [user]} if user else {}
        for final in (False, True):
            for entry in self.entries:
                if (entry.key in ADDING or entry.key not in found) and _applies(entry.tests, name, found, final=final):
                    values = found.setdefault(entry.key, [])
                    values += [] if entry.value in values else [entry.value]
        first = {key: values[0] for key, values in found.items()}
        known = {"n": name, "h": first.get("hostname", name).replace("%h", name), "r": first.get("user") or getpass.getuser()}
        known |= {"p": first.get("port", "22"), "u": getpass.getuser(), "d": str(Path.home()), "%": "%"}
        return Options(
            hostname=_filled(first.get("hostname", ""), {"h": name, "n": name, "%": "%"}),
            user=_filled(first.get("user", ""), {"%": "%"}) if not user else "",
            port=int(first["port"]) if first.get("port", "").isdecimal() else 0,
            alias=first.get("hostkeyalias", ""),
            proxy_jump=_filled(first.get("proxyjump", ""), known),
            identity_files=tuple(_filled(value, known) for value in found.get("identityfile", ()) if value != "none"),
            certificate_files=tuple(_filled(value, known) for value in found.get("certificatefile", ()) if value != "none"),
            identities_only=first.get("identitiesonly", "").lower() == "yes",
        )


def load_client_config(file: Path, *, required: bool = False) -> ClientConfig:
    """A configuration with all that it includes; empty when there is no file, unless it is `required`. Raises ConfigUnreadable."""
    config = ClientConfig()
    if required or file.exists():
        _read(file, config, outer=(), depth=0)
    return config


def _read(file: Path, config: ClientConfig, *, outer: tuple[_Test, ...], depth: int) -> None:
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigUnreadable(str(file), error.strerror or "") from error
    tests = outer
    for number, line in enumerate(text.splitlines(), 1):
        row = line.strip()
        if not row or row.startswith("#"):
            continue
        at = Location(str(file), number)
        found = LINE.fullmatch(row)
        words = _words(found["value"]) if found else []
        if found is None or not words:
            config.warnings.append(ConfigWarning(at, phrase("hosts.config-line")))
            continue
        key = found["key"].lower()
        if key == "host":
            tests = (*outer, _Test("originalhost", tuple(words)))
        elif key == "match":
            tests = (*outer, *_match(words, at, config))
        elif key == "include":
            _include(words, file, config, tests=tests, depth=depth, at=at)
        else:
            config.entries.append(_Entry(tests, key, words[0] if key != "proxyjump" else "".join(words)))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value, comments=True)
    except ValueError:  # a quote that never ends
        return []


def _include(words: Sequence[str], file: Path, config: ClientConfig, *, tests: tuple[_Test, ...], depth: int, at: Location) -> None:
    if depth >= DEEPEST:
        config.warnings.append(ConfigWarning(at, phrase("hosts.config-depth")))
        return
    for word in words:
        # OpenSSH looks in ~/.ssh for the user's file and in /etc/ssh for the system's: the folder of the file, in both cases.
        pattern = file.parent / Path(word).expanduser()
        for name in sorted(pattern.parent.glob(pattern.name)):
            if name.is_file():
                _read(name, config, outer=tests, depth=depth + 1)


def _match(words: Sequence[str], at: Location, config: ClientConfig) -> Iterator[_Test]:
    rest = list(words)
    while rest:
        word = rest.pop(0)
        criterion = word.lower().removeprefix("!")
        if criterion in PAIRED and rest:
            yield _Test(criterion, tuple(rest.pop(0).split(",")), word.startswith("!"))
        elif criterion in {"all", "final", "canonical"}:
            yield _Test(criterion, (), word.startswith("!"))
        else:
            config.warnings.append(ConfigWarning(at, phrase("hosts.config-match", criterion=criterion)))
            yield _Test("never")
            return


def _applies(tests: Sequence[_Test], name: str, found: dict[str, list[str]], *, final: bool) -> bool:
    for test in tests:
        if test.criterion == "never":
            return False
        if test.criterion in PAIRED:
            seen = {
                "originalhost": name,
                "host": found.get("hostname", [name])[0].replace("%h", name),
                "user": found.get("user", [""])[0] or getpass.getuser(),
                "localuser": getpass.getuser(),
            }[test.criterion]
            holds = _listed(test.patterns, seen)
        else:
            holds = {"all": True, "final": final, "canonical": False}[test.criterion]
        if holds == test.negated:
            return False
    return True


def _listed(patterns: Sequence[str], name: str) -> bool:
    """Whether a list of patterns has the name; one `!pattern` that matches takes it away."""
    seen = name.lower()
    if any(p.startswith("!") and fnmatchcase(seen, p[1:].lower()) for p in patterns):
        return False
    return any(fnmatchcase(seen, p.lower()) for p in patterns if not p.startswith("!"))


def _filled(value: str, tokens: dict[str, str]) -> str:
    text = re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), value)
    text = VARIABLE.sub(lambda found: os.environ.get(found[1], found[0]), text)
    return str(Path(text).expanduser()) if text.startswith("~") else text
