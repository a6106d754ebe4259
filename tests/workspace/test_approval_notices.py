"""Those who must know hear once when approval is asked for, once when nobody gave it, and once when an emergency's is overdue."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from temanashi.people import Actor
from temanashi.reports.display import Display
from temanashi.runs.approvals.reading import ApprovalView
from temanashi.text import LocalText, phrase
from temanashi.workspace.approval_notices import notices_of

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def view(**changed):
    fields = {
        "run": "r1",
        "step": "0-approval",
        "number": 2,
        "kind": "before",
        "title": LocalText(ja="計画保守", en="Maintenance"),
        "requester": Actor(name="山田 花子"),
        "beneficiary": "株式部",
        "reason": "接続仕様の変更",
        "identity_check": "",
        "prompt": None,
        "digest": "sha256:" + "0" * 64,
        "plan": tuple(phrase("approvals.diff-order") for _ in range(25)),
        "changed": (phrase("approvals.diff-version", before="aaa", after="bbb"),),
        "again": True,
        "approvers": ("佐藤 次郎",),
        "deputies": (("鈴木 一郎", "佐藤 次郎"),),
        "count": 1,
        "needed": 1,
        "votes": (),
        "opened_at": NOW,
        "until": NOW + timedelta(hours=4),
        "escalated": False,
        "late": False,
    }
    return ApprovalView(**fields | changed)


def told(lang="ja", **changed):
    return list(notices_of(view(**changed), Display(lang, ZoneInfo("Asia/Tokyo"))))


def test_a_request_is_told_with_its_plan_its_end_and_who_may():
    (notice,) = told()
    assert notice.title == "承認待ち：計画保守"
    for word in ("山田 花子", "株式部", "接続仕様の変更", "佐藤 次郎、鈴木 一郎", "22:00", "aaa", "ほか5件", "tema approvals r1"):
        assert word in notice.body


@pytest.mark.parametrize(
    ("changed", "titles"),
    [
        ({"escalated": True}, ["To be approved: Maintenance", "Still not approved: Maintenance"]),
        ({"kind": "after"}, ["Ran as an emergency: Maintenance"]),
        ({"kind": "after", "late": True}, ["Ran as an emergency: Maintenance", "Approval after the fact is overdue: Maintenance"]),
        ({"late": True}, ["To be approved: Maintenance"]),
    ],
)
def test_each_thing_that_happens_to_a_request_is_a_notice_of_its_own(changed, titles):
    found = told("en", **changed)
    assert [notice.title for notice in found] == titles
    assert len({notice.key for notice in found}) == len(found)


def test_another_request_of_the_same_run_is_told_again():
    assert told()[0].key != told(number=3)[0].key


def test_the_watch_tells_each_request_once(tmp_path):
    from fixtures_approvals import guarded, guarded_engine
    from fixtures_runs import asking
    from temanashi.notices import Notifier
    from temanashi.runs.advancing import advance
    from temanashi.runs.requests import request_run
    from temanashi.settings import Settings
    from temanashi.workspace.approval_notices import tell_of_approvals

    engine = guarded_engine(tmp_path)
    advance(engine, request_run(engine, asking(guarded(tmp_path / "state"))))
    heard = []

    settings = Settings(root=tmp_path, notify=("env:X",))
    place = SimpleNamespace(settings=settings, database=engine.database, clock=engine.clock, engine=lambda: engine)

    def deliver(url, *, title, body, recovery):
        heard.append(title)
        return True

    notifier = Notifier(("env:X",), database=engine.database, clock=engine.clock, lang="ja", secret=lambda _: "u", deliver=deliver)
    for _ in range(2):
        assert tell_of_approvals(place, notifier=notifier) == []
    assert heard == ["承認待ち：見本"]
    engine.database.close()
