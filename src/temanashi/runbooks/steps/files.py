"""One file of a target: read it, replace it whole, take that back; never over what somebody changed meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from temanashi.errors import TargetError
from temanashi.hosts.command import Command, Script
from temanashi.hosts.transport import Result, Transport
from temanashi.text.local import phrase

__all__ = ["CHANGED_MEANWHILE", "FileTrouble", "Found", "look", "remove", "replace", "restore"]

CHANGED_MEANWHILE = 75
"""Exit code of ours: the file is not what it was expected to be."""

_REAL = """p=$1
if [ -L "$p" ]; then p=$(readlink -f -- "$p") || exit 71; fi
digest() { d=$(sha256sum < "$1") || exit 71; printf %s "${d%% *}"; }
now() { if [ -e "$p" ]; then digest "$p"; else printf absent; fi; }
"""
_LOOK = """if [ ! -e "$p" ]; then echo absent; exit 0; fi
if [ ! -f "$p" ]; then echo other; exit 0; fi
stat -c 'file %a %U %G' -- "$p" && cat < "$p"
"""
# The new file is written beside the old one and renamed over it: a reader sees the old or the new one, never a part.
# Its digest comes with it: when we are killed while we send it, half of it must not become the file.
_REPLACE = """expected=$2 mode=$3 owner=$4 backup=$5 wanted=$6
t=$(mktemp -- "$(dirname -- "$p")/.tema.XXXXXXXX") || exit 73
trap 'rm -f -- "$t"' EXIT
trap 'exit 74' HUP INT TERM
cat > "$t" && [ "$(digest "$t")" = "$wanted" ] || exit 74
if [ -e "$p" ]; then
    chown "$(stat -c %u:%g -- "$p")" "$t" && chmod "$(stat -c %a -- "$p")" "$t" || exit 77
fi
[ -z "$owner" ] || chown -- "$owner" "$t" || exit 77
[ -z "$mode" ] || chmod -- "$mode" "$t" || exit 77
[ "$(now)" = "$expected" ] || exit 75
if [ "$expected" = absent ]; then
    ln -- "$t" "$p" 2> /dev/null && exit 0
    [ ! -e "$p" ] || exit 75
elif [ -n "$backup" ]; then
    cp -p -- "$p" "$backup.new" && mv -f -- "$backup.new" "$backup" || exit 73
fi
mv -f -- "$t" "$p"
"""
_RESTORE = """expected=$2 backup=$3 before=$4
[ "$(now)" = "$expected" ] || exit 75
[ "$(digest "$backup")" = "$before" ] || exit 75
mv -f -- "$backup" "$p"
"""
_REMOVE = """[ "$(now)" = "$2" ] || exit 75
rm -f -- "$p"
"""


class FileTrouble(TargetError):
    """A file of a target cannot be read or written, or is none."""

    key = "steps.file-trouble"

    def __init__(self, path: str, problem: Any) -> None:
        super().__init__(path=path, problem=problem)


@dataclass(frozen=True)
class Found:
    """What stands at a path: nothing, or a file with its mode (octal text), owner and group."""

    state: Literal["absent", "file"]
    content: bytes = b""
    mode: str = ""
    owner: str = ""
    group: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal, or `absent`."""
        return hashlib.sha256(self.content).hexdigest() if self.state == "file" else "absent"

    def facts(self) -> dict[str, str]:
        """What is kept of it: no content."""
        return {"sha256": self.digest, "mode": self.mode, "owner": self.owner, "group": self.group}


def look(transport: Transport, path: str, *, timeout: float) -> Found:
    """Read a file; raises TargetError (FileTrouble for what is no file, is too large, or cannot be read)."""
    result = transport.run(Script(_REAL + _LOOK, path), timeout=timeout)
    first, _, content = result.stdout.partition(b"\n")
    if not result.ok:
        raise FileTrouble(path, _told(result))
    if first == b"absent":
        return Found("absent")
    if first == b"other":
        raise FileTrouble(path, phrase("steps.file-other"))
    if result.truncated:
        raise FileTrouble(path, phrase("steps.file-large"))
    _, mode, owner, group = first.decode("utf-8", "replace").split(" ", 3)
    return Found("file", content, mode, owner, group)


def replace(
    transport: Transport,
    path: str,
    content: bytes,
    *,
    expected: str,
    mode: str,
    owner: str,
    backup: str,
    key: str,
    timeout: float,
) -> bool:
    """Put content into a file whose digest is `expected` (`absent`: there is none); False when it is another one meanwhile.

    Owner and mode stay what they were, where none is given. What was there is kept at `backup`, if that is a path.
    """
    wanted = hashlib.sha256(content).hexdigest()
    script = Script(_REAL + _REPLACE, path, expected, mode, owner, backup, wanted, stdin=content, env={"TEMA_KEY": key})
    return _done(transport, script, path, timeout)


def restore(transport: Transport, path: str, backup: str, *, expected: str, before: str, key: str, timeout: float) -> bool:
    """Put a backup with the digest `before` back; False when file or backup are not as expected."""
    return _done(transport, Script(_REAL + _RESTORE, path, expected, backup, before, env={"TEMA_KEY": key}), path, timeout)


def remove(transport: Transport, path: str, *, expected: str, key: str, timeout: float) -> bool:
    """Remove a file with this digest; False when it is another one."""
    return _done(transport, Script(_REAL + _REMOVE, path, expected, env={"TEMA_KEY": key}), path, timeout)


def _done(transport: Transport, command: Command, path: str, timeout: float) -> bool:
    result = transport.run(command, timeout=timeout)
    if result.exit == CHANGED_MEANWHILE:
        return False
    if not result.ok:
        raise FileTrouble(path, _told(result))
    return True


def _told(result: Result) -> str:
    lines = result.error_text.strip().splitlines()
    return lines[-1][:300] if lines else f"exit {result.exit}"
