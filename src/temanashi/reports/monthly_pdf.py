"""The monthly report as PDF, made by WeasyPrint from the same page: A4, tagged, searchable. An extra: `temanashi[pdf]`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from temanashi.errors import TemanashiError
from temanashi.reports.html import Surroundings, render_html
from temanashi.reports.monthly import MonthlyReport
from temanashi.text.local import Lang

__all__ = ["FontMissing", "PdfNotInstalled", "monthly_pdf"]

# WeasyPrint styles inline SVG only by what is inside it, and knows no variables there: the colours of the print sheet once more.
STYLE = Markup(
    "<style>text{font-family:'Noto Sans JP','Noto Sans CJK JP',sans-serif;font-size:10.5px}"
    ".strong{font-weight:700}text.quiet{fill:#444}.baseline{fill:#7d8794}.manual{fill:#b8500a}.human,.more{fill:#8a3d06}"
    ".less{fill:#0b4fb3}.behind{fill:#e3e6ea}.ahead,.range{fill:#d98a4e}path{fill:none}.axis{stroke:#444}.grid{stroke:#bbb;stroke-width:.7}"
    ".link{stroke:#444;stroke-width:.7}path.goal{stroke:#0b4fb3;stroke-width:2;stroke-dasharray:5 4}"
    "text.goal{fill:#0b4fb3;font-weight:700}.stress{stroke:#000;stroke-width:2}.hatch{stroke:#fff;stroke-width:3}"
    "path.fill,circle.fill{fill:#0b4fb3}.ring{fill:none;stroke:#0b4fb3;stroke-width:1.6}.tick{stroke:#fff;stroke-width:1.8}</style>"
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0V7" class="hatch"/></pattern></defs>'
)


class PdfNotInstalled(TemanashiError):
    """WeasyPrint, or the Pango library that it needs, is not there."""

    key = "report.pdf-not-installed"


class FontMissing(TemanashiError):
    """No font of this machine has some letters of the report. Data: letters."""

    key = "report.pdf-font-missing"

    def __init__(self, letters: str) -> None:
        super().__init__(letters=letters)


def monthly_pdf(report: MonthlyReport, lang: Lang) -> bytes:
    """The bytes of the file; raises PdfNotInstalled and FontMissing. Nothing is read from elsewhere."""
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]  # noqa: PLC0415  (an extra; its import loads Pango)
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise PdfNotInstalled from error
    page = render_html(report, lang, Surroundings(inside_charts=STYLE))
    document = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).render(pdf_tags=True)
    made = bytes(document.write_pdf(pdf_tags=True))
    if letters := missing_letters(document.fonts.values()):
        raise FontMissing(letters)
    return made


def missing_letters(fonts: Iterable[Any]) -> str:
    """The first letters for which there was no glyph; marks and controls are no letters."""
    missing = {chr(point) for font in fonts for point in font.missing if point}
    return "".join(sorted(letter for letter in missing if unicodedata.category(letter)[0] in "LN"))[:10]
