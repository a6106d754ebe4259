"""Every starter runbook does what it says, on a real shell: apply, apply again, failure, rollback, undo."""

import gzip
import os
import socket
import subprocess
import tarfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures_runs import ALICE, asking
from fixtures_up import free_port
from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory
from temanashi.people import Actor
from temanashi.runbooks.inputs import BadInputs
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run
from temanashi.runs.results import Finished, Waiting

DAYS = {"restart-service", "rotate-logs", "clean-temporary-files", "collect-diagnostics", "check-backups", "certificate-renewal"}
DAYS |= {"planned-maintenance", "month-end-checklist"}
ACCOUNTS = {"close-linux-account", "reset-linux-password", "unlock-linux-account", "open-linux-account"}
ACCOUNTS |= {"change-linux-roles", "rotate-ssh-key"}
ACCOUNTS |= {"join-person", "move-person", "leave-person", "unlock-person", "reset-password", "join-group", "apply-roster"}
ACCOUNTS |= {"open-temporary-account", "disable-person-now", "close-dormant-accounts"}
# Shown on a real host in tests/accounts.
DAYS |= ACCOUNTS


def view_of(engine, result):
    with engine.database.reading() as connection:
        return run_view(connection, result.run)


def row(engine, result, step):
    found = next(s for s in view_of(engine, result).steps if s.step == step)
    return found.rows[0]


