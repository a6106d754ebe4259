"""Who is at this terminal, proved: by a token in `TEMA_TOKEN`, or by their password. Passwords are never arguments."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING, TypeVar

from temanashi.cli.output import say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from temanashi.people import Actor
    from temanashi.workspace.opening import Installation

__all__ = ["NoPassword", "OneTimePassword", "PasswordsDiffer", "TokenRefused", "act_as", "proved", "read_password"]

T = TypeVar("T")


class NoPassword(InputError):
    """Nobody is there to type a password, and none came in by standard input."""

    key = "cli.no-password"


class PasswordsDiffer(InputError):
    """The password was typed differently the second time."""

    key = "cli.passwords-differ"


class OneTimePassword(InputError):
    """A password that somebody else chose proves nothing here: it must be changed first. Data: user, url."""

    key = "cli.one-time-password"

    def __init__(self, user: str, url: str) -> None:
        super().__init__(user=user, url=url)


class TokenRefused(InputError):
    """The token in `TEMA_TOKEN` does not work, or not for a person."""

    key = "cli.token-refused"


def read_password(prompt: str, *, twice: bool = False) -> str:
    """A password from the terminal, unseen, or the first line of standard input; raises NoPassword and PasswordsDiffer."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise NoPassword
        return line
    typed = getpass.getpass(f"{prompt}: ")
    if twice and getpass.getpass(f"{say_here('cli.password-again')}: ") != typed:
        raise PasswordsDiffer
    if not typed:
        raise NoPassword
    return typed


def act_as(installation: Installation, given: str | None, act: Callable[[Actor], T]) -> T:
    """Act under the name at this terminal, proved where it must be. Raises what `act` raises, and SignInFailed."""
    from temanashi.people import current_actor
    from temanashi.runs.signatures import NotVerified

    try:
        return act(_by_token(installation, given) or current_actor(given))
    except NotVerified:
        return act(proved(installation, given))


def _by_token(installation: Installation, given: str | None) -> Actor | None:
    """Whose token is at hand, where people sign in and no other name is given; None for a token that proves nobody."""
    from temanashi.workspace.local_token import PERSONAL

    secret = os.environ.get(PERSONAL, "").strip()
    if given or not secret or not installation.settings.gate.sign_in:
        return None
    try:
        return _of_token(installation, secret)
    except TokenRefused:
        return None


def proved(installation: Installation, given: str | None) -> Actor:
    """The person at this terminal, by token or password. Raises SignInFailed, SignInWaits, OneTimePassword and TokenRefused."""
    from temanashi.people import current_actor
    from temanashi.signin.faults import SignInFailed
    from temanashi.signin.signing_in import check_password
    from temanashi.signin.users import actor_of
    from temanashi.workspace.first_admin import book_of
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.local_token import PERSONAL

    if secret := os.environ.get(PERSONAL, "").strip():
        return _of_token(installation, secret)
    with installation.database.reading() as connection:
        people = live_directory(connection).people
    named = current_actor(given).name
    user = people.find(named) or named
    password = read_password(say_here("cli.password-of", user=user))
    found = check_password(book_of(installation), user, password, people=people, address="terminal", channel="cli")
    if found.one_time:
        raise OneTimePassword(found.id, installation.settings.page("password"))
    today = installation.clock.now().astimezone(installation.settings.zone).date()
    if found.id in people.people and not people.here(found.id, today):
        raise SignInFailed
    return actor_of(found, people)


def _of_token(installation: Installation, secret: str) -> Actor:
    from temanashi.signin.recognising import of_token
    from temanashi.workspace.live import live_directory

    now = installation.clock.now()
    with installation.database.reading() as connection:
        people = live_directory(connection).people
        today = now.astimezone(installation.settings.zone)
        who = of_token(connection, secret, people=people, now=now, today=today)
    if who is None or not who.user or not who.may("decide", "start", "start-named"):
        raise TokenRefused
    return who.actor
