"""The faces of the report, byte for byte. `pytest tests/reports --update-golden` rewrites them; then look at the difference."""

from pathlib import Path

import pytest

from reports.report_cases import cases
from temanashi.reports import as_csv, as_json, render_html

GOLDEN = Path(__file__).parents[1] / "golden" / "report"
REPORTS = cases()
FACES = [f"{name}.{lang}.html" for name in REPORTS for lang in ("ja", "en")] + ["running.ja.csv", "running.en.csv", "running.json"]


def face(file):
    name, *lang, kind = file.split(".")
    if kind == "html":
        return render_html(REPORTS[name], lang[0]).encode()
    return as_csv(REPORTS[name], lang[0]) if kind == "csv" else as_json(REPORTS[name]).encode()


@pytest.mark.parametrize("file", FACES)
def test_a_face_is_what_it_was(file, request):
    golden, told = GOLDEN / file, face(file)
    if request.config.getoption("--update-golden"):
        golden.write_bytes(told)
    assert told == golden.read_bytes(), f"{file} changed; look at it, then run with --update-golden"


@pytest.mark.parametrize("file", [file for file in FACES if file.endswith("html")])
def test_a_page_is_small_and_needs_nothing_from_elsewhere(file):
    page = face(file).decode()
    assert len(page.encode()) < 50_000
    for forbidden in (
        "<script",
        "http://",
        "https://",
        "url(http",
        "@import",
        "<link",
        "<img",
        "{{",
        "{%",
        "report.",
        "books.",
        "calendars.",
    ):
        assert forbidden not in page


@pytest.mark.parametrize("file", [file for file in FACES if file.endswith("html")])
def test_every_text_of_a_page_is_filled_in(file):
    body = face(file).decode().split("</style>")[1]
    assert "{" not in body
    assert "}" not in body
    assert "None" not in body


def test_golden_files_have_an_owner():
    assert {path.name for path in GOLDEN.iterdir()} == set(FACES)
