"""The kinds there are, and what a person may get wrong in a check."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from temanashi.checks import check_problems, check_schema, installed_kinds, kinds, parse_check
from temanashi.checks.registry import GROUP, KindNotLoaded, KindTaken, NoKind, UnknownKind, load_kinds
from temanashi.text import explain

KINDS = sorted(kind.name for kind in kinds.BUILT_IN)
SMALLEST = {
    "process": {"name": "cron"},
    "service": {"name": "cron"},
    "file_age": {"path": "/etc/passwd"},
    "command": {"run": ["true"]},
    "nagios_plugin": {"run": ["true"]},
    "http": {"url": "http://localhost/"},
    "tcp": {"port": 22},
    "heartbeat": {"name": "backup", "period": "24h"},
    "prometheus": {"url": "http://localhost:9090", "query": "up"},
    "sql": {"url": "sqlite:////tmp/x.db", "query": "select 1", "warn": 1},
    "dns": {"name": "www.example.jp"},
    "port": {"port": 22},
    "job": {"by": "08:30", "record": "/run/job.rc"},
    "log": {"path": "/var/log/x", "alarm": ["ERROR"]},
    "backup": {"path": "/backup/*"},
}

PLUGIN = """
from typing import Literal
from temanashi.changes import Verdict
from temanashi.checks import Judgement, Observation, Spec
from temanashi.text import phrase

class MoonSpec(Spec):
    kind: Literal["moon"]
    phase: str = "full"

class Moon:
    name = "moon"
    spec = MoonSpec
    def commands(self, spec, /): return ()
    def observe(self, spec, given, /): return Observation(facts={"phase": "full"})
    def judge(self, spec, facts, /): return Judgement(verdict=Verdict.OK, reason=phrase("moon.full"))

class Half:
    name = "half"
    spec = MoonSpec
    commands = "none"

class Plain:
    name = "plain"
    spec = Spec

class Other(Moon):
    name = "another"

