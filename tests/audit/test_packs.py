"""Evidence packs: everything is in, they prove themselves, any change shows, equal ledgers give equal bytes, no secret gets out."""

import json
import shutil
import subprocess
import zipfile
from datetime import timedelta

import pytest

from fixtures_prefect import make_place
from fixtures_runs import ALICE, BOB
from temanashi.audit.faults import FileInTheWay, NothingToPack, PackUnreadable
from temanashi.audit.pack_check import check_pack
from temanashi.audit.pack_scope import Scope
from temanashi.audit.periods import BadPeriod
from temanashi.ledger.checkpoints import open_seal, write_checkpoint
from temanashi.ledger.given import given_key
from temanashi.ledger.pruning import prune
from temanashi.ledger.records import Draft
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.requests import RunRequest, request_run
from temanashi.text import explain
from temanashi.workspace.opening import open_installation
from temanashi.workspace.packing import pack_evidence
from temanashi.workspace.publishing import current_version

SECRET = "hunter2-very-secret"


class Desk:
    """An installation whose evidence is packed."""

    def __init__(self, opened, folder):
        self.opened, self.folder = opened, folder

    def run(self, name, **more):
        engine = self.opened.engine(secret=lambda _: SECRET)
        with self.opened.database.reading() as connection:
            published = current_version(connection, kinds=engine.kinds)
        asked = {"inputs": {}, "actor": ALICE, "channel": "cli", "inventory": published.inventory, **more}
        run = request_run(engine, RunRequest(runbook=published.runbooks[name], workspace_version=published.digest, **asked))
        advance(engine, run)
        return run

    def answer(self, run):
        engine = self.opened.engine()
        decide(engine, run, actor=BOB, channel="page", verdict="done", note="合いました", human_seconds=60)
        advance(engine, run)

    def pack(self, name="pack.zip", **scope):
        ((sort, value),) = scope.items()
        return pack_evidence(self.opened, Scope(sort=sort, value=value), self.folder / name, actor=BOB)

    @property
    def key(self):
        return given_key(self.opened.settings.state_dir / "keys" / "ledger-signing.pub.pem")

    def altered(self, member, change, *, manifest=True, name="altered.zip"):
        """A copy of the pack with one member changed, and the manifest made to fit."""
        import hashlib

        target = self.folder / name
        with zipfile.ZipFile(self.folder / "pack.zip") as old, zipfile.ZipFile(target, "w") as new:
            contents = {info.filename: old.read(info) for info in old.infolist()}
            contents[member] = change(contents[member])
            if manifest:
                names = sorted(set(contents) - {"SHA256SUMS"})
                contents["SHA256SUMS"] = "".join(f"{hashlib.sha256(contents[n]).hexdigest()}  {n}\n" for n in names).encode()
            for inside, content in contents.items():
                new.writestr(inside, content)
        return target


@pytest.fixture
def desk(tmp_path):
    place = make_place(tmp_path / "w" if (tmp_path / "w").mkdir() is None else tmp_path)
    manual = {"id": "count", "manual": {"text": {"ja": "数える", "en": "Count"}, "minutes": 5}}
    place.runbook("count", manual, {"id": "say", "command": ["echo", "hello"]})
    place.runbook(
        "leak",
        {"id": "say", "command": {"run": ["sh", "-c", 'echo "the word is $WORD"'], "secrets": {"WORD": "word"}}},
        parameters=[{"name": "word", "type": "secret", "title": {"ja": "秘密", "en": "Secret"}}],
    )
    place.publish()
    with open_installation(place.root) as opened:
        yield Desk(opened, tmp_path)


@pytest.fixture
def packed(desk):
    run = desk.run("count", ticket="INC-7", beneficiary="花子")
    desk.run("count", ticket="INC-8")
    desk.answer(run)
    desk.pack(run=run)
    return desk, run


def members(file):
    with zipfile.ZipFile(file) as pack:
        return {info.filename: pack.read(info) for info in pack.infolist()}


