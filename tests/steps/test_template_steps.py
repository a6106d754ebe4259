"""`template`: a file is replaced whole or not at all, never over what somebody changed, and can be put back."""

import os
import stat

import pytest

from fixtures_runs import asking, runbook_of
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runbooks.steps.differences import counted, difference
from temanashi.runbooks.steps.values import BadValue
from temanashi.runs.requests import dry_run
from temanashi.text import LANGUAGES, explain

KEY = "some-run/it/0/localhost"


@pytest.fixture
def file(world):
    made = world.place / "app.conf"
    made.write_text("a\nb\nc\n")
    made.chmod(0o640)
    return made


def step_of(file, content="a\nB\nc\n", **more):
    return {"id": "it", "template": {"path": str(file), "content": content, **more}}


def backups(world):
    return [found for found in world.place.iterdir() if found.name.endswith(".bak")]


def test_the_plan_shows_the_difference_where_it_may_read(world, file):
    plan = dry_run(world.engine, asking(runbook_of([step_of(file, reads=True)])))
    [change] = plan.changes
    assert change.after["difference"].splitlines()[2:] == ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]
    assert change.preconditions["sha256"] == change.before["sha256"]
    assert not change.already
    for lang in LANGUAGES:
        assert "+1 -1" in change.summary.text(lang)
    assert file.read_text() == "a\nb\nc\n"
    assert world.connections == 1


@pytest.mark.parametrize(
    ("content", "key", "already"), [("a\nb\nc\n", "steps.template-already", True), ("x\n", "steps.template-changes", False)]
)
def test_the_plan_says_what_is_there(world, file, content, key, already):
    _, [change] = world.planned(step_of(file, content, reads=True))
    assert (change.summary.key, change.already) == (key, already)


def test_a_new_file_is_told_as_new_and_one_that_cannot_be_read_too(world, file):
    _, [new] = world.planned(step_of(world.place / "new", reads=True))
    assert new.summary.key == "steps.template-new"
    assert "+3 -0" in new.summary.text("en")
    _, [unread] = world.planned({**step_of(file, reads=True), "targets": "dead"})
    assert unread.summary.key == "steps.template-unread"
    assert "dead" in unread.summary.text("ja")
    _, [titled] = world.planned({**step_of(file, reads=True), "title": {"ja": "設定", "en": "Settings"}})
    assert titled.summary.text("en").startswith("Settings (Change ")


def test_owner_and_mode_stay_what_they_were(world, file):
    assert world.applied(step_of(file)).status == "changed"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("a\nB\nc\n", 0o640)
    assert [found.read_text() for found in backups(world)] == ["a\nb\nc\n"]


def test_mode_alone_can_be_what_changes(world, file):
    outcome = world.applied(step_of(file, "a\nb\nc\n", mode="0600"))
    assert (outcome.status, stat.S_IMODE(file.stat().st_mode)) == ("changed", 0o600)
    assert world.applied(step_of(file, "a\nb\nc\n", mode="0600")).status == "already"


def test_owner_and_group_are_set(world, file):
    import grp
    import pwd

    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    assert world.applied(step_of(file, owner=user, group=group)).status == "changed"
    assert world.applied(step_of(file, owner=user, group=group)).status == "already"
    refused = world.applied(step_of(file, "x", owner="no-such-user-here"))
    assert (refused.status, file.read_text()) == ("failed", "a\nB\nc\n")


def test_a_file_that_changed_since_the_plan_is_a_conflict(world, file):
    ready, [change] = world.planned(step_of(file, reads=True))
    file.write_text("somebody else\n")
    outcome = ready.apply(change, KEY)
    assert (outcome.status, file.read_text()) == ("conflict", "somebody else\n")
    for lang in LANGUAGES:
        assert str(file) in outcome.reason.text(lang)
    assert list(world.place.iterdir()) == [file]


def test_a_file_that_appears_or_changes_while_it_is_written_is_left_alone(world, file):
    from temanashi.hosts.local import LocalTransport
    from temanashi.runbooks.steps.files import replace

    def write(path, expected):
        more = {"mode": "", "owner": "", "backup": "", "key": KEY, "timeout": 10}
        return replace(LocalTransport(), str(path), b"new", expected=expected, **more)

    assert not write(file, "absent")
    assert not write(file, "0" * 64)
    assert not write(world.place / "none", "0" * 64)
    assert write(world.place / "none", "absent")
    assert sorted(found.name for found in world.place.iterdir()) == ["app.conf", "none"]


def test_a_content_of_which_only_a_part_arrived_does_not_become_the_file(world, file):
    from temanashi.hosts.command import Script
    from temanashi.hosts.local import LocalTransport
    from temanashi.runbooks.steps.files import _REAL, _REPLACE, look

    before = look(LocalTransport(), str(file), timeout=10).digest
    half = Script(_REAL + _REPLACE, str(file), before, "", "", "", "f" * 64, stdin=b"half")
    assert LocalTransport().run(half, timeout=10).exit == 74
    assert (file.read_text(), list(world.place.iterdir())) == ("a\nb\nc\n", [file])


def test_a_link_stays_a_link(world, file):
    link = world.place / "link"
    link.symlink_to(file)
    assert world.applied(step_of(link)).status == "changed"
    assert link.is_symlink()
    assert file.read_text() == "a\nB\nc\n"


