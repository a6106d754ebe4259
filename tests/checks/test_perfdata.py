"""Performance data of monitoring plugins, well-formed and not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.checks.perfdata import parse_perfdata, parse_plugin


@pytest.mark.parametrize(
    ("text", "name", "value", "unit", "rest"),
    [
        ("load1=0.5", "load1", 0.5, "", (None, None, None, None)),
        ("time=1.2s;5;10;0;60", "time", 1.2, "s", ("5", "10", 0, 60)),
        ("/=2643MB;5948;5958;0;5968", "/", 2643, "MB", ("5948", "5958", 0, 5968)),
        ("used=42%;80;90", "used", 42, "%", ("80", "90", None, None)),
        ("'free space'=5GB", "free space", 5, "GB", (None, None, None, None)),
        ("'it''s'=5", "it's", 5, "", (None, None, None, None)),
        ("'a=b'=5", "a=b", 5, "", (None, None, None, None)),
        ("x=U", "x", None, "", (None, None, None, None)),
        ("x=U;5;10", "x", None, "", ("5", "10", None, None)),
        ("n=-5;~:0;@10:20;-10;", "n", -5, "", ("~:0", "@10:20", -10, None)),
        ("c=7c;;;0", "c", 7, "c", (None, None, 0, None)),
        ("e=1e3B", "e", 1000, "B", (None, None, None, None)),
        ("d=.5", "d", 0.5, "", (None, None, None, None)),
    ],
)
def test_one_metric_is_read_whole(text, name, value, unit, rest) -> None:
    (metric,), malformed = parse_perfdata(text)
    assert (metric.name, metric.value, metric.unit, (metric.warn, metric.crit, metric.min, metric.max)) == (name, value, unit, rest)
    assert malformed == ()


@pytest.mark.parametrize(
    "text", ["a", "a=", "=5", "a=1,5", "a=x", "a=5;abc", "a=5;;;x", "'open=5", "a=1.2.3", "a=0x5", "''=5", "a=nan"]
)
def test_what_has_no_valid_form_is_kept_as_a_note(text: str) -> None:
    metrics, malformed = parse_perfdata(f"good=1 {text} fine=2")
    assert [metric.name for metric in metrics][:1] == ["good"]
    assert malformed
    assert "fine" in [metric.name for metric in metrics] or "'open" in text


def test_performance_data_may_stand_on_several_lines() -> None:
    output = parse_plugin("DISK OK | /=1\nlong text\nmore | /boot=2\n/home=3\n'/a b'=4\n")
    assert (output.text, output.more) == ("DISK OK", "long text\nmore")
    assert [metric.name for metric in output.metrics] == ["/", "/boot", "/home", "/a b"]


def test_silence_is_an_empty_text() -> None:
    assert parse_plugin("") == ("", "", (), ())


@given(st.text(alphabet="ab'=;1.U% |,\n", max_size=40))
def test_no_output_breaks_the_parser(text: str) -> None:
    output = parse_plugin(text)
    assert all(metric.name for metric in output.metrics)
