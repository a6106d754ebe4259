"""What is wrong with an account, a name or a wish, and what a directory refuses."""

from __future__ import annotations

from collections.abc import Collection

from temanashi.errors import InputError, TargetError
from temanashi.problems import suggestion
from temanashi.redaction import one_line
from temanashi.text.local import Phrase

__all__ = [
    "AccountConflict",
    "AccountRefused",
    "BadAccountValue",
    "BrokenDirectory",
    "DirectoryNotLoaded",
    "IncompleteRead",
    "NoCredential",
    "NoSuchDirectory",
    "NothingGiven",
    "RolesSeparated",
    "UnknownDirectory",
    "UnknownRole",
    "WishRefused",
]

SHOWN = 60


def _shown(value: str) -> str:
    line = one_line(value[: SHOWN + 1]).encode("utf-8", "replace").decode()
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


class BadAccountValue(InputError):
    """A name, group, key or other value that no account may have; found before anything is asked of a host."""

    key = "accounts.bad-value"

    def __init__(self, value: str, problem: Phrase) -> None:
        super().__init__(value=_shown(value), problem=problem)


class UnknownRole(InputError):
    """A role that `runbooks/site/roles.yaml` does not define."""

    key = "accounts.unknown-role"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=_shown(name), close=suggestion(name, known), known=sorted(known)[:20] or ["-"])


class RolesSeparated(InputError):
    """Two roles that the same person must not have."""

    key = "accounts.separated"

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one=one, other=other)


class NoSuchDirectory(InputError):
    """A kind of directory that is not installed."""

    key = "accounts.no-directory"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=_shown(name), close=suggestion(name, known), known=sorted(known))


class DirectoryNotLoaded(InputError):
    """A kind of directory of another package cannot be imported; steps that use it are disabled, and nothing else."""

    key = "accounts.directory-not-loaded"

    def __init__(self, name: str, *, package: str, detail: str) -> None:
        super().__init__(name=name, package=package, detail=detail[:300])


class UnknownDirectory(InputError):
    """A directory that `runbooks/site/directories.yaml` does not define."""

    key = "accounts.unknown-directory"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=_shown(name), close=suggestion(name, known), known=sorted(known)[:20] or ["-"])


class BrokenDirectory(UnknownDirectory):
    """A directory whose entry in `runbooks/site/directories.yaml` has a mistake."""

    key = "accounts.broken-directory"


class WishRefused(InputError):
    """Something that is not done to this account as it is now."""

    key = "accounts.wish-refused"

    def __init__(self, login: str, where: str, problem: Phrase) -> None:
        super().__init__(login=login, where=where, problem=problem)


class NothingGiven(InputError):
    """A step that would do nothing at any of its targets."""

    key = "accounts.nothing-anywhere"

    def __init__(self, why: Phrase) -> None:
        super().__init__(why=why)


class IncompleteRead(TargetError):
    """A directory did not tell everything; what is not known must not be taken for absent."""

    key = "accounts.incomplete"

    def __init__(self, where: str, problem: Phrase) -> None:
        super().__init__(where=where, problem=problem)


class AccountConflict(TargetError):
    """An account is not what the plan saw."""

    key = "accounts.conflict"

    def __init__(self, login: str, where: str) -> None:
        super().__init__(login=login, where=where)


class AccountRefused(TargetError):
    """The target refused, or a tool on it failed; `detail` is what it said, on one line."""

    key = "accounts.refused"

    def __init__(self, login: str, where: str, detail: str) -> None:
        super().__init__(login=login, where=where, detail=one_line(detail.strip())[:300] or "-")


class NoCredential(AccountRefused):
    """What signs in to a directory is not here: that directory cannot be asked, and the others can."""

    key = "accounts.no-credential"

    def __init__(self, where: str, ref: str) -> None:
        TargetError.__init__(self, where=where, ref=ref)
