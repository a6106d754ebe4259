"""Loading the entries of the FAQ: every mistake of every file, and a broken file disables itself and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from temanashi.errors import Location
from temanashi.faq.entries import EVERYONE, Entry, EntryFile
from temanashi.people import People, missing_words
from temanashi.problems import Problem, problems_of
from temanashi.text import Lang, phrase
from temanashi.workspace.faq_syntax import Answers, BadEntry, split_entry
from temanashi.workspace.faults import Fault, errors_among
from temanashi.workspace.yaml_source import BadYaml, read_yaml

__all__ = ["FAQ", "LoadedEntry", "is_entry", "load_entries", "read_entry"]

FAQ = "faq/"
DEPTH = 3
"""`faq/<topic>/<id>.md`."""


@dataclass(frozen=True, slots=True)
class LoadedEntry:
    """An entry and the file it stands in; `line` finds the line of a path into its front matter, `lines` those of its answers."""

    entry: Entry
    file: str
    line: Callable[[tuple[str | int, ...]], int]
    lines: Mapping[Lang, int]

    def fault(self, problem: Problem, *, warning: bool = False) -> Fault:
        """A problem of the entry at its place in the file."""
        at = Location(self.file, self.line(problem.loc), problem.field)
        return Fault(at, problem.message, problem.close, "warning" if warning else "error")


def is_entry(file: str) -> bool:
    """Whether a path is one at which an entry may stand."""
    return file.startswith(FAQ) and file.endswith(".md")


def load_entries(
    texts: Mapping[str, str], *, people: People, languages: tuple[Lang, ...], faults: list[Fault], good: Container[str] = ()
) -> dict[str, LoadedEntry]:
    """Entries by id; what is wrong goes to `faults`. Two with one id are both left out: which is meant nobody can know.

    `good` are files that were read without a mistake before: these are read by the quicker parser.
    """
    read = [loaded for file in texts if is_entry(file) and (loaded := read_entry(file, texts[file], faults, quick=file in good))]
    found = [*(fault for loaded in read for fault in _alone(loaded, people, languages)), *_same_ids(read)]
    faults += found
    broken = {fault.at.file for fault in errors_among(found)}
    return {loaded.entry.id: loaded for loaded in read if loaded.file not in broken}


def read_entry(file: str, text: str, faults: list[Fault], *, quick: bool = False) -> LoadedEntry | None:
    """The entry of a file by itself; None where it has a mistake, which goes to `faults`."""
    try:
        return _read(file, text, quick=quick)
    except _Wrong as error:
        faults += error.faults
    except BadEntry as error:
        faults.append(Fault(Location(file, error.line), error.message))
    except BadYaml as error:
        faults += [Fault(Location(file, flaw.line), flaw.message) for flaw in error.flaws]
    return None


class _Wrong(Exception):
    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = list(faults)


def _read(file: str, text: str, *, quick: bool) -> LoadedEntry:
    parts = PurePosixPath(file).parts
    if len(parts) != DEPTH:
        raise _Wrong([Fault(Location(file), phrase("faq.wrong-place"))])
    source = split_entry(text)
    answers = Answers.of(source)
    front = read_yaml(source.front, quick=quick)
    if not isinstance(front.data, dict):
        raise _Wrong([Fault(Location(file, front.line(())), phrase("workspace.not-a-mapping"))])
    try:
        told = EntryFile.model_validate(front.data)
        answers = _placed(told, answers, source.line, file)
        texts = {lang: {**getattr(told, lang).model_dump(), "answer": answers.texts[lang]} for lang in told.languages}
        entry = Entry.model_validate({**told.model_dump(exclude={"ja", "en"}), "topic": parts[1], "texts": texts})
    except ValidationError as error:
        problems = problems_of(error, model=EntryFile)
        raise _Wrong(Fault(Location(file, front.line(p.loc), p.field), p.message, p.close) for p in problems) from error
    return LoadedEntry(entry, file, front.line, answers.lines)


def _placed(told: EntryFile, answers: Answers, start: int, file: str) -> Answers:
    """The answers by the languages that the front matter names; raises _Wrong where something does not fit."""
    if not told.languages:
        raise _Wrong([Fault(Location(file, 1), phrase("faq.no-language"))])
    if answers.before and len(told.languages) == 1 and not answers.texts:
        lang = told.languages[0]
        return Answers({lang: answers.before}, {lang: start}, "")
    wrong = []
    if answers.before:
        wrong.append(Fault(Location(file, start), phrase("faq.text-before", languages=list(told.languages))))
    alone = [lang for lang in answers.lines if lang not in told.languages]
    wrong += [Fault(Location(file, answers.lines[lang]), phrase("faq.answer-alone", lang=lang)) for lang in alone]
    silent = [lang for lang in told.languages if not answers.texts.get(lang)]
    wrong += [Fault(Location(file, answers.lines.get(lang, start)), phrase("faq.no-answer", lang=lang)) for lang in silent]
    if wrong:
        raise _Wrong(wrong)
    return answers


def _alone(loaded: LoadedEntry, people: People, languages: tuple[Lang, ...]) -> Iterator[Fault]:
    entry = loaded.entry
    if (stem := PurePosixPath(loaded.file).stem) != entry.id:
        yield loaded.fault(Problem(("id",), phrase("faq.wrong-name", id=entry.id, stem=stem)))
    for found in missing_words(entry.audience, people, more=(EVERYONE,)):
        yield loaded.fault(Problem(("audience", found.at), phrase("people.unknown", word=found.word), found.close))
    if missing := [lang for lang in languages if lang not in entry.texts]:
        yield loaded.fault(Problem((), phrase("faq.missing-language", missing=missing, languages=list(languages))), warning=True)
    for lang, text in entry.texts.items():
        if not text.phrasings:
            yield loaded.fault(Problem((lang,), phrase("faq.no-phrasings", lang=lang)), warning=True)


def _same_ids(every: Iterable[LoadedEntry]) -> Iterator[Fault]:
    by_id: dict[str, list[LoadedEntry]] = defaultdict(list)
    for loaded in every:
        by_id[loaded.entry.id].append(loaded)
    for name, group in by_id.items():
        for loaded in group if len(group) > 1 else ():
            others = [other.file for other in group if other is not loaded]
            yield loaded.fault(Problem(("id",), phrase("workspace.duplicate-id", id=name, files=others)))
