"""The text for Prometheus, read by a parser that forgives nothing."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.changes import Verdict
from temanashi.monitoring import exposition as module
from temanashi.monitoring.exposition import exposition
from temanashi.monitoring.model import CheckState, Key
from temanashi.text.local import phrase

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},)*(?:{LABEL})?)\}})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)")
AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def parsed(text):
    """Samples by name; raises for anything that the format does not allow."""
    assert text.endswith("\n")
    assert "\r" not in text
    samples, typed, closed, current = {}, set(), set(), None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in closed, "the lines of a metric stand together"
            closed.add(current)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert (name, kind) == (current, "gauge")
            typed.add(name)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert match[1] == current
        assert match[1] in typed
        labels = [
            (name, re.sub(r'\\(["\\n])', lambda m: {"n": "\n"}.get(m[1], m[1]), value))
            for name, value in re.findall(LABEL, match[2] or "")
        ]
        assert len({name for name, _ in labels}) == len(labels)
        key = (match[1], tuple(sorted(labels)))
        assert key not in samples, "each sample once"
        samples[key] = float(match[match.lastindex].replace("Inf", "inf"))
    return samples


def state(name="disk", target="web1", **more):
    fields = {
        "key": Key("morning", "look", name, target),
        "kind": "disk",
        "owner": "ops",
        "verdict": Verdict.OK,
        "reason": phrase("x"),
        "at": AT,
        "run": "run",
        "measured": Verdict.OK,
        "ok_at": AT,
        "seconds": 0.25,
        "value": 42.5,
        "unit": "%",
    }
    return CheckState(**fields | more)


def value(samples, metric, **labels):
    found = [number for (name, given), number in samples.items() if name == metric and labels.items() <= dict(given).items()]
    assert len(found) == 1, (metric, labels)
    return found[0]


def test_a_check_is_told_with_its_labels():
    samples = parsed(exposition([state()]))
    labels = {"check": "disk", "target": "web1", "owner": "ops", "runbook": "morning", "step": "look", "kind": "disk"}
    assert value(samples, "check_state", **labels) == 0
    assert value(samples, "check_value", **labels, unit="%") == 42.5
    assert value(samples, "check_duration_seconds", **labels) == 0.25
    assert value(samples, "check_last_run_timestamp_seconds", **labels) == AT.timestamp()
    assert value(samples, "check_last_success_timestamp_seconds", **labels) == AT.timestamp()
    assert value(samples, "check_left_out") == 0


@pytest.mark.parametrize(("verdict", "number"), [("OK", 0), ("WARNING", 1), ("CRITICAL", 2), ("UNKNOWN", 3)])
def test_states_are_numbered_as_plugins_number_them(verdict, number):
    assert value(parsed(exposition([state(measured=Verdict(verdict))])), "check_state") == number


def test_what_was_never_measured_has_no_value():
    fresh = state(measured=None, ok_at=None, value=None, seconds=0.0, verdict=Verdict.SKIPPED)
    assert {name for name, _ in parsed(exposition([fresh]))} == {
        "check_last_run_timestamp_seconds",
        "check_flapping",
        "check_left_out",
    }


def test_nothing_checked_is_a_valid_answer_too():
    assert list(parsed(exposition([]))) == [("check_left_out", ())]


@given(st.text(max_size=30), st.text(max_size=30), st.floats() | st.none())
def test_whatever_names_and_values_are_the_text_is_valid_and_says_them(name, owner, number):
    samples = parsed(exposition([state(name=name, owner=owner, value=number)]))
    (labels,) = [dict(given) for (metric, given) in samples if metric == "check_state"]
    clean = name.encode("utf-8", "replace").decode().replace("\r", " ")
    assert labels["check"] == clean
    if number is not None:
        assert repr(value(samples, "check_value")) == repr(number)


def test_a_cut_is_told(monkeypatch):
    monkeypatch.setattr(module, "MOST_CHECKS", 2)
    samples = parsed(exposition([state(target=f"h{n}") for n in range(5)]))
    assert value(samples, "check_left_out") == 3
    assert sum(name == "check_state" for name, _ in samples) == 2


def test_prometheus_own_parser_reads_it():
    parser = pytest.importorskip("prometheus_client.parser")
    nasty = state(name='a"b\\c\nd', owner="運用 {班},\t=")
    families = {family.name: family for family in parser.text_string_to_metric_families(exposition([nasty]))}
    assert families["check_state"].samples[0].labels["check"] == 'a"b\\c\nd'
    assert families["check_state"].samples[0].labels["owner"] == "運用 {班},\t="
