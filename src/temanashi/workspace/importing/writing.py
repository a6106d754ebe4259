"""Drafts as files: YAML with comments on what a person must look at, checked by reading it again, and never over another file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML

from temanashi.problems import Problem
from temanashi.runbooks.parsing import BadRunbook, parse_runbook
from temanashi.runbooks.steps.contract import StepKind
from temanashi.text import Lang, phrase, say
from temanashi.workspace.creating import MAX_NAME, NAME, BadId, IdTaken
from temanashi.workspace.importing.drafts import Draft, Finding
from temanashi.workspace.importing.yaml_nodes import yaml_node
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.writing import write_all
from temanashi.workspace.yaml_source import BadYaml, read_yaml

__all__ = ["Written", "check_ids", "draft_text", "told", "write_drafts"]

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
COMMENT_WIDTH = 300


class Written(NamedTuple):
    """A draft with the text of its file, and the findings that came up when it was read as a runbook."""

    draft: Draft
    text: str


def check_ids(root: Path, drafts: Iterable[Draft], *, kinds: Mapping[str, StepKind]) -> None:
    """Raise BadId or IdTaken where a draft's id cannot be used in the workspace; raises before anything is written."""
    workspace = load_workspace(root, kinds=kinds)
    taken = {found.runbook.function: found.file for found in workspace.runbooks.values()} | workspace.flows
    for draft in drafts:
        if not NAME.fullmatch(draft.id) or len(draft.id) > MAX_NAME:
            raise BadId(draft.id)
        function = draft.id.replace("-", "_")
        if function in taken or (root / draft.file).exists():
            raise IdTaken(draft.id, file=taken.get(function, draft.file))
        taken[function] = draft.file


def draft_text(draft: Draft, *, lang: Lang, kinds: Mapping[str, StepKind]) -> Written:
    """The file of a draft. What the loader says against it becomes a finding too, so that nobody learns of it only later."""
    try:
        parse_runbook(draft.data, kinds=kinds)
    except BadRunbook as error:
        found = tuple(_refused(problem) for problem in error.problems)
        draft = Draft(data=draft.data, source=draft.source, findings=(*draft.findings, *found))
    for readable in (True, False):
        text = _head(draft, lang) + _dumped(draft, lang, readable=readable)
        try:
            if read_yaml(text).data == draft.data:
                return Written(draft, text)
        except BadYaml:
            continue
    raise AssertionError(draft.id)  # quoted strings hold every text that `clean` lets through


def write_drafts(root: Path, written: Iterable[Written]) -> list[Path]:
    """Write the files, all or none; raises InTheWay and CannotWrite."""
    return write_all(root, {one.draft.file: one.text for one in written})


def _refused(problem: Problem) -> Finding:
    return Finding("left", problem.field, phrase("imports.refused", problem=problem.message))


def _head(draft: Draft, lang: Lang) -> str:
    lines = [say("imports.head", lang, source=draft.source), say("imports.head-next", lang)]
    counted = [finding for finding in draft.findings if finding.kind != "noted"]
    lines += [say("imports.head-left" if counted else "imports.head-nothing-left", lang, count=len(counted))]
    lines += [f"  - {told(finding, lang)}" for finding in draft.findings]
    return "".join(f"# {_one_line(line)}\n" for line in lines)


def told(finding: Finding, lang: Lang) -> str:
    """A finding on one line: its mark, its place and its sentence."""
    return _one_line(_sentence(finding, lang))


def _sentence(finding: Finding, lang: Lang) -> str:
    return f"{say(f'imports.kind-{finding.kind}', lang)} {finding.place}: {finding.message.text(lang)}"


def _one_line(text: str) -> str:
    """A comment ends where its line ends, so no text may bring a line end of its own."""
    plain = UNPRINTABLE.sub(" ", text).rstrip()
    return plain if len(plain) <= COMMENT_WIDTH else plain[: COMMENT_WIDTH - 1] + "…"


def _dumped(draft: Draft, lang: Lang, *, readable: bool) -> str:
    yaml = YAML()
    yaml.width = 100_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml_node(draft.data, readable=readable)
    steps = data.get("steps", [])
    for index, step in enumerate(steps):
        said = [told(f, lang) for f in draft.findings if f.step and f.step == step.get("id")]
        if said:
            steps.yaml_set_comment_before_after_key(index, before="\n".join(said), indent=2)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
