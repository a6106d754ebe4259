"""Drafts as files: any text comes back as it was, is never a template, and never stands over another file."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.literal import as_template
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.templates import Templated, check_template, render
from temanashi.text import phrase
from temanashi.workspace.creating import BadId, IdTaken
from temanashi.workspace.importing.drafts import Draft, Finding, clean, local, shortened, slug
from temanashi.workspace.importing.excel import draft_from_excel
from temanashi.workspace.importing.writing import check_ids, draft_text, write_drafts
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.writing import InTheWay
from temanashi.workspace.yaml_source import read_yaml

HOSTILE = [
    "{{ params.x }}",
    "{% for x in range(9) %}{% endfor %}",
    "{# gone #}",
    "{{{ '{' }}}",
    "{",
    "%}{{",
    "a: b",
    "- item",
    "# no comment",
    "key: |\n  block",
    "'",
    '"',
    "\\",
    "\\x41",
    "!!python/object/apply:os.system ['id']",
    "&anchor *alias",
    "*alias",
    "<<: *x",
    "---\n...",
    "? complex",
    "%YAML 1.1",
    "@at `tick",
    "null",
    "~",
    "true",
    "no",
    "on",
    "0x1F",
    "0o17",
    "1e5",
    ".inf",
    "12:30:45",
    "2026-04-01",
    "=cmd|' /C calc'!A0",
    "$(id) `id` ; rm -rf / && echo",
    "line\r\nline\u2028line\x85line",
    "\x00\x01\x1b[31m\x7f",
    "\u202eevil\u202c",
    "\ufeffbom",
    "\ud800",
    "  spaces  ",
    "tab\there",
    "trailing \nspace",
    "\n\nleading",
    "‹step.name›",
    '{"__prefect_kind": "jinja", "template": "{{ 1 }}"}',
    "x" * 5000,
    "全角　空白",
    "😀",
]


def written(text, *, languages=("ja",)):
    data = {
        "id": "sample",
        "title": local(shortened(clean(text)) or "-", languages),
        "description": "d",
        "category": "routine",
        "owner": "ops",
        "steps": [{"id": "step-1", "manual": {"text": as_template(clean(text)) or "-", "minutes": 5}}],
    }
    finding = Finding("left", clean(text), phrase("imports.refused", problem=text), "step-1")
    return draft_text(Draft(data=data, source=text, findings=(finding,)), lang="ja", kinds=step_kinds())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_data_in_the_file_and_no_template_in_the_step(text):
    made = written(text)
    back = read_yaml(made.text).data
    assert back == made.draft.data
    step = parse_runbook(back, kinds=step_kinds()).steps[0]
    prompt = step.spec.text.plain
    assert check_template(Templated((), prompt), parameters=(), steps=()) == []
    assert render(prompt, {}) == (clean(text) or "-")


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_comes_back(text):
    made = written(text)
    assert read_yaml(made.text).data == made.draft.data
    assert render(made.draft.data["steps"][0]["manual"]["text"], {}) == (clean(text) or "-")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="{}%#'\" a", min_size=1, max_size=12), st.text(alphabet="{}%# a", max_size=6))
def test_a_text_before_or_after_a_template_stays_a_text(before, after):
    assert render(as_template(before) + "{{ params }}" + as_template(after), {"params": "P"}) == f"{before}P{after}"


def test_the_same_text_stands_under_each_language_of_the_workspace():
    assert local("開く", ("ja",)) == "開く"
    assert local("開く", ("ja", "en")) == {"ja": "開く", "en": "開く"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Month-End Close v2", "month-end-close-v2"),
        ("手順書", ""),
        ("2026年 close", "close"),
        ("Ünïcode", "unicode"),
        ("a" * 99, "a" * 60),
    ],
)
def test_ids_are_made_from_what_is_ascii(text, name):
    assert slug(text) == name


def test_multi_line_texts_are_readable_blocks():
    made = written("一行目\n二行目")
    assert "text: |-\n" in made.text


def test_findings_stand_at_the_head_and_beside_their_step():
    made = written("何か")
    head, _, rest = made.text.partition("id: sample")
    assert "× 何か" in head
    assert "# × 何か" in rest
    assert all(line.startswith("#") for line in head.splitlines())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.temanashi]\nlanguages = ["ja"]\n')
    (tmp_path / "runbooks/routine").mkdir(parents=True)
    return tmp_path


def test_what_was_imported_is_a_valid_runbook_of_the_workspace(folder, book):
    book.sheet(
        "S",
        [
            ["No", "作業内容", "備考"],
            *([n, text, text] for n, text in enumerate(HOSTILE, 1) if not set(text) & set("\x00\ud800\ufeff")),
        ],
    )
    draft = draft_from_excel(book.save(), languages=("ja",))
    made = draft_text(draft, lang="ja", kinds=step_kinds())
    [file] = write_drafts(folder, [made])
    loaded = load_workspace(folder, kinds=step_kinds())
    assert loaded.faults == []
    assert list(loaded.runbooks) == ["procedure"]
    assert file == folder / "runbooks/routine/procedure.yaml"


def test_an_id_that_is_taken_or_no_id_is_refused_and_nothing_is_written(folder):
    made = written("一")
    write_drafts(folder, [made])
    before = (folder / made.draft.file).read_bytes()
    with pytest.raises(IdTaken):
        check_ids(folder, [made.draft], kinds=step_kinds())
    with pytest.raises(InTheWay):
        write_drafts(folder, [made])
    assert (folder / made.draft.file).read_bytes() == before
    for name in ("Bad", "1st", "../x", "a" * 81, ""):
        with pytest.raises(BadId):
            check_ids(folder, [Draft(data={**made.draft.data, "id": name}, source="")], kinds=step_kinds())
    alike = Draft(data={**made.draft.data, "id": "other"}, source="")
    with pytest.raises(IdTaken):
        check_ids(folder, [alike, alike], kinds=step_kinds())


def test_what_the_loader_refuses_becomes_a_finding():
    data = json.loads(json.dumps(written("一").draft.data)) | {"owner": ""}
    made = draft_text(Draft(data=data, source="x"), lang="ja", kinds=step_kinds())
    assert [(f.kind, f.place) for f in made.draft.findings] == [("left", "owner")]
    assert not made.draft.complete
