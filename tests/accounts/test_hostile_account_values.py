"""Hostile names, groups, shells, days, keys and display names (tests/cases/accounts/hostile.json): refused, or only text."""

import json
import subprocess
import unicodedata
from pathlib import Path

import pytest
from pydantic import ValidationError

from temanashi.accounts.faults import BadAccountValue
from temanashi.accounts.host_wishes import HostWish
from temanashi.accounts.model import Scope
from temanashi.accounts.names import check_display_name, check_key, check_last_day, check_name, check_shell
from temanashi.accounts.wishes import Wish
from temanashi.text import LANGUAGES, explain

CASES = json.loads((Path(__file__).parents[1] / "cases/accounts/hostile.json").read_text())
CANARY = Path("/tmp/canary-of-accounts")
CHECKS = {
    "names": check_name,
    "groups": check_name,
    "shells": check_shell,
    "days": check_last_day,
    "keys": check_key,
    "display_refused": check_display_name,
}
REFUSED = [(kind, text) for kind in CHECKS for text in CASES[kind]]


def test_there_are_enough_of_them():
    assert len(REFUSED) >= 200
    assert len(CASES["display_kept"]) >= 40


@pytest.mark.parametrize("kind", CHECKS)
def test_each_is_refused_before_anything_is_asked_and_told_on_one_line(kind):
    for text in CASES[kind]:
        try:
            CHECKS[kind](text)
        except BadAccountValue as error:
            for lang in LANGUAGES:
                told = explain(error, lang)
                assert not {unicodedata.category(c) for c in told.what} & {"Cc", "Zl", "Zp"}, text
                assert not {*told.what} & {*"\u202e\u2066"}, text
                assert told.next
        else:
            pytest.fail(f"let in as one of {kind}: {text!r}")


def test_wishes_do_not_carry_them_either():
    """Whoever makes a wish without the step's own checks meets the model."""
    for text in CASES["names"]:
        with pytest.raises(ValidationError):
            HostWish(primary_group=text)
    for text in CASES["display_refused"]:
        with pytest.raises(ValidationError):
            Wish(do="set", login="x", name=text)


def run(linux, linuxhost, *words):
    enter = ["nsenter", "--mount", "--pid", "--target", str(linuxhost.init), "--", "sh", "-c", linux.program(), "x"]
    return subprocess.run([*enter, *words], capture_output=True, check=False, stdin=subprocess.DEVNULL)


def passed(text):
    """What can be an argument at all."""
    return "\x00" not in text


def test_the_program_on_the_host_refuses_such_names_and_groups_and_reads_them_as_text(linux, linuxhost):
    """Also when somebody who may run it by sudo calls it himself."""
    linuxhost.inside("useradd", "-m", "victim1")
    state = run(linux, linuxhost, "read", "victim1").stdout.decode()
    state = "\n".join(line for line in state.splitlines() if line.startswith(("A:", "K:", "S:", "C:")))
    files = linuxhost.files()
    for text in filter(passed, CASES["names"]):
        assert run(linux, linuxhost, "change", text, "", "create", "").returncode == 8, text
    for text in filter(passed, CASES["groups"]):
        if text:
            assert run(linux, linuxhost, "change", "victim1", state, "primary", text).returncode == 8, text
    for text in list(filter(passed, CASES["shells"] + CASES["days"]))[::4]:
        # Not a shell that is there: its tool never runs. A day that no tool takes: it refuses.
        if text not in {"", "today", "tomorrow", "never "} and not text.lstrip("+-").isdigit():
            assert run(linux, linuxhost, "change", "victim1", state, "shell", f"{text}/none").returncode != 0, text
    assert linuxhost.files() == files
    assert not CANARY.exists()
    assert not (linuxhost.folder / "root" / CANARY.name).exists()


def test_display_names_in_every_script_and_form_come_back_as_they_were(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "shown2")
    others = {name: _without(text, b"shown2") for name, text in linuxhost.files().items()}
    forms = set()
    for text in CASES["display_kept"]:
        _, account = linux.done("set", "shown2", name=text)
        assert account.name == text
        assert linuxhost.line("passwd", "shown2")[4] == text
        assert linux.done("set", "shown2", name=text)[0] == []
        forms |= {form for form in ("NFC", "NFD", "NFKC") if unicodedata.normalize(form, text) != text}
    assert forms == {"NFC", "NFD", "NFKC"}
    everybody = linux.directory.read(Scope())
    assert everybody.account("shown2").name == CASES["display_kept"][-1]
    assert {name: _without(text, b"shown2") for name, text in linuxhost.files().items()} == others
    assert not CANARY.exists()


def _without(text, login):
    return [line for line in text.splitlines() if not line.startswith(login + b":")]


def test_the_comment_of_a_key_may_be_in_any_script_and_does_nothing(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "comment1")
    blob = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr"
    for comment in ("花子@営業 🌸", f"$(touch {CANARY})", f"'; touch {CANARY} #", "`id`", "-n", "a\\b%s"):
        key = check_key(f"{blob} {comment}")
        linux.done("set", "comment1", keys=())
        _, account = linux.done("set", "comment1", keys=(key,))
        assert len(account.keys) == 1
        assert linuxhost.inside("cat", "/home/comment1/.ssh/authorized_keys") == f"{key}\n"
    assert not CANARY.exists()
