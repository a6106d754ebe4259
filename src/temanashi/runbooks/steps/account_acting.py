"""Carrying out a change of an account, and finding out afterwards whether it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temanashi.accounts.directory import Directory
from temanashi.accounts.faults import AccountConflict, AccountRefused, UnknownDirectory, WishRefused
from temanashi.accounts.model import Account, Scope, Snapshot
from temanashi.accounts.wishes import NOLOGIN, NOLOGINS, FieldChange, Wish
from temanashi.canonical import canonical_json
from temanashi.changes import Change, Outcome, State, evidence_of
from temanashi.errors import TargetError, TemanashiError
from temanashi.notices import Notice
from temanashi.runbooks.steps.account_places import directory_of, opened
from temanashi.runbooks.steps.account_secrets import Secrets
from temanashi.runbooks.steps.channels import NoChannel
from temanashi.runbooks.steps.contract import Effects
from temanashi.text import say
from temanashi.text.local import Phrase, phrase

__all__ = ["Acting", "observed_after", "opened", "plain_data"]


@dataclass(frozen=True)
class Acting:
    """One change of one account on one target."""

    effects: Effects
    change: Change
    secrets: Secrets = field(default_factory=Secrets)

    def apply(self, key: str) -> Outcome:
        """Do what is left to do; nothing where the account is as wished."""
        started = self.effects.clock.now()
        try:
            outcome = self._applied(key)
        except AccountConflict as error:
            outcome = Outcome(status="conflict", reason=self._why(error))
        except (AccountRefused, UnknownDirectory) as error:  # already reading was refused
            outcome = Outcome(status="failed", reason=self._why(error))
        except TargetError as error:
            outcome = Outcome(status="unknown", reason=self._why(error))
        return outcome.model_copy(update={"started_at": started, "ended_at": self.effects.clock.now()})

    def _why(self, error: TemanashiError) -> Phrase:
        return Phrase(key=error.key, data=self.effects.redactor.value(plain_data(error.data)))

    def _applied(self, key: str) -> Outcome:
        wish = Wish.model_validate(self.change.payload["wish"])
        directory = directory_of(self.effects, self.change)
        seen = directory.read(Scope(logins=(wish.login,)))
        try:
            return self._done(wish, directory, seen, key)
        except (AccountRefused, WishRefused, NoChannel) as error:
            found = {"account": _facts(seen, wish), "left": None}
            return Outcome(status="failed", reason=self._why(error), before=found)

    def _done(self, wish: Wish, directory: Directory, seen: Snapshot, key: str) -> Outcome:
        changes = directory.plan(wish, seen)
        account = seen.account(wish.login)
        if not changes:
            return Outcome(status="already", outputs={"login": wish.login}, evidence=_evidence(account))
        if self.change.payload["seen"] and not _as_planned(self.change, account, wish):
            return Outcome(status="conflict", reason=phrase("accounts.conflict", login=wish.login, where=seen.where))
        if (failure := self.secrets.in_vain(self.change.iteration, wish.login)) is not None and self._needs_secret(changes):
            return Outcome(status="failed", reason=failure)
        secret = self._secret(changes, wish)
        after = directory.apply(wish, changes, seen, secret=secret)
        outcome = Outcome(
            status="changed",
            details=tuple({"field": one.field, "before": one.before, "after": one.after} for one in changes),
            outputs={"login": wish.login},
            evidence=_evidence(after.account(wish.login)),
            before={"account": _facts(seen, wish), "left": _facts(after, wish)},
        )
        if secret is not None and (failure := self._delivered(wish, key)) is not None:
            return outcome.model_copy(update={"status": "failed", "reason": failure})
        return outcome

    def _needs_secret(self, changes: tuple[FieldChange, ...]) -> bool:
        new = any(one.field == "password" and one.after == "new" for one in changes)
        return new and bool(self.change.payload["deliver"])

    def _secret(self, changes: tuple[FieldChange, ...], wish: Wish) -> str | None:
        """The one-time password, redacted from here on; who gets it must be known before it is set. Raises NoChannel."""
        if not self._needs_secret(changes):
            return None
        self.effects.channel(self.change.payload["deliver"])
        return self.secrets.of(self.change.iteration, wish.login, redact=self.effects.redactor.add)

    def _delivered(self, wish: Wish, key: str) -> Phrase | None:
        """Tell it once; why it did not arrive, or None. Only the title is kept, in the list of what was told."""
        to = self.change.payload["deliver"]
        words = {"login": wish.login, "host": ", ".join(self.change.payload.get("secret_for") or [self.change.target])}

        def tell(secret: str) -> Phrase | None:
            notifier = self.effects.channel(to)
            title = say("accounts.secret-title", notifier.lang, **words)
            body = say("accounts.secret-body", notifier.lang, **words, secret=secret)
            # Each password is new, so that telling a second one is no repetition.
            stamp = self.effects.clock.now().isoformat()
            delivery = notifier.send(Notice(f"secret:{key}:{stamp}", title, body))
            return None if delivery.status == "told" else phrase("accounts.not-delivered", **words, to=to)

        return self.secrets.told(self.change.iteration, wish.login, tell)


def _facts(snapshot: Snapshot, wish: Wish) -> dict[str, Any] | None:
    account = snapshot.account(wish.login)
    return account.facts() if account else None


def _evidence(account: Account | None) -> Any:
    text = canonical_json(account.facts() if account else None)
    return (evidence_of("account", text, media_type="application/json"),)


def _as_planned(change: Change, account: Account | None, wish: Wish) -> bool:
    """Whether each field is what the plan saw, or as wished already: an interrupted change goes on, a foreign one stops it."""
    before, after = change.before, change.after or {}
    if before is None:
        return account is None or (wish.do == "join" and account.name == (wish.name or ""))
    if account is None:
        return False
    now = account.facts()
    return all(now.get(field) == value or _reached(field, value, now.get(field), after) for field, value in before.items())


def _reached(field: str, before: Any, now: Any, after: Mapping[str, Any]) -> bool:
    if field == "aside":
        return bool({"keys", "jobs", "aside"} & {*after})
    if field not in after:
        return False
    if field == "shell" and after[field] == NOLOGIN:
        return str(now).rpartition("/")[2] in NOLOGINS
    if field == "expires_on" and after[field] == "never":
        return now is None
    if isinstance(now, list):  # on its way: nothing else has come, and nothing else has gone
        return {*before} & {*after[field]} <= {*now} <= {*before} | {*after[field]}
    return bool(now == after[field])


def observed_after(effects: Effects, change: Change) -> State:
    """Whether it happened. What did not may be done again: it looks before it acts."""
    wish = Wish.model_validate(change.payload["wish"])
    directory = directory_of(effects, change)
    try:
        seen = directory.read(Scope(logins=(wish.login,)))
        changes = directory.plan(wish, seen)
    except (TargetError, WishRefused):
        return State(happened="unknown")
    account = seen.account(wish.login)
    facts = account.facts() if account else {}
    evidence = _evidence(account)
    if change.payload["deliver"] and (wish.do == "reset" or wish.with_password) and account is not None:
        # Set or not, nobody may have been told: only an account that is as it was before tells that nothing happened.
        as_it_was = change.before == facts and not account.must_change
        return State(happened="no" if as_it_was else "unknown", facts=facts, evidence=evidence)
    return State(happened="no" if changes else "yes", facts=facts, evidence=evidence)


def plain_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an error as JSON."""
    return {name: value.model_dump() if isinstance(value, Phrase) else value for name, value in data.items()}
