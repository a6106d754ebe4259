"""`tema token`, and who is at the terminal where people sign in: proved by a token, by a password, or not at all."""

import getpass
import io
import json
import sys

import pytest

from fixtures_terminal import SETTINGS
from temanashi.cli.identifying import NoPassword, PasswordsDiffer, proved, read_password
from temanashi.people import Actor, People
from temanashi.runs.advancing import advance
from temanashi.runs.requests import RunRequest, request_run
from temanashi.signin.faults import SignInFailed
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version
from temanashi.workspace.signatures import ensure_gate_key

PASSWORD = "four short words here"
PEOPLE = {
    "people": {
        "yamada": {"name": "山田 花子"},
        "sato": {"name": "佐藤 次郎"},
        "gone": {"name": "Gone", "left": "2020-01-01"},
        "fresh": {"name": "Fresh"},
    },
    "groups": {"leads": ["yamada", "fresh"]},
    "roles": {"approver": ["yamada", "fresh"], "viewer": ["sato"]},
}


@pytest.fixture
def desk(tema, monkeypatch):
    """`tema` where people sign in: `typed` comes in by standard input, a password a line."""
    tema.write("pyproject.toml", SETTINGS.replace("gate.sign_in = false\n", ""))
    tema.write("runbooks/site/people.yaml", json.dumps(PEOPLE))
    tema.runbook("guarded", steps=[{"id": "go", "command": ["echo", "ok"]}], approve="group:leads")
    assert tema.run("publish", "--as", "ops").returncode == 0
    with open_installation(tema.root) as opened, opened.database.transaction() as connection:
        ensure_gate_key(opened.settings)
        for user in ("yamada", "sato", "gone", "fresh"):
            more = {"people": People(), "actor": Actor(name="setup"), "channel": "cli", "one_time": user == "fresh"}
            name = PEOPLE["people"].get(user, {"name": "Fresh"})["name"]
            add_user(book_of(opened), connection, user, password=PASSWORD, name=name, **more)

    def run(*words, typed=(), **how):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
            return tema.run(*words, **how)

    run.root = tema.root
    return run


def made(desk, *words, typed=()):
    said = desk("token", "new", *words, "--json", typed=typed)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def listed(desk):
    return json.loads(desk("token", "list", "--json").stdout)


def waiting(desk):
    """A run of Sato's that waits for approval."""
    with open_installation(desk.root) as opened:
        engine = opened.engine()
        with opened.database.reading() as connection:
            published = current_version(connection, kinds=engine.kinds)
        about = {"workspace_version": published.digest, "inventory": published.inventory, "inputs": {}, "channel": "page"}
        actor = Actor(name="佐藤 次郎", assurance="verified", account="sato")
        run = request_run(engine, RunRequest(runbook=published.runbooks["guarded"], actor=actor, **about))
        advance(engine, run)
    return run


def decisions(desk, run):
    with open_installation(desk.root) as opened, opened.database.reading() as connection:
        drafts = [r.draft for r in opened.ledger.records(connection, run=run, kinds=("decision",))]
    return [(d.actor, d.assurance, d.outcome) for d in drafts]


# tema token


def test_a_persons_token_takes_their_password_and_is_shown_once(desk):
    said = desk(
        "token", "new", "nightly", "--user", "yamada", "--scope", "run", "--scope", "read", "--days", "30", typed=[PASSWORD]
    )
    assert said.returncode == 0, said.stderr
    secret = said.stdout.strip()
    assert secret.startswith("tema_")
    assert "Keep it now" in said.stderr
    [token] = listed(desk)
    assert (token["name"], token["user"], sorted(token["scopes"]), token["made_by"]) == (
        "nightly",
        "yamada",
        ["read", "run"],
        "山田 花子",
    )
    assert secret not in desk("token", "list").stdout + desk("token", "list", "--json").stdout


@pytest.mark.parametrize("typed", [[], ["wrong"], [PASSWORD.upper()]])
def test_without_the_persons_own_password_there_is_no_token(desk, typed):
    said = desk("token", "new", "x", "--user", "yamada", typed=typed)
    assert said.returncode != 0
    assert "tema_" not in said.stdout
    assert listed(desk) == []


def test_a_token_of_nobody_is_a_workers(desk):
    token = made(desk, "worker-2", "--as", "ops")
    assert token["scopes"] == ["worker"]
    assert listed(desk)[0]["user"] == ""


