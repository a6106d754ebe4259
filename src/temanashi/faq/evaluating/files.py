"""Reading entries, questions and what answers them, one JSON object a line; every mistake with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from temanashi.errors import InputError, Location
from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import language_of
from temanashi.problems import problems_of
from temanashi.text.local import Lang, Phrase, phrase

__all__ = ["BadLines", "Judged", "Material", "read_material"]

SHOWN = 5
"""Mistakes that are told by name; a file of the wrong sort has one in every line."""


class BadLines(InputError):
    """A file whose lines are not what they should be; nothing was measured."""

    key = "faq.bad-lines"

    def __init__(self, file: str, problems: list[tuple[int, Phrase]]) -> None:
        self.problems = tuple(problems)
        told = [phrase("faq.bad-line", line=line, problem=problem) for line, problem in problems[:SHOWN]]
        super().__init__(at=Location(file, problems[0][0]), file=file, count=len(problems), problems=told)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_as_text), StringConstraints(min_length=1)]
"""Numbers serve as ids too, as they do in files of others."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # files of others say more than we need

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name: one for name, one in value.items() if one is not None}


class _EntryLine(_Line):
    id: Id
    lang: Lang | None = None
    question: str = ""
    answer: str = ""
    phrasings: tuple[str, ...] = ()

    @property
    def document(self) -> Document:
        lang = self.lang or language_of(" ".join((self.question, self.answer, *self.phrasings)))
        return Document(self.id, lang, self.question, self.phrasings, self.answer)


class _QueryLine(_Line):
    id: Id
    lang: Lang | None = None
    text: str
    split: str = ""
    in_scope: bool | None = None


class _RelevanceLine(_Line):
    query: Id
    entry: Id
    grade: int = Field(default=2, ge=0, le=100)


class Judged(NamedTuple):
    """A question, and the entries that answer it with their grade (2 answers it, 1 is related); none for one without an answer."""

    text: str
    lang: Lang
    split: str
    covered: bool
    grades: Mapping[str, int]


class Material(NamedTuple):
    """What is measured with. `ignored` counts lines of relevance that name a question or entry that is not in the files."""

    documents: list[Document]
    questions: list[Judged]
    ignored: int


def read_material(entries: Path, queries: Path, relevance: Path) -> Material:
    """The three files; empty ones mean none. Raises BadLines and OSError."""
    documents = [line.document for _, line in _unique(entries, _EntryLine, lambda line: (line.id, line.document.lang))]
    asked = {line.id: line for _, line in _unique(queries, _QueryLine, lambda line: line.id)}
    known = {document.key for document in documents}
    grades: dict[str, dict[str, int]] = {}
    ignored = 0
    for _, line in _read(relevance, _RelevanceLine):
        if line.query not in asked or line.entry not in known:
            ignored += 1
        elif line.grade:
            mine = grades.setdefault(line.query, {})
            mine[line.entry] = max(line.grade, mine.get(line.entry, 0))
    return Material(documents, [_judged(line, grades.get(line.id, {})) for line in asked.values()], ignored)


def _judged(line: _QueryLine, grades: Mapping[str, int]) -> Judged:
    """A question is covered where the file says so, else where an entry answers it."""
    covered = bool(grades) if line.in_scope is None else line.in_scope
    return Judged(line.text, line.lang or language_of(line.text), line.split, covered, grades)


def _unique(path: Path, model: Any, name: Any) -> Iterator[tuple[int, Any]]:
    first: dict[Any, int] = {}
    twice: list[tuple[int, Phrase]] = []
    for number, line in _read(path, model):
        before = first.setdefault(name(line), number)
        if before != number:
            twice.append((number, phrase("faq.line-twice", id=line.id, first=before)))
        else:
            yield number, line
    if twice:
        raise BadLines(path.name, twice)


def _read(path: Path, model: Any) -> Iterator[tuple[int, Any]]:
    problems: list[tuple[int, Phrase]] = []
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            found = _line(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, model)
            if isinstance(found, Phrase):
                problems.append((number, found))
            elif found is not None and not problems:
                yield number, found
    if problems:
        raise BadLines(path.name, problems)


def _line(raw: bytes, model: Any) -> Any:
    """The line as its model, None where it is empty, or what is wrong with it."""
    try:
        text = raw.decode("utf-8").strip()
        data = json.loads(text) if text else None
    except UnicodeDecodeError:
        return phrase("faq.line-not-utf-8")
    except (ValueError, RecursionError) as error:
        return phrase("faq.line-not-json", problem=str(error).split(":")[0])
    if not text:
        return None
    if not isinstance(data, dict):
        return phrase("faq.line-not-object")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return problems_of(error, model=model)[0].message
