"""A list of hosts as another tool or a person keeps it, and its values in the form that ours have."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from temanashi.text import phrase
from temanashi.workspace.importing.drafts import Finding, clean

__all__ = ["ForeignHost", "ForeignList", "address_of", "folded", "group_name", "host_name", "is_secret", "port_of", "word"]

NAME = re.compile(r"\w[\w.-]{0,252}")
LABEL = re.compile(r"\w(?:[\w.-]{0,251}\w)?", re.ASCII)
NOT_A_WORD = re.compile(r"[,*?\[\]\x00-\x1f]+")
PARTS = re.compile(r"[\s,、;]+")
SECRET = re.compile(
    r"passw|passphrase|(?:^|_)pass$|(?:^|_)pw$|secret|token|api_?key|private_?key|credential|community|パスワード|暗証|秘密"
)
MAX_PORT = 65_535


class ForeignHost(NamedTuple):
    """A host: the keys of our file that the list fills in, and where it stands there."""

    name: str
    fields: Mapping[str, Any]
    place: str


@dataclass
class ForeignList:
    """What a file lists, in its order. `groups` are expressions of ours; `findings` what was not taken over or is worth knowing."""

    source: str
    format: str
    hosts: dict[str, ForeignHost] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, host: ForeignHost) -> None:
        """Take a host; of two with one name the first stays, and the other is told."""
        first = self.hosts.setdefault(host.name, host)
        if first is host:
            return
        same = first.fields == host.fields
        key = "inventory.twice-same" if same else "inventory.twice"
        self.findings.append(Finding("noted" if same else "left", host.place, phrase(key, name=host.name, place=first.place)))

    def left(self, place: str, key: str, /, **data: Any) -> None:
        """Tell what was not taken over."""
        self.findings.append(Finding("left", place, phrase(key, **data)))

    def changed(self, place: str, key: str, /, **data: Any) -> None:
        """Tell what means something else than it did."""
        self.findings.append(Finding("changed", place, phrase(key, **data)))

    def noted(self, place: str, key: str, /, **data: Any) -> None:
        """Tell what is worth knowing."""
        self.findings.append(Finding("noted", place, phrase(key, **data)))


def folded(text: str) -> str:
    """A text without differences of width: `ｗｅｂ０１` is `web01`."""
    return unicodedata.normalize("NFKC", clean(text)).strip()


def host_name(text: str) -> str:
    """The name of a host; empty for a text that is none."""
    name = folded(text)
    return name if NAME.fullmatch(name) else ""


def word(text: str) -> str:
    """A text as a word to choose hosts by; empty where nothing is left of it."""
    return NOT_A_WORD.sub("_", folded(text)).strip(" _").lstrip("!&").strip()


group_name = word


def is_secret(name: str) -> bool:
    """Whether a column or variable is likely to hold a password or key, which no file of hosts may."""
    return SECRET.search(unicodedata.normalize("NFKC", name).casefold().replace(" ", "_")) is not None


def address_of(text: str) -> tuple[str, list[str]]:
    """The first address in a text and the further ones; ("", []) where there is none. A prefix length (`/24`) is dropped."""
    found = [address for part in PARTS.split(folded(text)) if part and (address := _address(part))]
    return (found[0], found[1:]) if found else ("", [])


def _address(part: str) -> str:
    plain = part.split("/", 1)[0].strip("()[]")
    numbers = plain.split(".")
    if len(numbers) == 4 and all(number.isdigit() and len(number) <= 3 for number in numbers):  # noqa: PLR2004  (an IPv4 address)
        # People pad with zeros so that columns align; programs would read them as octal.
        plain = ".".join(str(int(number)) for number in numbers)
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        looks_numeric = re.fullmatch(r"[\d.]+", plain)
        return plain if LABEL.fullmatch(plain) and not looks_numeric else ""


def port_of(text: str) -> int | None:
    """A TCP port; None for a text that is none."""
    plain = folded(text)
    if plain.isascii() and plain.isdigit() and 1 <= int(plain[:6]) <= MAX_PORT:
        return int(plain)
    return None
