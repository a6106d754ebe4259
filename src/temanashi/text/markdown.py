"""Markdown of a workspace as HTML that can do no harm: CommonMark with tables, without HTML and images, with links to the web."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["as_html"]

LINKS = ("http://", "https://", "mailto:")
LOWEST = 6
"""The last level of headings that HTML has."""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  (markdown-it's name)
        return url.lower().startswith(LINKS)


@cache
def _parser() -> MarkdownIt:
    # Images would be fetched from elsewhere when a page is read.
    return _Parser("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table").disable("image")


def as_html(text: str, *, level: int = 3) -> str:
    """HTML of a text; its first heading has this level, and the others follow."""
    parser = _parser()
    tokens = parser.parse(text)
    _lower(tokens, level)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _lower(tokens: Sequence[Token], level: int) -> None:
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    first = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - first + level, LOWEST)}"
