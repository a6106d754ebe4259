"""The report of a closed month, and of an open one that posts what is different by now."""

from datetime import date

import pytest

from fixtures_months import OCTOBER, SATO, TANAKA, october
from temanashi.reports import render_html
from temanashi.workspace.closing_months import approve_month, prepare_month
from temanashi.workspace.month_desk import month_desk
from temanashi.workspace.reporting import month_report

NOVEMBER = OCTOBER.next


@pytest.fixture
def months(tmp_path):
    with october(tmp_path) as made:
        yield made


def close(months, month):
    prepare_month(months.opened, months.published, month, actor=SATO, channel="cli")
    approve_month(months.opened, months.published, month, actor=TANAKA, channel="cli")


def report(months, month):
    with months.opened.database.reading() as connection:
        return month_report(months.opened, connection, months.published, month)


def entries(months, month):
    with months.opened.database.reading() as connection:
        return month_desk(months.opened, connection, months.published, month).entries


def test_an_open_month_posts_what_the_desk_would_post_and_a_closed_one_stands_beside_what_is_known_now(months):
    assert report(months, OCTOBER).closing is None
    close(months, OCTOBER)
    issued = report(months, OCTOBER)
    assert (issued.closing.preparer, issued.closing.approver, issued.closing.restated) == (SATO.name, TANAKA.name, None)
    months.at(date(2026, 11, 20)).run(slot="2026-10-06")
    late = report(months, OCTOBER)
    assert late.figures == issued.figures
    assert late.closing.restated.credited_seconds == issued.figures.sums.credited_seconds + 900
    assert report(months, NOVEMBER).closing.prior == entries(months, NOVEMBER) != ()

    months.at(date(2026, 12, 2))
    close(months, NOVEMBER)
    assert [entry.seconds for entry in report(months, NOVEMBER).closing.prior] == [900]
    assert report(months, NOVEMBER.next).closing is None
    months.at(date(2026, 12, 20)).run(slot="2026-10-07")
    prior = report(months, NOVEMBER.next).closing.prior
    assert prior == entries(months, NOVEMBER.next)
    assert [(entry.month, entry.seconds) for entry in prior] == [("2026-10", 900)]


def test_a_month_that_was_closed_after_a_later_one_spares_nothing(months):
    months.at(date(2026, 12, 2))
    close(months, NOVEMBER)
    close(months, OCTOBER)
    months.at(date(2026, 12, 20)).run(slot="2026-10-06")
    assert report(months, NOVEMBER.next).closing.prior == entries(months, NOVEMBER.next) != ()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", ("発行した数字と、いまの記録による数字", "前の月についての計上", "さんが作成", "あとから届いた記録")),
        (
            "en",
            ("As issued, and as the ledger tells it now", "Entries about earlier months", "prepared by", "records that came later"),
        ),
    ],
)
def test_the_page_tells_of_it(months, lang, words):
    close(months, OCTOBER)
    months.at(date(2026, 11, 20)).run(slot="2026-10-06")
    pages = render_html(report(months, OCTOBER), lang) + render_html(report(months, NOVEMBER), lang)
    for word in words:
        assert word in pages
