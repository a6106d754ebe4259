from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temanashi.ledger.chain import body_hash, clean_text, event_id, placed, plain, prepared, record_hash, stamp
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.ledger.verification import verify

NOW = datetime(2026, 11, 20, 8, 30, 0, 5, tzinfo=UTC)
hostile = st.text(st.characters(codec=None, categories=None), max_size=40) | st.sampled_from(
    ["\x00", "\ud800", "\udfff\ud800", "'; DROP TABLE ledger; --", "{a}", "%s", "\u2028", "\r\n", '"\\', "𠮷野家", "e\u0301"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | hostile,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile, inner, max_size=4),
    max_leaves=12,
)


def test_the_hash_of_a_known_record_never_changes():
    # Computed once with another program; if this fails, old ledgers no longer verify.
    draft = Draft(kind="noted", actor="山田", reason="確認", body={"b": 1, "a": "é"})
    ready = prepared(draft, salt=b"s" * 16)
    fields, envelope = placed(
        ready, chain="main", seq=1, event="00000000-0000-7000-8000-000000000000", recorded_at=stamp(NOW), prev_hash="0" * 64
    )
    body = ready.body
    assert body == '{"a":"é","b":1}'
    assert fields["body_hash"] == body_hash(b"s" * 16, body) == "fdb1caf649ac190becbd157dff9b9acf6022dbac7507fb08c60b62d0ade631fd"
    assert record_hash(envelope) == "df3a9201b2be4ab6b8d2da8d1d850bd3d99a20f52a1907049050890d8e4a135b"


def test_an_event_id_is_a_uuid_of_version_7_and_sorts_by_time():
    ids = [event_id(NOW + timedelta(milliseconds=n), bytes([255 - n]) * 10) for n in range(50)]
    assert ids == sorted(ids)
    for each in ids:
        parsed = uuid.UUID(each)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert uuid.UUID(ids[0]).int >> 80 == int(NOW.timestamp() * 1000)


def test_a_stamp_is_utc_and_of_one_width():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert stamp(tokyo) == stamp(NOW) == "2026-11-20T08:30:00.000005Z"


@given(hostile)
def test_clean_text_can_be_stored_and_cleaning_again_changes_nothing(text):
    clean = clean_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert clean_text(clean) == clean


def test_values_that_are_no_json_become_text():
    class Odd(str):
        __slots__ = ()

    assert plain({"t": NOW, "n": float("nan"), "i": float("inf"), 1: (1, 2), "s": {"a"}, "o": Odd("x")}) == {
        "t": "2026-11-20T08:30:00.000005Z", "n": "nan", "i": "inf", "1": [1, 2], "s": ["a"], "o": "x",
    }  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drafts=st.lists(
        st.builds(
            Draft,
            kind=st.sampled_from(["noted", "step_done", "demand"]),
            actor=hostile, task=hostile, run=hostile, slot=hostile, reason=hostile, outcome=hostile,
            approvers=st.lists(hostile, max_size=3).map(tuple),
            body=st.dictionaries(hostile, values, max_size=4),
        ),
        max_size=3,
    )
)  # fmt: skip
def test_hostile_text_is_recorded_and_verifies(sqlite, clock, drafts):
    ledger = Ledger(sqlite, clock=clock)
    with sqlite.transaction() as connection:
        before = ledger.head(connection).seq
        appended = ledger.append_all(connection, drafts)
    with sqlite.reading() as connection:
        assert list(ledger.records(connection, after=before)) == appended
        assert verify(connection).status == "intact"
    for record, draft in zip(appended, drafts, strict=True):
        assert record.draft.task == clean_text(draft.task)
        assert list(record.draft.approvers) == [clean_text(each) for each in draft.approvers]
