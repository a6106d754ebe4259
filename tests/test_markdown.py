"""Markdown of a workspace can do no harm where it is shown."""

import pytest

from temanashi.text.markdown import as_html


def test_headings_lists_and_tables_are_html_below_the_heading_of_the_page():
    html = as_html("# 今月\n\n- **障害** 2件\n\n## 詳細\n\n| 日 | 件 |\n|---|--:|\n| 1 | 2 |\n")
    assert "<h3>今月</h3>" in html
    assert "<h4>詳細</h4>" in html
    assert "<strong>障害</strong>" in html
    assert "<td>1</td>" in html
    assert "<h2>" in as_html("### x", level=2)
    assert "<h6>" in as_html("# a\n\n###### b", level=5)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,xx)",
        "[x](file:///etc/passwd)",
        "[x](//evil.example/x)",
        "![x](https://evil.example/pixel.png)",
        "<a href='https://x' onclick=alert(1)>x</a>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://a" onclick="alert(1))',
        "`<b>`",
    ],
)
def test_nothing_of_a_text_becomes_a_script_or_is_fetched(text):
    html = as_html(text)
    for bad in ("<script", "<img", 'href="javascript', 'href="data', 'href="file', 'href="//', ' onclick="', "<a href='", "<b>"):
        assert bad not in html.lower(), html


def test_links_to_the_web_stay():
    assert '<a href="https://a.example/?q=1&amp;r=2">x</a>' in as_html("[x](https://a.example/?q=1&r=2)")


def test_a_text_that_is_nested_without_end_is_rendered_all_the_same():
    assert as_html("> " * 5_000 + "x")
    assert as_html("[" * 20_000)
    assert as_html("*a " * 20_000)
