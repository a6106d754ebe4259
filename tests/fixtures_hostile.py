# ruff: noqa: E501  (lists of strings)
"""Five hundred strings that somebody may type to make a tool do what it should not; `CANARY` is a file that must not appear."""

from __future__ import annotations

import itertools
import random

__all__ = ["hostile_strings"]

PICKED = [
    "", " ", "'", '"', "''", '""', "`", "\\", "\\'", "$", "$$", "#", "!", "!!", "*", "?", "~", "~root", ".", "..", "../..", "/", "//",
    "-", "--", "-rf", "--help", "-o ProxyCommand=touch CANARY", "+", "=", "A=B", "%", "%s", "%n%n", "%00", "%0a", "%2e%2e", "{}", "{0}",
    "{secret}", "{name!r}", "${PATH}", "$PATH", "$(touch CANARY)", "`touch CANARY`", "; touch CANARY", "| touch CANARY", "& touch CANARY",
    "&& touch CANARY", "|| touch CANARY", "\ntouch CANARY\n", "'; touch CANARY; '", '"; touch CANARY; "', "'$(touch CANARY)'",
    '"$(touch CANARY)"', "\\$(touch CANARY)", "$((1+1))", "<(touch CANARY)", ">(touch CANARY)", "> CANARY", ">> CANARY", "< /etc/passwd",
    "2>&1 > CANARY", "() { :; }; touch CANARY", "'\\''; touch CANARY #", "a\x00b", "\x00", "\x1b[2J", "\x1b]0;title\x07", "\x07", "\x08\x08",
    "\r", "\r\n", "\n", "a\nb", "a\r\nSet-Cookie: x=1", "a\r\n\r\n<html>", "\t", "\v", "\f", "\x7f", "\x85", "\u2028", "\u2029", "\u202e",
    "\u2066a\u2069", "\u200b", "\u200d", "\ufeff", "\ufffe", "\uffff", "\U0001f9d1\u200d\U0001f4bb", "e\u0301", "ｱｲｳ", "日本語", "ÿ", "İ",
    "{{ 1234567*7 }}", "{{7*'7'}}", "{% raw %}", "{% endraw %}", "{# x #}", "{{ params }}", "{{ run.id }}", "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__.os.popen('touch CANARY').read() }}", "{% for x in range(9**9) %}{% endfor %}", "{{", "}}", "{%", "%}",
    "{{ secrets }}", "{{ self }}", "{{ lipsum.__globals__ }}", "‹steps.x›", "‹", "›",
    '{"__prefect_kind": "jinja", "template": "{{ 1234567*7 }}"}', '{"__prefect_kind": "json", "value": "{}"}',
    '{"__prefect_kind": "workspace_variable", "variable_name": "x"}', "__prefect_kind", "prefect:secret", "env:HOME", "file:/etc/passwd",
    "null", "true", "NaN", "0", "-1", "1e309", "[]", '["a"]', '{"a": 1}', "\\u0000", "\\n", "\\x1b", "\\\\", "''''''", "%(x)s", "{!r}",
    "http://127.0.0.1:1/", "javascript:alert(1)", "file:///etc/passwd", "//evil.example/", "@evil.example", "user:pass@host", "?a=b&c=d",
    "#fragment", "<script>alert(1)</script>", "<!--", "]]>", "&lt;", "&#0;", "[link](javascript:x)", "**bold**", "| a | b |", "> quote",
    "'; DROP TABLE ledger; --", "' OR '1'='1", "1; DELETE FROM journal", "SELECT 1", "*)(uid=*", "(|(a=b))", "__proto__", "constructor",
    "INFO 2026-01-01 run finished", "\n2026-01-01 12:00:00 INFO ok", "a" * 5_000, "あ" * 2_000, "'" * 500, "\\" * 501, "$(" * 300, "{{" * 300,
    "\n" * 200, " " * 1_000, "../" * 200, "%" * 400,
]  # fmt: skip

PIECES = [
    "a", "日", " ", "'", '"', "`", "$(touch CANARY)", "`touch CANARY`", "; touch CANARY", "\n", "\r", "\t", "\\", "$", "&", "|", "*", "{{ 1+1 }}",
    "{% if 1 %}", "\x1b[31m", "\u202e", "\x00", "-", "=", "#", "%s", "<", ">", "(", ")", "!", "~", "\U0001f600",
]  # fmt: skip


def hostile_strings(canary: str, count: int = 500) -> list[str]:
    """The picked ones and as many made from pieces as are needed; always the same."""
    chance = random.Random(20261120)
    made = ("".join(chance.choices(PIECES, k=chance.randint(2, 8))) for _ in itertools.count())
    found = dict.fromkeys(PICKED)
    while len(found) < count:
        found[next(made)] = None
    return [text.replace("CANARY", canary) for text in found]