def test_the_pack_of_a_run_holds_records_plan_decisions_evidence_and_pages_in_both_languages(packed):
    desk, run = packed
    inside = members(desk.folder / "pack.zip")
    assert {"index.ja.html", "index.en.html", "README.txt", "public-key.pem", "checkpoint.json", "SHA256SUMS"} < set(inside)
    assert f"runs/{run}/plan.json" in inside
    assert json.loads(inside[f"runs/{run}/approvals.json"])[0]["actor"] == "bob"
    assert any(content == b"hello\n" for name, content in inside.items() if "/evidence/" in name)
    for lang, words in (("ja", "経過"), ("en", "What happened")):
        page = inside[f"runs/{run}/story.{lang}.html"].decode()
        assert words in page
        assert "花子" in page
        assert "audit." not in page
        assert "evidence/" in page
    envelopes = [json.loads(json.loads(line)["envelope"]) for line in inside["records.jsonl"].splitlines()]
    assert {envelope["run"] for envelope in envelopes} == {run}
    links = [json.loads(line) for line in inside["links.jsonl"].splitlines()]
    assert links
    assert all("body" not in link for link in links)


def test_it_is_proven_offline_by_ordinary_tools(packed, tmp_path):
    desk, _ = packed
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(desk.folder / "pack.zip") as pack:
        pack.extractall(folder)
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False).returncode == 0
    if shutil.which("openssl"):
        words = "pkeyutl -verify -pubin -inkey public-key.pem -rawin -in checkpoint.signed -sigfile checkpoint.signature"
        assert words in (folder / "README.txt").read_text()
        done = subprocess.run(["openssl", *words.split()], cwd=folder, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr


def test_it_is_proven_by_us_and_the_key_must_be_the_readers_own(packed):
    desk, _ = packed
    file = desk.folder / "pack.zip"
    found = check_pack(file, trusted=desk.key)
    assert (found.status, found.exit_code, found.problem) == ("intact", 0, None)
    assert found.records == len(members(file)["records.jsonl"].splitlines())
    assert check_pack(file, trusted=None).exit_code == 2
    assert check_pack(file, trusted="0" * 64).exit_code == 1


def test_equal_ledgers_and_checkpoints_give_equal_bytes_also_later(packed):
    desk, run = packed
    first = (desk.folder / "pack.zip").read_bytes()
    desk.run("count")
    write_checkpoint(desk.opened.ledger, seal=open_seal(desk.opened.settings.state_dir), clock=desk.opened.clock)
    desk.pack("again.zip", run=run)
    assert (desk.folder / "again.zip").read_bytes() == first


CHANGES = {
    "a record": ("records.jsonl", lambda text: text.replace(b"alice", b"malory", 1)),
    "a body": ("records.jsonl", lambda text: text.replace(b"hello", b"HELLO", 1)),
    "a record left out": ("records.jsonl", lambda text: b"\n".join(text.splitlines()[:-2]) + b"\n"),
    "a link left out": ("links.jsonl", lambda text: b"\n".join(text.splitlines()[1:]) + b"\n"),
    "all links": ("links.jsonl", lambda _: b""),
    "the checkpoint": ("checkpoint.json", lambda text: text.replace(b'"number":', b'"number":1')),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_shows_even_when_the_manifest_is_made_to_fit(packed, what):
    desk, _ = packed
    found = check_pack(desk.altered(*CHANGES[what]), trusted=desk.key)
    assert found.status == "altered"
    assert all(found.problem.text(lang) for lang in ("ja", "en"))


def test_evidence_that_was_changed_beside_the_record_shows(packed):
    desk, _ = packed
    name = next(name for name in members(desk.folder / "pack.zip") if "/evidence/" in name)
    assert check_pack(desk.altered(name, lambda _: b"other"), trusted=desk.key).status == "altered"
    page = next(name for name in members(desk.folder / "pack.zip") if name.endswith("story.en.html"))
    found = check_pack(desk.altered(page, lambda _: b"other", manifest=False, name="page.zip"), trusted=desk.key)
    assert (found.status, page in found.problem.text("en")) == ("altered", True)


def test_a_file_more_or_less_than_the_manifest_lists_shows(packed):
    desk, _ = packed
    file = desk.folder / "pack.zip"
    with zipfile.ZipFile(file, "a") as pack:
        pack.writestr("more.txt", "x")
    assert "more.txt" in check_pack(file, trusted=desk.key).problem.text("en")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04broken"])
def test_what_is_no_pack_is_refused(tmp_path, content):
    file = tmp_path / "x.zip"
    file.write_bytes(content)
    with pytest.raises(PackUnreadable) as refused:
        check_pack(file, trusted=None)
    assert all("x.zip" in explain(refused.value, lang).what for lang in ("ja", "en"))
    with pytest.raises(PackUnreadable):
        check_pack(tmp_path / "missing.zip", trusted=None)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as pack:
        pack.writestr("a", "b")
    with pytest.raises(PackUnreadable):
        check_pack(tmp_path / "other.zip", trusted=None)


def test_a_ticket_brings_all_its_runs_and_a_period_all_that_happened_in_it(packed):
    desk, run = packed
    other = desk.run("count", ticket="inc-7")
    ticket = desk.pack("ticket.zip", ticket="INC-7")
    assert ticket.runs == 2
    inside = members(ticket.file)
    assert {f"runs/{run}/story.ja.html", f"runs/{other}/story.ja.html"} < set(inside)
    today = desk.opened.clock.now().astimezone(desk.opened.settings.zone).date()
    period = desk.pack("period.zip", period=f"{today - timedelta(days=1)}..{today + timedelta(days=1)}")
    assert period.runs == 3
    for made in (ticket, period):
        assert check_pack(made.file, trusted=desk.key).status == "intact"
    with desk.opened.database.reading() as connection:
        taken = [r.draft for r in desk.opened.ledger.records(connection, kinds=("noted",)) if r.draft.outcome == "audit-pack"]
    assert [draft.actor for draft in taken] == ["bob"] * 3
    assert taken[-1].body["sha256"] == period.sha256


def test_pruned_bodies_are_missing_from_the_pack_and_it_still_proves_itself(packed):
    desk, run = packed
    with desk.opened.database.transaction() as connection:
        prune(connection, desk.opened.ledger, before=desk.opened.clock.now() + timedelta(seconds=1), actor=BOB)
    made = desk.pack("pruned.zip", run=run)
    found = check_pack(made.file, trusted=desk.key)
    assert (found.status, found.pruned > 0) == ("intact", True)
    inside = members(made.file)
    assert f"runs/{run}/plan.json" not in inside
    assert "end of its retention" in inside[f"runs/{run}/story.en.html"].decode()


def test_no_secret_is_in_a_pack(desk):
    run = desk.run("leak", inputs={"word": "env:WORD"})
    inside = members(desk.pack(run=run).file)
    evidence = b"".join(content for name, content in inside.items() if "/evidence/" in name).decode()
    assert "the word is ●●●●" in evidence
    assert not [name for name, content in inside.items() if SECRET.encode() in content]


def test_a_name_in_the_record_cannot_lead_out_of_the_pack(desk):
    run = "../../etc/passwd"
    with desk.opened.database.transaction() as connection:
        desk.opened.ledger.append(connection, Draft(kind="run_requested", run=run, actor="<b>mallory", runbook="x"))
    inside = members(desk.pack(run=run).file)
    assert not [name for name in inside if ".." in name]
    assert "<b>mallory" not in inside["index.en.html"].decode()


def test_what_is_not_there_and_what_is_in_the_way_is_refused(packed):
    desk, run = packed
    for scope, error in (({"run": "nonesuch"}, NothingToPack), ({"ticket": "none"}, NothingToPack), ({"period": "x"}, BadPeriod)):
        with pytest.raises(error):
            desk.pack("other.zip", **scope)
    for name in ("pack.zip", "no/folder.zip"):
        with pytest.raises(FileInTheWay) as refused:
            desk.pack(name, run=run)
        assert all(explain(refused.value, lang).next for lang in ("ja", "en"))
    assert sorted(file.name for file in desk.folder.iterdir()) == ["pack.zip", "w"]
