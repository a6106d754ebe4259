"""Last month in short, once, on its business day."""

from datetime import UTC, datetime

import pytest

from fixtures_clock import StoppedClock
from reports.report_cases import cases
from temanashi.notices import Notifier
from temanashi.text import LANGUAGES
from temanashi.workspace.opening import open_installation
from temanashi.workspace.telling_reports import summary_of_month, tell_report

# In December 2026 the fourth business day is Friday 4, 09:00 in Tokyo is 00:00 UTC.
BEFORE, DUE, LATER = (datetime(2026, 12, *at, tzinfo=UTC) for at in ((3, 23, 59), (4, 0, 0), (7, 3, 0)))


class Post:
    """What was delivered; `broken` is a server that takes nothing."""

    def __init__(self):
        self.heard, self.broken = [], False

    def __call__(self, url, *, title, body, recovery):
        if not self.broken:
            self.heard.append((title, body))
        return not self.broken


@pytest.fixture
def office(tmp_path):
    made = '[tool.temanashi]\nlanguages = ["ja", "en"]\nnotify = ["env:TEMA_TEST_URL"]\npublic_url = "https://tema.example.jp"\n'
    (tmp_path / "pyproject.toml").write_text(made + '[tool.temanashi.report]\nsummary = "notify"\n', encoding="utf-8")
    return tmp_path


def tell(office, moment, post):
    with open_installation(office, clock=StoppedClock(moment)) as opened:
        notifier = Notifier(
            ("env:TEMA_TEST_URL",),
            database=opened.database,
            clock=opened.clock,
            lang="ja",
            deliver=post,
            secret=lambda _: "json://127.0.0.1",
        )
        return tell_report(opened, None, notifier=notifier)


def test_it_goes_out_once_when_its_day_has_come(office):
    post = Post()
    for moment, count in ((BEFORE, 0), (DUE, 1), (DUE, 1), (LATER, 1)):
        assert tell(office, moment, post) == []
        assert len(post.heard) == count
    title, body = post.heard[0]
    assert title == "2026年11月の手作業の報告"
    assert body.endswith("https://tema.example.jp/tema/report?month=2026-11&lang=ja")


def test_what_failed_is_tried_again(office):
    post = Post()
    post.broken = True
    assert tell(office, DUE, post) != []
    post.broken = False
    assert tell(office, DUE, post) == []
    assert len(post.heard) == 1


def test_nobody_hears_where_no_channel_is_named(office):
    text = (office / "pyproject.toml").read_text().replace('summary = "notify"', "")
    (office / "pyproject.toml").write_text(text)
    post = Post()
    assert tell(office, DUE, post) == []
    assert post.heard == []


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", ("今月の手作業は基準月比", "人日", "次に自動化するとよい作業は「ログの整理」です", "まだ締めていません")),
        ("en", ("Manual work this month is", "person-days", "The next best thing to automate: Log rotation", "Not closed yet")),
    ],
)
def test_the_text_says_the_answer_first(office, lang, words):
    with open_installation(office) as opened:
        title, body = summary_of_month(cases()["year"], opened.settings, lang)
    assert body.startswith(words[0])
    for word in words:
        assert word in body
    assert "2026" in title
    assert len(body) < 600


def test_a_sample_says_so_first_and_an_empty_month_has_no_numbers(office):
    with open_installation(office) as opened:
        for lang in LANGUAGES:
            assert summary_of_month(cases()["team"], opened.settings, lang)[1].startswith(("見本", "SAMPLE"))
        assert "基準は" not in summary_of_month(cases()["empty"], opened.settings, "ja")[1]
