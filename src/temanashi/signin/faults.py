"""What can be wrong with users, passwords, roles and tokens. Whoever signs in is told one thing, whatever was wrong."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from temanashi.errors import InputError, RunError

__all__ = [
    "BadUserId",
    "LastAdmin",
    "NameOfSomebodyElse",
    "NoRoleRequest",
    "NoSuchToken",
    "NoSuchUser",
    "NotAdmin",
    "OldPassword",
    "OwnRoleRequest",
    "SignInFailed",
    "SignInWaits",
    "UnknownRole",
    "UnknownScope",
    "UserExists",
    "WeakPassword",
]


class SignInFailed(InputError):
    """Name and password belong to nobody who may sign in. Says neither which was wrong, nor who exists."""

    key = "signin.failed"


class SignInWaits(InputError):
    """Too many tries for a name or from an address; the same for names that nobody has. Data: seconds."""

    key = "signin.waits"

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)


class WeakPassword(InputError):
    """A password that is too easily guessed; `key` says why."""

    key = "signin.weak"

    def __init__(self, shortest: int) -> None:
        super().__init__(shortest=shortest)


class OldPassword(InputError):
    """The new password is the old one."""

    key = "signin.old-password"


class BadUserId(InputError):
    """A name under which nobody can sign in."""

    key = "signin.bad-id"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class UserExists(InputError):
    """There is a user of this name already."""

    key = "signin.user-exists"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class NoSuchUser(InputError):
    """No user of this name."""

    key = "signin.no-such-user"

    def __init__(self, user: str, known: Collection[str] = ()) -> None:
        super().__init__(user=user, close=next(iter(get_close_matches(user, known, n=1)), "-"))


class NameOfSomebodyElse(InputError):
    """The record would take this user for another person, whose name it is."""

    key = "signin.name-of-somebody-else"

    def __init__(self, user: str, name: str, person: str) -> None:
        super().__init__(user=user, name=name, person=person)


class UnknownRole(InputError):
    """No such role."""

    key = "signin.unknown-role"

    def __init__(self, role: str, known: Collection[str]) -> None:
        super().__init__(role=role, known=list(known))


class LastAdmin(RunError):
    """Nobody would be left who may manage users."""

    key = "signin.last-admin"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class NoRoleRequest(InputError):
    """Nobody asked for such a change of roles, or it was decided already."""

    key = "signin.no-role-request"

    def __init__(self, request: str) -> None:
        super().__init__(request=request)


class OwnRoleRequest(RunError):
    """A change of roles takes two people; this is the one who asked, or nobody who may say yes."""

    key = "signin.own-role-request"

    def __init__(self, actor: str) -> None:
        super().__init__(actor=actor)


class NotAdmin(RunError):
    """Somebody who signed in gives or confirms a role that only an admin may. Data: actor."""

    key = "signin.not-admin"

    def __init__(self, actor: str) -> None:
        super().__init__(actor=actor)


class UnknownScope(InputError):
    """No such scope of a token."""

    key = "signin.unknown-scope"

    def __init__(self, scope: str, known: Collection[str]) -> None:
        super().__init__(scope=scope, known=list(known))


class NoSuchToken(InputError):
    """No token of this id."""

    key = "signin.no-such-token"

    def __init__(self, token: str) -> None:
        super().__init__(token=token)