def test_an_unknown_scope_is_told_with_those_there_are(desk):
    said = desk("token", "new", "x", "--scope", "reed")
    assert said.returncode != 0
    assert "read" in said.stderr
    assert "worker" in said.stderr


def test_the_list_says_which_still_works_and_a_revoked_one_is_over(desk):
    assert "There are no tokens." in desk("token", "list").stdout
    token = made(desk, "one", "--as", "ops")
    assert desk("token", "list").stdout.rstrip().endswith("works")
    said = desk("token", "revoke", token["id"], "--as", "ops")
    assert (said.returncode, said.stdout.strip()) == (0, f"Revoked token {token['id']} (one).")
    assert desk("token", "list").stdout.rstrip().endswith("over")
    assert listed(desk)[0]["ended_at"]
    again = desk("token", "revoke", "nonesuch")
    assert again.returncode != 0
    assert "nonesuch" in again.stderr


# Who is at the terminal


def test_a_token_that_may_decide_proves_who_approves(desk):
    token, run = made(desk, "mine", "--user", "yamada", "--scope", "approve", typed=[PASSWORD]), waiting(desk)
    said = desk("approve", run, env={"TEMA_TOKEN": token["token"]})
    assert said.returncode == 0, said.stderr
    assert decisions(desk, run) == [("山田 花子", "verified", "approved")]


@pytest.mark.parametrize("kind", ["read only", "a worker's", "made up", "revoked"])
def test_any_other_token_proves_nobody(desk, kind):
    token = "tema_0000"
    if kind == "read only":
        token = made(desk, "x", "--user", "yamada", "--scope", "read", typed=[PASSWORD])["token"]
    elif kind == "a worker's":
        token = made(desk, "x", "--as", "ops")["token"]
    elif kind == "revoked":
        found = made(desk, "x", "--user", "yamada", "--scope", "approve", typed=[PASSWORD])
        desk("token", "revoke", found["id"])
        token = found["token"]
    run = waiting(desk)
    said = desk("approve", run, "--as", "yamada", env={"TEMA_TOKEN": token}, typed=[PASSWORD])
    assert said.returncode != 0
    assert "The token in TEMA_TOKEN is refused." in said.stderr
    assert token not in said.stderr
    assert decisions(desk, run) == []


def test_the_password_proves_who_approves(desk):
    run = waiting(desk)
    assert desk("approve", run, "--as", "山田 花子", typed=[PASSWORD]).returncode == 0
    assert decisions(desk, run) == [("山田 花子", "verified", "approved")]


@pytest.mark.parametrize(
    ("who", "typed", "told"),
    [
        ("yamada", [], "There is no password."),
        ("yamada", ["wrong words of mine"], "the name or the password is wrong"),
        ("fresh", [PASSWORD], "has not chosen a password of their own yet"),
    ],
)
def test_who_is_not_proved_approves_nothing(desk, who, typed, told):
    run = waiting(desk)
    said = desk("approve", run, "--as", who, typed=typed)
    assert said.returncode != 0
    assert told in said.stderr
    assert decisions(desk, run) == []


@pytest.mark.parametrize("who", ["gone", "nobody-here"])
def test_who_has_left_and_who_never_was_here_prove_nothing_with_a_right_password(desk, monkeypatch, who):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    with open_installation(desk.root) as opened, pytest.raises(SignInFailed):
        proved(opened, who)


class Keyboard(io.StringIO):
    """A terminal where somebody types."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("answers", "twice", "result"),
    [
        (["abc"], False, "abc"),
        (["abc", "abc"], True, "abc"),
        (["abc", "abd"], True, PasswordsDiffer),
        ([""], False, NoPassword),
        (["", ""], True, NoPassword),
    ],
)
def test_a_typed_password_is_not_seen_and_a_new_one_is_typed_twice(monkeypatch, answers, twice, result):
    asked = []
    monkeypatch.setattr(sys, "stdin", Keyboard())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: (asked.append(prompt), answers[len(asked) - 1])[1])
    if isinstance(result, str):
        assert read_password("Password", twice=twice) == result
    else:
        with pytest.raises(result):
            read_password("Password", twice=twice)
    assert asked[0] == "Password: "
    assert len(asked) == len(answers)
