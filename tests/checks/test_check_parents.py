"""Checks below one that is down are SKIPPED, never green; decided without looking at anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.changes import Verdict
from temanashi.checks.parents import orphans, parent_problems, parents_of
from temanashi.checks.registry import Kinds, installed_kinds, parse_check
from temanashi.runbooks.kinds import step_kinds


class Up:
    name = "up"

    class spec:  # noqa: N801
        pass

    def commands(self, spec):
        return ["true"]


def specs(*checks):
    from temanashi.checks.model import Spec

    return [Spec.model_validate(check) if check["kind"] == "up" else parse_check(check) for check in checks]


KINDS = Kinds({**installed_kinds().known, "up": Up()})
UP = {"id": "up", "kind": "up"}
DISK = {"id": "disk", "kind": "disk"}
WEB = {"id": "web", "kind": "tcp", "port": 80}


def test_what_runs_commands_on_the_host_has_its_up_check_as_a_parent():
    assert parents_of(specs(UP, DISK, WEB), kinds=KINDS) == {"up": (), "disk": ("up",), "web": ()}


def test_parents_that_are_named_take_the_place_of_the_up_check():
    own = {**DISK, "parents": []}
    assert parents_of(specs(UP, own, {**WEB, "parents": ["disk"]}), kinds=KINDS) == {"up": (), "disk": (), "web": ("disk",)}


def test_without_an_up_check_nothing_is_implied():
    assert parents_of(specs(DISK), kinds=KINDS) == {"disk": ()}


@pytest.mark.parametrize("verdict", [Verdict.CRITICAL, Verdict.UNKNOWN])
def test_everything_below_a_parent_that_is_down_names_the_one_at_the_root(verdict):
    parents = {"a": (), "b": ("a",), "c": ("b",)}
    assert orphans(parents, {"a": verdict, "b": Verdict.OK, "c": Verdict.UNKNOWN}) == {"b": "a", "c": "a"}


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.WARNING, Verdict.SKIPPED, Verdict.PENDING])
def test_a_parent_that_is_not_down_leaves_its_children_alone(verdict):
    assert orphans({"a": (), "b": ("a",)}, {"a": verdict, "b": Verdict.OK}) == {}


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3).map(tuple)), st.dictionaries(NAMES, st.sampled_from(list(Verdict))))
def test_whatever_the_parents_are_it_ends_and_a_child_of_a_down_parent_is_never_judged(parents, verdicts):
    found = orphans(parents, verdicts)
    for child in verdicts:
        down = [p for p in parents.get(child, ()) if p != child and verdicts.get(p) in {Verdict.CRITICAL, Verdict.UNKNOWN}]
        assert (child in found) or not down
    assert all(verdicts[root] in {Verdict.CRITICAL, Verdict.UNKNOWN} for root in found.values())


def test_a_parent_that_is_not_in_the_step_is_refused_with_the_closest_name():
    (problem,) = parent_problems([DISK, {**WEB, "parents": ["disc"]}])
    assert (problem.field, problem.close) == ("1.parents.0", "disk")
    assert "disc" in problem.message.text("en")


def test_a_circle_of_parents_is_refused_at_each_place():
    found = parent_problems([{**DISK, "parents": ["web"]}, {**WEB, "parents": ["disk"]}])
    assert [problem.field for problem in found] == ["0.parents.0", "1.parents.0"]
    assert "web" in found[0].message.text("ja")


def test_a_check_that_is_its_own_parent_is_refused():
    assert len(parent_problems([{**DISK, "parents": ["disk"]}])) == 1


def test_the_checks_step_refuses_unknown_parents_when_it_is_loaded():
    parsed = step_kinds()["checks"].parse([{**DISK, "parents": ["nothing"]}])
    assert [problem.field for problem in parsed.problems] == ["0.parents.0"]


def test_templates_and_what_is_no_list_are_left_to_the_other_rules():
    assert parent_problems([{**DISK, "parents": ["{{ params.x }}"]}, {**WEB, "parents": "disk"}, "nonsense"]) == []