@pytest.mark.parametrize("existed", [True, False])
def test_undo_puts_back_what_was_there(world, file, existed):
    path = file if existed else world.place / "new"
    ready, [change] = world.planned(step_of(path))
    outcome = ready.apply(change, KEY)
    inverse = ready.undo(change, outcome.before)
    assert ready.observe(inverse).happened == "no"
    assert ready.apply(inverse, f"{KEY}/undo").status == "changed"
    assert [found.name for found in world.place.iterdir()] == ["app.conf"]
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("a\nb\nc\n", 0o640)
    assert ready.apply(inverse, f"{KEY}/undo").status == "already"


def test_undo_leaves_a_file_alone_that_somebody_changed_since(world, file):
    ready, [change] = world.planned(step_of(file))
    outcome = ready.apply(change, KEY)
    file.write_text("newer\n")
    undone = ready.apply(ready.undo(change, outcome.before), f"{KEY}/undo")
    assert (undone.status, file.read_text()) == ("conflict", "newer\n")


def test_undo_after_a_crash_uses_the_backup_and_never_guesses(world, file):
    ready, [change] = world.planned(step_of(file))
    assert ready.apply(ready.undo(change, None), KEY).status == "already"  # it was never written
    ready.apply(change, KEY)
    inverse = ready.undo(change, None)
    [kept] = backups(world)
    away = kept.rename(world.folder / "away")
    lost = ready.apply(inverse, f"{KEY}/undo")
    assert (lost.status, file.read_text()) == ("failed", "a\nB\nc\n")
    assert all(lost.reason.text(lang) for lang in LANGUAGES)
    away.rename(kept)
    assert (ready.apply(inverse, f"{KEY}/undo").status, file.read_text()) == ("changed", "a\nb\nc\n")


def test_undo_with_another_backup_than_it_left_is_a_conflict(world, file):
    ready, [change] = world.planned(step_of(file))
    outcome = ready.apply(change, KEY)
    backups(world)[0].write_text("another run's\n")
    assert ready.apply(ready.undo(change, outcome.before), KEY).status == "conflict"


def test_without_a_backup_there_is_no_undo(world, file):
    ready, [change] = world.planned(step_of(file, backup=False))
    assert ready.apply(change, KEY).status == "changed"
    assert backups(world) == []
    assert (change.reversible, "backup" in ready.undo(change, None).reason.text("en")) == (False, True)


def test_a_sensitive_file_is_shown_nowhere(world, file):
    ready, [change] = world.planned(step_of(file, "password=x\n", sensitive=True, reads=True))
    outcome = ready.apply(change, KEY)
    shown = change.model_dump_json(exclude={"payload"}) + outcome.model_dump_json()
    assert "password" not in shown
    assert "+1" not in change.summary.text("en")
    new = world.place / "new"
    world.applied(step_of(new, "x", sensitive=True))
    assert stat.S_IMODE(new.stat().st_mode) == 0o600


def test_what_is_no_file_or_too_large_is_a_failure_in_words(world):
    folder = world.applied(step_of(world.place))
    large = world.place / "large"
    large.write_bytes(b"x" * 1_200_000)
    for outcome in (folder, world.applied(step_of(large))):
        assert outcome.status == "failed"
        for lang in LANGUAGES:
            assert outcome.reason.text(lang).count("/") > 1


def test_a_message_is_an_output_for_later_steps(world):
    ready, [change] = world.planned({"template": "in {{ run.date }}"})
    outcome = ready.apply(change, KEY)
    assert outcome.outputs["text"].startswith("in 20")
    assert change.reads_only
    assert ready.observe(change).happened == "no"


@pytest.mark.parametrize(
    "written",
    [
        {"path": "/x"},
        {"content": "x", "mode": "0644"},
        {"content": "x", "path": "/x", "mode": "644x"},
        {"content": "x", "path": "/x", "mode": 644},
        {"content": "x", "path": "/x", "owner": "-R"},
        {"content": "x", "path": "/x", "owner": "a:b"},
        7,
    ],
)
def test_a_mistake_is_refused_when_it_is_loaded(written):
    with pytest.raises(BadRunbook) as caught:
        runbook_of([{"template": written}])
    for problem in caught.value.problems:
        assert all(not problem.message.text(lang).startswith("steps.") for lang in LANGUAGES)


@pytest.mark.parametrize("path", ["relative", "/folder/", "/a/..", "/a\nb"])
def test_a_path_that_is_none_is_refused_before_anything_is_touched(world, path):
    with pytest.raises(BadValue) as caught:
        world.planned(step_of("{{ params.x }}"), inputs={"x": path}, parameters=[{"name": "x", "title": "X"}])
    assert all("path" in explain(caught.value, lang).what for lang in LANGUAGES)


def test_a_content_that_utf8_cannot_write_is_refused(world, file):
    with pytest.raises(BadValue):
        world.planned(step_of(file, "{{ params.x }}"), inputs={"x": "\ud800"}, parameters=[{"name": "x", "title": "X"}])


def test_differences_are_bounded_and_say_where_a_line_has_no_end():
    told = difference(b"", b"x\n" * 2_000, path="/x", new=True)
    assert told.startswith("--- /dev/null\n+++ /x\n")
    assert told.endswith("... 1603\n")
    assert difference(b"a", b"b", path="/x", new=False).count("No newline") == 2
    assert (difference(b"a", b"a", path="/x", new=False), counted("")) == ("", "+0 -0")
