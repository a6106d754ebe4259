"""The account runbooks as they are shipped, on a real Linux host; and the same without being root there."""

import hashlib
import subprocess

import pytest

from fixtures_linuxhost import LinuxHost
from fixtures_runs import asking, make_engine
from fixtures_sshd import make_key
from temanashi.accounts.directories.linux import INSTALLED, KIND, program, sudoers
from temanashi.accounts.directory import Reached
from temanashi.accounts.faults import BadAccountValue
from temanashi.accounts.model import Scope
from temanashi.accounts.names import fingerprint_of
from temanashi.accounts.roles import Roles
from temanashi.accounts.wishes import Wish
from temanashi.clock import SystemClock
from temanashi.hosts.inventory import Inventory
from temanashi.runbooks.inputs import validate_inputs
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.advancing import advance
from temanashi.runs.requests import request_run
from temanashi.workspace.creating import starter_texts
from temanashi.workspace.yaml_source import read_yaml

GOOD = "Right-pass-1"
ROLES = Roles.model_validate({"roles": {name: {"title": name, "linux": [f"ship{name}"]} for name in ("ops", "desk")}})


@pytest.fixture
def shipped(tmp_path, linuxhost):
    """Carry out a shipped account runbook on the host; `shipped.told` is what the channel was told."""
    told = []

    def deliver(url, *, title, body, recovery):
        told.append(body)
        return True

    with linuxhost.reach() as reach:
        engine = make_engine(tmp_path, connect=reach.transport, roles=lambda _: ROLES)
        found = Channels(
            {"account-secrets": ("env:X",)},
            database=engine.database,
            clock=engine.clock,
            lang="en",
            secret=lambda _: "json://x",
            deliver=deliver,
        )
        engine = type(engine)(**{**vars(engine), "channel": found})
        host = linuxhost.host().model_dump(include={"address", "port", "user"})

        def run(book, **inputs):
            data = read_yaml(starter_texts()[f"runbooks/account/{book}.yaml"]).data
            runbook = parse_runbook({**data, "targets": "linux1"}, kinds=step_kinds())
            request = asking(
                runbook,
                inventory=Inventory.model_validate({"hosts": {"linux1": host}}),
                inputs=validate_inputs(runbook, inputs),
                beneficiary="hanako",
                identity_check="in-person",
            )
            return advance(engine, request_run(engine, request)).outcome

        run.told = told
        yield run
        engine.database.close()


def test_a_person_comes_moves_is_locked_out_forgets_the_password_and_leaves(shipped, linuxhost, tmp_path):
    for name in ("shipops", "shipdesk"):
        linuxhost.inside("groupadd", name)
    key = make_key(tmp_path / "id")
    public = key.with_suffix(".pub").read_text().strip()
    opening = {"login": "hanako", "name": "山田 花子", "roles": ["ops"], "key": public, "last_day": "2035-03-31"}
    assert shipped("open-linux-account", **opening) == "done"
    assert linuxhost.login("hanako", key=key) == "hanako"
    assert linuxhost.line("group", "shipops")[3] == "hanako"
    files = linuxhost.files()
    assert shipped("open-linux-account", **opening) == "done"
    assert linuxhost.files() == files

    assert shipped("change-linux-roles", login="hanako", roles=["desk"]) == "done"
    assert [linuxhost.line("group", name)[3] for name in ("shipops", "shipdesk")] == ["", "hanako"]

    linuxhost.inside("chpasswd", text=f"hanako:{GOOD}\n")
    for _ in range(3):
        linuxhost.login("hanako", password="wrong")
    assert linuxhost.login("hanako", password=GOOD) == "refused"
    assert shipped("unlock-linux-account", login="hanako") == "done"
    assert linuxhost.login("hanako", password=GOOD) == "hanako"

    assert shipped("reset-linux-password", login="hanako") == "done"
    [secret] = [word for word in shipped.told[0].split() if word.count("-") == 3]
    assert linuxhost.login("hanako", password=GOOD) == "refused"
    assert "Password change required" in linuxhost.login("hanako", password=secret)

    assert shipped("close-linux-account", login="hanako") == "done"
    assert [linuxhost.login("hanako", password=secret), linuxhost.login("hanako", key=key)] == ["refused", "refused"]


def test_without_a_key_or_a_role_an_account_is_opened_too(shipped, linuxhost):
    assert shipped("open-linux-account", login="plain", name="Plain") == "done"
    assert linuxhost.line("passwd", "plain")[4] == "Plain"


