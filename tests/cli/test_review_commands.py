"""`tema review` at the terminal: answers, JSON, exit codes, and what is told when it cannot be done."""

import json

import pytest
from openpyxl import load_workbook

from cli.conftest import InProcess
from fixtures_population import company
from temanashi.accounts.directories_file import NO_DIRECTORIES
from temanashi.accounts.reviews.drift import Drift, Moved
from temanashi.accounts.reviews.population import NotRead, Population
from temanashi.hosts.inventory import Inventory
from temanashi.ledger.records import Draft
from temanashi.people import Actor
from temanashi.text.local import phrase
from temanashi.workspace.opening import open_installation
from temanashi.workspace.reading_accounts import Places
from temanashi.workspace.reviewing.opening import review_of

HANA = ("--as", "hana")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    made = InProcess(tmp_path_factory.mktemp("reviews"), patch)
    with open_installation(made.root) as installation:
        whole = company(6)
        targets = [one.model_copy(update={"entries": one.entries[:12]}) for one in whole.population.targets]
        away = NotRead(where="web9", kind="linux", reason=phrase("reviews.place-gone", where="web9"))
        places = Places(register=whole.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=whole.people)
        population = Population(targets=targets, not_read=(away,))
        review = review_of(installation, places, population, actor=Actor(name="hana"), channel="cli", title="下期")
        drift = Drift(
            where="web1", login="sato", change="changed", fields=(Moved(field="groups", before=[], after=["sudo"]),), run="R"
        )
        body = {"where": "web1", "changes": [drift.model_dump(mode="json")]}
        with installation.database.transaction() as connection:
            installation.ledger.append(connection, Draft(kind="account_drift", actor="temanashi", actor_kind="system", body=body))
    made.review = review.id
    yield made
    patch.undo()


def answered(done, code=0):
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def shown(terminal, *words):
    return json.loads(answered(terminal.run("review", "show", "last", "--limit", "500", *words, "--json")))


def test_reviews_are_listed_with_how_far_they_are_and_when_the_next_is_due(terminal):
    done = terminal.run("review", "list", env={"TEMA_LANG": "en"})
    assert terminal.review in answered(done)
    assert "undecided" in done.stdout
    assert "The next review is due on" in done.stderr
    told = json.loads(answered(terminal.run("review", "list", "--json")))
    assert told["reviews"][0]["not_read"][0]["where"] == "web9"


def test_lines_are_shown_with_what_was_found(terminal):
    text = answered(terminal.run("review", "show", "last", "--finding", "any", "--limit", "3", env={"TEMA_LANG": "en"}))
    assert text.count("undecided") >= 3
    told = shown(terminal, "--finding", "none")
    assert all(not line["findings"] for line in told["lines"])
    assert "2001-01-01-1" in terminal.run("review", "show", "2001-01-01-1").stderr


def test_changes_made_outside_are_told(terminal):
    text = answered(terminal.run("review", "drift", env={"TEMA_LANG": "en"}))
    assert "web1: sato was changed (groups - → sudo)" in text
    assert "may have been the run R" in text
    assert len(json.loads(answered(terminal.run("review", "drift", "--json")))["records"]) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("snapshot",), "policy.hosts"),
        (("open",), "is not closed yet"),
        (("open", "--roster", "nowhere.csv"), "nowhere.csv"),
        (("decide", "last", "1"), "no decision"),
        (("decide", "last", "99999", "--verdict", "keep"), "99999"),
        (("decide", "last", "1", "--keep-plain"), "--keep-plain"),
        (("decide", "last"), "--keep-plain"),
        (("export", "last", "-o", "nowhere/x.xlsx"), "nowhere"),
        (("import", "last", "nowhere.xlsx"), "nowhere"),
        (("import", "last", "pyproject.toml"), "pyproject.toml"),
        (("close", "last"), "undecided"),
        (("pack", "last", "-o", "pyproject.toml"), "pyproject.toml"),
        (("verify", "pyproject.toml"), "pyproject.toml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_says_why(terminal, words, told):
    done = terminal.run("review", *words, *(HANA if words[0] != "verify" else ()), env={"TEMA_LANG": "en"})
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_review_goes_from_decisions_to_a_pack(terminal):
    answered(terminal.run("review", "decide", "last", "--keep-plain", *HANA))
    assert shown(terminal, "--finding", "none", "--decided", "no")["lines"] == []
    first = shown(terminal, "--decided", "no")["lines"][0]
    answered(
        terminal.run(
            "review", "decide", "last", first["id"], "--verdict", "exception", "--until", "2035-03-31", "--reason", "x", *HANA
        )
    )
    sheet = terminal.root / "review.xlsx"
    answered(terminal.run("review", "export", "last", "-o", str(sheet), *HANA))
    book = load_workbook(sheet)
    heads = {cell.value: cell.column for cell in book.active[1]}
    for row in book.active.iter_rows(min_row=2):
        number = row[0].row
        if not book.active.cell(number, heads["Decision"]).value:
            book.active.cell(number, heads["Decision"], "keep")
            book.active.cell(number, heads["Reason"], "確認済み")
    book.active.cell(2, heads["Decision"], "keep")
    book.active.cell(2, heads["State"], "stale")
    book.save(sheet)
    trial = json.loads(terminal.run("review", "import", "last", str(sheet), "--dry-run", *HANA, "--json").stdout)
    assert trial["dry_run"] is True
    done = terminal.run("review", "import", "last", str(sheet), *HANA, env={"TEMA_LANG": "en"})
    assert done.returncode == 1
    assert "row 2" in done.stdout
    left = shown(terminal, "--decided", "no")["lines"]
    words = [str(line["number"]) for line in left]
    if words:
        answered(terminal.run("review", "decide", "last", *words, "--verdict", "keep", "--reason", "確認済み", *HANA))
    one = next(line for line in shown(terminal)["lines"] if line["where"] == "web1")
    answered(terminal.run("review", "decide", "last", one["id"], "--verdict", "revoke", *HANA))

    closing = terminal.run("review", "close", "last", *HANA, env={"TEMA_LANG": "en"})
    assert closing.returncode == 3
    assert "not closed: 0 lines are done, 1 are left" in closing.stdout
    answered(terminal.run("review", "decide", "last", one["id"], "--verdict", "keep", "--reason", "ホストは廃止", *HANA))
    assert "closed" in answered(terminal.run("review", "close", "last", *HANA, env={"TEMA_LANG": "en"}))

    pack = terminal.root / "pack.zip"
    made = json.loads(answered(terminal.run("review", "pack", "last", "-o", str(pack), *HANA, "--json")))
    assert made["records"] > 5
    told = terminal.run("review", "verify", str(pack), env={"TEMA_LANG": "en"})
    assert told.returncode == 2
    key = terminal.root / ".tema/keys/ledger-signing.pub.pem"
    sure = json.loads(answered(terminal.run("review", "verify", str(pack), "--key", str(key), "--json")))
    assert (sure["status"], sure["review"], sure["left"]) == ("intact", terminal.review, 0)
