"""What is wrong with entries that could be read: dead links, owners who are nobody, days past, the same asked twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from temanashi.errors import Location
from temanashi.faq.fences import with_code
from temanashi.faq.likeness import alike_entries
from temanashi.people import People
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.model import Runbook
from temanashi.text import phrase
from temanashi.workspace.faq_files import LoadedEntry
from temanashi.workspace.faults import Fault

__all__ = ["examined_entries", "link_faults", "runbook_faults"]

LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|/", re.IGNORECASE)
"""Links that lead out of the folder: to the web, to a place of the page, to a page of ours. Nothing is fetched to check them."""


def examined_entries(
    entries: Mapping[str, LoadedEntry], *, root: Path, people: People, channels: Collection[str], today: date
) -> list[Fault]:
    """All of that as warnings; `channels` are those of the settings."""
    found = [*link_faults(entries.values(), root), *_alike(entries)]
    for loaded in entries.values():
        found += [loaded.fault(problem, warning=True) for problem in _alone(loaded, people, channels, today)]
    return found


def runbook_faults(entries: Iterable[LoadedEntry], runbooks: Mapping[str, Runbook]) -> Iterator[Fault]:
    """Offered runbooks that are not there, and values for parameters that they do not have. The answer itself stays."""
    for loaded in entries:
        wanted = loaded.entry.runbook
        if wanted is None:
            continue
        runbook = runbooks.get(wanted.id)
        if runbook is None:
            problem = Problem(("runbook", "id"), phrase("faq.no-runbook", id=wanted.id), suggestion(wanted.id, runbooks))
            yield loaded.fault(problem, warning=True)
            continue
        for name in wanted.parameters:
            known = [parameter.name for parameter in runbook.parameters]
            if name not in known:
                told = phrase("faq.no-parameter", name=name, id=wanted.id)
                close = suggestion(name, known)
                yield loaded.fault(Problem(("runbook", "parameters", name), told, close), warning=True)


def link_faults(entries: Iterable[LoadedEntry], root: Path) -> Iterator[Fault]:
    """Images and files that an answer names and that are not there."""
    for loaded in entries:
        folder = PurePosixPath(loaded.file).parent
        for lang, text in loaded.entry.texts.items():
            lines = with_code(text.answer.split("\n"))
            targets = dict.fromkeys(target for line, is_code in lines if not is_code for target in LINK.findall(line))
            for target in targets:
                if not _is_there(root, folder, target):
                    at = Location(loaded.file, loaded.lines.get(lang, 0))
                    yield Fault(at, phrase("faq.dead-link", target=target), level="warning")


def _is_there(root: Path, folder: PurePosixPath, target: str) -> bool:
    if ELSEWHERE.match(target):
        return True
    name = unquote(target.partition("#")[0].partition("?")[0])
    try:
        path = (root / folder / name).resolve()
        return path.is_relative_to((root / "faq").resolve()) and path.is_file()
    except (OSError, ValueError):  # names that no file can have
        return False


def _alike(entries: Mapping[str, LoadedEntry]) -> Iterator[Fault]:
    for alike in alike_entries(loaded.entry for loaded in entries.values()):
        told = {"other": entries[alike.other].file, "lang": alike.lang}
        found = phrase("faq.same-text", text=alike.text, **told) if alike.text else phrase("faq.near-question", **told)
        yield replace(entries[alike.entry].fault(Problem((alike.lang,), found)), level="warning")


def _alone(loaded: LoadedEntry, people: People, channels: Collection[str], today: date) -> Iterator[Problem]:
    entry = loaded.entry
    if entry.valid_until is not None and entry.valid_until < today:
        yield Problem(("valid_until",), phrase("faq.past", day=entry.valid_until.isoformat()))
    if entry.verified_on > today:
        yield Problem(("verified_on",), phrase("faq.future", day=entry.verified_on.isoformat()))
    known = {*people.words, *people.groups}
    if entry.owner not in known:
        yield Problem(("owner",), phrase("faq.unknown-owner", word=entry.owner), suggestion(entry.owner, known))
    if entry.escalate_to and entry.escalate_to not in {*known, *channels}:
        close = suggestion(entry.escalate_to, {*known, *channels})
        yield Problem(("escalate_to",), phrase("faq.unknown-escalation", word=entry.escalate_to), close)
