"""What may go, and when: ten years by default, never the chain, and the look before says exactly what the pruning then does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from audit.conftest import day
from temanashi.cli.language import language
from temanashi.cli.pruning import StillKept, _before, _tell
from temanashi.ledger.pruning import due_for_pruning, prune
from temanashi.ledger.verification import verify
from temanashi.people import Actor
from temanashi.settings import LedgerSettings
from temanashi.text import explain

NOW = datetime(2036, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retention", "now", "kept"),
    [
        ("10y", NOW, datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        ("1y", datetime(2028, 2, 29, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC)),
        ("400d", NOW, NOW - timedelta(days=400)),
        ("9999y", NOW, datetime(1, 11, 20, 9, 0, tzinfo=UTC)),
        ("9999d", datetime(1, 1, 2, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_was_recorded_since_is_kept(retention, now, kept):
    assert LedgerSettings(retention=retention).kept_since(now) == kept


def test_ten_years_is_the_default_and_what_is_no_time_is_refused():
    assert LedgerSettings().retention == "10y"
    for wrong in ("0y", "10", "y", "10m", "-1y", "１y", "10 y"):
        with pytest.raises(ValidationError):
            LedgerSettings(retention=wrong)


def test_the_look_before_says_what_then_goes_and_the_chain_stays(book):
    before = day(11, 1)
    with book.book.database.reading() as connection:
        due = due_for_pruning(connection, before=before)
    assert (due.kinds["run_requested"], due.runs, due.first < due.last < before) == (3, 3, True)
    assert due.characters > 0
    with book.book.database.transaction() as connection:
        gone = prune(connection, book.book, before=before, actor=Actor(name="alice"), reason="10 years")
    assert gone.count == due.count
    with book.book.database.reading() as connection:
        assert due_for_pruning(connection, before=before).count == 0
        found = verify(connection)
    assert (found.status, found.pruned) == ("intact", due.count)


def test_nothing_younger_than_the_retention_can_be_asked_to_go():
    kept = LedgerSettings().kept_since(NOW)
    assert _before(NOW, kept, None, "10y") == kept
    assert _before(NOW, kept, 4000, "10y") == NOW - timedelta(days=4000)
    assert _before(NOW, kept, 1_000_000, "10y").year == 1
    with pytest.raises(StillKept) as refused:
        _before(NOW, kept, 3652, "10y")
    for lang in ("ja", "en"):
        assert "10y" in explain(refused.value, lang).what


def test_the_look_is_told_by_kind(book, capsys, monkeypatch):
    monkeypatch.setenv("TEMA_LANG", "en")
    language.cache_clear()
    with book.book.database.reading() as connection:
        due = due_for_pruning(connection, before=day(11, 1))
        _tell(due, day(11, 1), ZoneInfo("Asia/Tokyo"), json=False)
    told = capsys.readouterr().out
    assert "requested: 3" in told
    assert "(3 runs" in told
    _tell(due, day(11, 1), ZoneInfo("Asia/Tokyo"), json=True)
    assert '"runs": 3' in capsys.readouterr().out
    language.cache_clear()
