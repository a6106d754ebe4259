"""Properties of the engine over generated runbooks: one digest for one meaning, and one end wherever a run was interrupted."""

from __future__ import annotations

import dataclasses
import random
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fixtures_runs import asking, make_engine, runbook_of
from temanashi.hosts.transport import Result
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import dry_run, request_run

QUICK = settings(deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow])
"""Without shrinking: each example opens databases, and a failing one is small as it is."""

WORDS = st.sampled_from(["a", "b", "c"])


class World:
    """Hosts that remember what was done to them, in order; `bad` words fail on them."""

    def __init__(self, bad):
        self.bad, self.done = bad, []

    def connect(self, host, _stop):
        return World.On(self, host.name)

    class On:
        def __init__(self, world, host):
            self.world, self.host = world, host

        def run(self, command, *, timeout):
            verb, word = command.argv
            here = (self.host, word)
            if verb == "see":
                return Result(exit=0 if here in self.world.done else 1)
            if verb == "gone":
                return Result(exit=1 if here in self.world.done else 0)
            if here in self.world.bad and verb == "do":
                return Result(exit=1, stderr=b"bad")
            if verb == "do":
                self.world.done.append(here)
            elif verb == "undo" and here in self.world.done:
                self.world.done.remove(here)
            return Result(exit=0, stdout=word.encode())


@st.composite
def steps(draw):
    """Two to five steps; later ones may depend on earlier ones."""
    made = []
    for number in range(draw(st.integers(2, 5))):
        name = f"s{number}"
        step = {"id": name, "command": {"run": ["do", f"{name}-{{{{ item }}}}"], "observe": ["see", f"{name}-{{{{ item }}}}"]}}
        step["command"] |= {"undo": ["undo", f"{name}-{{{{ item }}}}"], "undone": ["gone", f"{name}-{{{{ item }}}}"]}
        earlier = f"s{number - 1}"
        choice = draw(st.sampled_from(["literal", "expression", "output"] if number else ["literal", "expression"]))
        words = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
        step["for_each"] = {"literal": words, "expression": f"params.words[:{len(words)}]", "output": f"[steps.{earlier}.status]"}[
            choice
        ]
        when = draw(
            st.sampled_from(["", "", "host.name != 'web1'", f"steps.{earlier}.status != 'failed'", "params.words | length > 1"])
        )
        if when and (number or "steps" not in when):
            step["when"] = when
        step["on_failure"] = draw(st.sampled_from(["stop", "continue", "rollback"]))
        if draw(st.booleans()):
            step["fan_out"] = {"canary": draw(st.integers(0, 1)), "max_failed": draw(st.sampled_from(["0", "1", "50%"]))}
        if draw(st.integers(0, 4)) == 0:
            step["always"] = True
        made.append(step)
    return made


PARAMETERS = [{"name": "words", "type": "list", "title": "Words"}]
BAD = st.frozensets(st.tuples(st.sampled_from(["web1", "web2"]), st.builds("s{}-{}".format, st.integers(0, 4), WORDS)), max_size=4)


class Interrupted(Exception):
    """The process died here."""


class Brittle:
    """A database whose n-th transaction fails, before or after its commit."""

    def __init__(self, database, at, after):
        self._database, self._at, self._after, self.count = database, at, after, 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    @contextmanager
    def transaction(self):
        self.count += 1
        here = self.count == self._at
        with self._database.transaction() as connection:
            yield connection
            if here and not self._after:
                raise Interrupted
        if here:
            raise Interrupted


def wanted(made):
    book = runbook_of(made, targets="web*", parameters=PARAMETERS)
    return asking(book, hosts=2, inputs={"words": ["a", "b"]})


def story(engine, world):
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        [head] = recent_runs(connection)
        view = run_view(connection, head.id)
        records = [(r.draft.kind, r.draft.step) for r in engine.ledger.records(connection, run=head.id)]
    rows = [(s.step, r.target, r.state, r.reason and r.reason.key) for s in view.steps for r in s.rows]
    seen = [(step, target, state, reason if state != "done" else "") for step, target, state, reason in rows]
    return view.state, view.reason and view.reason.key, seen, records, sorted(world.done)


@settings(QUICK, max_examples=40)
@given(made=steps(), bad=BAD, at=st.integers(1, 60), after=st.booleans())
def test_a_run_that_is_interrupted_anywhere_ends_like_an_undisturbed_one(made, bad, at, after):
    with TemporaryDirectory() as folder:
        calm, other = World(bad), World(bad)
        (Path(folder) / "calm").mkdir()
        (Path(folder) / "other").mkdir()
        engine = make_engine(Path(folder) / "calm", connect=calm.connect, workers=1)
        advance(engine, request_run(engine, wanted(made)))
        expected = story(engine, calm)
        engine.database.close()
        engine = make_engine(Path(folder) / "other", connect=other.connect, workers=1)
        run = request_run(engine, wanted(made))
        try:
            advance(dataclasses.replace(engine, database=Brittle(engine.database, at, after)), run)
        except Interrupted:
            advance(engine, run)
        assert story(engine, other) == expected
        engine.database.close()


CHANGED = {"run": ["do", "else"], "observe": ["see", "else"], "undo": ["undo", "else"], "timeout": 59, "exit_codes": [0, 1]}


def shuffled(value, chance):
    if isinstance(value, dict):
        items = [(key, shuffled(item, chance)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@settings(QUICK, max_examples=40)
@given(made=steps(), seed=st.integers())
def test_the_digest_does_not_depend_on_the_order_of_keys(made, seed, tmp_path_factory):
    engine = make_engine(tmp_path_factory.mktemp("digest"))
    one = dry_run(engine, wanted(made))
    other = dry_run(engine, wanted(shuffled(made, random.Random(seed))))
    engine.database.close()
    assert one.digest == other.digest


@settings(QUICK, max_examples=40)
@given(
    made=steps(),
    which=st.integers(0, 4),
    what=st.sampled_from(["run", "observe", "undo", "timeout", "exit_codes", "inputs", "hosts"]),
)
def test_the_digest_changes_with_whatever_matters(made, which, what, tmp_path_factory):
    engine = make_engine(tmp_path_factory.mktemp("digest"))
    before = dry_run(engine, wanted(made))
    step = made[which % len(made)]["command"]
    asked = wanted(made)
    if what == "inputs":
        asked = dataclasses.replace(asked, inputs={"words": ["a", "c"]})
    elif what == "hosts":
        asked = dataclasses.replace(
            asked, inventory=wanted(made).inventory.model_validate({"hosts": {"web1": {"transport": "local"}}})
        )
    else:
        step[what] = CHANGED[what]
        asked = wanted(made)
    after = dry_run(engine, asked)
    engine.database.close()
    assert (before.digest != after.digest) or all(change.left_out for change in before.changes)
