"""The line that other monitoring systems read is one that our own parser of plugins reads back."""

import pytest

from temanashi.checks.nagios_line import MOST_CHARACTERS, nagios_line, perfdata
from temanashi.checks.perfdata import parse_plugin


def test_a_metric_comes_back_as_it_went():
    metric = {"name": "used_percent", "value": 79.4, "unit": "%", "warn": "80", "crit": "90", "min": 0, "max": 100}
    assert perfdata("web1 disk used_percent", metric) == "'web1 disk used_percent'=79.4%;80;90;0;100"
    (read,) = parse_plugin(nagios_line("OK: all", [perfdata("web1 disk", metric)])).metrics
    assert (read.name, read.value, read.unit, read.warn, read.crit, read.min, read.max) == (
        "web1 disk",
        79.4,
        "%",
        "80",
        "90",
        0,
        100,
    )


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ({"value": None, "unit": "s"}, "'x'=U"),
        ({"value": 0.0, "unit": "GiB"}, "'x'=0"),
        ({"value": -0.0000001, "unit": "s"}, "'x'=0s"),
        ({"value": 12345678901.5, "unit": "B", "crit": "@10:20"}, "'x'=12345678901.5B;;@10:20"),
    ],
)
def test_values_are_written_as_pollers_read_them(metric, said):
    assert perfdata("x", metric) == said


def test_a_label_cannot_leave_its_quotes():
    label = "it's | a=b\nc"
    (read,) = parse_plugin(nagios_line("OK", [perfdata(label, {"value": 1})])).metrics
    assert read.name == "it's a:b c"


def test_a_text_cannot_begin_performance_data_or_a_second_line():
    line = nagios_line("CRITICAL: a|b=1\nsecond")
    assert (line, parse_plugin(line).metrics) == ("CRITICAL: a/b=1 second", ())


def test_what_does_not_fit_is_left_out_whole():
    data = [perfdata(f"日本{n}", {"value": n, "unit": "s"}) for n in range(2000)]
    line = nagios_line("OK", data)
    assert len(line.encode()) <= MOST_CHARACTERS
    read = parse_plugin(line)
    assert read.malformed == ()
    assert len(read.metrics) > 100
