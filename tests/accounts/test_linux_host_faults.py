"""What keeps a host from changing an account: another program, a full disk, a read-only one, tools that are not there."""

import subprocess
import threading

import pytest

from temanashi.accounts.faults import AccountRefused
from temanashi.accounts.host_faults import AccountFilesBusy, AccountFilesStuck, ToolMissing
from temanashi.text import LANGUAGES, explain


def refused(kind, linux, *words, **more):
    with pytest.raises(kind) as caught:
        linux.done(*words, **more)
    assert type(caught.value) is kind
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert words[1] in told.what
        assert told.next
        assert "{" not in told.what + told.next
    return explain(caught.value, "en").what


def test_account_files_that_somebody_holds_for_a_moment_are_waited_for(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "waits1")
    linuxhost.inside("sh", "-c", "echo 1 > /etc/passwd.lock")  # of a process that lives
    timer = threading.Timer(1.5, (linuxhost.etc / "passwd.lock").unlink)
    timer.start()
    assert linux.done("set", "waits1", name="Later")[0] == ["name"]
    timer.join()
    assert linuxhost.line("passwd", "waits1")[4] == "Later"


def test_account_files_that_somebody_keeps_are_told_after_a_few_tries_and_stay_as_they_are(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "busy1")
    files = linuxhost.files()
    linuxhost.inside("sh", "-c", "echo 1 > /etc/passwd.lock")
    try:
        assert "another program holds the account files" in refused(AccountFilesBusy, linux, "set", "busy1", name="Never")
    finally:
        (linuxhost.etc / "passwd.lock").unlink()
    assert linuxhost.files() == files


@pytest.fixture
def mounted(linuxhost):
    """Mount or bind something on the host, and take it away afterwards."""
    places = []

    def mount(*words):
        linuxhost.inside("mount", *words)
        places.append(words[-1])

    yield mount
    for place in reversed(places):
        linuxhost.inside("umount", "-l", place)


def test_a_read_only_etc_is_told_as_that_and_at_once(linux, linuxhost, mounted):
    linuxhost.inside("useradd", "-m", "readonly1")
    files = linuxhost.files()
    mounted("--bind", "/etc", "/etc")
    linuxhost.inside("mount", "-o", "remount,bind,ro", "/etc")
    told = refused(AccountFilesStuck, linux, "set", "readonly1", name="Never")
    assert "cannot be written" in told
    assert "Read-only" in told
    assert linuxhost.files() == files


def test_a_full_disk_is_told_as_that_and_the_account_files_stay(linux, linuxhost, mounted):
    linuxhost.inside("useradd", "-m", "full1")
    files = linuxhost.files()
    size = sum(file.stat().st_size for file in linuxhost.etc.rglob("*") if file.is_file() and not file.is_symlink())
    linuxhost.inside("mkdir", "-p", "/run/small")
    mounted("-t", "tmpfs", "-o", f"size={size * 3}", "tmpfs", "/run/small")
    linuxhost.inside("sh", "-c", "cp -a /etc/. /run/small/; cat /dev/zero > /run/small/fill 2>/dev/null; true")
    mounted("--bind", "/run/small", "/etc")
    told = refused(AccountFilesStuck, linux, "join", "full2", name="Never")
    assert "cannot be written" in told
    linuxhost.inside("sh", "-c", "cmp /etc/passwd /run/small/passwd")
    assert linuxhost.files() == files


def test_a_tool_that_is_not_there_is_named_before_anything_is_touched(linux, linuxhost, mounted, tmp_path):
    linuxhost.inside("useradd", "-m", "toolless1")
    files = linuxhost.files()
    for tool, do, more in (
        ("usermod", "set", {"name": "Never"}),
        ("useradd", "join", {}),
        ("chpasswd", "reset", {"secret": "One-time-secret-9"}),
        ("gpasswd", "set", {"not_groups": ("users",)}),
    ):
        login = "toolless2" if do == "join" else "toolless1"
        if tool == "gpasswd":
            linuxhost.inside("usermod", "-aG", "users", login)
            files = linuxhost.files()
        path = linuxhost.inside("sh", "-c", f"command -v {tool}").strip()
        empty = linuxhost.folder / "root/nothing"
        empty.touch()
        empty.chmod(0o644)
        linuxhost.inside("sh", "-c", f"mount --bind ~root/nothing {path}")
        try:
            assert f"{tool} is not installed" in refused(ToolMissing, linux, do, login, **more)
        finally:
            linuxhost.inside("umount", path)
        assert linuxhost.files() == files


def test_a_folder_that_went_away_is_told_and_no_key_is_written_elsewhere(linux, linuxhost):
    linuxhost.inside("useradd", "-M", "homeless1")
    told = refused(AccountRefused, linux, "set", "homeless1", keys=(f"ssh-ed25519 {BLOB}",))
    assert "there is no folder" in told
    assert not (linuxhost.folder / "home/homeless1").exists()


BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr"


def test_another_change_of_ours_is_waited_for(linux, linuxhost):
    linuxhost.inside("useradd", "-m", "turns1")
    hold = "mkdir -p /var/lib/temanashi/accounts; exec flock /var/lib/temanashi/accounts/lock sleep 1"
    words = ["nsenter", "--mount", "--pid", "--target", str(linuxhost.init), "--", "sh", "-c", hold]
    with subprocess.Popen(words) as holding:
        while "sleep 1" not in linuxhost.inside("ps", "-e", "-o", "args="):
            assert holding.poll() is None
        assert linux.done("set", "turns1", name="After")[0] == ["name"]
