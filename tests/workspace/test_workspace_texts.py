"""Every sentence of this area exists in both languages with the same fields, and is used."""

from __future__ import annotations

import re
import string
from importlib.resources import files
from pathlib import Path

import pytest

from temanashi import notices
from temanashi.errors import TemanashiError
from temanashi.text import LANGUAGES, explain, keys, say
from temanashi.workspace import approving, creating, versions, writing, yaml_source

SOURCE = Path(str(files("temanashi")))
MODULES = (approving, creating, notices, versions, writing, yaml_source)
EXAMPLES = {
    "actor": "alice", "file": "a.yaml", "files": ["a", "b"], "folder": "site", "id": "a", "line": 3,
    "live": 3,
    "number": 2, "problem": "x", "reason": "full", "wanted": "7",
}  # fmt: skip


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("area", ["workspace", "notices", "settings"])
def test_both_languages_say_the_same(area):
    assert keys(area, "ja") == keys(area, "en")
    for key in keys(area, "en"):
        raw = {lang: _raw(area, lang, key) for lang in LANGUAGES}
        assert fields(raw["ja"]) == fields(raw["en"]), key


def _raw(area, lang, key):
    from temanashi.text.catalogue import _area

    return _area(area, lang)[key]


@pytest.mark.parametrize("area", ["workspace", "notices", "settings"])
def test_every_sentence_is_used_and_every_used_one_exists(area):
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    used = set(re.findall(rf'"({area}\.[a-z][a-z0-9-]*)"', text))
    if area == "workspace":
        used |= {f"workspace.new-{key}" for key in (*creating_keys(),)} | {f"workspace.cron-{name}" for name in cron_fields()}
    used |= {f"{key}.next" for key in used if f"{key}.next" in keys(area, "en")}
    assert used == keys(area, "en")


def creating_keys():
    from temanashi.workspace.runbook_template import COMMENTS, TEXTS

    return (*COMMENTS, *TEXTS)


def cron_fields():
    from temanashi.runbooks.cron import FIELDS

    return [name for name, _, _ in FIELDS]


def errors():
    found = {
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, TemanashiError)
    }
    return sorted((error for error in found if error.key.startswith("workspace.")), key=lambda error: error.key)


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_says_what_is_wrong_and_what_to_do(error, lang):
    made = error.__new__(error)
    TemanashiError.__init__(made, **EXAMPLES)
    told = explain(made, lang)
    assert told.what
    assert told.next
    assert "{" not in told.what + told.next


def test_lists_of_braces_are_shown_as_braces():
    assert "`{{ ... }}`" in say("workspace.yaml-key", "ja")
    assert "`{{`" in say("workspace.yaml-key", "en")
