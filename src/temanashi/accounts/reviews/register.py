"""What a company knows of accounts that are no one person's, and its rules for reviews. `runbooks/site/accounts.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, StringConstraints, model_validator

from temanashi.people import People, missing_words
from temanashi.problems import Problem
from temanashi.text.local import Lang, LocalText, phrase

__all__ = ["NO_REGISTER", "Entitlement", "Policy", "Register", "Registered", "Separation", "register_problems"]

Where = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9][a-z0-9._-]*)$", max_length=120)]
Login = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$", max_length=120)]
Entitlement = Annotated[
    str, StringConstraints(pattern=r"^(\*|[a-z0-9][a-z0-9._-]*)/[^\s/\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?$", max_length=240)
]
"""`WHERE/GROUP`: a group of a directory or a host; `*/GROUP` of every one."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=60)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _none_is_empty(value: Any) -> Any:
    return [] if value is None else value


class Policy(_Closed):
    """Figures and places of reviews."""

    dormant_days: PositiveInt = Field(default=90, le=3650, description="Not used for more days than these: dormant")
    review_every_months: PositiveInt = Field(default=6, le=60, description="A review is due this long after the last one")
    hosts: str = Field(default="", max_length=400, description="Hosts whose local accounts are read, as `tema run --on` names them")
    read_nightly_at: str = Field(default="02:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Workspace's time")
    mail_domains: tuple[str, ...] = Field(default=(), description="A login NAME@DOMAIN of these is the person NAME")


class Registered(_Closed):
    """An account that is no one person's: judged by its owner and its end, never by its last use."""

    login: Login
    where: Annotated[tuple[Where, ...], BeforeValidator(_listed, json_schema_input_type=Where | tuple[Where, ...])] = Field(
        default=("*",), description="Hosts and directories"
    )
    kind: Literal["service", "shared", "break-glass"]
    owner: str = Field(min_length=1, max_length=90, description="Who answers for it: a person or group: of people.yaml")
    purpose: str = Field(min_length=1, max_length=400)
    expires: date | None = Field(default=None, description="The last day on which it may be open")

    def at(self, where: str) -> bool:
        """Whether it is meant at a place."""
        return "*" in self.where or where in self.where


class Separation(_Closed):
    """What the same person must not have together (職務分掌): groups of two sides, of any directories."""

    id: Slug
    title: LocalText
    sides: tuple[tuple[Entitlement, ...], ...] = Field(min_length=2, description="Having a group of two sides breaks the rule")

    @model_validator(mode="after")
    def _sides_differ(self) -> Separation:
        every = [one for side in self.sides for one in side]
        twice = next((one for one in every if every.count(one) > 1), None)
        if twice is not None:
            raise ValueError(phrase("reviews.side-twice", group=twice))
        if not all(self.sides):
            raise ValueError(phrase("reviews.side-empty"))
        return self


class Register(_Closed):
    """`runbooks/site/accounts.yaml`."""

    policy: Policy = Policy()
    privileged: Annotated[tuple[Entitlement, ...], BeforeValidator(_none_is_empty)] = Field(
        default=(), description="Groups that give privileges, besides those that directories tell themselves"
    )
    accounts: Annotated[tuple[Registered, ...], BeforeValidator(_none_is_empty)] = ()
    separation: Annotated[tuple[Separation, ...], BeforeValidator(_none_is_empty)] = ()

    def registered(self, login: str, where: str) -> Registered | None:
        """What is registered of a login at a place."""
        return next((one for one in self.accounts if one.login == login and one.at(where)), None)


NO_REGISTER = Register()


def register_problems(register: Register, people: People, languages: tuple[Lang, ...]) -> Iterator[Problem]:
    """Owners that nobody is, accounts that are registered twice for a place, rules without a title in a language."""
    for number, one in enumerate(register.accounts):
        for missing in missing_words((one.owner,), people):
            yield Problem(("accounts", number, "owner"), phrase("reviews.owner-unknown", owner=missing.word), missing.close)
        for other in register.accounts[:number]:
            if other.login == one.login and ({*other.where} & {*one.where} or "*" in {*other.where, *one.where}):
                yield Problem(("accounts", number, "login"), phrase("reviews.registered-twice", login=one.login))
                break
    for number, rule in enumerate(register.separation):
        if rule.id in {other.id for other in register.separation[:number]}:
            yield Problem(("separation", number, "id"), phrase("reviews.rule-twice", rule=rule.id))
        if missing_languages := rule.title.missing(languages):
            told = {"missing": list(missing_languages), "languages": list(languages)}
            yield Problem(("separation", number, "title"), phrase("workspace.language", name="title", **told))