def aged(path, *, days=0, hours=0, size=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if size is not None:
        path.write_bytes(os.urandom(size))
    elif not path.exists():
        path.write_text("x")
    then = time.time() - days * 86_400 - hours * 3600
    os.utime(path, (then, then))
    return path


def test_there_are_at_least_eight_in_both_languages_with_minutes_as_proposals(starters):
    assert set(starters) >= DAYS
    for runbook in starters.values():
        assert runbook.title.ja
        assert runbook.title.en
        assert runbook.toil.minutes.setup or runbook.toil.minutes.per_target
        for parameter in runbook.parameters:
            assert parameter.title.ja
            assert parameter.title.en


def test_all_of_them_can_be_planned_as_they_are(starters, engine):
    # Those of accounts need a login, and those of inquiries what is asked for.
    for runbook in (one for name, one in starters.items() if name not in ACCOUNTS and one.category != "inquiry"):
        plan = dry_run(engine, asking(runbook, inventory=Inventory()))
        assert plan.changes


def test_what_changes_a_machine_is_privileged(starters):
    changing = {"restart-service", "rotate-logs", "clean-temporary-files", "planned-maintenance"} | ACCOUNTS
    assert {name for name, runbook in starters.items() if runbook.privileged} == changing


# restart-service


def restart(run, service, **more):
    return run("restart-service", service=str(service.script), config=str(service.config), seconds=2, **more)


def test_a_service_is_restarted_and_the_configuration_that_worked_is_kept(run, service, engine):
    subprocess.run([service.script, "start"], check=True, stdout=subprocess.DEVNULL)
    before = service.pid
    result = restart(run, service)
    assert result.outcome == "done"
    assert service.running
    assert service.pid != before
    assert Path(f"{service.config}.last-good").read_text() == "good 1\n"
    assert "running" in row(engine, result, "before").output
    again = restart(run, service)
    assert [t.outcome for t in again.targets] == ["changed"]
    assert row(engine, again, "remember").status == "already"


@pytest.mark.parametrize("fault", ["broken", "short"])
def test_a_service_that_does_not_stay_up_is_put_back(run, service, engine, fault):
    assert restart(run, service).outcome == "done"
    service.config.write_text(f"{fault} 2\n")
    result = restart(run, service)
    assert result.outcome == "failed"
    assert service.config.read_text() == "good 1\n"
    assert Path(f"{service.config}.failed").read_text() == f"{fault} 2\n"
    assert service.running


def test_without_a_configuration_a_failed_start_is_tried_once_more_and_said(run, service):
    service.config.write_text("broken\n")
    result = run("restart-service", service=str(service.script), seconds=1)
    assert result.outcome == "failed"
    assert service.log.count("start") == 2


def test_a_port_that_does_not_answer_puts_the_service_back(run, service, monkeypatch):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert restart(run, service, port=port).outcome == "done"


def test_a_service_that_there_is_not_is_left_alone(run, tmp_path):
    assert run("restart-service", service=str(tmp_path / "nothing"), seconds=1).outcome == "failed"
    assert run("restart-service", service="no-such-service", seconds=1).outcome == "failed"


@pytest.mark.parametrize("name", ["a; reboot", "$(id)", "-x", "../x", "a b", "/x/$(id)", ""])
def test_a_name_that_is_none_is_refused(run, name, starters):
    with pytest.raises(BadInputs):
        run("restart-service", service=name or " ")


# rotate-logs


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    aged(folder / "app.log", size=2_000_000)
    (folder / "app.log").chmod(0o640)
    aged(folder / "app.log.1", size=1_500_000)
    aged(folder / "with space.log", size=1_200_000)
    aged(folder / "small.log", size=10)
    aged(folder / "old.log.2.gz", size=1_500_000)
    aged(folder / "data.db", size=1_500_000)
    (folder / "link.log").symlink_to(folder / "data.db")
    return folder


def test_large_logs_are_compressed_and_undo_puts_them_back(run, logs, engine):
    contents = {path.name: path.read_bytes() for path in logs.iterdir()}
    result = run("rotate-logs", folder=str(logs), percent=0, megabytes=1)
    assert result.outcome in {"done", "unknown"}
    assert (logs / "app.log").read_bytes() == b""
    assert (logs / "app.log").stat().st_mode & 0o777 == 0o640
    [packed] = logs.glob("app.log-*.gz")
    assert gzip.decompress(packed.read_bytes()) == contents["app.log"]
    assert gzip.decompress((logs / "app.log.1.gz").read_bytes()) == contents["app.log.1"]
    assert not (logs / "app.log.1").exists()
    assert (logs / "with space.log").read_bytes() == b""
    for name in ("small.log", "old.log.2.gz", "data.db", "link.log"):
        assert (logs / name).read_bytes() == contents[name]
    with (logs / "app.log").open("ab") as log:
        log.write(b"later\n")
    undone = advance(engine, request_undo(engine, result.run, actor=ALICE, channel="cli"))
    assert undone.outcome == "done"
    assert (logs / "app.log").read_bytes() == contents["app.log"] + b"later\n"
    assert (logs / "app.log").stat().st_mode & 0o777 == 0o640
    del contents["app.log"]
    assert {path.name: path.read_bytes() for path in logs.iterdir() if path.name != "app.log"} == contents


def test_nothing_is_rotated_while_there_is_room(run, logs):
    before = {path.name: path.stat().st_size for path in logs.iterdir()}
    run("rotate-logs", folder=str(logs), percent=100, megabytes=1)
    assert {path.name: path.stat().st_size for path in logs.iterdir()} == before


# clean-temporary-files


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    aged(folder / "old.txt", days=30)
    aged(folder / "deep/er/older.txt", days=90)
    aged(folder / "new.txt")
    aged(folder / "systemd-private-abc/tmp/old", days=90)
    aged(folder / ".X11-unix/X0", days=90)
    (folder / "link").symlink_to("/etc/hostname")
    return folder


def seen(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


ALL = {"old.txt", "deep/er/older.txt", "new.txt", "systemd-private-abc/tmp/old", ".X11-unix/X0", "link"}


def test_a_preview_deletes_nothing(run, scratch, engine):
    result = run("clean-temporary-files", folder=str(scratch), days=10)
    assert result.outcome == "done"
    assert seen(scratch) == ALL


def test_what_is_old_is_deleted_where_that_was_chosen(run, scratch, engine):
    os.utime(scratch / "old.txt", (time.time(), time.time() - 30 * 86_400))  # read today
    result = run("clean-temporary-files", folder=str(scratch), days=10, delete=True)
    assert result.outcome == "done"
    assert seen(scratch) == ALL - {"deep/er/older.txt"}
    assert "1 files" in row(engine, result, "delete").output
    assert Path("/etc/hostname").exists()
    again = run("clean-temporary-files", folder=str(scratch), days=10, delete=True)
    assert "0 files" in row(engine, again, "delete").output


@pytest.mark.parametrize("folder", ["/etc", "/usr/lib", "/home", "/home/somebody", "/var", "/proc/1", "/root", "/no/such/folder"])
def test_places_that_are_not_for_temporary_files_are_refused(run, folder):
    assert run("clean-temporary-files", folder=folder, days=3650).outcome == "failed"


def test_a_link_to_a_system_folder_is_refused(run, tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    assert run("clean-temporary-files", folder=str(tmp_path / "link"), days=3650).outcome == "failed"


# collect-diagnostics


def test_diagnostics_are_one_private_archive(run, engine, tmp_path):
    logs, out = tmp_path / "logs", tmp_path / "out"
    out.mkdir()
    aged(logs / "app.log")
    (logs / "app.log").write_text("".join(f"line {n}\n" for n in range(500)))
    result = run("collect-diagnostics", folder=str(out), logs=str(logs), lines=10)
    assert result.outcome == "done"
    [archive] = out.iterdir()
    assert archive.stat().st_mode & 0o777 == 0o600
    with tarfile.open(archive) as packed:
        names = packed.getnames()
        kept = packed.extractfile(next(name for name in names if name.endswith("app.log"))).read().decode()
    assert kept.splitlines() == [f"line {n}" for n in range(490, 500)]
    assert {"uname.txt", "disks.txt", "processes.txt", "meminfo.txt"} <= {name.rpartition("/")[2] for name in names}


def test_diagnostics_into_no_folder_fail_and_leave_nothing(run, tmp_path):
    assert run("collect-diagnostics", folder=str(tmp_path / "none")).outcome == "failed"


# check-backups


def verdict(run, folder, **inputs):
    return run("check-backups", folder=str(folder), **inputs).verdict


def packed(path, size=1000, **age):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(os.urandom(size)))
    return aged(path, **age)


def test_fresh_and_readable_backups_are_good(run, tmp_path):
    packed(tmp_path / "db/db-2.dump.gz", hours=3)
    packed(tmp_path / "db/db-1.dump.gz", hours=27)
    assert verdict(run, tmp_path / "db", files="db-*.dump.gz") is Verdict.OK


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda folder: packed(folder / "a.gz", hours=40), Verdict.WARNING),
        (lambda folder: packed(folder / "a.gz", hours=90), Verdict.CRITICAL),
        (lambda folder: folder.mkdir(), Verdict.CRITICAL),
        (lambda folder: [packed(folder / "a.gz", size=9000, hours=30), packed(folder / "b.gz", size=100)], Verdict.WARNING),
        (lambda folder: aged(folder / "a.gz", size=100), Verdict.CRITICAL),
        (lambda folder: aged(folder / "a.dump", size=0), Verdict.CRITICAL),
        (lambda folder: packed(folder / "a.gz", hours=-5), Verdict.CRITICAL),
    ],
    ids=["late", "very late", "none", "shrunk", "broken", "empty", "from the future"],
)
def test_backups_that_are_not_good_are_told(run, tmp_path, make, expected):
    make(tmp_path / "b")
    assert verdict(run, tmp_path / "b") is expected


