"""The shipped runbooks of a person's whole time, on a Linux host, an LDAP server and a SCIM service at once."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from fixtures_accounts_slapd import OUR_PASSWORD
from fixtures_clock import StoppedClock
from fixtures_runs import asking, make_engine
from fixtures_scim import TOKEN
from fixtures_sshd import make_key
from temanashi.accounts.directories_file import read_directories
from temanashi.accounts.model import Scope
from temanashi.accounts.roles import Roles
from temanashi.calendars import BusinessCalendar
from temanashi.clock import SystemClock
from temanashi.hosts.inventory import Inventory
from temanashi.notices import Notifier
from temanashi.people import Actor, People
from temanashi.runbooks.inputs import validate_inputs
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.access_ends import read_ends
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.directory import Directory
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.secrets import Redactor
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.ending_access import end_access
from temanashi.workspace.yaml_source import read_yaml

SECRETS = {"env:LDAP_PASSWORD": OUR_PASSWORD, "env:SCIM": TOKEN, "env:X": "json://nobody"}
PEOPLE = People.model_validate(
    {"people": {"alice": {"name": "alice"}, "boss": {"name": "boss"}}, "roles": {"emergency": ["alice"], "approver": ["boss"]}}
)
BOSS = Actor(name="boss")
OPEN = {"success", "must-change"}
EVERY = {"linux1": "changed", "corp": "changed", "wiki": "changed"}


class Company:
    """Three kinds of place, and the shipped runbooks."""

    def __init__(self, folder, linuxhost, slapd, scim, reach):
        self.linuxhost, self.slapd, self.told, self.folder = linuxhost, slapd, [], folder
        self.linux_group, self.corp_group = f"life{slapd.login()}"[:30].replace(".", ""), slapd.group("p0030")
        linuxhost.inside("groupadd", self.linux_group)
        scim.group(self.corp_group)
        saas, linux = {"wiki": [self.corp_group]}, [self.linux_group]
        self.roles = Roles.model_validate(
            {"roles": {"ops": {"title": "Ops", "linux": linux, "ldap": [self.corp_group], "saas": saas}}}
        )
        ldap = {"kind": "ldap", "title": "C", **slapd.settings().model_dump(mode="json", exclude_defaults=True)}
        wiki = {"kind": "scim", "title": "W", "url": scim.base, "token": "env:SCIM"}
        self.directories, problems = read_directories({"directories": {"corp": ldap, "wiki": wiki}}, ("en",))
        assert problems == []
        host = linuxhost.host().model_dump(include={"address", "port", "user"})
        self.inventory = Inventory.model_validate({"hosts": {"linux1": host}})
        self.engine = self.make_engine(reach, SystemClock())

    def make_engine(self, reach, clock):
        plain = make_engine(
            self.folder,
            connect=reach.transport,
            clock=clock,
            redactor=Redactor(),
            roles=lambda _: self.roles,
            directories=lambda _: self.directories,
            root=self.slapd.folder,
            secret=SECRETS.__getitem__,
            directory=lambda _: Directory(people=PEOPLE, calendar=BusinessCalendar()),
        )

        def deliver(url, *, title, body, recovery):
            self.told.append(body)
            return True

        means = {"database": plain.database, "clock": clock, "lang": "en", "secret": SECRETS.__getitem__}
        return type(plain)(**{**vars(plain), "channel": Channels({"account-secrets": ("env:X",)}, deliver=deliver, **means)})

    def run(self, runbook, /, **inputs):
        return self.asked(runbook, inputs, {"approve": None})[1]

    def asked(self, runbook, inputs, other, **said):
        """The run's number and what came of it on each place; `other` is written over what is shipped."""
        data = read_yaml(starter_texts()[f"runbooks/account/{runbook}.yaml"]).data
        book = parse_runbook({**data, **other}, kinds=step_kinds())
        common = {"inventory": self.inventory, "beneficiary": "x", "identity_check": "in-person"}
        number = request_run(self.engine, asking(book, inputs=validate_inputs(book, inputs), **common, **said))
        advance(self.engine, number)
        with self.engine.database.reading() as connection:
            return number, {row.target: row.status for step in run_view(connection, number).steps for row in step.rows}

    def secret(self):
        return next(word for word in self.told[-1].split() if word.count("-") == 3)

    def wiki(self, login):
        opened = self.directories.opened("wiki", clock=SystemClock(), secrets=SECRETS.__getitem__)
        return opened.read(Scope(logins=(login,))).account(login)


