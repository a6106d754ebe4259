"""An outage is one alert, whatever it took with it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from temanashi.changes import Verdict
from temanashi.monitoring.grouping import Fleet, GroupKey, Labels, bundles
from temanashi.monitoring.model import Key, Problem
from temanashi.text.local import phrase

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def problem(host, check="disk", *, down=True, runbook="morning", kind="disk", verdict=Verdict.UNKNOWN):
    return Problem(
        id=f"{runbook}-{host}-{check}",
        key=Key(runbook, "look", check, host),
        kind=kind,
        verdict=verdict,
        worst=verdict,
        reason=phrase("x"),
        run="run",
        since=NOW,
        changed_at=NOW,
        hard_at=NOW,
        down=down,
    )


def fleet(**labels):
    return Fleet(
        hosts={host: Labels(**given) for host, given in labels.items()}, checked={("morning", "look", "disk"): len(labels)}
    )


def keys(found):
    return {str(bundle.key): len(bundle.problems) for bundle in found}


def test_hosts_behind_one_jump_host_are_one_alert():
    site = fleet(**{f"w{n}": {"jump": ("gate",), "system": f"s{n}"} for n in range(4)})
    assert keys(bundles([problem(f"w{n}") for n in range(3)], site)) == {"jump:gate": 3}


def test_hosts_of_one_system_are_one_alert():
    site = fleet(**{f"w{n}": {"system": "order"} for n in range(4)})
    assert keys(bundles([problem("w0"), problem("w1")], site)) == {"system:order": 2}


def test_hosts_of_one_site_are_one_alert():
    site = fleet(**{f"w{n}": {"site": "osaka" if n < 3 else "tokyo", "tags": ("linux",)} for n in range(9)})
    assert keys(bundles([problem(f"w{n}") for n in range(3)], site)) == {"site:osaka": 3}


def test_the_label_that_takes_in_most_hosts_is_the_outage():
    site = fleet(**{f"w{n}": {"system": "order" if n < 2 else "pay", "tags": ("osaka",)} for n in range(6)})
    assert keys(bundles([problem(f"w{n}") for n in range(6)], site)) == {"tag:osaka": 6}


def test_of_labels_that_take_in_as_many_the_one_that_fewer_others_share_is_named():
    hosts = {f"w{n}": {"tags": ("linux", "tokyo" if n < 3 else "osaka")} for n in range(6)}
    assert keys(bundles([problem(f"w{n}") for n in range(3)], fleet(**hosts))) == {"tag:tokyo": 3}


def test_fewer_than_half_of_those_that_share_a_label_are_no_outage_of_it():
    site = fleet(**{f"w{n}": {"system": "order"} for n in range(5)})
    assert keys(bundles([problem("w0"), problem("w1")], site)) == {
        "problem:morning/look/disk@w0": 1,
        "problem:morning/look/disk@w1": 1,
    }


def test_three_hosts_that_share_nothing_are_one_outage_of_the_runbook():
    site = fleet(**{f"w{n}": {} for n in range(40)})
    assert keys(bundles([problem(f"w{n}") for n in range(3)], site)) == {"run:morning": 3}


def test_a_host_that_is_down_is_one_alert_not_twenty():
    site = fleet(w0={}, w1={})
    assert keys(bundles([problem("w0", f"c{n}") for n in range(20)], site)) == {"host:w0": 20}


def test_an_up_check_alone_makes_it_an_alert_of_the_host():
    assert keys(bundles([problem("w0", "up", kind="up")], fleet(w0={}))) == {"host:w0": 1}


def test_a_host_that_goes_down_later_joins_the_outage():
    site = fleet(**{f"w{n}": {"system": "order"} for n in range(9)})
    assert keys(bundles([problem("w3")], site, open_keys=["system:order"])) == {"system:order": 1}


def test_the_same_check_wrong_on_many_hosts_that_are_up_is_one_alert():
    site = fleet(**{f"w{n}": {} for n in range(6)})
    wrong = [problem(f"w{n}", down=False, verdict=Verdict.CRITICAL) for n in range(3)]
    assert keys(bundles(wrong, site)) == {"check:morning/look/disk": 3}
    assert len(bundles(wrong[:2], site)) == 2


def test_problems_that_have_nothing_in_common_are_alerts_of_their_own():
    site = fleet(**{f"w{n}": {"system": "order"} for n in range(3)})
    assert len(bundles([problem(f"w{n}", f"c{n}", down=False) for n in range(3)], site)) == 3


NAMES = st.sampled_from(["a", "b", "c"])
HOSTS = st.dictionaries(
    st.sampled_from([f"w{n}" for n in range(8)]),
    st.builds(
        Labels,
        jump=st.lists(NAMES, max_size=2, unique=True).map(tuple),
        system=st.sampled_from(["", "a", "b"]),
        tags=st.lists(NAMES, max_size=2, unique=True).map(tuple),
    ),
)


@given(
    HOSTS,
    st.lists(
        st.tuples(st.sampled_from([f"w{n}" for n in range(10)]), st.sampled_from(["x", "y"]), st.booleans()),
        unique_by=lambda one: one[:2],
    ),
    st.lists(st.sampled_from(["jump:a", "system:b", "tag:c", "run:morning", "check:morning/look/x"]), unique=True),
)
def test_every_problem_is_in_exactly_one_bundle_and_no_two_bundles_share_a_key(hosts, wrong, known):
    downs = {}
    new = [problem(host, check, down=downs.setdefault(host, down)) for host, check, down in wrong]
    found = bundles(new, Fleet(hosts=hosts), open_keys=known)
    assert sorted(p.id for bundle in found for p in bundle.problems) == sorted(p.id for p in new)
    assert len({bundle.key for bundle in found}) == len(found)
    assert all(isinstance(bundle.key, GroupKey) and bundle.problems for bundle in found)
