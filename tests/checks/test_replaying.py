"""Stored results judged again: equal to the last byte, or it is said that nothing can be told; never a false `equal`."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temanashi.changes import Evidence, Verdict
from temanashi.checks import installed_kinds, measure
from temanashi.checks.judging import OBSERVATION
from temanashi.checks.registry import Kinds
from temanashi.checks.replaying import replay
from temanashi.hosts import Inventory, Result, Unreachable
from temanashi.runbooks.steps.checks import check_row
from temanashi.secrets import Redactor

FOLDER = Path(__file__).parents[1] / "cases/checks"
CASES = [
    case for file in sorted(FOLDER.glob("*.json")) if file.stem in installed_kinds().known for case in json.loads(file.read_text())
]
HOST = Inventory().select("localhost")[0]


class Transport:
    def __init__(self, answer):
        self._answer = answer

    def run_all(self, commands, *, timeout):
        return [self._answer(number) for number, _ in enumerate(commands)]


class Clock:
    def now(self):
        from datetime import UTC, datetime

        return datetime(2026, 11, 20, 23, 30, tzinfo=UTC)

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        pass


def stored(checks, answer, *secrets, kinds=None):
    """Rows and evidence as they come back from the database."""
    results = measure(
        [(kinds or installed_kinds()).find(check["kind"]).spec.model_validate(check) for check in checks],
        HOST,
        transport=Transport(answer),
        clock=Clock(),
        redactor=Redactor(secrets),
        kinds=kinds,
    )
    rows = json.loads(json.dumps([check_row(result) for result in results]))
    evidence = [Evidence.model_validate_json(piece.model_dump_json()) for result in results for piece in result.evidence]
    return rows, evidence


def answers_of(rows, evidence, kinds=None):
    return [(one.check, one.answer) for one in replay(rows, evidence, kinds=kinds or installed_kinds())]


def said(text, exit=0):  # noqa: A002
    return lambda _: Result(exit=exit, stdout=text.encode("utf-8", "surrogatepass"), seconds=0.01)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['spec']['kind']}: {case['name']}" for case in CASES])
def test_every_case_of_every_kind_is_judged_equally_again(case, answers):
    given_ = [answers(answer) for answer in case["results"]]
    rows, evidence = stored([case["spec"]], lambda number: given_[number], "pa55word-xyz")
    (one,) = replay(rows, evidence, kinds=installed_kinds())
    masked = "●●●●" in json.dumps(rows[0]["spec"], ensure_ascii=False)
    assert one.answer == ("unknown" if masked else "equal"), one
    assert one.again is None or one.again == rows[0]["verdict"]


ASKED = [
    {"id": "disk", "kind": "disk"},
    {"id": "load", "kind": "load", "warn": "1", "crit": "2"},
    {"id": "memory", "kind": "memory"},
    {"id": "clock", "kind": "clock", "optional": True},
    {"id": "word", "kind": "command", "run": ["x"], "value": "([0-9.]+)", "warn": "10:", "parents": ["disk"]},
    {"id": "text", "kind": "command", "run": ["x"], "stdout": "O+K", "parents": ["word"]},
    {"id": "plugin", "kind": "nagios_plugin", "run": ["/x"]},
]
OUTPUT = st.one_of(
    st.text(max_size=200),
    st.from_regex(r"(OK|x) ?[0-9]{1,4}(\.[0-9]+)? *\|? *('a'=[0-9]+;[0-9]*)?", fullmatch=True),
    st.just("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 100 95 5 95% /\n"),
    st.just("MemTotal: 100 kB\nMemAvailable: 9 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"),
    st.just("0.10 0.20 9.30 1/100 1234\n"),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OUTPUT, st.integers(0, 255) | st.sampled_from([0, 0, 1, 2, 127]), st.lists(st.text(min_size=4, max_size=6), max_size=2))
def test_whatever_a_host_answers_and_whatever_is_masked_it_is_never_told_that_it_differs(text, code, secrets):
    rows, evidence = stored(ASKED, said(text, code), *secrets)
    found = replay(rows, evidence, kinds=installed_kinds())
    masked = {row["check"] for row in rows if "●●●●" in json.dumps(row["spec"], ensure_ascii=False)}
    assert {one.answer for one in found} <= {"equal", "unknown"}
    assert masked or {one.answer for one in found} == {"equal"}


FIELDS = st.sampled_from(["verdict", "observed", "expected", "metrics", "reason"])


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(range(len(ASKED))), FIELDS)
def test_a_recorded_judgement_that_was_changed_is_told_apart(place, field):
    rows, evidence = stored(ASKED, said("12 OK"))
    other = {"verdict": "OK", "observed": "x", "expected": "x", "metrics": [{"name": "x"}], "reason": {"key": "x", "data": {}}}
    changed = copy.deepcopy(rows)
    changed[place][field] = other[field] if rows[place][field] != other[field] else "WARNING"
    assert dict(answers_of(changed, evidence))[rows[place]["check"]] == "differs"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_evidence_of_which_anything_was_changed_is_never_called_equal(data):
    rows, evidence = stored(ASKED[:1], said("Filesystem\n/dev/a 100 95 5 95% /\n"))
    at = data.draw(st.integers(0, len(evidence[0].text) - 1))
    sign = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != evidence[0].text[at]))
    text = evidence[0].text[:at] + sign + evidence[0].text[at + 1 :]
    assert answers_of(rows, [evidence[0].model_copy(update={"text": text})]) == [("disk", "unknown")]


def why(rows, evidence, kinds=None):
    (one, *_) = replay(rows, evidence, kinds=kinds or installed_kinds())
    assert one.again is None
    return one.why.key


def test_evidence_that_was_cut_cannot_be_judged():
    rows, evidence = stored(ASKED[:1], said("x"))
    assert why(rows, [evidence[0].model_copy(update={"truncated": True})]) == "checks.replay-evidence-changed"


def test_evidence_that_was_masked_once_more_cannot_be_judged():
    rows, evidence = stored(ASKED[:1], said("Filesystem\n/dev/secret 100 95 5 95% /\n"))
    masked = Redactor(["Filesystem"]).text(evidence[0].text)
    assert masked != evidence[0].text
    assert why(rows, [evidence[0].model_copy(update={"text": masked})]) == "checks.replay-evidence-changed"


def test_evidence_that_is_gone_cannot_be_judged():
    rows, _ = stored(ASKED[:1], said("x"))
    assert why(rows, []) == "checks.replay-no-evidence"


def test_a_specification_that_was_masked_cannot_be_judged():
    rows, evidence = stored([{"id": "a", "kind": "command", "run": ["x"], "stdout": "hunter22"}], said("x"), "hunter22")
    assert why(rows, evidence) == "checks.replay-spec-masked"


def test_a_specification_that_was_changed_cannot_be_judged():
    rows, evidence = stored(ASKED[:1], said("x"))
    rows[0]["spec"]["warn"] = "99"
    assert why(rows, evidence) == "checks.replay-spec-masked"


def test_a_specification_of_another_version_cannot_be_judged():
    from temanashi.canonical import digest_of

    rows, evidence = stored(ASKED[:1], said("x"))
    rows[0]["spec"]["removed_since"] = 1
    rows[0]["spec_digest"] = digest_of(rows[0]["spec"])
    assert why(rows, evidence) == "checks.replay-other-version"


def test_a_kind_that_is_gone_cannot_judge():
    rows, evidence = stored(ASKED[:1], said("x"))
    assert why(rows, evidence, Kinds({})) == "checks.replay-other-version"


def test_a_record_without_specification_cannot_be_judged():
    rows, evidence = stored(ASKED[:1], said("x"))
    del rows[0]["spec"]
    assert why(rows, evidence) == "checks.replay-no-spec"


def test_a_kind_that_fails_over_old_facts_cannot_judge():
    rows, evidence = stored([{"id": "load", "kind": "load"}], said("0.1 0.2 0.3 1/2 3\n0-1\n"))
    assert evidence[0].name == OBSERVATION

    class Failing:
        name, spec = "load", installed_kinds().find("load").spec

        def commands(self, spec):
            return []

        def judge(self, spec, facts):
            raise KeyError("gone")

    assert why(rows, evidence, Kinds({"load": Failing()})) == "checks.replay-failed"


def test_a_child_of_a_parent_that_cannot_be_judged_cannot_be_either():
    rows, evidence = stored(ASKED[:1] + ASKED[4:6], said("x"))
    rows[0]["spec_digest"] = "other"
    assert answers_of(rows, evidence) == [("disk", "unknown"), ("word", "unknown"), ("text", "unknown")]


def test_children_of_a_parent_that_was_down_are_skipped_again():
    rows, evidence = stored(ASKED[:1] + ASKED[4:6], lambda _: Unreachable("web1", "no route"))
    assert [row["verdict"] for row in rows] == ["UNKNOWN", "SKIPPED", "SKIPPED"]
    assert rows[1]["metrics"] == []
    assert rows[2]["reason"]["data"] == {"parent": "disk"}
    assert {answer for _, answer in answers_of(rows, evidence)} == {"equal"}


def test_a_child_stays_skipped_even_where_it_would_be_well():
    """What could be seen is kept as evidence; the verdict is that of a check without its footing."""
    checks = [{"id": "bad", "kind": "command", "run": ["x"], "stdout": "never"}, {**ASKED[5], "parents": ["bad"]}]
    rows, evidence = stored(checks, said("OK"))
    assert [row["verdict"] for row in rows] == ["CRITICAL", "SKIPPED"]
    assert Verdict.worst([Verdict(row["verdict"]) for row in rows]) is Verdict.CRITICAL
    assert {answer for _, answer in answers_of(rows, evidence)} == {"equal"}
