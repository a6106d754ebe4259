"""Every text that the code names exists in both languages, with the same fields."""

import ast
import importlib
import pkgutil
import re
import string
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import temanashi
from temanashi.changes import OutcomeStatus, Verdict
from temanashi.errors import TemanashiError
from temanashi.ledger.records import Kind, Mode, RunOutcome
from temanashi.people import Channel
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Category
from temanashi.text import LANGUAGES, has, keys, say
from temanashi.workspace.publication import Publication
from temanashi.workspace.version_rows import StoredVersion

PACKAGE = Path(temanashi.__file__).parent
AREAS = sorted(file.stem for file in (PACKAGE / "text/ja").glob("*.po"))
SPEAKING = {"say", "phrase", "say_here", "Phrase", "_say", "told"}
EXTRA = {"numpy", "snowballstemmer", "sudachipy"}
"""What the extra `faq` brings: no error class needs it."""
ABSTRACT = {"InputError", "LedgerError", "RunError", "ServerError", "TargetError", "TemanashiError", "WorkspaceError"}


@cache
def modules():
    """Every module; those that start Prefect are read, not imported."""
    found = []
    for info in pkgutil.walk_packages([str(PACKAGE)], "temanashi."):
        if "__main__" in info.name or ".migrations." in info.name or info.name.split(".")[1] in {"orchestration", "gate"}:
            continue
        try:
            found.append(importlib.import_module(info.name))
        except ModuleNotFoundError as error:
            if error.name not in EXTRA:
                raise
    return found


@cache
def sources():
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in PACKAGE.rglob("*.py")}


def subclasses(cls):
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def error_classes():
    modules()
    ours = {cls for cls in subclasses(TemanashiError) if cls.__module__.startswith("temanashi.")}
    return sorted({cls for cls in ours if cls.__name__ not in ABSTRACT}, key=lambda cls: cls.__qualname__)


def keys_of_classes_that_are_only_read():
    """`key = "area.words"` in the bodies of classes, wherever they are."""
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            for line in node.body:
                if isinstance(line, ast.Assign) and [t.id for t in line.targets if isinstance(t, ast.Name)] == ["key"]:
                    assert isinstance(line.value, ast.Constant)
                    yield f"{file.relative_to(PACKAGE)}:{node.name}", line.value.value


def fields(text):
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def texts(area, lang):
    from temanashi.text.catalogue import _area

    return _area(area, lang)


def test_every_error_class_has_a_key():
    assert [cls.__qualname__ for cls in error_classes() if not cls.key and not cls.__subclasses__()] == []
    assert len(error_classes()) > 50


def test_every_error_says_what_is_wrong_and_what_to_do_in_both_languages():
    named = dict(keys_of_classes_that_are_only_read())
    named |= {cls.__qualname__: cls.key for cls in error_classes()}
    missing = [
        f"{where}: {name} ({lang})"
        for where, key in named.items()
        if key
        for name in (key, f"{key}.next")
        for lang in LANGUAGES
        if not has(name, lang)
    ]
    assert missing == []


def test_no_two_errors_share_a_key_by_accident():
    seen = {}
    for cls in error_classes():
        if cls.key:
            seen.setdefault(cls.key, []).append(cls)
    shared = {
        key: [cls.__qualname__ for cls in found]
        for key, found in seen.items()
        if len(found) > 1 and not any(issubclass(a, b) for a in found for b in found if a is not b)
    }
    assert shared == {}


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_have_the_same_keys(area):
    assert keys(area, "ja") == keys(area, "en")


def test_both_languages_have_the_same_areas():
    assert sorted(file.stem for file in (PACKAGE / "text/en").glob("*.po")) == AREAS


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_fill_in_the_same_fields(area):
    japanese, english = texts(area, "ja"), texts(area, "en")
    assert {key for key in japanese if fields(japanese[key]) != fields(english[key])} == set()


@pytest.mark.parametrize("area", AREAS)
def test_every_key_of_an_area_begins_with_its_name(area):
    assert {key for key in keys(area, "ja") if not key.startswith(f"{area}.")} == set()


@pytest.mark.parametrize("area", AREAS)
def test_no_japanese_text_was_left_in_english(area):
    """A sentence without any Japanese letter is a forgotten translation; words and formats may be alike."""
    plain = re.compile(r"[぀-ヿ一-鿿]")
    japanese, english = texts(area, "ja"), texts(area, "en")
    alike = {key for key, text in japanese.items() if not plain.search(text) and text == english[key] and text.count(" ") > 2}
    assert alike == set()


def spoken():
    """Every literal key that is said somewhere, with the names of the values it is given (None when they are not literal)."""
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0]
            for value in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if name in SPEAKING and isinstance(value, ast.Constant) and isinstance(value.value, str) and "." in value.value:
                    given = None if any(k.arg is None for k in node.keywords) else {k.arg for k in node.keywords}
                    yield f"{file.relative_to(PACKAGE)}:{node.lineno}", value.value, given


def test_every_literal_key_that_is_said_exists():
    found = list(spoken())
    assert len(found) > 200
    missing = [f"{where}: {key}" for where, key, _ in found if re.fullmatch(r"[a-z]+\.[a-z0-9.-]+", key) and not has(key, "ja")]
    assert missing == []


def test_every_field_of_a_text_is_given_where_it_is_said():
    """A sentence with an unfilled brace is the reader's first sight of a bug."""
    wrong = []
    for where, key, given in spoken():
        if given is None or not has(key, "ja"):
            continue
        area = key.partition(".")[0]
        if lacking := fields(texts(area, "ja")[key]) - given:
            wrong.append(f"{where}: {key} lacks {sorted(lacking)}")
    assert wrong == []


STATES = ("planned", "running", "waiting", *get_args(RunOutcome))
ROWS = ("planned", "intended", *get_args(OutcomeStatus))
WORDS = {
    "cli.kind-{}": [kind.replace("_", "-") for kind in get_args(Kind)],
    "cli.state-{}": [*STATES, *ROWS],
    "cli.verdict-{}": [verdict.value.lower() for verdict in Verdict],
    "cli.version-{}": get_args(get_type_hints(StoredVersion)["state"]),
    "cli.published-{}": get_args(get_type_hints(Publication)["status"]),
    "opening.word-{}": [*get_args(RunOutcome), *(verdict.value.lower() for verdict in Verdict)],
    "orchestration.outcome-{}": get_args(RunOutcome),
    "runs.state-{}": STATES,
    "runs.status-{}": [*get_args(OutcomeStatus), "planned", "running"],
    "runs.verdict-{}": list(Verdict),
    "pages.channel-{}": get_args(Channel),
    "pages.mode-{}": [mode for mode in get_args(Mode) if mode != "live"],
    "runbooks.category-{}": get_args(Category),
    "runbooks.kind-{}": list(step_kinds()),
}


@pytest.mark.parametrize("pattern", WORDS)
def test_every_word_that_is_put_together_from_a_value_exists(pattern):
    assert WORDS[pattern]
    assert [word for word in WORDS[pattern] for lang in LANGUAGES if not has(pattern.format(word), lang)] == []


def test_a_key_without_a_text_is_shown_as_itself_with_its_data():
    assert say("nowhere.nothing", "ja", a=1) == "nowhere.nothing {'a': 1}"
    assert say("nowhere.nothing", "en") == "nowhere.nothing"
