"""What can go wrong when somebody signs in with an account of another directory."""

from __future__ import annotations

from temanashi.errors import InputError, ServerError, TargetError

__all__ = [
    "BadOutsideName",
    "BadTicket",
    "DirectoryDown",
    "DirectoryMisset",
    "DirectoryRefused",
    "MissingExtra",
    "NameTaken",
    "NoSuchWay",
    "NotAdmitted",
    "TokenNotTrusted",
]


class NotAdmitted(InputError):
    """They are who they say, but may not come in: disabled, gone, or in no group that has a role. Data: user."""

    key = "signin.not-admitted"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class NameTaken(InputError):
    """A user of this name is here already, and nobody said that it is the same person. Data: user."""

    key = "signin.name-taken"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class BadOutsideName(InputError):
    """The directory's user name cannot be one here. Data: user."""

    key = "signin.bad-outside-name"

    def __init__(self, user: str) -> None:
        super().__init__(user=user[:100])


class BadTicket(InputError):
    """The answer belongs to no sign-in that this browser began, or it took too long, or it was used already."""

    key = "signin.bad-ticket"


class DirectoryRefused(InputError):
    """The provider said no, or the person did there. Data: reason, the provider's own word."""

    key = "signin.directory-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class TokenNotTrusted(InputError):
    """What the provider said of the person does not prove itself. Data: reason, for administrators."""

    key = "signin.token-not-trusted"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class DirectoryDown(TargetError):
    """The directory does not answer, or not as it should. Data: directory, reason."""

    key = "signin.directory-down"

    def __init__(self, directory: str, reason: str) -> None:
        super().__init__(directory=directory, reason=reason)


class DirectoryMisset(ServerError):
    """The directory does not fit the settings. Data: directory, reason."""

    key = "signin.directory-misset"

    def __init__(self, directory: str, reason: str) -> None:
        super().__init__(directory=directory, reason=reason)


class NoSuchWay(InputError):
    """The settings name no such directory. Data: way."""

    key = "signin.no-such-way"

    def __init__(self, way: str) -> None:
        super().__init__(way=way)


class MissingExtra(ServerError):
    """The library for this way to sign in is not installed. Data: extra."""

    key = "signin.missing-extra"

    def __init__(self, extra: str) -> None:
        super().__init__(extra=extra)
