"""A company made up from a seed: 1,000 accounts in each of three directories, and what is wrong with each, known by construction.

Traps are made on purpose: a leaver's login that another person has now, groups that contain an administrators' group without being
one, circles of groups, last uses that nobody knows, exactly the limit, people whose last day is today.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from temanashi.accounts.reviews.matching import Known
from temanashi.accounts.reviews.population import Entry, Population, Target
from temanashi.accounts.reviews.register import Register
from temanashi.people import People

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SIZE = 1000
PLACES = {"corp": "ldap", "web1": "linux", "wiki": "scim"}
# By place: each group and the groups in it. `a < b`: who is in b is in a too.
NESTED = {
    "corp": {
        "Domain Admins": ("server-team",),
        "server-team": ("night-shift", "circle-a"),
        "circle-a": ("circle-b",),
        "circle-b": ("circle-a",),
        "everybody": ("Domain Admins", "desk"),
        "enter-payments": ("cashiers",),
    },
    "web1": {},
    "wiki": {"approvers": ("heads",), "heads": ("deputies",)},
}
ADMIN = {
    "corp": ("Domain Admins", "server-team", "night-shift", "circle-a", "circle-b"),
    "web1": ("sudo", "docker"),
    "wiki": ("owners",),
}
PLAIN = {"corp": ("everybody", "desk", "printing"), "web1": ("users", "video"), "wiki": ("readers", "editors")}
ENTER = {"corp": ("enter-payments", "cashiers")}
APPROVE = {"wiki": ("approvers", "heads", "deputies"), "web1": ("payment",)}


@dataclass
class Company:
    population: Population
    known: tuple[Known, ...]
    register: Register
    people: People
    truth: set[tuple[str, str, str]]
    unknown: set[tuple[str, str]] = field(default_factory=set)


class _Made:
    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.entries: dict[str, list[Entry]] = {where: [] for where in PLACES}
        self.members: dict[str, dict[str, set[str]]] = {where: {} for where in PLACES}
        self.truth: set[tuple[str, str, str]] = set()
        self.unknown: set[tuple[str, str]] = set()
        self.known: list[Known] = []
        self.accounts: list[dict[str, Any]] = []
        self.number = 0

    def chance(self, share: float) -> bool:
        return self.luck.random() < share

    def join(self, where: str, login: str, group: str) -> tuple[str, ...]:
        """Half of the time the directory tells it with the account, else with the group."""
        if self.chance(0.5):
            return (group,)
        self.members[where].setdefault(group, set()).add(login)
        return ()

    def person(self) -> None:  # noqa: C901, PLR0912  (one person's whole story, as it is told)
        self.number += 1
        login, employee = f"p{self.number:04d}", f"E{self.number:05d}"
        fate = self.luck.choice(["stays"] * 16 + ["left", "last-day", "unlisted", "reused"])
        ends = {"left": TODAY - timedelta(days=self.luck.randint(1, 300)), "last-day": TODAY}.get(fate)
        starts = TODAY - timedelta(days=self.luck.choice([3, 80, 900, 2000]))
        listed = fate != "unlisted"
        if fate == "reused":  # the login now belongs to somebody else, the number to nobody
            self.known.append(
                Known(key=f"N{employee}", employee=f"N{employee}", name="新しい人", logins=(login,), starts_on=starts)
            )
        elif listed:
            self.known.append(
                Known(key=employee, employee=employee, name=f"社員 {self.number}", logins=(login,), starts_on=starts, ends_on=ends)
            )
        pays = self.luck.choice(["no"] * 8 + ["enter", "approve", "both", "both-closed"])
        gives: dict[str, str] = {}
        for where in PLACES:
            # Linux knows no numbers: there the login alone is the person's, and one that was given again is the new one's.
            number = "" if where == "web1" else employee
            shut = (pays == "both-closed" and where == "corp") or (pays not in {"both", "both-closed"} and self.chance(0.1))
            groups: tuple[str, ...] = (self.luck.choice(PLAIN[where]),)
            mine = login if where != "wiki" else f"{login}@example.co.jp"
            if pays in {"enter", "both", "both-closed"} and where == "corp":
                group = self.luck.choice(ENTER["corp"])
                groups += self.join(where, mine, group)
                gives[where] = "enter"
            if pays in {"approve", "both", "both-closed"} and where == ("wiki" if self.number % 2 else "web1"):
                groups += self.join(where, mine, self.luck.choice(APPROVE[where]))
                gives[where] = "approve"
            powerful = self.chance(0.06)
            if powerful:
                groups += self.join(where, mine, self.luck.choice(ADMIN[where]))
            mine_known = listed and (fate != "reused" or where == "web1")
            seen, flaw = self.last_seen(starts if mine_known else None)
            entry = Entry(
                login=mine,
                native_id=f"{where}-{self.number}",
                employee=number,
                name=f"社員 {self.number}",
                enabled=not shut,
                password="set",
                groups=groups,
                last_seen=seen,
                shell="/bin/bash",
            )
            self.entries[where].append(entry)
            if shut:
                gives.pop(where, None)
                continue
            if seen == "unknown":
                self.unknown.add((where, mine))
            if powerful:
                self.truth.add((where, mine, "privileged"))
            if flaw:
                self.truth.add((where, mine, flaw))
            if fate == "left":
                self.truth.add((where, mine, "leaver"))
            if fate == "unlisted" or (fate == "reused" and where != "web1"):
                self.truth.add((where, mine, "orphan"))
        # A number that nobody has, and a login that is another one's, are not the same person in two places.
        one_person = fate not in {"unlisted", "reused"}
        if one_person and {"enter", "approve"} <= {*gives.values()}:
            for where in gives:
                mine = login if where != "wiki" else f"{login}@example.co.jp"
                self.truth.add((where, mine, "separation"))
        elif fate in {"unlisted", "reused"} and gives.get("corp") == "enter" and gives.get("wiki") == "approve":
            # Both directories tell the same number, so that it is one person whoever it is.
            self.truth |= {("corp", login, "separation"), ("wiki", f"{login}@example.co.jp", "separation")}

    def last_seen(self, starts: date | None) -> tuple[Any, str]:
        kind = self.luck.choice(["today"] * 6 + ["unknown"] * 4 + ["never", "limit", "over", "long"])
        if kind == "unknown":
            return "unknown", ""
        if kind == "never":
            fresh = starts is not None and starts > TODAY - timedelta(days=90)
            return "never", "" if fresh else "never-used"
        ago = {
            "today": timedelta(hours=self.luck.randint(0, 800)),
            "limit": timedelta(days=90),
            "over": timedelta(days=90, seconds=1),
            "long": timedelta(days=self.luck.randint(92, 3000)),
        }[kind]
        return NOW - ago, "" if kind in {"today", "limit"} else "dormant"

    def second_account(self) -> None:
        """Of somebody who is listed and has an open account in corp."""
        open_ = {e.employee: e for e in self.entries["corp"] if e.enabled and e.employee and "-second" not in e.login}
        listed = [k for k in self.known if k.employee in open_]
        first = open_[self.luck.choice(listed).employee]
        login = f"{first.login}-second"
        if any(e.login == login for e in self.entries["corp"]):
            return
        person = next(k for k in self.known if k.employee == first.employee)
        shut = self.chance(0.3)
        self.entries["corp"].append(
            Entry(
                login=login, native_id=f"second-{login}", employee=first.employee, enabled=not shut, last_seen=NOW, groups=("desk",)
            )
        )
        if shut:
            return
        self.truth |= {("corp", login, "duplicate"), ("corp", first.login, "duplicate")}
        if person.ends_on is not None and person.ends_on < TODAY:
            self.truth.add(("corp", login, "leaver"))

    def nobodys(self, where: str) -> None:
        """A service, shared or break-glass account: registered well, with a flaw, or not at all."""
        self.number += 1
        login, kind = f"x{self.number:04d}", self.luck.choice(["service", "service", "shared", "break-glass"])
        fate = self.luck.choice(["good", "good", "owner-left", "over", "last-day", "unregistered", "told-person"])
        powerful = self.chance(0.5)
        groups = self.join(where, login, self.luck.choice(ADMIN[where])) if powerful else ()
        self.entries[where].append(
            Entry(
                login=login,
                native_id=f"{where}-{login}",
                kind="person" if fate == "told-person" else kind,
                password="set",
                groups=groups,
                last_seen=self.luck.choice(["never", "unknown", NOW - timedelta(days=800)]),
            )
        )
        if fate != "unregistered":
            ends = {"over": TODAY - timedelta(days=1), "last-day": TODAY}.get(fate)
            owner = {"owner-left": "gone"}.get(fate, self.luck.choice(["keeper", "group:ops"]))
            self.accounts.append(
                {"login": login, "where": where, "kind": kind, "owner": owner, "purpose": "夜間処理", "expires": ends}
            )
        flaws = {"owner-left": {"no-owner"}, "over": {"past-end"}, "unregistered": {"unregistered", "no-owner"}}.get(fate, set())
        flaws |= {"privileged"} if powerful else set()
        flaws |= {"shared"} if kind == "shared" else set()
        self.truth |= {(where, login, flaw) for flaw in flaws}

    def expired(self, where: str) -> None:
        """Its time is over; closed by hand too, or left as it was."""
        self.number += 1
        login, left = f"t{self.number:04d}", self.chance(0.5)
        self.known.append(Known(key=login, logins=(login,)))
        self.entries[where].append(
            Entry(
                login=login,
                native_id=f"{where}-{login}",
                password="set" if left else "locked",
                expires_on=TODAY - timedelta(days=self.luck.randint(0, 40)),
                groups=ADMIN[where][:1],
                last_seen=NOW - timedelta(days=500),
            )
        )
        if left:
            self.truth.add((where, login, "expired-open"))

    def of_the_system(self) -> None:
        for name, uid, keys, registered in (
            ("root", "0", ("SHA256:k",), True),
            ("daemon", "1", (), False),
            ("old-tool", "200", ("k",), False),
        ):
            self.entries["web1"].append(
                Entry(
                    login=name,
                    native_id=uid,
                    system=True,
                    password="locked",
                    keys=keys,
                    shell="/usr/sbin/nologin" if name == "daemon" else "/bin/sh",
                    groups=("adm",) if name == "daemon" else (),
                    privileged="uid 0" if uid == "0" else "",
                )
            )
            if registered:
                entry = {"login": name, "where": "web1", "kind": "break-glass", "owner": "keeper", "purpose": "緊急"}
                self.accounts.append(entry)
        self.truth |= {("web1", "root", "privileged"), ("web1", "old-tool", "unregistered")}


def company(seed: int) -> Company:
    """The same seed makes the same company."""
    made = _Made(seed)
    for _ in range(880):
        made.person()
    made.of_the_system()
    for _ in range(40):
        made.second_account()
    for where in PLACES:
        for _ in range(20):
            made.expired(where)
        while len(made.entries[where]) < SIZE:
            made.nobodys(where)
    for entries in made.entries.values():
        made.luck.shuffle(entries)
    register = Register.model_validate(
        {
            "policy": {"mail_domains": ["EXAMPLE.co.jp"]},
            "privileged": ["corp/Domain Admins", "wiki/owners"],
            "accounts": made.accounts,
            "separation": [
                {"id": "pay", "title": "支払", "sides": [["corp/enter-payments"], ["wiki/approvers", "*/payment"]]},
                {"id": "other", "title": "別", "sides": [["corp/nobody"], ["*/readers"]]},
            ],
        }
    )
    targets = tuple(
        Target(
            where=where,
            kind=kind,
            query="all",
            taken_at=NOW,
            entries=tuple(made.entries[where]),
            groups={group: tuple(sorted(names)) for group, names in made.members[where].items()},
            nested=NESTED[where],
        )
        for where, kind in PLACES.items()
    )
    people = People.model_validate(
        {
            "people": {"keeper": {"name": "管理 花子"}, "gone": {"name": "退職 太郎", "left": "2026-11-19"}},
            "groups": {"ops": ["gone", "keeper"]},
        }
    )
    return Company(Population(targets=targets), tuple(made.known), register, people, made.truth, made.unknown)
