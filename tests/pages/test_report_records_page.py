"""`/tema/report/records`: the records behind a number."""

import re

import pytest

from fixtures_months import OCTOBER, SATO, TANAKA, october
from pages.conftest import Seen, Visitor
from temanashi.books.explaining import FIGURES
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.workspace.closing_months import approve_month, prepare_month


@pytest.fixture
def months(tmp_path):
    with october(tmp_path) as made:
        made.run("morning-checks", slot="2026-10-03")
        yield made


@pytest.fixture
def desk(months):
    return Visitor(None, months.opened, Seen())


def see(desk, query, status=200):
    answer = desk.get(f"/report/records?{query}")
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_credit_is_listed_by_record_and_adds_up(desk):
    text = see(desk, "month=2026-10&figure=credited&lang=en")
    assert "October 2026, credited: 1.3 h (1:15:00)" in text
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    times = re.findall(r'<td class="number">(\d+):(\d+):(\d+)</td>', body)
    assert sum(int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in times) == 4500
    assert len(re.findall(r'href="/tema/audit/records/\d+\?lang=en"', body)) == 4
    assert "Runs that gave nothing: 1" in text
    assert "土曜日" in see(desk, "month=2026-10&figure=credited&lang=ja") or "土" in see(
        desk, "month=2026-10&figure=credited&lang=ja"
    )


def test_a_number_leads_to_those_that_it_is_made_of(desk):
    text = see(desk, "month=2026-10&figure=manual&task=calls&lang=en")
    assert "= remaining by hand 0:30:00 + human time 0:02:00 + new toil 0:00:00" in text
    assert "figure=remaining&amp;task=calls" in text
    assert "figure=human&amp;task=calls" in text
    assert "There are no records" in see(desk, "month=2026-10&figure=method&lang=en")


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_a_page_in_both_languages(desk, figure, lang):
    text = see(desk, f"month=2026-10&figure={figure}&lang={lang}")
    assert "close." not in re.sub(r"<[^>]*>", "", text)


def test_of_a_closed_month_the_issued_figure_stands_beside(desk, months):
    common = {"channel": "page"}
    prepare_month(months.opened, months.published, OCTOBER, actor=SATO, **common)
    approve_month(months.opened, months.published, OCTOBER, actor=TANAKA, **common)
    assert "Issued when" not in see(desk, "month=2026-10&figure=reduction&lang=en")
    months.run(slot="2026-10-06")
    assert re.search(r"Issued when the month was closed: \d+\.\d%", see(desk, "month=2026-10&figure=reduction&lang=en"))
    assert "1.3 h (1:15:00)" in see(desk, "month=2026-10&figure=credited&lang=en")


def test_long_lists_are_cut_and_say_so(desk, months):
    with months.opened.database.transaction() as connection:
        months.opened.ledger.append_all(connection, [again(number) for number in range(302)])
    text = see(desk, "month=2026-10&figure=credited&lang=en")
    assert "Runs that gave nothing: 303" in text
    assert "3 more: <code>tema explain --all</code>" in text


def again(number):
    """A run of a day that was credited before."""
    common = {"task": "morning-checks", "runbook": "morning-checks", "actor": "schedule", "actor_kind": "system"}
    targets = (TargetOutcome(target="web1", outcome="changed"),)
    return Draft(kind="run_finished", run=f"again-{number}", slot="2026-10-01", outcome="done", targets=targets, **common)


@pytest.mark.parametrize(
    ("query", "status"),
    [("month=2026-13", 400), ("month=2026-10&figure=x", 400), ("month=2026-10&task=<b>", 400), ("", 200), ("figure=", 200)],
)
def test_what_is_not_there_is_said_plainly(desk, query, status):
    see(desk, query, status)