def test_a_folder_that_there_is_not_is_no_good_backup(run, tmp_path):
    assert verdict(run, tmp_path / "none") is Verdict.CRITICAL


# certificate-renewal


def certificate(path, days):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path.parent.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def test_certificates_with_time_left_need_nobody(run, tmp_path):
    certificate(tmp_path / "c/long.pem", 200)
    (tmp_path / "c/key.pem").write_text("no certificate")
    result = run("certificate-renewal", folder=str(tmp_path / "c"), days=30)
    assert isinstance(result, Finished)
    assert result.outcome == "done"


def test_a_certificate_that_ends_soon_waits_for_a_person_with_its_name(run, tmp_path):
    certificate(tmp_path / "c/long.pem", 200)
    certificate(tmp_path / "c/soon.crt", 5)
    certificate(tmp_path / "c/over.cer", -5)
    result = run("certificate-renewal", folder=str(tmp_path / "c"), days=30)
    assert isinstance(result, Waiting)
    said = result.prompt.text("ja")
    assert "soon.crt" in said
    assert "over.cer" in said
    assert "long.pem" not in said


def test_a_server_whose_certificate_ends_soon_waits_too(run, tmp_path):
    (tmp_path / "c").mkdir()
    result = run("certificate-renewal", folder=str(tmp_path / "c"), server="127.0.0.1", port=free_port())
    assert isinstance(result, Waiting)
    assert "127.0.0.1" in result.prompt.text("en")


# planned-maintenance


def approve(engine, result, name="approver"):
    decide(engine, result.run, actor=Actor(name=name), channel="cli", verdict="approved")
    return advance(engine, result.run)


def test_maintenance_waits_for_another_person_then_for_the_work_and_takes_its_mark_away(run, engine, tmp_path):
    mark = tmp_path / "mark"
    waiting = run("planned-maintenance", work="再起動 {{ x }}", mark=str(mark))
    assert (waiting.kind, mark.exists()) == ("approval", False)
    working = approve(engine, waiting)
    assert working.kind == "manual"
    assert "再起動 {{ x }}" in working.prompt.text("ja")
    assert mark.read_text().startswith("再起動 {{ x }}\nuntil 22:00\nalice ")
    decide(engine, working.run, actor=ALICE, channel="cli", verdict="done", human_seconds=600)
    result = advance(engine, working.run)
    assert result.outcome in {"done", "unknown"}
    assert not mark.exists()


def test_giving_up_takes_the_mark_away_too(run, engine, tmp_path):
    mark = tmp_path / "mark"
    working = approve(engine, run("planned-maintenance", mark=str(mark)))
    decide(engine, working.run, actor=ALICE, channel="cli", verdict="refused")
    assert advance(engine, working.run).outcome == "refused"
    assert not mark.exists()


# month-end-checklist


def test_the_month_end_checklist_can_be_finished_by_one_person_on_the_first_day(run, engine):
    waiting = run("month-end-checklist")
    assert waiting.kind == "manual"
    decide(engine, waiting.run, actor=ALICE, channel="cli", verdict="done", human_seconds=1200)
    assert advance(engine, waiting.run).outcome == "done"
