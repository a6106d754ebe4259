"""A roster against the accounts that there are: who comes, moves and leaves, and when nobody is closed for being missing."""

from datetime import UTC, date, datetime

import pytest

from fixtures_clock import StoppedClock
from fixtures_killing import deadly, in_another_process
from fixtures_paper import CAPS, Paper, Papers
from fixtures_runs import asking, make_engine
from temanashi.accounts.model import Account, Cap, Scope
from temanashi.accounts.reviews.register import Register
from temanashi.accounts.roles import Roles
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.access_ends import read_ends
from temanashi.runs.advancing import advance
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.text import LANGUAGES
from temanashi.text.local import phrase
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.importing.roster.reading import read_roster
from temanashi.workspace.rosters.accepting import keep_roster, known_before
from temanashi.workspace.rosters.batch import SeenPlace
from temanashi.workspace.rosters.comparing import Known, compare
from temanashi.workspace.yaml_source import read_yaml

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ROLES = Roles.model_validate(
    {
        "roles": {
            "ops": {"title": {"ja": "運用", "en": "Operations"}, "ldap": ["ops"], "saas": {"wiki": ["Editors"]}},
            "sales": {"title": {"ja": "営業", "en": "Sales"}, "ldap": ["sales"], "never_with": ["ops"]},
            "empty": {"title": {"ja": "空", "en": "Empty"}},
        }
    }
)
HEAD = "社員番号,ログイン名,氏名,役割,入社日,退職日\n"


class Company:
    """Two directories with ten people who are as the roster says."""

    def __init__(self, folder):
        self.clock = StoppedClock(NOW)
        self.corp = Paper("corp", folder / "corp.json", kind="ldap", caps=CAPS | {Cap.NATIVE_EXPIRY}, clock=self.clock)
        self.wiki = Paper("wiki", folder / "wiki.json", clock=self.clock)
        self.places = (self.corp, self.wiki)
        self.corp.groups("ops", "sales")
        self.wiki.groups("Editors")
        for n in range(1, 11):
            self.corp.put(f"p{n}", employee=f"{n:03}", name=f"人 {n}", groups=["sales"])
        self.wiki.put("p1", name="人 1")

    def rows(self, *left_out, **changed):
        told = {f"p{n}": f"{n:03},p{n},人 {n},sales,," for n in range(1, 11)}
        told |= changed
        return HEAD + "".join(f"{row}\n" for login, row in told.items() if login not in left_out)

    def seen(self):
        for paper in (self.corp, self.wiki):
            problem = phrase("accounts.read-failed", detail="torn") if paper.broken else None
            snapshot = None if paper.broken else paper.read(Scope())
            yield SeenPlace(name=paper.name, kind=paper.kind, snapshot=snapshot, caps=paper.caps, problem=problem)

    def compare(self, text, *, known=None, register=None, **more):
        roster = read_roster(text.encode(), name="名簿.csv", today=TODAY)
        fields = {"known": known or Known(people=10), "register": register or Register(), "roles": ROLES, "today": TODAY}
        return compare(roster, list(self.seen()), **{**fields, **more})


@pytest.fixture
def company(tmp_path):
    return Company(tmp_path)


def deeds(batch):
    return [(line.deed, line.login) for line in batch.lines]


def told(batch, lang="en"):
    return {problem.place: problem.message.text(lang) for problem in batch.problems}


def test_nothing_is_done_where_the_roster_and_the_accounts_agree(company):
    batch = company.compare(company.rows())
    assert (deeds(batch), batch.same, batch.problems, batch.withheld, batch.unknown) == ([], 10, (), (), ())


def test_who_comes_moves_and_leaves_is_found(company):
    text = company.rows("p9", p2="002,p2,人 2,Operations,,", p3="003,p3,人 3 (新姓),sales,,", p4="004,p4,人 4,sales,,2026-11-19")
    text += "011,p11,人 11,ops,2026-11-20,2027-03-31\n012,p12,人 12,ops,2026-12-01,\n"
    batch = company.compare(text)
    assert deeds(batch) == [("leave", "p4"), ("leave", "p9"), ("move", "p2"), ("move", "p3"), ("join", "p11")]
    assert [line.roles for line in batch.of("move")] == [("ops",), ("sales",)]
    assert batch.of("join")[0].places == ()
    assert "corp, wiki" in batch.of("join")[0].why.text("en")
    assert [note.message.text("en") for note in batch.notes] == ["From 2026-12-01 on; nothing is done before."]
    assert batch.inputs["joiners"] == ["p11|011|人 11|ops|2027-03-31"]
    for lang in LANGUAGES:
        assert all("lifecycle." not in line.why.text(lang) for line in batch.lines)


def test_a_last_day_to_come_is_told_to_the_places_once(company):
    text = company.rows(p4="004,p4,人 4,sales,,2027-03-31")
    [line] = company.compare(text).lines
    assert (line.deed, line.last_day) == ("leave", date(2027, 3, 31))
    state = company.corp.state()
    state["accounts"]["p4"]["expires_on"] = "2027-04-01"
    company.corp.write(state)
    known = Known(people=10, ends={("p4", "corp"): date(2027, 3, 31)})
    assert deeds(company.compare(text, known=known)) == []
    assert deeds(company.compare(text)) == [("leave", "p4")]  # nobody notes it yet


def test_nobody_is_closed_for_being_missing_while_a_place_cannot_be_read(company):
    company.wiki.broken = True
    batch = company.compare(company.rows("p9", p4="004,p4,人 4,sales,,2026-11-19"))
    assert deeds(batch) == [("leave", "p4")]  # the roster itself says so
    assert [line.login for line in batch.withheld] == ["p9"]
    assert "wiki" in batch.refused[0].text("en")
    assert "torn" in batch.not_read["wiki"].text("en")


def test_nobody_is_closed_for_being_missing_when_more_than_a_tenth_are(company):
    assert deeds(company.compare(company.rows("p9"))) == [("leave", "p9")]
    batch = company.compare(company.rows("p8", "p9"))
    assert deeds(batch) == []
    assert len(batch.withheld) == 2
    assert "10" in batch.refused[0].text("ja")
    assert deeds(company.compare(company.rows("p9"), known=Known(people=20))) == []
    swapped = company.rows("p8", "p9") + "021,p21,新 1,ops,,\n022,p22,新 2,ops,,\n"
    assert {deed for deed, _ in deeds(company.compare(swapped))} == {"join"}


def test_a_row_that_cannot_be_read_is_nobody_who_left(company):
    batch = company.compare(company.rows(p9="009,p9,人 9,sales,きのう,"))
    assert deeds(batch) == []
    assert len(batch.problems) == 1
    unclear = company.compare(company.rows("p8", p9=",,人 9,sales,,"))
    assert deeds(unclear) == []
    assert "A9" in unclear.refused[0].text("en")


def test_each_row_with_a_mistake_is_told_and_the_others_are_done(company):
    text = company.rows(p2="002,p2,人 2,nothing,,", p3="003,p3,人 3,sales、ops,,", p4="004,other,人 4,sales,,")
    text += "021,p21,新 1,,,\n022,,新 2,ops,,\n023,p23,,ops,,\n024,p24,新|4,ops,,\n025,p25,新 5,空,,\n026,p26,新 6,ops,,\n"
    batch = company.compare(text)
    assert deeds(batch) == [("join", "p26")]
    problems = told(batch)
    assert {*problems} == {"A3", "A4", "A5", "A12", "A13", "A14", "A15", "A16"}
    assert "nothing" in problems["A3"]
    for lang in LANGUAGES:
        assert all("lifecycle." not in text and "accounts." not in text for text in told(batch, lang).values())
    assert ("join", "p21") in deeds(company.compare(text, given_roles=("ops",)))


def test_accounts_that_are_no_persons_and_those_of_strangers_are_left_alone(company):
    company.corp.put("backup", kind="service")
    company.corp.put("monitor")
    company.corp.put("emergency1", employee="900")
    company.wiki.put("guest")
    entry = {"login": "emergency1", "kind": "break-glass", "owner": "ops", "purpose": "fire"}
    batch = company.compare(company.rows(), register=Register.model_validate({"accounts": [entry]}))
    assert deeds(batch) == []
    assert batch.unknown == ("corp/monitor", "wiki/guest")
    known = company.compare(company.rows(), known=Known(people=10, logins={"guest"}), register=Register())
    assert ("leave", "guest") in [*deeds(known), *(("leave", line.login) for line in known.withheld)]


def test_an_employee_number_counts_more_than_a_login_and_closed_accounts_are_not_opened_by_a_list(company):
    company.wiki.put("p5", employee="999", name="別人")
    batch = company.compare(company.rows())
    assert deeds(batch) == []
    assert "999" in batch.notes[0].message.text("en")
    company.corp.put("p6", employee="006", enabled=False)
    assert "closed" in told(company.compare(company.rows()))["A7"]


def test_one_run_takes_so_many_people_and_those_who_leave_come_first(company):
    text = company.rows("p9") + "".join(f"{n:03},p{n},新 {n},ops,,\n" for n in range(11, 16))
    batch = company.compare(text, most=3)
    assert deeds(batch) == [("leave", "p9"), ("join", "p11"), ("join", "p12")]
    assert [line.login for line in batch.later] == ["p13", "p14", "p15"]


@pytest.fixture
def site(company, tmp_path):
    """An engine with these two directories, and the runbook as it is shipped."""
    told_ = []
    engine = an_engine(tmp_path, company, told_)
    data = read_yaml(starter_texts()["runbooks/account/apply-roster.yaml"]).data
    book = parse_runbook({**data, "approve": None, "targets": "localhost"}, kinds=step_kinds())
    yield engine, book, told_
    engine.database.close()


