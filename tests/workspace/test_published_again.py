"""A published version is read again by the quicker parser, and says the same."""

from pathlib import Path

import pytest

from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.loading import load_content

ROOT = Path(__file__).parents[2]
FOLDERS = ("runbooks", "faq")
BROKEN = "runbooks/routine/broken.yaml"


@pytest.fixture(scope="module")
def texts():
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*")) if file.suffix in {".yaml", ".md"}]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def said(texts, good=()):
    content = load_content(texts, kinds=step_kinds(), languages=("ja", "en"), good=good)
    runbooks = {name: loaded.runbook for name, loaded in content.runbooks.items()}
    entries = {name: loaded.entry for name, loaded in content.entries.items()}
    lines = {name: loaded.line(("steps", 0)) for name, loaded in content.runbooks.items()}
    return runbooks, entries, lines, content.people, content.roles, content.calendar, content.faults


def test_both_parsers_say_the_same_of_every_file_that_comes_along(texts):
    assert said(texts, good=frozenset(texts)) == said(texts)


def test_a_file_that_had_a_mistake_is_read_strictly_again(texts):
    # libyaml takes this, YAML 1.2 does not.
    broken = texts | {BROKEN: "id: broken\ntitle: |#\n  x\n"}
    (fault,) = [each for each in said(broken, good=frozenset(texts))[-1] if each.at.file == BROKEN]
    assert fault.level == "error"
