"""`tema user` where people sign in: who gives more than what lets somebody see proves who they are, and so does the second one."""

import io
import json
import sys

import pytest

from fixtures_terminal import SETTINGS
from temanashi.workspace.first_admin import first_password_file, make_first_admin
from temanashi.workspace.opening import open_installation

OWN, OTHER = "four short words here", "four other words here"


@pytest.fixture
def door(tema, monkeypatch):
    """`tema` in a workspace where people sign in; `typed` is what comes in by standard input, a password a line."""
    tema.write("pyproject.toml", SETTINGS.replace("gate.sign_in = false\n", ""))

    def run(*words, typed=(), **how):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
            return tema.run(*words, **how)

    return run


@pytest.fixture
def admin(tema, door):
    """The first admin, with a password of their own."""
    with open_installation(tema.root) as opened:
        make_first_admin(opened)
    assert door("user", "passwd", "admin", "--permanent", typed=[OWN]).returncode == 0


def roles(door):
    return {user["id"]: user["roles"] for user in json.loads(door("user", "list", "--json").stdout)}


def asked(door):
    return json.loads(door("user", "role", "--json").stdout)[0]["id"]


@pytest.mark.usefixtures("admin")
def test_two_people_who_prove_who_they_are_give_a_role(door):
    said = door("user", "add", "yamada", "--role", "admin", "--permanent", "--as", "admin", typed=[OTHER, OWN])
    assert said.returncode == 0, said.stderr
    assert roles(door)["yamada"] == []
    said = door("user", "role", "--confirm", asked(door), "--as", "yamada", typed=[OTHER])
    assert said.returncode == 0, said.stderr
    assert roles(door)["yamada"] == ["admin"]


@pytest.mark.usefixtures("admin")
def test_a_name_is_not_enough_to_be_the_second_person(door):
    door("user", "add", "yamada", "--role", "admin", "--permanent", "--as", "admin", typed=[OTHER, OWN])
    request = asked(door)
    for wrong in ([], [OWN]):
        said = door("user", "role", "--confirm", request, "--as", "yamada", typed=wrong)
        assert said.returncode != 0
    assert roles(door)["yamada"] == []


@pytest.mark.usefixtures("admin")
def test_who_is_no_admin_gives_nothing_and_confirms_nothing(door):
    door("user", "add", "yamada", "--role", "staff", "--permanent", typed=[OTHER])
    said = door("user", "role", "yamada", "--give", "operator", "--as", "yamada", typed=[OTHER])
    assert said.returncode != 0
    assert "no administrator" in said.stderr
    door("user", "role", "admin", "--give", "operator", "--as", "admin", typed=[OWN])
    said = door("user", "role", "--confirm", asked(door), "--as", "yamada", typed=[OTHER])
    assert "no administrator" in said.stderr
    assert "operator" not in roles(door)["admin"]


@pytest.mark.usefixtures("admin")
def test_a_password_that_somebody_else_chose_proves_nothing(door):
    door("user", "add", "yamada", "--role", "admin", "--as", "admin", typed=[OTHER, OWN])
    said = door("user", "role", "--confirm", asked(door), "--as", "yamada", typed=[OTHER])
    assert said.returncode != 0
    assert "has not chosen a password" in said.stderr
    assert "/tema/password" in said.stderr
    assert roles(door)["yamada"] == []


@pytest.mark.usefixtures("admin")
def test_what_lets_somebody_see_takes_one_person_and_no_password(door):
    door("user", "add", "yamada", "--permanent", typed=[OTHER])
    assert door("user", "role", "yamada", "--give", "viewer").returncode == 0
    assert roles(door)["yamada"] == ["viewer"]
    assert door("user", "role", "yamada", "--take", "viewer").returncode == 0
    assert roles(door)["yamada"] == []


@pytest.mark.usefixtures("admin")
def test_a_request_is_declined_and_gone(door):
    door("user", "role", "admin", "--give", "operator", "--as", "admin", typed=[OWN])
    assert door("user", "role", "--decline", asked(door)).returncode == 0
    assert json.loads(door("user", "role", "--json").stdout) == []


def test_users_who_were_added_before_the_first_start_do_not_keep_the_first_admin_away(tema, door):
    door("user", "add", "yamada", "--permanent", typed=[OTHER])
    with open_installation(tema.root) as opened:
        assert make_first_admin(opened) == first_password_file(opened.settings)
        assert make_first_admin(opened) is None
    assert roles(door) == {"admin": ["admin"], "yamada": []}


def test_a_user_is_disabled_and_enabled_again(door):
    door("user", "add", "yamada", "--permanent", typed=[OTHER])
    assert door("user", "disable", "yamada", "--reason", "left").returncode == 0
    assert "disabled" in door("user", "list").stdout
    assert door("user", "enable", "yamada").returncode == 0
    assert "disabled" not in door("user", "list").stdout
