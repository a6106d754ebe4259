"""`accounts`: open, change, close, unlock or reset an account at each target, by the difference that the plan showed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from temanashi.accounts.directories_file import NAME
from temanashi.accounts.directory import directory_kind
from temanashi.accounts.faults import DirectoryNotLoaded, NoSuchDirectory, NothingGiven, WishRefused
from temanashi.accounts.wishes import Wish
from temanashi.changes import Change, Irreversible, Outcome, State, Step
from temanashi.hosts.fanout import fan_out
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.account_acting import Acting, observed_after
from temanashi.runbooks.steps.account_drafts import Drafts, told_secret
from temanashi.runbooks.steps.account_looking import Looked, NotHere, end_of, look, never_there
from temanashi.runbooks.steps.account_places import EVERYWHERE, Place, by_hosts, places_of
from temanashi.runbooks.steps.account_secrets import Secrets
from temanashi.runbooks.steps.account_wishes import GIVEN, AccountsSpec, given_values, wish_of
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.values import is_later, is_template, strings
from temanashi.runbooks.steps.wording import undo_summary
from temanashi.runbooks.templates import Templated
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "AccountsStep"]


@dataclass(frozen=True)
class AccountsStep:
    """Acts on one login at each target of the step."""

    item: StepItem
    effects: Effects
    secrets: Secrets = field(default_factory=Secrets)

    @property
    def spec(self) -> AccountsSpec:
        """What the YAML says."""
        spec: AccountsSpec = self.item.spec
        return spec

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change a target with the difference that it would make. Reads the account at each; names are checked before that."""
        if self.spec.deliver is not None:
            self.effects.channel(self.spec.deliver)
        spec = self.spec.model_copy(update={"directory": ctx.render(self.spec.directory).strip()})
        places = places_of(spec.directory, ctx.hosts, self.effects.directories(), only=ctx.limit)
        given = {place.name: given_values(spec, ctx, place.host) for place in places}
        later = {name for name, values in given.items() if is_later(values)}
        roles = self.effects.roles()
        absent = {place.name: why for place in places if (why := never_there(spec, given[place.name], place)) is not None}
        known = [place for place in places if place.name not in later | {*absent}]
        wishes = {place.name: wish_of(spec, given[place.name], roles, place) for place in known}
        ends = {place.name: end_of(spec, given[place.name], ctx.today) for place in known}

        def find(place: Place) -> Looked | NotHere:
            return look(self.effects, spec, place, wishes[place.name], ends[place.name], seconds=self._seconds)

        seen = {**fan_out(known, find), **absent}
        if ctx.item_value is None:  # one of many people stops none of the others
            _stop_where_nothing_is_left(seen, later)
        drafts = Drafts(self.item, self.effects, spec, self._seconds, told_secret(seen) if spec.deliver else [])
        return [
            drafts.left_out(place, absent[place.name])
            if place.name in absent
            else drafts.change(place, wishes[place.name], seen[place.name], ends[place.name])
            if place.name in seen
            else drafts.later(place, given[place.name])
            for place in places
        ]

    @property
    def _seconds(self) -> float:
        return float(self.item.timeout or self.spec.timeout)

    def apply(self, change: Change, key: str) -> Outcome:
        """Compare, change and read again; what changed since the plan is a conflict."""
        if (refused := change.payload.get("refused")) is not None:
            return Outcome(status="failed", reason=Phrase.model_validate(refused))
        return Acting(self.effects, change, self.secrets).apply(key)

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
                "payload": {
                    **change.payload,
                    "wish": back.model_dump(mode="json"),
                    "deliver": None,
                    "ends": None,
                    "seen": left is not None,
                },
                "before": left,
                "after": account,
                "preconditions": {},
                "already": False,
                "reversible": False,
            }
        )


def _stop_where_nothing_is_left(seen: Mapping[str, object], later: Collection[str]) -> None:
    """Where no target would do it there is nothing to approve. Raises the first refusal, or NothingGiven."""
    refusals = [one for one in seen.values() if isinstance(one, WishRefused)]
    nowhere = [one for one in seen.values() if isinstance(one, NotHere)]
    if later or not seen or len(refusals) + len(nowhere) < len(seen):
        return
    raise refusals[0] if refusals else NothingGiven(nowhere[0].why)


def _directory_problem(name: str) -> Problem | None:
    """What cannot be a directory of any workspace; whether `directories.yaml` has a name is seen when the step is planned."""
    if is_template(name) or name == EVERYWHERE or by_hosts(name):
        return None
    try:
        directory_kind(name)
    except NoSuchDirectory as error:
        close = suggestion(name, {*error.data["known"], EVERYWHERE})
        if re.fullmatch(NAME, name, re.ASCII) and not close:
            return None
        return Problem(("directory",), phrase(error.key, **error.data), close)
    except DirectoryNotLoaded as error:
        return Problem(("directory",), phrase(error.key, **error.data))
    return None


class _Accounts:
    name = "accounts"

    def parse(self, value: Any) -> Parsed:
        try:
            spec = AccountsSpec.model_validate(value)
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=AccountsSpec)))
        if (problem := _directory_problem(spec.directory)) is not None:
            return Parsed(None, (problem,))
        return Parsed(spec)

    def schema(self) -> dict[str, Any]:
        return AccountsSpec.model_json_schema()

    def templates(self, spec: AccountsSpec) -> Iterable[Templated]:
        return list(strings(spec.model_dump(include={"directory", *GIVEN})))

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return AccountsStep(item, effects)


KIND = _Accounts()
