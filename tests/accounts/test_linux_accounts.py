"""Accounts on a real Linux host: sshd with PAM, and the shadow tools themselves."""

import subprocess
from datetime import date

import pytest

from fixtures_sshd import make_key
from temanashi.accounts.model import Account, Scope
from temanashi.accounts.wishes import Wish

GOOD = "Right-pass-1"


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "id")


def public(key):
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def test_a_new_account_has_its_name_groups_shell_and_key_and_opens_with_the_key(linux, linuxhost, key):
    linuxhost.inside("groupadd", "traders")
    fields, account = linux.done("join", "new1", name="山田 花子 🌸 Ｙ", groups=("traders",), keys=(public(key),), shell="/bin/sh")
    assert fields == ["account", "name", "shell", "groups", "keys"]
    assert (account.name, account.groups, account.shell, account.password) == ("山田 花子 🌸 Ｙ", ("traders",), "/bin/sh", "none")
    assert linuxhost.line("passwd", "new1")[4] == "山田 花子 🌸 Ｙ"
    assert linuxhost.login("new1", key=key) == "new1"
    assert linuxhost.login("new1", password="") == "refused"


def test_a_locked_password_alone_still_lets_the_key_in_and_closing_lets_nothing_in(linux, linuxhost):
    key = linuxhost.person("leaver1", GOOD)
    assert [linuxhost.login("leaver1", password=GOOD), linuxhost.login("leaver1", key=key)] == ["leaver1", "leaver1"]
    linuxhost.inside("usermod", "-L", "leaver1")
    assert [linuxhost.login("leaver1", password=GOOD), linuxhost.login("leaver1", key=key)] == ["refused", "leaver1"]
    fields, account = linux.done("disable", "leaver1")
    assert [field for field in fields if field != "sessions"] == ["expires_on", "shell", "keys"]  # sshd may still be closing one
    assert [linuxhost.login("leaver1", password=GOOD), linuxhost.login("leaver1", key=key)] == ["refused", "refused"]
    assert (account.password, account.expires_on, account.keys, account.aside) == ("locked", date(1970, 1, 2), (), True)
    # Each of the three closes it by itself: a key put back by somebody else opens nothing.
    linuxhost.inside("sh", "-c", "cd /home/leaver1/.ssh && cp -p authorized_keys.temanashi-aside authorized_keys")
    assert linuxhost.login("leaver1", key=key) == "refused"


def test_closing_ends_sessions_and_takes_the_crontab_away_and_a_second_time_changes_nothing(linux, linuxhost):
    linuxhost.person("leaver2", GOOD)
    linuxhost.inside("sh", "-c", "echo '* * * * * true' > /var/spool/cron/crontabs/leaver2")
    session = subprocess.Popen(
        [
            "nsenter",
            "--mount",
            "--pid",
            "--target",
            str(linuxhost.init),
            "--",
            "setpriv",
            "--reuid=leaver2",
            "--clear-groups",
            "sleep",
            "300",
        ]
    )
    while linux.directory.read(Scope(logins=("leaver2",))).account("leaver2").sessions == 0:
        assert session.poll() is None
    fields, account = linux.done("disable", "leaver2")
    assert fields == ["password", "expires_on", "shell", "keys", "jobs", "sessions"]
    assert session.wait(10) == -9
    assert (account.sessions, account.jobs) == (0, False)
    assert linuxhost.inside("ls", "/var/spool/cron/crontabs") == ""
    before = linuxhost.files()
    assert linux.done("disable", "leaver2")[0] == []
    assert linuxhost.files() == before


def test_an_account_that_is_opened_again_lets_the_password_in_but_not_the_old_key(linux, linuxhost):
    key = linuxhost.person("back1", GOOD)
    linux.done("disable", "back1")
    fields, account = linux.done("enable", "back1", shell="/bin/sh")
    assert fields == ["password", "shell", "expires_on"]
    assert [linuxhost.login("back1", password=GOOD), linuxhost.login("back1", key=key)] == ["back1", "refused"]
    assert account.aside


