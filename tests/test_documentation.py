"""The README is short and leads to a page a subject; every link and picture is there, and both languages are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LONGEST = 400


def prose(file):
    return FENCE.sub("", file.read_text(encoding="utf-8"))


def anchors(file):
    """Headings as links name them."""
    found = (heading.strip().lower() for heading in re.findall(r"^#+ (.*)$", prose(file), re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("file", [ROOT / "README.md", *PAGES], ids=lambda file: file.name)
def test_every_link_and_picture_is_there(file):
    broken = []
    for link in LINK.findall(prose(file)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_both_tables_of_contents():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if text.count(f"(docs/{page.name}") < 2] == []


@pytest.mark.parametrize("file", [page for page in PAGES if page.name != "monitoring-plugins.md"], ids=lambda file: file.name)
def test_every_page_says_it_in_both_languages(file):
    ja, _, en = prose(file).partition("\n## English\n")
    assert re.match(r"# .+ / [A-Z]", ja)
    assert re.search(r"[ぁ-ん]", ja)
    assert len(re.findall(r"[A-Za-z]{3,}", en)) > 20


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST
