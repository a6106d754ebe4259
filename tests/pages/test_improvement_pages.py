"""The pages of census, investment and roadmap: what they show, who may write, and what they refuse."""

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from fixtures_prefect import make_place
from pages.conftest import Visitor
from temanashi.books import census_draft, investment_of, read_census, read_investment, signed_versions
from temanashi.books.census import Estimate
from temanashi.books.freezing import baseline_versions
from temanashi.people import Actor
from temanashi.text import LocalText
from temanashi.workspace.counting import read_whole_census
from temanashi.workspace.opening import open_installation
from temanashi.workspace.signatures import ensure_gate_key

OURS = {"origin": "http://testserver"}
ROADMAP = Path(__file__).parents[2] / "runbooks/site/roadmap.yaml"
PEOPLE = "people:\n  sato: {name: 佐藤}\n  tanaka: {name: 田中}\n  suzuki: {name: 鈴木}\n"
STEP = {"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}


@pytest.fixture
def office(empty):
    toil = {"demand": {"calendar": "day"}, "minutes": 7}
    empty.place.runbook("reconcile", STEP, toil=toil, title={"ja": "照合 <x>", "en": "Reconcile <x>"})
    site = empty.place.root / "runbooks/site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    empty.place.publish()
    return empty


def say(office, minutes=20, **more):
    told = {"title": LocalText(ja="照合 <x>", en="Reconcile <x>"), "category": "routine", "owner": "ops"}
    told |= {"demand": {"calendar": "day"}, "minutes": minutes, "says": "鈴木", "day": "2026-04-03"}
    with office.opened.database.transaction() as connection:
        draft = census_draft("reconcile", Estimate.model_validate(told | more), actor=Actor(name="佐藤"))
        office.opened.ledger.append(connection, draft)


def see(office, path):
    answer = office.get(path)
    assert answer.status_code == 200
    assert "{" not in re.sub(r"<style.*?</style>", "", answer.text, flags=re.DOTALL)
    return answer.text


def send(office, path, **form):
    return office.http.post(path, data=form, headers=OURS)


def investments(office):
    with office.opened.database.reading() as connection:
        return investment_of(read_investment(office.opened.ledger, connection))


def signed(office):
    with office.opened.database.reading() as connection:
        return signed_versions(read_census(office.opened.ledger, connection))


def test_hours_are_recorded_listed_and_cancelled_by_the_signed_in_person(office):
    assert "まだありません" in see(office, "/investment?lang=ja")
    office.sign_in("sato", "operator")
    form = {"recipient": "reconcile", "part": "upkeep", "hours": "2.5", "note": "<b>直した", "name": "だれか"}
    answer = send(office, "/investment?lang=en", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tema/investment?said=added&lang=en")
    (one,) = investments(office)
    assert (one.seconds, one.part, one.recorded_by, one.assurance) == (9000, "upkeep", "佐藤", "verified")
    text = see(office, "/investment?said=added&lang=en")
    assert "0.0 hours of building and 2.5 hours of upkeep" in text
    assert "&lt;b&gt;直した" in text
    assert "Reconcile &lt;x&gt;" in text
    gone = send(office, "/investment?lang=en", cancel=str(one.number), reason="二重")
    assert gone.headers["location"].endswith("said=cancelled&lang=en")
    assert investments(office) == ()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"hours": "many"}, "many"),
        ({"hours": "0"}, "above 0"),
        ({"hours": "nan"}, "above 0"),
        ({"recipient": "recconcile"}, "reconcile"),
        ({"day": "2999-01-01"}, "2999-01-01"),
        ({"day": "gestern"}, "gestern"),
        ({"name": ""}, "not known who acts"),
        ({"name": "x" * 101}, "not known who acts"),
        ({"cancel": "7", "reason": "x"}, "no investment with the number"),
        ({"cancel": "seven", "reason": "x"}, "no investment with the number"),
    ],
)
def test_what_cannot_be_is_said_on_the_page_and_what_was_typed_stays(office, form, said):
    answer = send(
        office, "/investment?lang=en", **{"name": "佐藤", "recipient": "reconcile", "hours": "1", "note": "覚え書き"} | form
    )
    assert answer.status_code == 400
    assert said in answer.text
    assert "覚え書き" in answer.text
    assert investments(office) == ()


def test_readers_see_the_pages_without_forms(office):
    say(office)
    send(office, "/investment", name="佐藤", recipient="programme", hours="1")
    office.sign_in("sato", "manager")
    for path in ("/investment", "/census", "/roadmap"):
        text = see(office, f"{path}?lang=en")
        assert '<form method="post" action="/tema/census' not in text
        assert '<form method="post" action="/tema/investment' not in text


def test_the_census_tells_what_is_missing(office):
    text = see(office, "/census?lang=en")
    assert "3 of 3 tasks lack something" in text
    assert "proposed 7" in text
    assert "lacks who says so, signature" in text
    assert "Prepare version" not in text
    say(office, persons=2, kind="attend")
    text = see(office, "/census?lang=ja")
    assert "照合 &lt;x&gt;" in text
    assert "立会い 2人" in text
    assert "第1版として用意する" in text
    sheet = office.get("/census.xlsx?lang=ja")
    assert sheet.headers["content-disposition"] == 'attachment; filename="census.xlsx"'
    (office.place.root / "c.xlsx").write_bytes(sheet.content)
    tasks = [cell.value for cell in load_workbook(office.place.root / "c.xlsx").worksheets[0]["A"]]
    assert tasks[1:] == ["count-cash", "full-disk", "reconcile"]


def test_two_people_freeze_the_baseline_on_the_page(office):
    say(office)
    office.sign_in("sato", "operator")
    answer = send(office, "/census?lang=en", verb="freeze", note="初回")
    assert answer.headers["location"] == "/tema/census?said=prepared&lang=en"
    text = see(office, "/census?said=prepared&lang=en")
    assert "Version 1 of the baseline waits to be confirmed" in text
    alone = send(office, "/census?lang=en", verb="confirm", number="1")
    assert (alone.status_code, "cannot confirm it" in alone.text) == (400, True)
    assert signed(office) == {}
    office.sign_in("tanaka", "operator")
    for number in ("x", "9" * 5000):
        assert send(office, "/census?lang=en", verb="confirm", number=number).status_code == 400
    assert send(office, "/census?lang=en", verb="confirm", number="1").headers["location"].endswith("said=confirmed&lang=en")
    (version,) = signed(office)["reconcile"]
    assert (version.signed_by, version.seconds.setup) == ("佐藤", 1200)
    text = see(office, "/census?lang=en")
    assert "2 of 3 tasks lack something" in text
    assert "signed by 佐藤" in text
    say(office, minutes=30)
    send(office, "/census?lang=en", verb="freeze")
    refused = send(office, "/census?lang=en", verb="refuse")
    assert (refused.status_code, "no reason" in refused.text) == (400, True)
    assert send(office, "/census?lang=en", verb="refuse", reason="違う").headers["location"].endswith("said=refused&lang=en")


@pytest.mark.parametrize(
    ("form", "said"), [({"day": "soon"}, "soon"), ({"day": "2020-01-01"}, "2020-01-01"), ({"name": ""}, "who acts")]
)
def test_a_baseline_is_not_prepared_with_what_cannot_be(office, form, said):
    say(office)
    answer = send(office, "/census?lang=en", **{"verb": "freeze", "name": "佐藤"} | form)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert "waits to be confirmed" not in see(office, "/census?lang=en")


def test_forms_that_are_too_long_are_refused(office):
    for path in ("/census", "/investment"):
        assert office.http.post(path, data={"note": "x" * 70_000}, headers=OURS).status_code == 413


def test_an_empty_installation_says_where_to_begin(empty):
    assert "tema census export" in see(empty, "/census?lang=en")
    assert "There is no roadmap yet" in see(empty, "/roadmap?lang=en")
    assert "No hours of automation" in see(empty, "/investment?lang=en")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_roadmap_is_on_one_page(office, lang):
    (office.place.root / "runbooks/site/roadmap.yaml").write_text(ROADMAP.read_text(encoding="utf-8"), encoding="utf-8")
    office.place.publish()
    text = see(office, f"/roadmap?lang={lang}")
    for word in {
        "ja": ("方針", "3年後の目標", "2026年度下期", "学んだこと", "改善時間"),
        "en": ("Policy", "Goal in 3 y", "Learned"),
    }[lang]:
        assert word in text
    assert len(text.encode()) < 50_000


@pytest.fixture
def guarded(tmp_path, seen):
    """An office in which people sign in and the gate signs what they decide."""
    (tmp_path / "guarded").mkdir()
    place = make_place(tmp_path / "guarded", sign_in=True)
    toil = {"demand": {"calendar": "day"}}
    place.runbook("reconcile", STEP, toil=toil, title={"ja": "照合", "en": "Reconcile"})
    (place.root / "runbooks/site").mkdir(parents=True, exist_ok=True)
    (place.root / "runbooks/site/people.yaml").write_text(PEOPLE, encoding="utf-8")
    place.publish()
    ensure_gate_key(place.settings)
    with open_installation(place.root) as opened:
        yield Visitor(place, opened, seen)


def test_where_people_sign_in_only_what_the_gate_signed_counts(guarded):
    say(guarded)
    guarded.sign_in("sato", "operator")
    assert send(guarded, "/census", verb="freeze").status_code == 303
    with guarded.opened.database.transaction() as connection:
        (prepared,) = guarded.opened.ledger.records(connection, kinds=("baseline_frozen",))
        assert prepared.draft.body["signature"]
        assert prepared.draft.assurance == "verified"
        body = {"prepared": prepared.seq, "digest": prepared.draft.version}
        forged = prepared.draft.model_copy(update={"outcome": "confirmed", "step": "confirm", "actor": "田中", "body": body})
        guarded.opened.ledger.append(connection, forged)
        records = list(guarded.opened.ledger.records(connection, kinds=("baseline_frozen",)))
        assert [version.state for version in baseline_versions(records)] == ["confirmed"]
        census = read_whole_census(guarded.opened, connection, None)
        assert [version.state for version in census.versions] == ["waiting"]
    guarded.sign_in("tanaka", "operator")
    assert send(guarded, "/census", verb="confirm", number="1").headers["location"].endswith("said=confirmed&lang=ja")
    assert [version.signed_by for version in signed(guarded)["reconcile"]] == ["佐藤"]