def test_what_was_closed_by_mistake_is_restored_whole(linux, linuxhost):
    key = linuxhost.person("mistake1", GOOD, groups="users")
    linuxhost.inside("sh", "-c", "echo '* * * * * true' > /var/spool/cron/crontabs/mistake1")
    files = linuxhost.files()
    before = linux.directory.read(Scope(logins=("mistake1",))).account("mistake1")
    linux.done("disable", "mistake1")
    fields, account = linux.done("restore", "mistake1", before=before.facts())
    assert fields == ["password", "shell", "expires_on", "aside"]
    assert account.facts() == before.facts()
    assert linuxhost.files() == files
    assert [linuxhost.login("mistake1", password=GOOD), linuxhost.login("mistake1", key=key)] == ["mistake1", "mistake1"]
    assert linuxhost.inside("ls", "/var/spool/cron/crontabs").split() == ["mistake1"]


def test_after_too_many_wrong_passwords_unlocking_lets_the_right_one_in(linux, linuxhost):
    linuxhost.person("locked1", GOOD)
    assert [linuxhost.login("locked1", password="wrong") for _ in range(3)] == ["refused"] * 3
    assert linuxhost.login("locked1", password=GOOD) == "refused"
    fields, account = linux.done("unlock", "locked1")
    assert (fields, account.failures) == (["failures"], 0)
    assert linuxhost.login("locked1", password=GOOD) == "locked1"
    assert linux.done("unlock", "locked1")[0] == []


def test_a_locked_password_is_unlocked(linux, linuxhost):
    linuxhost.person("locked2", GOOD)
    linuxhost.inside("usermod", "-L", "locked2")
    assert linuxhost.login("locked2", password=GOOD) == "refused"
    assert linux.done("unlock", "locked2")[0] == ["password", "failures"]
    assert linuxhost.login("locked2", password=GOOD) == "locked2"


def test_after_a_reset_the_old_password_fails_and_the_new_one_has_to_be_changed_at_once(linux, linuxhost):
    linuxhost.person("reset1", GOOD)
    fields, account = linux.done("reset", "reset1", secret="One-time-secret-9")
    assert (fields, account.must_change) == (["password", "must_change"], True)
    assert linuxhost.login("reset1", password=GOOD) == "refused"
    assert "Password change required" in linuxhost.login("reset1", password="One-time-secret-9")


def test_each_field_is_set_once_and_three_replays_leave_the_account_files_as_they_are(linux, linuxhost, key):
    linuxhost.inside("groupadd", "crew1")
    linuxhost.inside("groupadd", "crew2")
    wishes = (
        {"do": "join", "name": "Sato Jiro", "groups": ("crew1",), "expires_on": date(2031, 4, 1)},
        {"do": "set", "name": "佐藤 次郎"},
        {"do": "set", "shell": "/bin/sh"},
        {"do": "set", "groups": ("crew2",), "not_groups": ("crew1",)},
        {"do": "set", "expires_on": date(2030, 1, 1)},
        {"do": "set", "expires_on": "never"},
        {"do": "set", "keys": (public(key),)},
        {"do": "disable"},
        {"do": "enable", "shell": "/bin/sh"},
    )
    for wish in wishes:
        assert linux.done(**wish, login="fields1")[0] != []
        files = linuxhost.files()
        assert [linux.done(**wish, login="fields1")[0] for _ in range(3)] == [[]] * 3, wish
        assert linuxhost.files() == files
    assert linuxhost.line("group", "crew1")[3] == ""
    assert linuxhost.line("group", "crew2")[3] == "fields1"
    assert linuxhost.line("shadow", "fields1")[7] == ""


