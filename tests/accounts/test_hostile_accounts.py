"""Names, groups, comments, keys and shells that somebody types to reach further: refused before anything is asked, or harmless."""

import base64
import subprocess

import pytest

from fixtures_hostile import hostile_strings
from temanashi.accounts.directories.linux import program
from temanashi.accounts.faults import BadAccountValue
from temanashi.accounts.model import Scope
from temanashi.accounts.names import check_display_name, check_key, check_last_day, check_name, check_shell
from temanashi.accounts.wishes import Wish
from temanashi.text import LANGUAGES, explain

CANARY = "/tmp/canary-of-accounts"
HOSTILE = hostile_strings(CANARY, 400)
NAMES = [
    *("a;id", "$(id)", "../x", "山田", "x$", "-x", "--help", "A", "Root", "root ", " root", "a b", "a\nb", "a:b", "a,b", "a" * 33),
    *(
        "ro\u200bot",
        "ｒｏｏｔ",
        "a\x00",
        "a.b",
        "0day",
        "*",
        "user@host",
        "uid=0",
        "a/b",
        "a'b",
        'a"b',
        "a`id`b",
        "\u202eroot",
        "é",
        "ﬁ",
    ),
]
GOOD_KEY = "ssh-ed25519 " + base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + b"k" * 32).decode()
DISPLAY = [
    "山田 花子",
    "ヤマダ ﾊﾅｺ",
    "Ｙａｍａｄａ",
    "髙橋 﨑",
    "👩‍💻 絵文字",
    "é e\u0301 が か\u3099",
    'O\'Brien, "Bob" $(id) `id` ; rm -rf / && x',
    "a\\b|c>d<e",
]


def refusal(check, text):
    with pytest.raises(BadAccountValue) as caught:
        check(text)
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert told.next
        assert "\n" not in told.what
        assert "\x1b" not in told.what
    return True


def test_four_hundred_hostile_strings_are_no_names():
    refused = [
        text for text in [*NAMES, *HOSTILE] if text not in {"constructor", "__proto__", "null", "true", "a", "__prefect_kind"}
    ]
    assert len(refused) > 400
    assert all(refusal(check_name, text) for text in refused)


def test_hostile_strings_are_no_shells_days_or_keys():
    for text in HOSTILE:
        assert refusal(check_last_day, text)
        assert refusal(check_key, text)
        assert refusal(check_shell, text)


@pytest.mark.parametrize(
    "line",
    [
        'command="id" ' + GOOD_KEY,
        'from="*" ' + GOOD_KEY,
        GOOD_KEY + "\nssh-rsa AAAA",
        GOOD_KEY.replace("ssh-ed25519", "ssh-rsa", 1),
        GOOD_KEY + " \x1b[2J",
        GOOD_KEY + " " + "c" * 101,
        "ssh-ed25519 !!!!",
        "ssh-dss " + GOOD_KEY.split()[1],
    ],
)
def test_a_key_with_options_or_of_another_kind_is_refused(line):
    assert refusal(check_key, line)


def test_a_good_key_keeps_its_comment():
    assert check_key(f" {GOOD_KEY}  hanako@work \n") == f"{GOOD_KEY} hanako@work"


def test_display_names_that_are_let_in_come_back_as_they_were_and_touch_nothing_else(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "shown1")
    allowed = []
    for text in [*DISPLAY, *HOSTILE]:
        try:
            allowed.append(check_display_name(text))
        except BadAccountValue:
            continue
    assert len(allowed) > 100
    others = {
        name: [line for line in text.splitlines() if not line.startswith(b"shown1:")] for name, text in linuxhost.files().items()
    }
    for text in allowed[:: max(1, len(allowed) // 60)] + DISPLAY:
        linux.done("set", "shown1", name=text)
        assert linux.directory.read(Scope(logins=("shown1",))).account("shown1").name == text
        assert linuxhost.line("passwd", "shown1")[4] == text
    after = {
        name: [line for line in text.splitlines() if not line.startswith(b"shown1:")] for name, text in linuxhost.files().items()
    }
    assert after == others
    assert subprocess.run(["test", "-e", CANARY], check=False).returncode == 1


def test_a_hostile_display_name_is_refused():
    for text in [
        "",
        " ",
        "a:b",
        "a\nb",
        "a\rb",
        "a\x00b",
        "\x1b[2J",
        "\u202egnp",
        "a" * 81,
        "a\u2028b",
        "\ud800",
        "a\x85b",
        "\ufeffa",
    ]:
        assert refusal(check_display_name, text)


def test_the_program_on_the_host_refuses_names_and_accounts_of_the_system_by_itself(linuxhost):
    """Also when somebody calls it by sudo with arguments of his own."""
    files = linuxhost.files()
    root = linuxhost.inside("sh", "-c", program(), "x", "read", "root")
    state = "\n".join(line for line in root.splitlines() if line.startswith(("A:root:", "K:root:")))
    for arguments in (
        ["change", "root", state, "shell", "/bin/sh"],
        ["change", "../x", "", "create", ""],
        ["change", "-x", "", "create", ""],
        ["change", "a" * 33, "", "create", ""],
        ["change", "Ab", "", "create", ""],
        ["change", "fresh1", "", "wipe", ""],
        ["change", "fresh1", "", "create"],
        ["change", "fresh1"],
        ["wipe"],
        [],
    ):
        words = ["nsenter", "--mount", "--pid", "--target", str(linuxhost.init), "--", "sh", "-c", program(), "x", *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 8, (arguments, done)
        assert done.stderr.startswith("temanashi-account: ")
    assert linuxhost.files() == files


def test_an_account_that_is_not_as_it_was_read_is_not_touched(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "cas1")
    wish = Wish(do="set", login="cas1", name="New")
    seen = linux.directory.read(Scope(logins=("cas1",)))
    linuxhost.inside("usermod", "-s", "/bin/dash", "cas1")
    files = linuxhost.files()
    with pytest.raises(Exception, match="not what the plan saw"):
        linux.directory.apply(wish, linux.directory.plan(wish, seen), seen, secret=None)
    assert linuxhost.files() == files


def test_what_a_tool_says_is_told_and_a_value_that_it_lacks(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "tool1")
    with pytest.raises(Exception, match="there is no program /no/such"):
        linux.done("set", "tool1", shell="/no/such")
    linuxhost.inside("groupadd", "taken1")
    with pytest.raises(Exception, match="group taken1 exists"):
        linux.done("join", "taken1")
