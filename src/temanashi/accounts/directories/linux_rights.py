"""Who has rights by sudo: the user specifications of sudoers(5), as far as they decide who may do something.

Local files only: rules of LDAP or SSSD are not among them. A line that is not understood gives its right to everybody whom its
words name, so that a review sees too much rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Rights", "read_rights"]

ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)")
RUNAS = re.compile(r"\(([^)]*)\)")
TAGS = re.compile(r"\b(NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|LOG_IN|LOG_OUT|MAIL|FOLLOW|INTERCEPT):")
LONGEST = 60
DEEPEST = 8
"""Aliases of aliases that are followed."""


@dataclass(frozen=True)
class _Right:
    """One specification: to whom, and how a reader is told."""

    subjects: tuple[str, ...]
    told: str


@dataclass(frozen=True)
class Rights:
    """Every right of a host's sudoers files."""

    rights: tuple[_Right, ...]
    aliases: Mapping[str, tuple[str, ...]]

    def of(self, login: str, uid: str, groups: Mapping[str, str]) -> list[str]:
        """What a reader is told of an account's rights; `groups` are gids by name, empty where only the name is known."""
        mine = {login, f"#{uid}", "ALL", *(f"%{name}" for name in groups), *(f"%#{gid}" for gid in groups.values() if gid)}
        return list(dict.fromkeys(right.told for right in self.rights if self._meant(right.subjects, mine, DEEPEST)))

    def _meant(self, subjects: tuple[str, ...], mine: set[str], left: int) -> bool:
        """The last word that fits decides, as sudo itself goes by."""
        found = False
        for subject in subjects:
            plain = subject.lstrip("!")
            fits = plain in mine or (left > 0 and plain in self.aliases and self._meant(self.aliases[plain], mine, left - 1))
            if fits:
                found = (len(subject) - len(plain)) % 2 == 0
        return found


def read_rights(lines: Iterable[tuple[str, str]]) -> Rights:
    """The rights of these lines, each with the name of its file."""
    rights: list[_Right] = []
    aliases: dict[str, tuple[str, ...]] = {}
    for file, line in lines:
        plain = re.sub(r"(?<!\\)#(?![0-9]).*", "", line).strip()
        if alias := ALIAS.fullmatch(plain):
            if alias[1] == "User":
                aliases.update(_aliases(alias[2]))
        elif "=" in plain and not plain.startswith("Defaults"):
            rights.append(_right(file, plain))
    return Rights(tuple(rights), aliases)


def _aliases(text: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Of `NAME = one, other : NAME = ...`: the members by name."""
    for part in re.split(r"\s*:\s*(?=[A-Z][A-Z0-9_]*\s*=)", text):
        name, _, members = part.partition("=")
        yield name.strip(), _words(members)


def _right(file: str, line: str) -> _Right:
    before, _, what = line.partition("=")
    # What stands before the `=` are users, a blank, and hosts; blanks around commas belong to the lists.
    users = re.sub(r"\s*,\s*", ",", re.sub(r"!\s+", "!", before.strip()))
    who = re.match(r'((?:"[^"]*"|\\.|[^\s"\\])+)', users)
    runas = RUNAS.search(what)
    other = [word for word in _words((runas[1] if runas else "root").partition(":")[0]) if word not in {"root", "ALL", "#0"}]
    what = TAGS.sub("", RUNAS.sub("", what)).strip()
    doing = what if len(what) <= LONGEST else what[: LONGEST - 1] + "…"
    told = f"sudo {doing} ({file})" if not other or runas is None else f"sudo {doing} as {', '.join(other)} ({file})"
    return _Right(_words(who[1] if who else ""), told)


def _words(text: str) -> tuple[str, ...]:
    """The words of a list, without quotes and escapes."""
    return tuple(re.sub(r'[\\"]', "", word).strip() for word in text.split(",") if word.strip())