def test_an_expired_account_is_refused_and_a_later_day_lets_it_in(linux, linuxhost):
    linuxhost.person("temp1", GOOD)
    linux.done("set", "temp1", expires_on=date(2020, 1, 1))
    assert linuxhost.login("temp1", password=GOOD) == "refused"
    linux.done("enable", "temp1", expires_on=date(2040, 1, 1))
    assert linuxhost.login("temp1", password=GOOD) == "temp1"


def test_a_key_is_replaced_and_the_former_one_can_come_back(linux, linuxhost, key):
    old = linuxhost.person("keys1", GOOD)
    before = linux.directory.read(Scope(logins=("keys1",))).account("keys1")
    assert linux.done("set", "keys1", keys=(public(key),))[0] == ["keys"]
    assert [linuxhost.login("keys1", key=old), linuxhost.login("keys1", key=key)] == ["refused", "keys1"]
    assert linux.done("restore", "keys1", before=before.facts())[0] == ["keys"]
    assert [linuxhost.login("keys1", key=old), linuxhost.login("keys1", key=key)] == ["keys1", "refused"]


def test_a_key_file_that_is_a_link_leads_root_nowhere(linux, linuxhost, key):
    """The user made `.ssh` a link to root's: what is moved is the link."""
    linuxhost.person("linker1", GOOD)
    linuxhost.inside("sh", "-c", "cd /home/linker1 && rm -r .ssh && ln -s ~root/.ssh .ssh && chown -h linker1 .ssh")
    rooted = linuxhost.inside("sh", "-c", "cat ~root/.ssh/authorized_keys")
    linux.done("disable", "linker1")
    assert linuxhost.inside("sh", "-c", "cat ~root/.ssh/authorized_keys") == rooted
    assert linuxhost.inside("sh", "-c", "ls -a /home/linker1 | grep ssh").split() == [".ssh.temanashi-aside"]


def test_an_account_read_twice_tells_the_same_and_a_full_read_knows_everybody(linux, linuxhost):
    linuxhost.person("reader1", GOOD, groups="sudo")
    everybody = linux.directory.read(Scope())
    alone = linux.directory.read(Scope(logins=("reader1",)))
    assert everybody.account("reader1").facts() == alone.account("reader1").facts()
    assert everybody.account("reader1").state == alone.account("reader1").state
    assert isinstance(everybody.account("root"), Account)
    assert everybody.account("root").privileged == "uid 0"
    assert alone.account("reader1").privileged == "sudo"
    assert everybody.account("reader1").last_seen == "never"
    assert "reader1" in everybody.groups["sudo"]


def test_who_signed_in_has_been_seen(linux, linuxhost):
    linuxhost.person("seen1", GOOD)
    linuxhost.inside("sh", "-c", "printf '%s' x >/dev/null; lastlog -S -u seen1")
    found = linux.directory.read(Scope(logins=("seen1",))).account("seen1").last_seen
    assert found.tzinfo is not None


def test_no_hash_of_a_password_leaves_the_host(linux, linuxhost):
    linuxhost.person("hashed1", GOOD)
    hashed = linuxhost.line("shadow", "hashed1")[1]
    account = linux.directory.read(Scope(logins=("hashed1",))).account("hashed1")
    assert hashed.startswith("$6$")
    assert "$6$" not in account.state.decode() + str(account.facts())
    assert account.password == "set"


def test_an_old_comment_that_is_no_utf_8_is_still_compared_byte_by_byte(linux, linuxhost):
    linuxhost.inside("sh", "-c", "useradd -m -c \"$(printf 'J\\374rgen')\" bytes1")
    fields, account = linux.done("set", "bytes1", name="Jürgen")
    assert (fields, account.name) == (["name"], "Jürgen")


def test_wishes_never_reach_an_account_of_the_system(linux):
    for login in ("root", "nobody", "daemon"):
        with pytest.raises(Exception, match="system"):
            linux.directory.plan(Wish(do="disable", login=login), linux.directory.read(Scope(logins=(login,))))
