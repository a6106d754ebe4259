"""What both hosts hold afterwards, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["COMPARED", "differing"]

COMPARED = (
    "passwd, group, gshadow, subuid, subgid: whole lines, in their order; shadow: whole lines, but of an account whose password was"
    " reset its hash only by its kind; home, .ssh, authorized_keys, authorized_keys2: owner, group, mode and text"
)
ACCOUNT_FILES = ("passwd", "group", "gshadow", "shadow", "subuid", "subgid")


def differing(one: Path, other: Path, logins: dict[str, bool]) -> Iterator[str]:
    """Each difference as a line; `one` and `other` are the folders of the hosts, `logins` say whose password was reset."""
    for name in ACCOUNT_FILES:
        ours, theirs = (_lines(folder / "etc" / name, logins) for folder in (one, other))
        yield from (f"{name}: ours {line}" for line in ours if line not in theirs)
        yield from (f"{name}: theirs {line}" for line in theirs if line not in ours)
        if sorted(ours) == sorted(theirs) and ours != theirs:
            yield f"{name}: another order"
    for login in logins:
        ours, theirs = (dict(_home(folder, login)) for folder in (one, other))
        for path in sorted({*ours, *theirs}):
            if ours.get(path) != theirs.get(path):
                yield f"{login} {path}: ours {ours.get(path)}, theirs {theirs.get(path)}"


def _lines(file: Path, logins: dict[str, bool]) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [_masked(line, logins) if file.name == "shadow" else line for line in lines]


def _masked(line: str, logins: dict[str, bool]) -> str:
    """The hash of a password that was set, without its salt and value."""
    login, password, *rest = line.split(":")
    if logins.get(login):
        password = "(set)" if password.startswith("$") else password
    return ":".join((login, password, *rest))


def _home(folder: Path, login: str) -> Iterator[tuple[str, object]]:
    lines = (folder / "etc/passwd").read_text(encoding="utf-8").splitlines()
    home = next((line.split(":")[5] for line in lines if line.startswith(f"{login}:")), None)
    if home is None:
        return
    at = folder / home.lstrip("/")
    for path in (at, at / ".ssh", at / ".ssh/authorized_keys", at / ".ssh/authorized_keys2"):
        if path.exists():
            stat = path.stat()
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            yield str(path.relative_to(folder)), (stat.st_uid, stat.st_gid, oct(stat.st_mode), text)
