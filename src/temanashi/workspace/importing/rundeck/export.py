"""A file of exported jobs: its drafts, one a job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from temanashi.errors import InputError
from temanashi.text import Lang, Phrase, phrase
from temanashi.workspace.importing.drafts import Draft, slug
from temanashi.workspace.importing.rundeck.calls import Neighbour, Neighbours
from temanashi.workspace.importing.rundeck.collecting import Collected, text_of
from temanashi.workspace.importing.rundeck.job import draft_of
from temanashi.workspace.importing.rundeck.options import parameters_of
from temanashi.workspace.yaml_source import BadYaml, read_yaml

__all__ = ["NotAnExport", "drafts_from_rundeck"]

MAX_FILE = 20_000_000
MAX_JOBS = 1_000


class NotAnExport(InputError):
    """A file that is no list of jobs in YAML."""

    key = "imports.not-an-export"

    def __init__(self, file: str, *, problem: Phrase) -> None:
        super().__init__(file=file, problem=problem)


def drafts_from_rundeck(file: Path, *, languages: tuple[Lang, ...], category: str = "routine") -> list[Draft]:
    """One draft a job, in the order of the file; raises NotAnExport."""
    jobs = _jobs(file)
    neighbours, names = Neighbours(), []
    taken: set[str] = set()
    for job in jobs:
        name = _name(job, taken)
        taken.add(name)
        names.append(name)
        _, options = parameters_of(job.get("options"), languages, Collected(""))
        neighbours.add(job, Neighbour(name, options))
    return [
        draft_of(job, name=name, category=category, source=file.name, languages=languages, neighbours=neighbours)
        for job, name in zip(jobs, names, strict=True)
    ]


def _jobs(file: Path) -> list[Mapping[str, Any]]:
    if file.stat().st_size > MAX_FILE:
        raise NotAnExport(file.name, problem=phrase("imports.rundeck-large", limit=MAX_FILE))
    try:
        data = read_yaml(file.read_text(encoding="utf-8-sig")).data
    except UnicodeDecodeError as error:
        raise NotAnExport(file.name, problem=phrase("imports.rundeck-utf8")) from error
    except BadYaml as error:
        first = error.flaws[0]
        raise NotAnExport(file.name, problem=phrase("imports.rundeck-yaml", line=first.line, problem=first.message)) from error
    jobs = data if isinstance(data, list) else [data]
    if not jobs or len(jobs) > MAX_JOBS or not all(isinstance(job, Mapping) and text_of(job.get("name")) for job in jobs):
        raise NotAnExport(file.name, problem=phrase("imports.rundeck-no-jobs"))
    if not any("sequence" in job for job in jobs):
        raise NotAnExport(file.name, problem=phrase("imports.rundeck-no-jobs"))
    return jobs


def _name(job: Mapping[str, Any], taken: set[str]) -> str:
    """The id: the job's name, with its group where another job has that name too."""
    name = slug(text_of(job.get("name"))) or "job"
    if name in taken and job.get("group"):
        name = slug(f"{text_of(job['group'])}-{name}") or name
    return name if name not in taken else next(f"{name}-{n}" for n in range(2, MAX_JOBS + 2) if f"{name}-{n}" not in taken)
