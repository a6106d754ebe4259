"""`accounts`: open, change, close, unlock or reset an account on each host, by the difference that the plan showed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from temanashi.accounts.directory import directory_kind
from temanashi.accounts.faults import DirectoryNotLoaded, NoSuchDirectory, WishRefused
from temanashi.accounts.model import Scope, Snapshot
from temanashi.accounts.wishes import FieldChange, Wish, told
from temanashi.changes import Change, Irreversible, Outcome, State, Step
from temanashi.errors import TargetError, TemanashiError
from temanashi.hosts.fanout import fan_out
from temanashi.hosts.inventory import Host
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.account_acting import Acting, observed_after, opened, plain_data
from temanashi.runbooks.steps.account_wishes import ONLY_SETTING, AccountsSpec, given_values, wish_of
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.values import is_later, strings
from temanashi.runbooks.steps.wording import shown, undo_summary
from temanashi.runbooks.templates import Templated
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "AccountsStep"]


@dataclass(frozen=True)
class AccountsStep:
    """Acts on one login on each host of the step."""

    item: StepItem
    effects: Effects

    @property
    def spec(self) -> AccountsSpec:
        """What the YAML says."""
        spec: AccountsSpec = self.item.spec
        return spec

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change a host with the difference that it would make. Reads the account of each; names are checked before that."""
        if self.spec.deliver is not None:
            self.effects.channel(self.spec.deliver)
        given = {host.name: given_values(self.spec, ctx, host) for host in ctx.hosts}
        later = {name for name, values in given.items() if is_later(values)}
        roles = self.effects.roles()
        wishes = {name: wish_of(self.spec, values, roles) for name, values in given.items() if name not in later}
        known = [host for host in ctx.hosts if host.name not in later]
        seen = fan_out(known, lambda host: self._look(host, wishes[host.name]))
        _stop_where_nothing_is_left(seen, later)
        return [
            self._change(host, wishes[host.name], seen[host.name]) if host.name in seen else self._later(host, given[host.name])
            for host in ctx.hosts
        ]

    def _look(self, host: Host, wish: Wish) -> tuple[Snapshot, tuple[FieldChange, ...]]:
        directory = opened(self.effects, host, self.spec.directory, self._seconds)
        seen = directory.read(Scope(logins=(wish.login,)))
        return seen, directory.plan(wish, seen)

    @property
    def _seconds(self) -> float:
        return float(self.item.timeout or self.spec.timeout)

    def _later(self, host: Host, given: Mapping[str, Any]) -> Change:
        """A change that needs what an earlier step gives; it is planned again then."""
        login = shown(str(given["login"]), limit=60)
        return Change(
            step=self.item.id,
            target=host.name,
            kind="accounts",
            summary=self._titled(phrase(f"accounts.do-{self.spec.do}-unread", host=host.name, login=login, why="")),
            payload={"given": dict(given)},
        )

    def _change(self, host: Host, wish: Wish, seen: tuple[Snapshot, tuple[FieldChange, ...]] | TemanashiError) -> Change:
        words = {"host": host.name, "login": wish.login}
        change = Change(
            step=self.item.id,
            target=host.name,
            kind="accounts",
            summary=phrase("accounts.do-nothing", **words),
            payload={
                "directory": self.spec.directory,
                "wish": wish.model_dump(mode="json"),
                "deliver": self.spec.deliver,
                "timeout": self._seconds,
                "seen": False,
            },
            reversible=wish.do != "reset",
        )
        if isinstance(seen, TemanashiError):
            return change.model_copy(update=self._unread(wish, words, seen))
        snapshot, changes = seen
        account = snapshot.account(wish.login)
        if changes:
            fields = [told(one).model_dump() for one in changes]
            key = "accounts.do-open" if account is None else f"accounts.do-{wish.do}"
            summary = self._titled(phrase(key, **words, fields=fields))
        else:
            summary = self._titled(phrase("accounts.do-nothing" if account else "accounts.do-absent", **words))
        return change.model_copy(
            update={
                "summary": summary,
                "payload": {**change.payload, "seen": True},
                "before": account.facts() if account else None,
                "after": {one.field: one.after for one in changes if one.field not in {"sessions", "failures"}},
                "already": not changes,
            }
        )

    def _unread(self, wish: Wish, words: dict[str, str], error: TemanashiError) -> dict[str, Any]:
        """What is other about a change whose difference is not known: the host is away, or it is not done there, which fails."""
        if isinstance(error, WishRefused):
            reason = Phrase(key=error.key, data=plain_data(error.data))
            refused = {"summary": self._titled(reason), "reversible": False, "repeatable": False}
            return {**refused, "payload": {"refused": reason.model_dump(mode="json")}}
        if not isinstance(error, TargetError):
            raise error
        why = Phrase(key=error.key, data=self.effects.redactor.value(error.data))
        return {"summary": self._titled(phrase(f"accounts.do-{wish.do}-unread", **words, why=why))}

    def _titled(self, plain: Phrase) -> Phrase:
        return phrase("steps.titled", title=self.item.title, what=plain) if self.item.title is not None else plain

    def apply(self, change: Change, key: str) -> Outcome:
        """Compare, change and read again, in one command on the host; what changed since the plan is a conflict."""
        if (refused := change.payload.get("refused")) is not None:
            return Outcome(status="failed", reason=Phrase.model_validate(refused))
        return Acting(self.effects, change).apply(key)

    def observe(self, change: Change) -> State:
        """Whether the account is as wished; a password that may have been set without being delivered is unknown."""
        if "refused" in change.payload:
            return State(happened="no")
        return observed_after(self.effects, change)

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The account as it was; one that was opened is closed, not deleted. A former password does not come back."""
        if (refused := change.payload.get("refused")) is not None:
            return Irreversible(reason=Phrase.model_validate(refused))
        wish = Wish.model_validate(change.payload["wish"])
        found = before or {}
        account = found.get("account") if "left" in found else (before or None)
        if wish.do in {"reset", "restore"}:
            return Irreversible(reason=phrase(f"accounts.{wish.do}-irreversible"))
        if wish.do == "unlock" and (account or {}).get("password") != "locked":
            return Irreversible(reason=phrase("accounts.unlock-irreversible"))
        back = Wish(do="disable", login=wish.login) if account is None else Wish(do="restore", login=wish.login, before=account)
        left = found.get("left")
        return change.model_copy(
            update={
                "summary": undo_summary(self.item, wish.login, host=change.target),
                "payload": {**change.payload, "wish": back.model_dump(mode="json"), "deliver": None, "seen": left is not None},
                "before": left,
                "after": account,
                "preconditions": {},
                "already": False,
                "reversible": False,
            }
        )


def _stop_where_nothing_is_left(seen: Mapping[str, object], later: Collection[str]) -> None:
    """Where no host would do it, there is nothing to approve: the first refusal is the answer. Raises WishRefused."""
    refusals = [one for one in seen.values() if isinstance(one, WishRefused)]
    if refusals and len(refusals) == len(seen) and not later:
        raise refusals[0]


class _Accounts:
    name = "accounts"

    def parse(self, value: Any) -> Parsed:
        try:
            spec = AccountsSpec.model_validate(value)
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=AccountsSpec)))
        try:
            directory_kind(spec.directory)
        except NoSuchDirectory as error:
            message = phrase(error.key, **error.data)
            return Parsed(None, (Problem(("directory",), message, suggestion(spec.directory, error.data["known"])),))
        except DirectoryNotLoaded as error:
            return Parsed(None, (Problem(("directory",), phrase(error.key, **error.data)),))
        return Parsed(spec)

    def schema(self) -> dict[str, Any]:
        return AccountsSpec.model_json_schema()

    def templates(self, spec: AccountsSpec) -> Iterable[Templated]:
        return list(strings(spec.model_dump(include={"login", *ONLY_SETTING})))

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return AccountsStep(item, effects)


KIND = _Accounts()
