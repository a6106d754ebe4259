"""Numbers, limits and durations as readers see them, and failures as words."""

from __future__ import annotations

import errno

import pytest

from temanashi.changes import Verdict
from temanashi.checks import Metric
from temanashi.checks.connecting import CannotMeasure, failure_word
from temanashi.checks.wording import days, duration, length, limit, number, size


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (42.0, "42"),
        (42.25, "42.2"),
        (0.054, "0.05"),
        (9.999, "10"),
        (-0.0, "0"),
        (0, "0"),
        (None, "-"),
        (float("inf"), "inf"),
        (1e6, "1000000"),
    ],
)
def test_a_number_has_no_decimals_that_nobody_needs(value, shown: str) -> None:
    assert number(value) == shown


def test_sizes_are_in_the_unit_that_fits() -> None:
    assert [size(1), size(2048), size(82_290_368), size(2.0**60)] == ["1 KiB", "2 MiB", "78.5 GiB", "1048576 PiB"]
    assert [length(512), length(2048)] == ["512 B", "2 KiB"]


def test_durations_are_in_the_unit_that_fits() -> None:
    assert [duration(n).text("ja") for n in (0.5, 90, 120, 5400, 7200, 172_800)] == ["0.5秒", "90秒", "2分", "90分", "2時間", "2日"]
    assert days(30).text("en") == "30 days"


@pytest.mark.parametrize(
    ("warn", "crit", "verdict", "japanese"),
    [
        ("80", "90", Verdict.OK, "80%"),
        ("80", "90", Verdict.WARNING, "80%"),
        ("80", "90", Verdict.CRITICAL, "90%"),
        (None, "90", Verdict.OK, "90%"),
        (None, None, Verdict.OK, "なし"),
        ("~:", None, Verdict.OK, "なし"),
        ("10:", None, Verdict.OK, "10%以上"),
        ("~:-5", None, Verdict.OK, "-5%"),
        ("10:20", None, Verdict.OK, "10%〜20%"),
        ("@10:20", None, Verdict.OK, "10%〜20%の外"),
    ],
)
def test_a_limit_is_told_in_words(warn, crit, verdict, japanese: str) -> None:
    assert limit(Metric(name="x", value=1, unit="%", warn=warn, crit=crit), verdict).text("ja") == japanese


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.ECONNREFUSED, "refused"), (errno.EHOSTUNREACH, "no-route"), (errno.ECONNRESET, "reset"), (errno.EIO, "failed")],
)
def test_a_failed_connection_is_a_measurement(number: int, word: str) -> None:
    assert failure_word(OSError(number, "x"), what="web1:80") == word


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOBUFS, errno.EACCES])
def test_what_this_machine_lacks_is_no_measurement(number: int) -> None:
    with pytest.raises(CannotMeasure):
        failure_word(OSError(number, "lack"), what="web1:80")
