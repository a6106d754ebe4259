"""The scanner's complaints in the words of the people who write runbooks."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError

from temanashi.text import Phrase, phrase

__all__ = ["syntax_flaw"]

COMPLAINTS = (
    ("found character '\\t'", "workspace.yaml-tab"),
    ("mapping values are not allowed here", "workspace.yaml-colon"),
    ("could not find expected ':'", "workspace.yaml-no-colon"),
    ("found unexpected end of stream", "workspace.yaml-open-quote"),
    ("found unknown escape character", "workspace.yaml-escape"),
    ("expected ',' or", "workspace.yaml-open-bracket"),
    ("expected the node content", "workspace.yaml-open-bracket"),
    ("expected <block end>", "workspace.yaml-indent"),
    ("that cannot start any token", "workspace.yaml-start"),
)
"""Parts of ruamel.yaml's messages, most telling first."""


def syntax_flaw(error: MarkedYAMLError) -> Phrase:
    """A sentence for what the scanner or parser found; its own words where we have none."""
    problem = str(error.problem or error.context or "")
    shown = problem.encode("unicode_escape").decode("ascii") if "\t" in problem else problem
    key = next((key for part, key in COMPLAINTS if part in shown), "workspace.yaml-syntax")
    return phrase(key, problem=shown)
