"""The report in Chromium: axe-core finds no serious fault, labels have room in real fonts, the first printed page is complete."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from e2e.browsing import FLAGS
from reports.report_cases import cases
from temanashi.reports import render_html

CHROMIUM = Path("/usr/bin/chromium")
LOOKS = [("ja", "light", 1000), ("en", "dark", 1000), ("ja", "dark", 390), ("en", "light", 390)]
# Every label of a chart with its box in the page, and the box of its chart.
BOXES = """() => [...document.querySelectorAll('svg.chart')].map(svg => {
    const box = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] };
    return [box(svg), [...svg.querySelectorAll('text')].map(text => [text.textContent, ...box(text)])]
})"""

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not there")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def look(browser, request):
    lang, scheme, width = request.param
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    yield lang, context.new_page()
    context.close()


@pytest.mark.parametrize("look", LOOKS, indirect=True)
@pytest.mark.parametrize("name", ["year", "team"])
def test_axe_finds_no_serious_fault_and_nothing_is_wider_than_the_screen(look, name):
    lang, page = look
    page.set_content(render_html(cases()[name], lang))
    found = Axe().run(page).response["violations"]
    serious = [(v["id"], v["nodes"][0]["html"][:160]) for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("look", LOOKS, indirect=True)
@pytest.mark.parametrize("name", ["year", "team", "running", "worse", "first-day"])
def test_labels_have_room_in_real_fonts(look, name):
    lang, page = look
    page.set_content(render_html(cases()[name], lang))
    charts = page.evaluate(BOXES)
    assert len(charts) >= 2
    for (left, top, right, bottom), labels in charts:
        assert labels
        for text, x1, y1, x2, y2 in labels:
            assert left - 1 <= x1 < x2 <= right + 1, text
            assert top - 2 <= y1 < y2 <= bottom + 2, text
        for n, (text, x1, _, x2, _) in enumerate(labels):
            # Lines of a font are taller than its letters: only what stands on one line can touch.
            same = [other for other in labels[n + 1 :] if abs((other[2] + other[4]) - (labels[n][2] + labels[n][4])) < 12]
            for other in same:
                assert x2 <= other[1] + 1 or other[3] <= x1 + 1, (text, other[0])


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", ("基準月比", "目標への進み", "累計", "控え")), ("en", ("below", "Progress", "Fiscal", "checkpoint"))]
)
def test_the_first_printed_page_is_complete_and_has_no_second_half(browser, tmp_path, lang, words):
    if shutil.which("pdftotext") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("pdftotext is not there")
    page = browser.new_page()
    page.set_content(render_html(cases()["year"], lang))
    page.pdf(path=tmp_path / "r.pdf", prefer_css_page_size=True, print_background=True)
    page.close()
    told = subprocess.run(["pdftotext", tmp_path / "r.pdf", "-"], capture_output=True, text=True, check=True).stdout
    first, second, *_ = told.split("\f")
    for word in words:
        assert word.lower() in first.lower()
    assert ("根拠は何か" if lang == "ja" else "What the credit rests on") in second
    assert "2026年度累計" not in second
