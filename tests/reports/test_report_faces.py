"""XLSX and PDF: the same figures, as numbers and as text that can be searched."""

import builtins
import io
import os
import shutil
import subprocess
import zipfile
from types import SimpleNamespace

import openpyxl
import pytest

from books.bookkeeping import Books, proposed
from reports.report_cases import cases, report
from temanashi.reports import FACES, answering_sentence
from temanashi.reports.monthly_pdf import FontMissing, PdfNotInstalled, missing_letters, monthly_pdf
from temanashi.reports.monthly_xlsx import monthly_xlsx
from temanashi.text import LANGUAGES, explain


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", cases())
def test_equal_reports_give_equal_files_and_each_can_be_opened(name, lang):
    content = monthly_xlsx(cases()[name], lang)
    assert content == monthly_xlsx(cases()[name], lang)
    assert len(opened(content).sheetnames) == 5
    text = zipfile.ZipFile(io.BytesIO(content)).read("xl/sharedStrings.xml").decode()
    assert "report." not in text
    assert "{" not in text


def test_numbers_are_numbers_with_formats():
    own = cases()["year"]
    book = opened(monthly_xlsx(own, "ja"))
    assert book.sheetnames == ["まとめ", "作業", "基準から残りまで", "推移", "数えなかった実行"]
    facts = {row[0].value: row[1] for row in book["まとめ"].iter_rows()}
    assert facts["答え"].value == answering_sentence(own, "ja")
    assert facts["減った割合"].value == own.figures.reduction
    assert facts["減った割合"].number_format == "0.0%"
    assert facts["残る手作業（時間）"].value * 3600 == pytest.approx(own.figures.sums.manual_seconds)
    assert facts["残る手作業（人日）"].value == pytest.approx(own.figures.sums.manual_seconds / 3600 / 8)
    seconds = [row[2].value for row in book["基準から残りまで"].iter_rows(min_row=2)]
    assert seconds[0] + sum(seconds[1:-1]) == seconds[-1] == own.figures.sums.manual_seconds
    trend = list(book["推移"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in trend if row[1] != "見込み"] == [one.month for one in own.trend]
    assert [row[4] for row in trend if row[1] == "見込み"] == pytest.approx([one.manual_seconds / 3600 for one in own.forecast])


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|'/c calc'!A1", "http://example.jp/", "{=1}"])
def test_nothing_that_somebody_typed_becomes_a_formula_or_a_link(evil):
    books = Books()
    task = proposed("t", ja=evil, en=evil)
    books.sign(task)
    content = monthly_xlsx(report(books.figures([task]), company=evil), "ja")
    files = zipfile.ZipFile(io.BytesIO(content))
    for name in files.namelist():
        if name.startswith("xl/worksheets/"):
            assert "<f>" not in files.read(name).decode()
            assert "<hyperlink" not in files.read(name).decode()
    assert evil.strip() in {cell.value for row in opened(content)["作業"].iter_rows() for cell in row}


def test_a_sample_says_so_on_every_printed_page():
    book = opened(monthly_xlsx(cases()["team"], "ja"))
    assert all("見本" in sheet.oddHeader.left.text for sheet in book)
    assert book["まとめ"]["B1"].value.startswith("見本")


@pytest.fixture(scope="module")
def made():
    return {lang: monthly_pdf(cases()["team"], lang) for lang in LANGUAGES}


def text_of(content, tmp_path, *options):
    if shutil.which("pdftotext") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("pdftotext is not there")
    (tmp_path / "r.pdf").write_bytes(content)
    return subprocess.run(["pdftotext", *options, tmp_path / "r.pdf", "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", ("基準月比", "達成見込み", "見本")), ("en", ("below the baseline", "Probable", "SAMPLE"))]
)
def test_the_text_of_a_pdf_can_be_searched(made, tmp_path, lang, words):
    text = text_of(made[lang], tmp_path)
    for word in words:
        assert word in text
    pages = text.split("\f")[:-1]
    assert len(pages) >= 2
    assert all(words[2] in page for page in pages)


@pytest.mark.parametrize(("lang", "last"), [("ja", "残り（人月）"), ("en", "Fiscal 2026")])
def test_the_first_page_is_complete_in_itself(made, tmp_path, lang, last):
    text = text_of(made[lang], tmp_path, "-l", "1")
    assert last in text.replace("\n", "") or last in text
    assert text_of(made[lang], tmp_path, "-f", "2").count(last) == 0


def test_without_the_library_the_way_to_it_is_told(monkeypatch):
    original = builtins.__import__

    def without(name, *rest):
        if name.startswith("weasyprint"):
            raise OSError("cannot load library libpango")
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PdfNotInstalled) as caught:
        monthly_pdf(cases()["bare"], "ja")
    monkeypatch.undo()
    for lang in LANGUAGES:
        assert "pip install" in explain(caught.value, lang).next


def test_letters_without_a_glyph_are_named():
    font = SimpleNamespace(missing={ord("手"): 1, ord("作"): 2, 0x200D: 3})
    assert missing_letters([font, font]) == "作手"
    for lang in LANGUAGES:
        assert "作手" in explain(FontMissing("作手"), lang).what
        assert "fonts-noto-cjk" in explain(FontMissing("作手"), lang).next


def test_a_letter_that_no_font_has_is_refused():
    with pytest.raises(FontMissing):
        monthly_pdf(report(Books().figures([]), company="\U00017000\U00012000\U000118a0"), "ja")


def test_faces_are_known_by_the_ending_of_a_file():
    assert list(FACES) == ["html", "pdf", "xlsx", "csv", "json"]
    assert FACES["json"].render(cases()["bare"], "ja").startswith(b"{")
