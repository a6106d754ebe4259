"""What a command line of Rundeck means to a shell: a plain list of words, or a script that gets its values as variables."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from temanashi.runbooks.literal import as_template
from temanashi.workspace.importing.rundeck.references import Resolved

__all__ = ["Script", "as_script", "as_words"]

Part = str | Resolved
State = Literal["plain", "single", "double"]
ACTS = set("|&;<>()$`*?[]{}~\n#!")
ACTS_IN_DOUBLE = set("$`")
NO_PROGRAM = {
    ".", ":", "alias", "case", "cd", "command", "eval", "exec", "exit", "export", "for", "function", "if", "read", "return", "set",
    "shift", "source", "time", "trap", "ulimit", "umask", "unset", "until", "wait", "while",
}  # fmt: skip
"""Words that mean something to a shell and are no program; `test`, `echo` and `printf` are both."""
OPEN, CLOSE = "\ue000", "\ue001"


class Script(NamedTuple):
    """The text of a script, and the references that it reads from its environment."""

    text: str
    used: tuple[Resolved, ...]


def as_words(parts: Sequence[Part]) -> list[str] | None:
    """The words of a command line, each one template; None where only a shell gives it its meaning."""
    if any(acts for acts in _acting(parts)):
        return None
    text = "".join(part if isinstance(part, str) else f"{OPEN}{index}{CLOSE}" for index, part in enumerate(parts))
    try:
        words = shlex.split(text)
    except ValueError:  # a quote without its end
        return None
    if not words or words[0] in NO_PROGRAM or re.match(r"[A-Za-z_]\w*=", words[0]) or words[0].startswith(OPEN):
        return None
    return [_template(word, parts) for word in words]


def _template(word: str, parts: Sequence[Part]) -> str:
    found = re.split(f"{OPEN}([0-9]+){CLOSE}", word)
    # re.split gives texts and captured numbers by turns.
    return "".join(as_template(piece) if n % 2 == 0 else _value(parts[int(piece)]) for n, piece in enumerate(found))


def _value(part: Part) -> str:
    return part if isinstance(part, str) else part.template


def _acting(parts: Sequence[Part]) -> Iterator[bool]:
    state: State = "plain"
    for part in parts:
        if isinstance(part, Resolved):
            yield bool(part.secret)  # a secret is never an argument: other users of the machine see those
            continue
        for char, inside, escaped in _scan(part, state):
            acts = ACTS if inside == "plain" else ACTS_IN_DOUBLE if inside == "double" else set()
            yield char in acts and not escaped
            state = _after(char, inside, escaped=escaped)


def as_script(parts: Sequence[Part]) -> Script | None:
    """The script with each reference as a quoted variable; None where it stands in a here-document, whose quotes differ."""
    used = tuple(dict.fromkeys(part for part in parts if isinstance(part, Resolved)))
    if used and any(isinstance(part, str) and "<<" in part for part in parts):
        return None
    state: State = "plain"
    text = ""
    for part in parts:
        if isinstance(part, Resolved):
            bare = f"${{{part.variable}}}"
            text += {"plain": f'"{bare}"', "double": bare, "single": f"'\"{bare}\"'"}[state]
            continue
        text += part
        for char, inside, escaped in _scan(part, state):
            state = _after(char, inside, escaped=escaped)
    return Script(text, used)


def _scan(text: str, state: State) -> Iterator[tuple[str, State, bool]]:
    """Each character with the quotes it stands in, and whether a backslash takes its meaning away."""
    escaped = comment = False
    before = "\n"
    for char in text:
        if comment:
            comment = char != "\n"
            before = char
            continue
        if char == "#" and state == "plain" and before in " \t\n;" and not escaped and "\n" in text:
            comment = True
            continue
        yield char, state, escaped
        state = _after(char, state, escaped=escaped)
        escaped = char == "\\" and not escaped and state != "single"
        before = char


def _after(char: str, state: State, *, escaped: bool) -> State:
    if escaped:
        return state
    if char == "'" and state != "double":
        return "plain" if state == "single" else "single"
    if char == '"' and state != "single":
        return "plain" if state == "double" else "double"
    return state