KIND, HALF, PLAIN, OTHER = Moon(), Half(), Plain(), Other()
"""
ENTRIES = """[temanashi.checks]
moon = moonwatch:KIND
half = moonwatch:HALF
plain = moonwatch:PLAIN
other = moonwatch:OTHER
ghost = no_such_module:KIND
disk = moonwatch:KIND
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package as pip installs it, found on the path."""
    (tmp_path / "moonwatch.py").write_text(PLUGIN)
    info = tmp_path / "moonwatch-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moonwatch\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("moonwatch", None)


def test_our_kinds_are_there() -> None:
    assert sorted(set(installed_kinds().known)) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_needs_little(kind: str) -> None:
    spec = parse_check({"id": "a", "kind": kind, **SMALLEST.get(kind, {})})
    assert (spec.id, spec.kind, spec.retries) == ("a", kind, 0)
    assert parse_check(spec.model_dump(mode="json")) == spec


def test_a_package_can_bring_a_kind(package) -> None:
    kinds = load_kinds()
    assert parse_check({"id": "a", "kind": "moon", "phase": "new"}, kinds=kinds).phase == "new"
    assert "moon" in check_schema(kinds=kinds)["discriminator"]["mapping"]


def test_a_broken_package_takes_only_its_own_kind_away(package) -> None:
    kinds = load_kinds()
    assert set(KINDS) < set(kinds.known)
    broken = {error.data["name"]: error for error in kinds.broken}
    assert {name: type(error) for name, error in broken.items()} == {
        "half": KindNotLoaded,
        "plain": KindNotLoaded,
        "other": KindNotLoaded,
        "ghost": KindNotLoaded,
        "disk": KindTaken,
    }
    with pytest.raises(KindNotLoaded) as caught:
        parse_check({"id": "a", "kind": "ghost"}, kinds=kinds)
    assert "package moonwatch" in explain(caught.value, "en").what
    assert "No module named 'no_such_module'" in explain(caught.value, "ja").what
    for error in kinds.broken:
        for lang in ("ja", "en"):
            told = explain(error, lang)
            assert told.next
            assert "{" not in told.what + told.next


def test_an_unknown_kind_is_told_with_the_closest_one() -> None:
    with pytest.raises(UnknownKind) as caught:
        parse_check({"id": "a", "kind": "dsk"})
    assert caught.value.data["close"] == "disk"
    assert caught.value.data["loc"] == ["kind"]
    assert "There is no kind of check dsk; known: backup, clock, command" in explain(caught.value, "en").what
    assert "点検の種類 dsk はありません" in explain(caught.value, "ja").what
    assert explain(caught.value, "ja").next


def test_a_check_without_kind_is_told_what_there_is() -> None:
    with pytest.raises(NoKind) as caught:
        parse_check({"id": "a"})
    assert "disk" in explain(caught.value, "en").what
    assert "kind: disk" in explain(caught.value, "ja").next


@pytest.mark.parametrize(
    ("data", "field", "english", "close"),
    [
        ({"kind": "disk", "timout": 5}, "timout", "unknown key `timout`.", "timeout"),
        ({"kind": "dsk"}, "kind", "There is no kind of check dsk", "disk"),
        ({}, "", "A check has no kind", ""),
        ({"kind": "disk", "path": "data"}, "path.0", "required form", ""),
        ({"kind": "disk", "warn": "1,5"}, "warn", "a decimal point, not a comma", ""),
        ({"kind": "disk", "timeout": 0}, "timeout", "greater than 0", ""),
        ({"kind": "disk", "retries": 99}, "retries", "at most 10", ""),
        ({"kind": "disk", "id": "Bad Id"}, "id", "required form", ""),
        ({"kind": "service", "name": "cron", "warn": "5"}, "warn", "unknown key `warn`", ""),
        ({"kind": "service", "name": "../../x"}, "name", "required form", ""),
        ({"kind": "service", "name": "--now"}, "name", "required form", ""),
        ({"kind": "process"}, "", "write one of name, pattern, owner and state", ""),
        ({"kind": "process", "name": "a", "pattern": "b"}, "", "not both name and pattern", ""),
        ({"kind": "process", "pattern": "("}, "pattern", "no regular expression", ""),
        ({"kind": "command", "run": "df -P /"}, "run", "write a command as a list", ""),
        ({"kind": "command", "run": []}, "run", "at least 1", ""),
        ({"kind": "command", "run": ["x"], "value": "\\d+"}, "", "needs ( ) round the number", ""),
        ({"kind": "command", "run": ["x"], "warn": "5"}, "", "warn and crit need value", ""),
        ({"kind": "http", "url": "ftp://x/"}, "url", "no http:// or https:// address", ""),
        ({"kind": "http", "url": "http:///x"}, "url", "no http:// or https:// address", ""),
        ({"kind": "http", "url": "http://x:99999/"}, "url", "no http:// or https:// address", ""),
        ({"kind": "http", "url": "http://bob:pa55@x/"}, "url", "must not hold a user name", ""),
        ({"kind": "http", "url": "http://a b/"}, "url", "required form", ""),
        ({"kind": "tcp", "port": 0}, "port", "at least 1", ""),
        ({"kind": "tcp", "port": 22, "host": "-x"}, "host", "required form", ""),
        ({"kind": "job", "by": "8:3", "record": "/x"}, "by", "", ""),
        ({"kind": "job", "by": "08:30"}, "", "either log with done, or record", ""),
        ({"kind": "job", "by": "08:30", "log": "/x"}, "", "either log with done, or record", ""),
        ({"kind": "job", "by": "08:30", "record": "/x", "timezone": "Mars"}, "timezone", "no time zone Mars", ""),
        ({"kind": "job", "by": "08:30", "log": "/x", "done": "x", "encoding": "utf-16"}, "encoding", "no usable encoding", ""),
        ({"kind": "job", "by": "08:30", "log": "/x", "done": "x", "encoding": "klingon"}, "encoding", "no usable encoding", ""),
        ({"kind": "log", "path": "/x"}, "", "under alarm or warning", ""),
        ({"kind": "log", "path": "/x", "alarm": ["("]}, "alarm.0", "no regular expression", ""),
        ({"kind": "backup", "path": "/backup/"}, "", "not a folder", ""),
        ({"kind": "backup", "path": "/backup/*", "checksum": ".crc"}, "checksum", "not allowed", ""),
        ({"kind": "port", "port": 22, "address": "web1"}, "address", "", ""),
        ({"kind": "disk", "exclude": ["!x"]}, "exclude.0", "required form", ""),
        ({"kind": "process", "owner": "-x"}, "owner", "required form", ""),
        ({"kind": "nagios_plugin", "run": ["x"], "where": "there"}, "where", "not allowed", ""),
        ({"kind": "file_age", "path": "/x", "missing": "maybe"}, "missing", "not allowed", ""),
    ],
)
def test_a_mistake_is_told_with_its_field(data, field: str, english: str, close: str) -> None:
    problems = check_problems({"id": "a", **data})
    assert [problem.field for problem in problems][:1] == [field]
    assert english in problems[0].message.text("en")
    assert problems[0].close == close
    assert "checks." not in problems[0].message.text("ja")


def test_a_good_check_has_no_problem() -> None:
    assert check_problems({"id": "a", "kind": "disk"}) == []


def test_mistakes_in_fields_are_pydantics_own_errors() -> None:
    with pytest.raises(ValidationError):
        parse_check({"id": "a", "kind": "disk", "timout": 5})


def test_the_schema_tells_editors_each_field() -> None:
    schema = check_schema()
    json.dumps(schema)
    assert sorted(schema["discriminator"]["mapping"]) == KINDS
    for name, model in schema["$defs"].items():
        if not name.endswith("Spec"):
            continue
        described = {field for field, about in model["properties"].items() if about.get("description") or "const" in about}
        assert described == set(model["properties"]), name
        assert model["additionalProperties"] is False
    assert schema["$defs"]["DiskSpec"]["properties"]["warn"]["anyOf"][0]["type"] == ["string", "number"]


def test_a_specification_is_closed_and_frozen() -> None:
    spec = parse_check({"id": "a", "kind": "load"})
    with pytest.raises(ValidationError):
        spec.warn = "99"
    assert TypeAdapter(Literal["load"]).validate_python(spec.kind) == "load"


def test_importing_checks_loads_nothing_heavy() -> None:
    heavy = ("httpx", "cryptography", "asyncio", "paramiko", "prefect", "sqlalchemy")
    code = f"import sys, temanashi.checks; print([m for m in {heavy} if m in sys.modules])"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_the_group_of_entry_points_has_its_name() -> None:
    assert GROUP == "temanashi.checks"
