from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from temanashi.runs.active_time import IDLE_SECONDS, Moment, active_time, whole_seconds

BEGIN = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)


def at(seconds, person="花子", line=None, **more):
    return Moment(person, BEGIN + timedelta(seconds=seconds), line, **more)


def seconds(moments, person="花子"):
    return whole_seconds(active_time(moments)[person].worked)


MOMENTS = st.lists(
    st.builds(
        at,
        st.integers(0, 20_000),
        st.sampled_from(["花子", "一郎", "次郎"]),
        st.none() | st.integers(1, 5),
        cap=st.sampled_from([60, 300, 900]),
        fresh=st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


def test_the_pauses_between_ticks_are_the_time():
    assert seconds([at(0), at(60, line=1), at(200, line=2)]) == 200


def test_a_pause_longer_than_the_cap_counts_as_the_cap():
    found = active_time([at(0), at(60, line=1), at(60 + 3600, line=2)])["花子"]
    assert whole_seconds(found.worked) == 60 + IDLE_SECONDS
    assert whole_seconds(found.idle) == 3600 - IDLE_SECONDS


def test_a_pause_as_long_as_the_cap_is_all_work():
    assert seconds([at(0), at(IDLE_SECONDS, line=1)]) == IDLE_SECONDS


def test_a_line_with_a_cap_of_its_own_may_take_longer():
    assert seconds([at(0), at(1500, line=1, cap=1800)]) == 1500


def test_signs_of_life_before_a_line_have_the_cap_of_the_line():
    assert seconds([at(0), at(1200), at(1500, line=1, cap=1800)]) == 1500


def test_signs_of_life_show_that_a_long_pause_was_work():
    beats = [at(n * 60) for n in range(1, 20)]
    assert seconds([at(0), *beats, at(1200, line=1)]) == 1200


def test_of_one_moment_nothing_is_known():
    assert seconds([at(7, line=1)]) == 0


def test_who_takes_over_again_did_not_work_in_between():
    assert seconds([at(0), at(60, line=1), at(200, fresh=True), at(230, line=2)]) == 90


def test_each_line_has_the_time_since_the_line_before():
    found = active_time([at(0), at(30, line=1), at(40), at(100, line=2), at(130, line=1)])["花子"].by_line
    assert {line: whole_seconds(time) for line, time in found.items()} == {1: 60, 2: 70}


def test_a_clock_that_was_set_back_never_makes_time_negative():
    found = active_time([at(100), at(50, line=1), at(120, line=2)])["花子"]
    assert whole_seconds(found.worked) == 70


@given(MOMENTS, st.randoms())
def test_the_order_in_which_moments_are_told_does_not_matter(moments, chance):
    mixed = list(moments)
    chance.shuffle(mixed)
    assert active_time(mixed) == active_time(moments)


@given(MOMENTS)
def test_one_persons_time_does_not_depend_on_anybody_else(moments):
    every = active_time(moments)
    for person in every:
        assert active_time([m for m in moments if m.person == person])[person] == every[person]


@given(MOMENTS)
def test_nobody_works_longer_than_from_their_first_to_their_last_moment(moments):
    for person, found in active_time(moments).items():
        own = [m.at for m in moments if m.person == person]
        assert timedelta() <= found.worked <= max(own) - min(own)
        assert found.worked + found.idle <= max(own) - min(own)
        assert found.worked <= timedelta(seconds=900) * (len(own) - 1)
        assert sum(found.by_line.values(), timedelta()) <= found.worked


@given(MOMENTS, st.integers(0, 10_000))
def test_a_sign_of_life_more_never_takes_time_away(moments, second):
    person = moments[0].person
    more = active_time([*moments, at(second, person)])[person]
    inside = min(m.at for m in moments if m.person == person) <= BEGIN + timedelta(seconds=second)
    if inside and not any(m.fresh for m in moments) and len({m.cap for m in moments}) == 1 and moments[0].cap == IDLE_SECONDS:
        assert more.worked >= active_time(moments)[person].worked


@given(MOMENTS, st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "UTC"]))
def test_the_time_zone_of_the_clock_does_not_matter(moments, zone):
    moved = [Moment(m.person, m.at.astimezone(ZoneInfo(zone)), m.line, m.cap, m.fresh) for m in moments]
    assert active_time(moved) == active_time(moments)


def test_the_hour_that_comes_twice_is_two_hours():
    berlin = ZoneInfo("Europe/Berlin")  # clocks went back at 01:00 UTC on 25 October 2026
    before = datetime(2026, 10, 25, 0, 58, tzinfo=UTC).astimezone(berlin)
    after = datetime(2026, 10, 25, 1, 2, tzinfo=UTC).astimezone(berlin)
    assert (after.hour, before.hour) == (2, 2)
    found = active_time([Moment("花子", before), Moment("花子", after, 1)])["花子"]
    assert whole_seconds(found.worked) == 240


def test_seconds_are_rounded_half_up():
    assert [whole_seconds(timedelta(milliseconds=n)) for n in (0, 499, 500, 1500, 2499)] == [0, 0, 1, 2, 2]


def test_offsets_without_a_name_are_understood():
    east = timezone(timedelta(hours=9))
    assert seconds([at(0), Moment("花子", (BEGIN + timedelta(seconds=90)).astimezone(east), 1)]) == 90
