"""Entries of the FAQ written as files: validated first, never over what somebody else changed, never outside `faq/`."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from temanashi.errors import InputError, Location, WorkspaceError
from temanashi.faq.entries import Entry
from temanashi.text import Lang, Phrase, phrase
from temanashi.workspace.faq_files import LoadedEntry, read_entry
from temanashi.workspace.faq_syntax import split_entry
from temanashi.workspace.faults import Fault, errors_among

__all__ = [
    "BadDraft",
    "DraftConflict",
    "NoWorkspaceHere",
    "check_draft",
    "free_id",
    "read_draft",
    "with_phrasing",
    "write_entry",
]

LONGEST = 256 * 1024


class NoWorkspaceHere(WorkspaceError):
    """The server does not run in the workspace whose files it would write."""

    key = "ask.no-workspace-here"

    def __init__(self, root: Path) -> None:
        super().__init__(root=str(root))


class DraftConflict(InputError):
    """Somebody changed the file since it was read."""

    key = "ask.draft-conflict"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


class BadDraft(InputError):
    """An entry as it was typed has a mistake."""

    key = "ask.bad-draft"

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(at=fault.at, problem=fault.message)


def _place(root: Path, file: str) -> Path:
    """The path of a file below `faq/`; raises NoWorkspaceHere and BadDraft."""
    folder = root / "faq"
    if not folder.is_dir():
        raise NoWorkspaceHere(root)
    path = (root / file).resolve()
    if not path.is_relative_to(folder.resolve()) or path.suffix != ".md":
        raise BadDraft(Fault(Location(file), phrase("faq.wrong-place")))
    return path


def read_draft(root: Path, file: str) -> str:
    """The text of an entry's file as it stands in the workspace; empty where there is none. Raises NoWorkspaceHere."""
    path = _place(root, file)
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError):
        raise BadDraft(Fault(Location(file), phrase("workspace.not-utf-8"))) from None


def check_draft(file: str, text: str) -> LoadedEntry:
    """The entry that a text says; raises BadDraft with the first mistake."""
    if len(text) > LONGEST:
        raise BadDraft(Fault(Location(file), phrase("workspace.file-large", limit=LONGEST // 1024)))
    faults: list[Fault] = []
    loaded = read_entry(file, text, faults)
    wrong = errors_among(faults)
    if wrong or loaded is None:
        raise BadDraft(wrong[0] if wrong else Fault(Location(file), _unreadable()))
    return loaded


def _unreadable() -> Phrase:
    return phrase("workspace.not-a-mapping")


def write_entry(root: Path, file: str, text: str, *, before: str) -> None:
    """Write a draft that was made from `before` (empty: a new file). Raises BadDraft, DraftConflict and NoWorkspaceHere."""
    path = _place(root, file)
    check_draft(file, text)
    if read_draft(root, file) != before:
        raise DraftConflict(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text if text.endswith("\n") else f"{text}\n")
        Path(made).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(made).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(made).unlink()
        raise


def with_phrasing(root: Path, entry: Entry, question: str, lang: Lang) -> str:
    """Add what somebody asked to the phrasings of an entry's file; the file. What else stands there stays as it is written."""
    file = f"faq/{entry.topic}/{entry.id}.md"
    before = read_draft(root, file)
    loaded = check_draft(file, before)
    written = lang if lang in loaded.entry.texts else next(iter(loaded.entry.texts))
    text = loaded.entry.texts[written]
    phrasing = question[:500]
    if phrasing in (text.question, *text.phrasings):
        return file
    source = split_entry(before)
    yaml = YAML(typ="rt")
    yaml.allow_unicode, yaml.width = True, 10_000
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    front: Any = yaml.load(source.front)
    front[written].setdefault("phrasings", []).append(phrasing)
    out = StringIO()
    yaml.dump(front, out)
    write_entry(root, file, f"---\n{out.getvalue().strip(chr(10))}\n---\n{source.body}", before=before)
    return file


def free_id(root: Path, topic: str, wanted: str, known: Collection[str]) -> str:
    """An id that no entry and no draft has."""
    names = (wanted if number == 0 else f"{wanted}-{number}" for number in count())
    return next(name for name in names if name not in known and not (root / "faq" / topic / f"{name}.md").exists())
