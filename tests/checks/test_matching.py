"""Regular expressions of a workspace are searched for a bounded time."""

from __future__ import annotations

from contextlib import suppress

import pytest

from temanashi.checks.matching import PatternTooSlow, found, searched
from temanashi.text import explain


@pytest.mark.parametrize("pattern", [r"(a|aa)+$", r"^(a+)+$", r"(a*)*b$", r"^(\w+\s?)*$"])
def test_an_expression_that_would_search_for_years_ends(pattern: str) -> None:
    with suppress(PatternTooSlow):  # some are clever enough to end by themselves
        assert not found(pattern, "a" * 60 + "!", seconds=0.2)


def test_an_expression_that_is_given_up_says_so() -> None:
    with pytest.raises(PatternTooSlow) as caught:
        found(r"(a|aa)+$", "a" * 60 + "!", seconds=0.1)
    assert "still searching after 0.1 s" in explain(caught.value, "en").what
    assert explain(caught.value, "ja").next


def test_a_line_is_found_where_lines_are_meant() -> None:
    match = searched(r"^b=(\d)$", "a=1\nb=2\nc=3", lines=True)
    assert match is not None
    assert match[1] == "2"
    assert searched(r"^b=(\d)$", "a=1\nb=2") is None
