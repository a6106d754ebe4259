"""A command: the only way to a shell. Values are arguments, never text that a shell reads again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from temanashi.errors import InputError
from temanashi.text.local import Phrase, phrase

__all__ = ["BadCommand", "Command", "Script"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Some words are a shell's grammar when they stand first and unquoted (POSIX.1-2017, 2.4, and common additions).
_PLAIN_PROGRAM = re.compile(
    r"(?!(?:case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while)$)[A-Za-z0-9_./+-]+"
)


class BadCommand(InputError):
    """An argument, variable or folder that no command can carry. The value itself is not quoted: it may be a secret."""

    key = "hosts.bad-command"

    def __init__(self, problem: Phrase) -> None:
        super().__init__(problem=problem)


@dataclass(frozen=True, init=False)
class Command:
    """A program and its arguments, with optional standard input, added environment and folder; raises BadCommand.

    A value with spaces, quotes, newlines or `; rm -rf /` is one argument like any other.
    """

    argv: tuple[str, ...]
    stdin: bytes | None = field(repr=False)
    env: Mapping[str, str] = field(repr=False, hash=False)
    cwd: str | None

    def __init__(
        self,
        *argv: str,
        stdin: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        if not argv or argv[0] == "":
            raise BadCommand(phrase("hosts.command-empty"))
        for position, value in enumerate(argv):
            _check(
                value,
                where=phrase("hosts.command-program") if position == 0 else phrase("hosts.command-argument", position=position),
            )
        if "=" in argv[0]:
            raise BadCommand(phrase("hosts.command-equals"))  # a shell would take it for an assignment
        for name, value in (env or {}).items():
            if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
                raise BadCommand(phrase("hosts.command-variable-name", name=repr(name)))
            _check(value, where=phrase("hosts.command-variable", name=name))
        if cwd is not None:
            _check(cwd, where=phrase("hosts.command-folder"))
        object.__setattr__(self, "argv", argv)
        object.__setattr__(self, "stdin", stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin)
        object.__setattr__(self, "env", dict(env or {}))
        object.__setattr__(self, "cwd", cwd)

    @property
    def program(self) -> str:
        """The name of what is run, for messages."""
        return self.argv[0]

    def shell(self) -> str:
        """The same command as text for a POSIX shell: folder, variables, quoted arguments; standard input is not part of it."""
        program, *arguments = self.argv
        words = [program if _PLAIN_PROGRAM.fullmatch(program) else _quoted(program), *map(shlex.quote, arguments)]
        text = " ".join([*(f"{name}={shlex.quote(value)}" for name, value in self.env.items()), *words])
        if self.cwd is None:
            return text
        folder = f"./{self.cwd}" if self.cwd.startswith("-") else self.cwd
        return f"CDPATH= cd -- {shlex.quote(folder)} && {text}"


class Script(Command):
    """A constant shell text and its values: `Script('df -P "$1" | tail -n 1', path)`; values are only ever `$1`, `$2`..."""

    def __init__(
        self,
        text: str,
        *values: str,
        stdin: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        super().__init__("sh", "-c", text, "sh", *values, stdin=stdin, env=env, cwd=cwd)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _check(value: object, *, where: Phrase) -> None:
    if not isinstance(value, str):
        raise BadCommand(phrase("hosts.command-not-text", where=where, type=type(value).__name__))
    if "\x00" in value:
        raise BadCommand(phrase("hosts.command-nul", where=where))
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise BadCommand(phrase("hosts.command-surrogate", where=where)) from None
