"""A host below one that is down is not known: SKIPPED with the reason, and no problem of its own."""

import pytest

from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory

HOSTS = {
    "hosts": {
        "bastion": {"transport": "local"},
        "inner": {"transport": "local", "jump": ["bastion"]},
        "deep": {"transport": "local", "jump": ["bastion", "inner"]},
        "apart": {"transport": "local"},
    }
}


@pytest.fixture
def site(world):
    world.inventory = Inventory.model_validate(HOSTS)
    return world


def test_hosts_behind_a_jump_host_that_is_down_are_skipped_and_only_it_is_a_problem(site):
    for host in ("bastion", "inner", "deep"):
        site.say("UNKNOWN", target=host)
    site.run()
    assert [problem.target for problem in site.problems()] == ["bastion"]
    state = site.state(target="deep")
    assert (state.verdict, state.measured) == (Verdict.SKIPPED, None)
    assert "bastion" in state.reason.text("ja")
    assert site.state(target="apart").verdict is Verdict.OK


def test_what_was_measured_well_behind_it_stays_measured(site):
    site.say("UNKNOWN", target="bastion")
    site.run()
    assert site.state(target="inner").verdict is Verdict.OK


def test_a_jump_host_with_one_bad_check_is_not_down(site):
    site.checks = [{"id": "disk", "kind": "disk"}, {"id": "load", "kind": "load"}]
    site.say("UNKNOWN", target="bastion")
    site.say("UNKNOWN", target="inner")
    site.say("UNKNOWN", target="inner", check="load")
    site.run()
    assert site.state(target="inner").verdict is Verdict.UNKNOWN
    assert {problem.target for problem in site.problems()} == {"bastion", "inner"}


def test_a_problem_from_before_stays_open_while_nothing_is_known(site):
    site.say("CRITICAL", target="inner")
    site.run()
    site.say("UNKNOWN", target="bastion")
    site.say("UNKNOWN", target="inner")
    site.run()
    inner = next(problem for problem in site.problems() if problem.target == "inner")
    assert (inner.verdict, inner.seen) == (Verdict.CRITICAL, Verdict.SKIPPED)


def test_an_up_check_that_is_down_makes_the_host_down_whatever_else_is_known(site):
    from temanashi.monitoring.model import Key, Result
    from temanashi.monitoring.results import down_hosts
    from temanashi.text.local import phrase

    def result(name, kind, verdict):
        key = Key("book", "look", name, "web1")
        return Result(key=key, kind=kind, verdict=verdict, reason=phrase("x"), at=site.clock.now(), run="r")

    assert down_hosts([result("up", "up", Verdict.CRITICAL), result("web", "http", Verdict.OK)]) == {"web1"}
    assert down_hosts([result("disk", "disk", Verdict.SKIPPED)]) == set()


def test_a_host_whose_programs_are_missing_is_not_down(site):
    """Or a jump host without one program would hide everything behind it."""
    from temanashi.monitoring.model import Key, Result
    from temanashi.monitoring.results import down_hosts, orphaned_hosts
    from temanashi.text.local import phrase

    def result(host, verdict, reason):
        key = Key("book", "look", "disk", host)
        return Result(key=key, kind="disk", verdict=verdict, reason=phrase(reason), at=site.clock.now(), run="r")

    missing = [result("bastion", Verdict.UNKNOWN, "checks.program-missing"), result("inner", Verdict.UNKNOWN, "hosts.unreachable")]
    assert down_hosts(missing) == {"inner"}
    assert orphaned_hosts(missing, site.inventory.hosts) == missing


def test_what_is_seen_from_here_is_wrong_whether_or_not_the_jump_host_is_up(site):
    site.say("UNKNOWN", target="bastion")
    site.say("CRITICAL", target="inner")
    site.run()
    assert site.state(target="inner").verdict is Verdict.CRITICAL


def test_below_a_parent_that_the_inventory_names_all_that_is_not_well_is_unknown(site):
    from types import SimpleNamespace

    from temanashi.monitoring.model import Key, Result
    from temanashi.monitoring.results import orphaned_hosts
    from temanashi.text.local import phrase

    def result(host, verdict, reason="checks.http"):
        key = Key("book", "look", "web", host)
        return Result(key=key, kind="http", verdict=verdict, reason=phrase(reason), at=site.clock.now(), run="r")

    hosts = {
        "router": SimpleNamespace(parents=("shop",), jump=()),  # a circle ends
        "shop": SimpleNamespace(parents=("router",), jump=()),
        "till": SimpleNamespace(parents=("shop",), jump=()),
    }
    found = [result("router", Verdict.UNKNOWN, "hosts.unreachable"), result("shop", Verdict.CRITICAL), result("till", Verdict.OK)]
    settled = orphaned_hosts(found, hosts)
    assert [(one.verdict, one.reason.data.get("parent")) for one in settled[1:]] == [
        (Verdict.SKIPPED, "router"),
        (Verdict.OK, None),
    ]
    assert settled[0].verdict is Verdict.UNKNOWN


def test_a_parent_that_no_inventory_file_names_is_told_when_it_is_loaded():
    from temanashi.hosts.crosschecks import inventory_problems

    hosts = {"hosts": {"till": {"parents": ["ruoter"]}, "router": {}}}
    (problem,) = inventory_problems(Inventory.model_validate(hosts))
    assert (problem.field, problem.close) == ("hosts.till.parents.0", "router")
    assert "ruoter" in problem.message.text("ja")


def test_hosts_below_a_named_parent_that_is_down_are_skipped(site):
    site.inventory = Inventory.model_validate(
        {"hosts": {"router": {"transport": "local"}, "till": {"transport": "local", "parents": ["router"]}}}
    )
    site.say("UNKNOWN", target="router")
    site.say("CRITICAL", target="till")
    site.run()
    assert site.state(target="till").verdict is Verdict.SKIPPED
    assert [problem.target for problem in site.problems()] == ["router"]
