"""What an `accounts` step would do at a target, as a change that a reader of the plan understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temanashi.accounts.faults import UnknownDirectory, WishRefused
from temanashi.accounts.wishes import Wish, told
from temanashi.changes import Change
from temanashi.errors import TargetError, TemanashiError
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.account_acting import plain_data
from temanashi.runbooks.steps.account_looking import Looked, NotHere, first_day_without
from temanashi.runbooks.steps.account_places import Place
from temanashi.runbooks.steps.account_wishes import AccountsSpec
from temanashi.runbooks.steps.contract import Effects
from temanashi.runbooks.steps.wording import shown
from temanashi.text.local import Phrase, phrase

__all__ = ["Drafts", "told_secret"]

Seen = Looked | NotHere | TemanashiError


def told_secret(seen: Mapping[str, object]) -> list[str]:
    """The targets at which a one-time password would be set."""
    looked = {name: one for name, one in seen.items() if isinstance(one, Looked)}
    return [name for name, one in looked.items() if any(c.field == "password" and c.after == "new" for c in one.changes)]


@dataclass(frozen=True)
class Drafts:
    """Makes the changes of one step. `secret_for` are the targets that get the one-time password."""

    item: StepItem
    effects: Effects
    spec: AccountsSpec
    seconds: float
    secret_for: list[str]

    def later(self, place: Place, given: Mapping[str, Any]) -> Change:
        """A change that needs what an earlier step gives; it is planned again then."""
        login = shown(str(given["login"]), limit=60)
        summary = phrase(f"accounts.do-{self.spec.do}-unread", host=place.name, login=login, why="")
        return Change(
            step=self.item.id, target=place.name, kind="accounts", summary=self._titled(summary), payload={"given": dict(given)}
        )

    def change(self, place: Place, wish: Wish, seen: Seen, end: str) -> Change:
        """The change at a target by what was found there."""
        if isinstance(seen, NotHere):
            return self.left_out(place, seen)
        if isinstance(seen, TemanashiError):
            return self._unread(place, wish, seen, end)
        return self._found(place, seen)

    def left_out(self, place: Place, absent: NotHere) -> Change:
        """A target at which nothing is done."""
        why = absent.why
        return Change(
            step=self.item.id, target=place.name, kind="accounts", summary=self._titled(why), left_out=why, reads_only=True
        )

    def _draft(self, place: Place, wish: Wish, ends: dict[str, Any] | None) -> Change:
        payload: dict[str, Any] = {
            "directory": place.kind if place.host is not None else place.name,
            "entry": place.host is None,
            "wish": wish.model_dump(mode="json"),
            "deliver": self.spec.deliver,
            "timeout": self.seconds,
            "seen": False,
        }
        if self.secret_for:
            payload["secret_for"] = self.secret_for
        if ends is not None:
            payload["ends"] = ends
        return Change(
            step=self.item.id,
            target=place.name,
            kind="accounts",
            summary=phrase("accounts.do-nothing", host=place.name, login=wish.login),
            payload=payload,
            reversible=wish.do != "reset",
        )

    def _found(self, place: Place, seen: Looked) -> Change:
        change, wish, words = self._draft(place, seen.wish, seen.ends), seen.wish, {"host": place.name, "login": seen.wish.login}
        account = seen.seen.account(wish.login)
        if seen.changes:
            key = "accounts.do-open" if account is None else f"accounts.do-{wish.do}"
            summary = phrase(key, **words, fields=[told(one).model_dump() for one in seen.changes])
        else:
            summary = phrase("accounts.do-nothing" if account else "accounts.do-absent", **words)
        if seen.ends is not None:
            how = phrase(f"accounts.ends-{seen.ends['do']}", at=seen.ends["at"].replace("T", " ")).model_dump()
            summary = phrase("accounts.with-end", what=summary.model_dump(), how=how)
        return change.model_copy(
            update={
                "summary": self._titled(summary),
                "payload": {**change.payload, "seen": True},
                "before": account.facts() if account else None,
                "after": {one.field: one.after for one in seen.changes if one.field not in {"sessions", "failures"}},
                "already": not seen.changes and seen.ends is None,
            }
        )

    def _unread(self, place: Place, wish: Wish, error: TemanashiError, end: str) -> Change:
        """A change whose difference is not known: the target is away, or it is not done there, which fails."""
        if isinstance(error, (WishRefused, UnknownDirectory)):
            reason = Phrase(key=error.key, data=plain_data(error.data))
            change = self._draft(place, wish, None)
            refused = {"summary": self._titled(reason), "reversible": False, "repeatable": False}
            return change.model_copy(update={**refused, "payload": {"refused": reason.model_dump(mode="json")}})
        if not isinstance(error, TargetError):
            raise error
        ends: dict[str, Any] | None = None
        if end:
            ends = {"at": end, "do": "disable" if wish.do in {"disable", "join"} else "leave", "groups": list(wish.groups)}
        why = Phrase(key=error.key, data=self.effects.redactor.value(plain_data(error.data)))
        summary = phrase(f"accounts.do-{wish.do}-unread", host=place.name, login=wish.login, why=why)
        return self._draft(place, self._dated(wish, end), ends).model_copy(update={"summary": self._titled(summary)})

    def _dated(self, wish: Wish, end: str) -> Wish:
        """Somebody who leaves later is not closed now, also where nobody could look: that is done at the end."""
        return Wish(do="set", login=wish.login, expires_on=first_day_without(end)) if wish.do == "disable" and end else wish

    def _titled(self, plain: Phrase) -> Phrase:
        return phrase("steps.titled", title=self.item.title, what=plain) if self.item.title is not None else plain
