"""`tema account batch` and `tema account ends`: a roster is looked at, then carried out, and nothing is left to do."""

import json

import pytest

from fixtures_paper import Paper, paper_installed
from temanashi.workspace.creating import starter_texts

DIRECTORIES = "directories:\n  wiki: {kind: paper, title: {ja: 社内 Wiki, en: Wiki}, file: wiki.json}\n"
ROLES = "roles:\n  ops: {title: {ja: 運用, en: Operations}, saas: {wiki: [Editors]}}\n"
HEAD = "社員番号,ログイン名,氏名,役割,退職日\n"
ROSTER = HEAD + "1,sato,佐藤,運用,2020-01-31\n2,yamada,山田 花子,運用,\n3,a;id,悪い,,\n4,tanaka,田中,運用,2090-03-31\n"


@pytest.fixture
def wiki(tmp_path_factory, tema):
    """A workspace with one directory, in which sato has an account."""
    tema.write("runbooks/site/directories.yaml", DIRECTORIES)
    tema.write("runbooks/site/roles.yaml", ROLES)
    text = starter_texts()["runbooks/account/apply-roster.yaml"].replace("      deliver: account-secrets\n", "")
    lines = [line for line in text.splitlines() if not line.startswith(("approve:", "privileged:"))]
    tema.write("runbooks/account/apply-roster.yaml", "\n".join(lines) + "\n")
    found = Paper("wiki", tema.root / "wiki.json")
    found.groups("Editors")
    found.put("sato", employee="1", groups=["Editors"])
    with paper_installed(tmp_path_factory.mktemp("package")):
        yield found


def test_a_roster_is_looked_at_first_and_carried_out_with_start(wiki, tema):
    file = tema.root / "名簿.csv"
    file.write_text(ROSTER, encoding="cp932")
    looked = tema.run("account", "batch", str(file))
    assert looked.returncode == 3, looked.stderr  # a row has a mistake
    assert "4 people" not in looked.stdout
    assert "1 to close, 0 to change, 2 to open" in looked.stdout
    assert "B4" in looked.stdout
    assert wiki.of("sato").enabled
    told = json.loads(tema.run("account", "batch", str(file), "--json").stdout)
    assert [line["login"] for line in told["lines"]] == ["sato", "yamada", "tanaka"]
    done = tema.run("account", "batch", str(file), "--start", "--reason", "4月の異動")
    assert done.returncode == 0, done.stderr
    assert not wiki.of("sato").enabled
    assert wiki.of("yamada").groups == ("Editors",)
    again = tema.run("account", "batch", str(file), "--start")
    assert "0 to close, 0 to change, 0 to open" in again.stdout
    ends = tema.run("account", "ends")
    assert ends.returncode == 0
    assert "1 accesses end, 0 overdue" in ends.stdout
    assert "tanaka  wiki" in ends.stdout
    [end] = json.loads(tema.run("account", "ends", "--json").stdout)
    assert (end["login"], end["overdue"]) == ("tanaka", False)
    assert "アクセス 1 件" in tema.run("account", "ends", env={"TEMA_LANG": "ja"}).stdout


def test_without_the_runbook_or_with_an_unknown_role_nothing_is_read(wiki, tema):
    file = tema.root / "people.csv"
    file.write_text(HEAD + "1,sato,佐藤,運用,\n2,yamada,山田,,\n")
    assert "nobody" in tema.run("account", "batch", str(file), "--roles", "nobody").stderr
    given = tema.run("account", "batch", str(file), "--roles", "ops")
    assert given.returncode == 0, given.stderr
    (tema.root / "runbooks/account/apply-roster.yaml").unlink()
    tema.run("publish")
    gone = tema.run("account", "batch", str(file))
    assert gone.returncode != 0
    assert "apply-roster" in gone.stderr


def test_who_is_missing_and_places_that_cannot_be_read_are_told(wiki, tema):
    wiki.put("suzuki", employee="9")
    wiki.put("guest")
    file = tema.root / "people.csv"
    file.write_text(HEAD + "1,sato,佐藤,運用,\n")
    held = tema.run("account", "batch", str(file))
    assert held.returncode == 3
    assert "suzuki" in held.stdout
    assert "wiki/guest" in held.stdout
    wiki.file.write_text("torn")
    torn = tema.run("account", "batch", str(file))
    assert "wiki cannot be read" in torn.stdout


def test_accounts_that_nobody_used_for_long_are_closed_at_their_place(wiki, tema):
    text = starter_texts()["runbooks/account/close-dormant-accounts.yaml"]
    lines = [line for line in text.splitlines() if not line.startswith(("approve:", "privileged:"))]
    tema.write("runbooks/account/close-dormant-accounts.yaml", "\n".join(lines) + "\n")
    wiki.put("old", last_seen="2020-01-01T00:00:00Z")
    wiki.put("robot", last_seen="2020-01-01T00:00:00Z", kind="service")
    wiki.put("fresh", last_seen="2099-01-01T00:00:00Z")
    wiki.put("newcomer", last_seen="never")
    looked = tema.run("account", "dormant", "--days", "30")
    assert looked.returncode == 0, looked.stderr
    assert "1 accounts that nobody has used for more than 30 days" in looked.stdout
    assert "2020-01-01  wiki/old" in looked.stdout
    assert list(json.loads(tema.run("account", "dormant", "--json").stdout)["accounts"]) == ["wiki/old"]
    done = tema.run("account", "dormant", "--start", "--reason", "棚卸し")
    assert done.returncode == 0, done.stderr
    assert not wiki.of("old").enabled
    assert all(wiki.of(login).enabled for login in ("sato", "robot", "fresh", "newcomer"))
    wiki.file.write_text("torn")
    assert tema.run("account", "dormant").returncode == 3


def test_a_roster_that_is_not_there_is_refused_with_what_to_do(tema):
    told = tema.run("--lang", "ja", "account", "batch", str(tema.root / "gone.csv"))
    assert told.returncode == 2
    assert "gone.csv" in told.stderr
    assert "対処" in told.stderr
