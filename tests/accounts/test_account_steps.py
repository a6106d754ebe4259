"""`accounts` steps through the engine, on a real Linux host: plan, conflict, journal, undo, and a secret that is told once."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from fixtures_killing import deadly, in_another_process
from fixtures_runs import ALICE, asking, make_engine, runbook_of
from fixtures_sshd import make_key
from temanashi.accounts.roles import Roles
from temanashi.errors import TemanashiError
from temanashi.hosts.inventory import Inventory
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.frozen import FrozenRun
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.secrets import Redactor
from temanashi.text import LANGUAGES, explain

GOOD = "Right-pass-1"
ROLES = Roles.model_validate(
    {
        "roles": {
            "ops": {"title": "Operations", "linux": ["opsgroup"]},
            "desk": {"title": "Desk", "linux": ["deskgroup"], "never_with": ["ops"]},
            "root": {"title": "Root", "linux": ["sudo"], "privileged": True},
        }
    }
)


@pytest.fixture
def site(tmp_path, linuxhost):
    """An engine that reaches the host by SSH, and everything that its channel `account-secrets` was told."""
    told, failing = [], []

    def deliver(url, *, title, body, recovery):
        told.append((title, body))
        return not failing

    with linuxhost.reach() as reach:
        plain = make_engine(tmp_path, connect=reach.transport, redactor=Redactor(), roles=lambda _: ROLES)
        channel = Channels(
            {"account-secrets": ("env:X",)},
            database=plain.database,
            clock=plain.clock,
            lang="ja",
            secret=lambda _: "json://nobody",
            deliver=deliver,
        )
        engine = type(plain)(**{**vars(plain), "channel": channel})
        host = linuxhost.host()
        fields = host.model_dump(include={"address", "port", "user"})
        dead = {"address": "127.0.9.250", "port": 1, "user": "root"}
        inventory = Inventory.model_validate({"hosts": {"linux1": fields, "dead1": dead}})

        def request(step, **more):
            book = runbook_of([{"id": "it", "accounts": step, "targets": "linux1", **more}])
            return asking(book, inventory=inventory)

        def run(step, **more):
            number = request_run(engine, request(step, **more))
            return view(number)

        def view(number):
            result = advance(engine, number)
            with engine.database.reading() as connection:
                return result, run_view(connection, number), number

        yield SimpleNamespace(
            engine=engine, run=run, view=view, request=request, told=told, failing=failing, folder=tmp_path, inventory=inventory
        )
        engine.database.close()


def statuses(view):
    return [row.status for step in view.steps for row in step.rows]


def said(change, lang="en"):
    return change.summary.text(lang)


def test_a_plan_shows_the_difference_field_by_field_and_touches_nothing(site, linuxhost):
    linuxhost.person("plan1", GOOD)
    files = linuxhost.files()
    [change] = dry_run(site.engine, site.request({"do": "disable", "login": "plan1"})).changes
    assert linuxhost.files() == files
    assert "Close plan1 on linux1 (password set -> locked, expires never -> 1970-01-02, shell /bin/sh -> nologin" in said(change)
    for lang in LANGUAGES:
        assert "accounts." not in said(change, lang)
        assert said(change, lang).isprintable()
    assert change.before["login"] == "plan1"
    assert change.after["password"] == "locked"


def test_a_leaver_is_refused_everywhere_the_run_undone_and_let_in_again(site, linuxhost):
    key = linuxhost.person("cycle1", GOOD)
    files = linuxhost.files()
    result, view, number = site.run({"do": "disable", "login": "cycle1"})
    assert (result.outcome, statuses(view)) == ("done", ["changed"])
    assert [linuxhost.login("cycle1", password=GOOD), linuxhost.login("cycle1", key=key)] == ["refused", "refused"]
    result, view, _ = site.run({"do": "disable", "login": "cycle1"})
    assert (result.outcome, statuses(view)) == ("done", ["already"])
    undo = request_undo(site.engine, number, actor=ALICE, channel="cli", reason="by mistake")
    result, view, _ = site.view(undo)
    assert (result.outcome, statuses(view)) == ("done", ["changed"])
    assert linuxhost.files() == files
    assert [linuxhost.login("cycle1", password=GOOD), linuxhost.login("cycle1", key=key)] == ["cycle1", "cycle1"]


class Watching:
    """Samples the command lines and environments of every process of this machine, those of the host included."""

    def __enter__(self):
        self.seen, self._over = set(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self):
        while not self._over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        self.seen.add((process / name).read_bytes())
                    except OSError:
                        continue

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(10)


def test_a_one_time_password_is_told_once_and_is_nowhere_else(site, linuxhost, caplog):
    linuxhost.person("secret1", GOOD)
    with caplog.at_level("DEBUG"), Watching() as watching:
        result, view, number = site.run({"do": "reset", "login": "secret1", "deliver": "account-secrets"})
    assert (result.outcome, statuses(view)) == ("done", ["changed"])
    [(title, body)] = site.told
    secret = next(word for word in body.split() if word.count("-") == 3)
    assert "secret1" in title
    assert secret not in title
    assert linuxhost.login("secret1", password=GOOD) == "refused"
    assert "Password change required" in linuxhost.login("secret1", password=secret)
    assert any(b"temanashi-account" in line for line in watching.seen)  # it did look while that ran
    assert not any(secret.encode() in line for line in watching.seen)
    assert secret not in caplog.text
    assert secret not in linuxhost.log
    for file in site.folder.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    undo = request_undo(site.engine, number, actor=ALICE, channel="cli", reason="cannot be")
    result, view, _ = site.view(undo)
    assert [row.reason.text("en") for step in view.steps for row in step.rows] == ["A former password does not come back."]


def test_a_password_that_reached_nobody_is_a_failure_and_the_next_run_tells_another(site, linuxhost):
    linuxhost.person("secret2", GOOD)
    site.failing.append(True)
    step = {"do": "reset", "login": "secret2", "deliver": "account-secrets"}
    result, view, _ = site.run(step)
    assert (result.outcome, statuses(view)) == ("failed", ["failed"])
    assert "account-secrets" in view.steps[0].rows[0].reason.text("en")
    site.failing.clear()
    result, view, _ = site.run(step)
    assert result.outcome == "done"
    assert site.told[0][1] != site.told[1][1]


def test_without_its_channel_nothing_is_asked_of_any_host(site, linuxhost):
    with pytest.raises(Exception, match="nobody-here"):
        site.run({"do": "reset", "login": "x", "deliver": "nobody-here"})


def test_an_account_that_changed_since_the_plan_is_a_conflict_and_stays_as_it_is(site, linuxhost):
    linuxhost.person("moved1", GOOD)
    number = request_run(site.engine, site.request({"do": "disable", "login": "moved1"}))
    linuxhost.inside("usermod", "-c", "Somebody Else", "moved1")
    files = linuxhost.files()
    result, view, _ = site.view(number)
    assert (result.outcome, statuses(view)) == ("failed", ["conflict"])
    assert "moved1" in view.steps[0].rows[0].reason.text("ja")
    assert linuxhost.files() == files


def test_a_host_that_is_away_is_told_and_the_others_are_done(site, linuxhost):
    linuxhost.person("away1", GOOD)
    step = {"do": "disable", "login": "away1"}
    more = {"targets": "linux1,dead1", "on_failure": "continue", "fan_out": {"max_failed": "100%"}}
    plan = dry_run(site.engine, site.request(step, **more))
    assert ["not read yet" in said(change) for change in plan.changes] == [False, True]
    result, view, _ = site.run(step, **more)
    found = {row.target: row.status for one in view.steps for row in one.rows}
    assert found == {"linux1": "changed", "dead1": "unknown"}
    assert result.outcome != "done"
    assert linuxhost.login("away1", password=GOOD) == "refused"


def test_roles_give_their_groups_a_move_takes_the_old_ones_away_and_others_stay(site, linuxhost):
    for group in ("opsgroup", "deskgroup", "hobby"):
        linuxhost.inside("groupadd", group)
    step = {"do": "join", "login": "mover1", "name": "異動 太郎", "roles": ["ops"], "groups": ["hobby"], "last_day": "2030-03-31"}
    _, view, _ = site.run(step)
    assert statuses(view) == ["changed"]
    assert linuxhost.inside("id", "-Gn", "mover1").split() == ["mover1", "opsgroup", "hobby"]
    assert linuxhost.line("shadow", "mover1")[7] == "22005"  # 2030-04-01, the first day without access
    _, view, _ = site.run({"do": "set", "login": "mover1", "roles": ["desk"], "last_day": "never"})
    assert statuses(view) == ["changed"]
    assert linuxhost.inside("id", "-Gn", "mover1").split() == ["mover1", "deskgroup", "hobby"]
    assert linuxhost.line("shadow", "mover1")[7] == ""
    [change] = dry_run(site.engine, site.request({"do": "set", "login": "mover1", "roles": ["root", "desk"]})).changes
    assert "sudo" in said(change)


def test_a_join_that_is_taken_back_leaves_a_closed_account_and_deletes_nothing(site, linuxhost):
    _, view, number = site.run({"do": "join", "login": "joined1", "deliver": "account-secrets"})
    assert statuses(view) == ["changed"]
    assert "Open joined1 on linux1 (new account joined1" in said(view.steps[0].rows[0])
    secret = next(word for word in site.told[0][1].split() if word.count("-") == 3)
    assert "Password change required" in linuxhost.login("joined1", password=secret)
    site.view(request_undo(site.engine, number, actor=ALICE, channel="cli", reason="wrong person"))
    assert linuxhost.login("joined1", password=secret) == "refused"
    assert linuxhost.line("passwd", "joined1")[6].endswith("nologin")
    assert "/home/joined1" in linuxhost.inside("ls", "-d", "/home/joined1")


REFUSED = [
    ({"do": "set", "login": "root", "shell": "/bin/sh"}, "account of the system"),
    ({"do": "set", "login": "nobody-there"}, "no such account"),
    ({"do": "join", "login": "new9", "groups": ["no-such-group"]}, "no-such-group"),
    ({"do": "join", "login": "new9", "groups": ["sudo"]}, "rights of root"),
    ({"do": "join", "login": "new9", "roles": ["osp"]}, "close: ops"),
    ({"do": "join", "login": "new9", "roles": ["ops", "desk"]}, "segregation"),
    ({"do": "join", "login": "new9", "last_day": "31.3.2030"}, "2027-03-31"),
    ({"do": "join", "login": "new9", "keys": ["ssh-rsa AAAA"]}, "public key"),
    ({"do": "join", "login": "new9", "on_host": {"uid": "12;id"}}, "between 1 and 65533"),
    ({"do": "join", "login": "new9", "on_host": {"home": "/home/../etc"}}, "folder is a path"),
    ({"do": "join", "login": "new9", "on_host": {"primary_group": "docker"}}, "rights of root"),
    ({"do": "join", "login": "new9", "on_host": {"add_keys": "ssh-rsa AAAA"}}, "public key"),
    ({"do": "unlock", "login": "closed9"}, "open it again"),
    ({"do": "unlock", "login": "bare9"}, "reset it instead"),
]


@pytest.mark.parametrize(("step", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_is_not_done_is_refused_before_a_run_begins_and_says_why(site, linuxhost, step, words):
    if not linuxhost.line("passwd", "closed9"):
        linuxhost.inside("useradd", "-e", "1", "closed9")
        linuxhost.inside("useradd", "bare9")
    files = linuxhost.files()
    with pytest.raises(TemanashiError) as caught:
        site.run(step)
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert told.what
        assert told.next
    assert words in explain(caught.value, "en").what
    assert linuxhost.files() == files


def ended(folder, linuxhost, login, at, when):
    """What the process does that will be killed."""
    with linuxhost.reach() as reach:
        engine = make_engine(folder, connect=reach.transport)
        book = runbook_of([{"id": "it", "accounts": {"do": "disable", "login": login}}], targets="linux1")
        host = linuxhost.host().model_dump(include={"address", "port", "user"})
        request = asking(book, inventory=Inventory.model_validate({"hosts": {"linux1": host}}))
        advance(deadly(engine, at=at, when=when), request_run(engine, request))
        engine.database.close()


def test_killed_at_every_commit_a_run_goes_on_to_the_same_end(tmp_path, linuxhost):
    killed = 0
    for when in ("before", "after"):
        for at in range(1, 12):
            login, folder = f"dying-{when}{at}", tmp_path / f"{when}{at}"
            folder.mkdir()
            linuxhost.inside("useradd", "-m", "-s", "/bin/sh", login)
            code = in_another_process(ended, folder, linuxhost, login, at, when)
            killed += code == -9
            with linuxhost.reach() as reach:
                engine = make_engine(folder, connect=reach.transport)
                with engine.database.reading() as connection:
                    [head] = recent_runs(connection)
                result = advance(engine, head.id)
                engine.database.close()
            assert result.outcome == "done", (when, at)
            assert (linuxhost.line("shadow", login)[7], linuxhost.line("passwd", login)[6][-7:]) == ("1", "nologin")
            if code == 0:
                break
    assert killed >= 4


def test_what_was_done_halfway_before_a_crash_goes_on_instead_of_being_a_conflict(site, linuxhost):
    key = linuxhost.person("half1", GOOD)
    number = request_run(site.engine, site.request({"do": "disable", "login": "half1"}))
    linuxhost.inside("usermod", "-L", "-e", "1", "-s", "/usr/sbin/nologin", "half1")
    result, view, _ = site.view(number)
    assert (result.outcome, statuses(view)) == ("done", ["changed"])
    assert linuxhost.login("half1", key=key) == "refused"


def test_whether_a_password_was_set_is_unknown_unless_the_account_is_as_it_was(site, linuxhost):
    linuxhost.person("unsure1", GOOD)
    request = site.request({"do": "reset", "login": "unsure1", "deliver": "account-secrets"})
    [change] = dry_run(site.engine, request).changes
    run = FrozenRun(id="r", runbook=request.runbook, inventory=site.inventory, inputs={}, today=site.engine.today(), actor="alice")
    step = site.engine.step(request.runbook.steps[0], run)
    assert step.observe(change).happened == "no"
    linuxhost.inside("chage", "-d", "0", "unsure1")
    assert step.observe(change).happened == "unknown"


def test_what_only_hosts_have_is_planned_done_and_taken_back(site, linuxhost):
    on_host = {"uid": "{{ 20700 + 1 }}", "home": "/home/other-place", "create_groups": True, "primary_group": "hostgroup"}
    step = {"do": "join", "login": "onhost1", "groups": ["hostmore"], "on_host": on_host}
    [change] = dry_run(site.engine, site.request(step)).changes
    assert "new groups hostgroup, hostmore" in said(change)
    assert "number 20701, folder /home/other-place, first group - -> hostgroup" in said(change)
    _, view, number = site.run(step)
    assert statuses(view) == ["changed"]
    assert linuxhost.line("passwd", "onhost1")[2:6:3] == ["20701", "/home/other-place"]
    assert linuxhost.inside("id", "-Gn", "onhost1").split() == ["hostgroup", "hostmore"]
    site.view(request_undo(site.engine, number, actor=ALICE, channel="cli", reason="wrong"))
    assert linuxhost.line("passwd", "onhost1")[6].endswith("nologin")


def test_a_key_that_was_rotated_comes_back_by_undo(site, linuxhost, tmp_path):
    old, new = linuxhost.person("rotated1"), make_key(tmp_path / "new")
    on_host = {"add_keys": _line(new), "drop_keys": [_line(old)]}
    _, _, number = site.run({"do": "set", "login": "rotated1", "on_host": on_host})
    assert [linuxhost.login("rotated1", key=key) for key in (old, new)] == ["refused", "rotated1"]
    site.view(request_undo(site.engine, number, actor=ALICE, channel="cli", reason="the new one is lost"))
    assert [linuxhost.login("rotated1", key=key) for key in (old, new)] == ["rotated1", "refused"]


def test_a_rotation_that_was_interrupted_goes_on_and_one_that_met_a_foreign_key_is_a_conflict(site, linuxhost, tmp_path):
    for login, foreign in (("halfway1", False), ("halfway2", True)):
        old, new = linuxhost.person(login), make_key(tmp_path / f"new-{login}")
        on_host = {"add_keys": [_line(new)], "drop_keys": [_line(old)]}
        number = request_run(site.engine, site.request({"do": "set", "login": login, "on_host": on_host}))
        came = [new, *([make_key(tmp_path / "foreign")] if foreign else [])]
        text = "".join(f"{_line(key)}\n" for key in came)
        linuxhost.inside("sh", "-c", 'cat >> "/home/$1/.ssh/authorized_keys"', "sh", login, text=text)
        _, view, _ = site.view(number)
        assert statuses(view) == ["conflict" if foreign else "changed"]
        assert linuxhost.login(login, key=old) == (login if foreign else "refused")


def _line(key):
    return key.with_suffix(".pub").read_text().strip()


LEAKING = '#!/bin/sh\ncat > ~root/given\necho "chpasswd: cannot take $(cat ~root/given)" >&2\nexit 1\n'


def test_a_tool_that_repeats_the_password_it_was_given_does_not_bring_it_into_any_record(site, linuxhost, linux, caplog):
    linuxhost.person("leaked1", GOOD)
    linuxhost.inside("sh", "-c", "cat > ~root/leaking && chmod 755 ~root/leaking", text=LEAKING)
    linuxhost.inside("sh", "-c", "mount --bind ~root/leaking /usr/sbin/chpasswd")
    try:
        with caplog.at_level("DEBUG"):
            _, view, _ = site.run({"do": "reset", "login": "leaked1", "deliver": "account-secrets"})
        given = (linuxhost.folder / "root/given").read_text().strip().partition(":")[2]
        with pytest.raises(TemanashiError) as caught:
            linux.done("reset", "leaked1", secret="One-time-secret-9")
    finally:
        linuxhost.inside("umount", "/usr/sbin/chpasswd")
    assert statuses(view) == ["failed"]
    assert given.count("-") == 3
    [reason] = [row.reason.text("en") for step in view.steps for row in step.rows]
    assert "chpasswd: cannot take leaked1:***" in reason
    assert given not in reason + caplog.text
    for file in site.folder.rglob("*"):
        assert not file.is_file() or given.encode() not in file.read_bytes(), file
    assert "One-time-secret-9" not in repr(caught.value) + str(caught.value) + str(caught.value.data)
    assert site.told == []
    assert linuxhost.login("leaked1", password=GOOD) == "leaked1"