@pytest.fixture(scope="module")
def unprivileged(linuxhost: LinuxHost):
    """The directory reached by an ordinary account that may run one program by sudo."""
    key = linuxhost.person("temaops")
    linuxhost.inside("sh", "-c", f'cat > "{INSTALLED}" && chmod 755 "{INSTALLED}"', text=program())
    linuxhost.inside("sh", "-c", "cat > /etc/sudoers.d/temanashi && chmod 440 /etc/sudoers.d/temanashi", text=sudoers("temaops"))
    linuxhost.inside("visudo", "-cf", "/etc/sudoers.d/temanashi")
    with linuxhost.reach(key=key) as reach:
        transport = reach.transport(linuxhost.host(user="temaops"))
        yield KIND.open(Reached(where="linux1", transport=transport, timeout=60, clock=SystemClock()))


def done(directory, do, login, *, secret=None, **more):
    wish = Wish(do=do, login=login, **more)
    seen = directory.read(Scope(logins=(login,)))
    return directory.apply(wish, directory.plan(wish, seen), seen, secret=secret).account(login)


def test_an_ordinary_account_with_one_line_of_sudoers_does_all_of_it(unprivileged, linuxhost):
    key = linuxhost.person("bysudo1", GOOD)
    assert done(unprivileged, "set", "bysudo1", name="山田").name == "山田"
    assert done(unprivileged, "reset", "bysudo1", secret="One-time-secret-9").must_change
    assert "Password change required" in linuxhost.login("bysudo1", password="One-time-secret-9")
    assert done(unprivileged, "disable", "bysudo1").password == "locked"
    assert [linuxhost.login("bysudo1", password=GOOD), linuxhost.login("bysudo1", key=key)] == ["refused", "refused"]


def test_that_line_allows_nothing_else_and_no_other_text(unprivileged, linuxhost):
    refused = linuxhost.inside(
        "sh", "-c", "su -s /bin/sh temaops -c 'sudo -n /usr/sbin/useradd evil 2>&1; sudo -n sh -c id 2>&1' || true"
    )
    assert "uid=0" not in refused
    assert linuxhost.line("passwd", "evil") == []
    linuxhost.inside("sh", "-c", f'echo "# changed" >> "{INSTALLED}"')
    with pytest.raises(Exception, match="could not be read"):
        unprivileged.read(Scope())
    linuxhost.inside("sh", "-c", f'cat > "{INSTALLED}"', text=program())
    assert unprivileged.read(Scope()).accounts


def test_where_groups_are_listed_only_these_are_given(unprivileged, linuxhost):
    linuxhost.inside("useradd", "-m", "listed1")
    for group in ("listedyes", "listedno"):
        linuxhost.inside("groupadd", group)
    linuxhost.inside("sh", "-c", "echo listedyes > /etc/temanashi-account.groups")
    try:
        assert done(unprivileged, "set", "listed1", groups=("listedyes",)).groups == ("listedyes",)
        with pytest.raises(Exception, match="listedno is not among the groups"):
            done(unprivileged, "set", "listed1", groups=("listedno",))
    finally:
        linuxhost.inside("rm", "/etc/temanashi-account.groups")


def test_the_line_of_sudoers_names_the_very_text():
    assert hashlib.sha256(program().encode()).hexdigest() in sudoers("temaops")
    with pytest.raises(Exception, match="cannot be used"):
        sudoers("ALL=(ALL) ALL #")


def test_the_program_is_a_good_shell_script_for_each_shell(tmp_path):
    file = tmp_path / "program"
    file.write_text(program())
    for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]):
        assert subprocess.run([*shell, "-n", str(file)], check=False).returncode == 0


def test_a_key_is_rotated_by_its_line_or_fingerprint_and_another_time_changes_nothing(shipped, linuxhost, tmp_path):
    old, new = linuxhost.person("rotator"), make_key(tmp_path / "new")
    lines = [key.with_suffix(".pub").read_text().strip() for key in (old, new)]
    assert shipped("rotate-ssh-key", login="rotator", new_key=lines[1], old_key=lines[0]) == "done"
    assert [linuxhost.login("rotator", key=key) for key in (old, new)] == ["refused", "rotator"]
    files = linuxhost.files()
    kept = linuxhost.inside("ls", "-la", "/home/rotator/.ssh")
    assert shipped("rotate-ssh-key", login="rotator", new_key=lines[1], old_key=fingerprint_of(lines[0])) == "done"
    assert linuxhost.files() == files
    assert linuxhost.inside("ls", "-la", "/home/rotator/.ssh") == kept
    with pytest.raises(BadAccountValue, match="same key"):
        shipped("rotate-ssh-key", login="rotator", new_key=lines[1], old_key=fingerprint_of(lines[1]))
