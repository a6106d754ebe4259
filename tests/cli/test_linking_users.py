"""`tema user link`: who signs in elsewhere under a name is the user of that name."""

import pytest

from cli.conftest import InProcess

OIDC = '[tool.temanashi.gate.oidc]\nissuer = "https://login.example.jp"\nclient_id = "tema"\n'


@pytest.fixture
def tema(tmp_path, monkeypatch):
    found = InProcess(tmp_path, monkeypatch)
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(OIDC)
    return found


def test_it_names_the_directory_and_is_on_the_record(tema):
    from temanashi.people import Actor, People
    from temanashi.signin.users import add_user
    from temanashi.workspace.first_admin import book_of
    from temanashi.workspace.opening import open_installation

    with open_installation(tema.root) as opened:
        with opened.database.transaction() as connection:
            more = {"people": People(), "actor": Actor(name="setup"), "channel": "cli"}
            add_user(book_of(opened), connection, "yamada", password="four short words here", **more)
        done = tema.run("user", "link", "yamada", "--reason", "same person")
        assert (done.returncode, done.stdout) == (
            0,
            '"yamada" is whoever signs in at https://login.example.jp under this name next.\n',
        )
        with opened.database.reading() as connection:
            last = list(opened.ledger.records(connection, kinds=("noted",)))[-1].draft
    assert (last.actor, last.outcome, last.reason, last.body["user"]) == ("alice", "link-allowed", "same person", "yamada")


@pytest.mark.parametrize("by", ["ldap", "kerberos"])
def test_a_directory_that_the_settings_do_not_name_is_refused(tema, by):
    done = tema.run("user", "link", "yamada", "--by", by)
    assert done.returncode == 2
    assert f'no directory "{by}"' in done.stderr
    assert "oidc" in done.stderr


def test_a_user_who_is_not_there_is_refused(tema):
    done = tema.run("user", "link", "nobody")
    assert done.returncode == 2
    assert 'no user "nobody"' in done.stderr
