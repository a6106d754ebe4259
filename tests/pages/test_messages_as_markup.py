"""Messages name commands between backticks; pages show them as code, and never as markup of somebody else."""

import pytest

from temanashi.reports.coding import coded


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Stop it with `tema cancel 1`.", "Stop it with <code>tema cancel 1</code>."),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("nothing", "nothing"),
        ("one ` alone", "one ` alone"),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code(text, shown):
    assert str(coded(text)) == shown