@pytest.fixture
def company(tmp_path, linuxhost, accounts_slapd, scim_gate, scim_server):
    with linuxhost.reach() as reach:
        made = Company(tmp_path, linuxhost, accounts_slapd, scim_server, reach)
        yield made
        made.engine.database.close()


def bind(company, login, password):
    return company.slapd.signs_in(company.slapd.dn(login), password)


def test_somebody_joins_everywhere_is_reset_and_after_leaving_is_refused_everywhere(company, tmp_path):
    login, key = f"j{company.linux_group}"[:20], make_key(tmp_path / "id")
    public = key.with_suffix(".pub").read_text().strip()
    joining = {"login": login, "name": "山田 花子", "roles": ["ops"], "key": public}
    assert company.run("join-person", **joining) == EVERY
    assert len(company.told) == 1
    assert "Password change required" in company.linuxhost.login(login, key=key)
    assert company.wiki(login).groups == (company.corp_group,)
    assert bind(company, login, company.secret()) in OPEN
    assert {*company.run("join-person", **joining).values()} == {"already"}
    before = company.secret()
    assert company.run("reset-password", login=login, directory="corp") == {"corp": "changed"}
    assert company.secret() != before
    assert bind(company, login, before) not in OPEN
    secret = company.secret()
    assert company.run("leave-person", login=login) == EVERY
    assert company.linuxhost.login(login, key=key) == "refused"
    assert company.linuxhost.login(login, password=before) == "refused"
    assert bind(company, login, secret) not in OPEN
    assert not company.wiki(login).enabled
    assert {*company.run("leave-person", login=login).values()} == {"already"}
    assert not any(secret in file.read_bytes().decode("latin-1") for file in tmp_path.glob("temanashi.db*"))


def test_who_leaves_later_is_closed_after_the_last_day_where_nothing_ends_by_itself(company, linuxhost):
    login = f"l{company.linux_group}"[:20]
    assert company.run("join-person", login=login, name="佐藤", roles=["ops"]) == EVERY
    last_day = (datetime.now(UTC) + timedelta(days=10)).date()
    done = company.run("leave-person", login=login, last_day=last_day.isoformat())
    assert done["corp"] == done["linux1"] == "changed"
    assert linuxhost.line("shadow", login)[7] != ""
    assert company.wiki(login).enabled
    with company.engine.database.reading() as connection:
        assert {end.target for end in read_ends(connection)} == {"linux1", "corp", "wiki"}
    after = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), ZoneInfo("Asia/Tokyo"))
    engine = company.engine
    later = type(engine)(**{**vars(engine), "clock": StoppedClock(after.astimezone(UTC) + timedelta(seconds=5))})
    known = SimpleNamespace(digest="", inventory=company.inventory, directories=company.directories)
    notifier = Notifier((), database=engine.database, clock=later.clock, lang="en")
    ended = end_access(later, notifier, known, lang="en")
    assert sorted(ended.ended) == sorted(f"{login} at {place}" for place in ("linux1", "corp", "wiki"))
    assert not company.wiki(login).enabled
    assert linuxhost.line("passwd", login)[6].endswith("nologin")


def test_one_person_is_closed_everywhere_at_once_in_an_emergency(company, tmp_path):
    login, key = f"e{company.linux_group}"[:20], make_key(tmp_path / "id")
    public = key.with_suffix(".pub").read_text().strip()
    assert company.run("join-person", login=login, name="鈴木", roles=["ops"], key=public) == EVERY
    secret = company.secret()
    waiting, rows = company.asked("disable-person-now", {"login": login}, {})
    assert {*rows.values()} == {None}  # without an emergency it waits for approval, and nothing has happened
    assert bind(company, login, secret) in OPEN
    number, rows = company.asked("disable-person-now", {"login": login}, {}, emergency=True, reason="情報漏えい")
    assert (number != waiting, rows) == (True, EVERY)
    assert company.linuxhost.login(login, key=key) == "refused"
    assert bind(company, login, secret) not in OPEN
    assert not company.wiki(login).enabled
    decide(company.engine, number, actor=BOSS, channel="cli", verdict="approved", note="確認しました")
    with company.engine.database.reading() as connection:
        told = [record.draft for record in company.engine.ledger.records(connection, run=number)]
    assert told[0].privileged
    assert all(draft.emergency for draft in told)
    assert (told[0].reason, told[-1].outcome, told[-1].body["after_the_fact"]) == ("情報漏えい", "approved", True)
