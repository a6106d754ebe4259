"""Markdown of a workspace as HTML that can do no harm: CommonMark with tables, without HTML, with links to the web.

Only answers of the FAQ have images: those beside their file, which we serve ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["IMAGE", "answer_html", "as_html", "images_in"]

LINKS = ("http://", "https://", "mailto:")
LOWEST = 6
"""The last level of headings that HTML has."""


IMAGE = re.compile(r"(?:\./)?images/([A-Za-z0-9][A-Za-z0-9._-]{0,100}\.(?:png|jpg|jpeg|gif|webp))")
"""The address of an image in an answer; the group is its file's name."""

ENTRY = re.compile(r"(?:(?:\./|\.\./[a-z0-9-]+/)?)([a-z0-9]+(?:-[a-z0-9]+)*)\.md")
"""The address of another entry in an answer; the group is its id."""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  (markdown-it's name)
        return url.lower().startswith(LINKS)


@cache
def _parser() -> MarkdownIt:
    # Images would be fetched from elsewhere when a page is read.
    return _Parser("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table").disable("image")


class _Answers(_Parser):
    def validateLink(self, url: str) -> bool:  # noqa: N802  (markdown-it's name)
        return super().validateLink(url) or IMAGE.fullmatch(url) is not None or ENTRY.fullmatch(url) is not None


@cache
def _answers() -> MarkdownIt:
    return _Answers("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")


def answer_html(text: str, *, image: Callable[[str], str], entry: Callable[[str], str], level: int = 2) -> str:
    """HTML of an answer; `image` and `entry` give the address of a file's name and an entry's id. Other images are words."""
    parser = _answers()
    tokens = parser.parse(text)
    _lower(tokens, level)
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                _place(child, image)
            elif child.type == "link_open" and (found := ENTRY.fullmatch(str(child.attrGet("href") or ""))):
                child.attrSet("href", entry(found[1]))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _place(child: Token, image: Callable[[str], str]) -> None:
    found = IMAGE.fullmatch(str(child.attrGet("src") or ""))
    if found is None:
        child.type, child.tag, child.attrs, child.children = "text", "", {}, []
        return
    child.attrSet("src", image(found[1]))


def images_in(text: str) -> frozenset[str]:
    """The names of the image files that an answer shows."""
    tokens = _answers().parse(text)
    sources = [str(c.attrGet("src") or "") for t in tokens for c in t.children or () if c.type == "image"]
    return frozenset(found[1] for source in sources if (found := IMAGE.fullmatch(source)))


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