TEXT_OF_APRIL = "011,p11,人 11,ops,,2027-03-31\n"


def april(company):
    return company.rows("p9", p2="002,p2,人 2,ops,,", p4="004,p4,人 4,sales,,2027-03-31") + TEXT_OF_APRIL


def test_a_batch_is_a_run_whose_plan_shows_everybody_and_afterwards_nothing_is_left_to_do(company, site):
    engine, book, told_ = site
    batch = company.compare(april(company))
    plan = dry_run(engine, asking(book, inputs=batch.inputs))
    texts = " / ".join(change.summary.text("en") for change in plan.changes)
    assert all(login in texts for login in ("p2", "p4", "p9", "p11"))
    run = request_run(engine, asking(book, inputs=batch.inputs))
    assert advance(engine, run).outcome == "done"
    assert not company.corp.of("p9").enabled
    assert company.corp.of("p2").groups == ("ops",)
    assert company.wiki.of("p2").groups == ("Editors",)
    assert company.corp.of("p4").expires_on == date(2027, 4, 1)
    assert company.corp.of("p11").employee == "011"
    assert len(told_) == 1  # one password for both places of who joins
    with engine.database.transaction() as connection:
        keep_roster(connection, read_roster(april(company).encode(), name="x.csv", today=TODAY), by="alice", now=NOW)
        known = known_before(connection, engine.zone)
    assert known.people == 10
    assert known.ends[("p4", "corp")] == date(2027, 3, 31)
    files = (company.corp.file.read_bytes(), company.wiki.file.read_bytes())
    again = company.compare(april(company), known=known)
    assert deeds(again) == []
    assert advance(engine, request_run(engine, asking(book, inputs=batch.inputs))).outcome == "done"
    assert (company.corp.file.read_bytes(), company.wiki.file.read_bytes()) == files


def test_a_roster_that_was_only_looked_at_was_not_accepted(company, site):
    engine, _, _ = site
    with engine.database.transaction() as connection:
        keep_roster(connection, read_roster(company.rows().encode(), name="x.csv", today=TODAY), by="alice", now=NOW)
        assert known_before(connection, engine.zone).people is None


def an_engine(folder, company, told_):
    """A fresh engine on a folder, as another process would open it."""

    def deliver(url, *, title, body, recovery):
        told_.append(body)
        return True

    papers = Papers(company.corp, company.wiki)
    plain = make_engine(folder, clock=company.clock, roles=lambda _: ROLES, directories=lambda _: papers)
    names = {"account-secrets": ("env:X",)}
    means = {"database": plain.database, "clock": company.clock, "lang": "ja", "secret": lambda _: "json://x"}
    return type(plain)(**{**vars(plain), "channel": Channels(names, deliver=deliver, **means)})


def begun(folder, company, at, when):
    """A batch in another process, which is killed at its n-th commit."""
    engine = an_engine(folder, company, [])
    data = read_yaml(starter_texts()["runbooks/account/apply-roster.yaml"]).data
    book = parse_runbook({**data, "approve": None, "targets": "localhost"}, kinds=step_kinds())
    run = request_run(engine, asking(book, inputs=company.compare(april(company)).inputs))
    advance(deadly(engine, at=at, when=when), run)
    engine.database.close()


def state_of(company):
    return [{login: Account.model_validate(one) for login, one in place.state()["accounts"].items()} for place in company.places]


def test_a_batch_that_is_killed_goes_on_to_the_same_end(tmp_path):
    """Whoever joined while it died may have a password that nobody was told: that is told as unknown, and the account is there."""
    (tmp_path / "whole").mkdir()
    whole = Company(tmp_path / "whole")
    begun(tmp_path / "whole", whole, 0, "")
    wanted, killed = state_of(whole), 0
    for at, when in [(n, ("before", "after")[n % 2]) for n in range(2, 30, 3)]:
        folder = tmp_path / f"{when}{at}"
        folder.mkdir()
        company, told_ = Company(folder), []
        killed += in_another_process(begun, folder, company, at, when) == -9
        engine = an_engine(folder, company, told_)
        with engine.database.reading() as connection:
            [head] = recent_runs(connection)
        if head.state not in {"done", "unknown"}:
            result = advance(engine, head.id)
            assert result.outcome in {"done", "unknown"}, (at, when)
        with engine.database.reading() as connection:
            view = run_view(connection, head.id)
            assert len(read_ends(connection)) == 3  # of p4 in one place, of p11 in two
        unsure = {row.target for step in view.steps for row in step.rows if row.status == "unknown"}
        assert not unsure or all(step.step == "join" for step in view.steps for row in step.rows if row.status == "unknown")
        assert len(told_) <= 1
        state = state_of(company)
        if not unsure:
            assert state == wanted, (at, when)
        assert "p11" in state[0]
        assert not state[0]["p9"].enabled
        engine.database.close()
    assert killed >= 5
