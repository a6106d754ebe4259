import re

import pytest

from temanashi.orchestration.driving import NotInFlow, NotPublished
from temanashi.orchestration.fork_starter import PreloadFailed
from temanashi.orchestration.holding import AlreadyUp, PortTaken
from temanashi.orchestration.submitting import FlowRunGone, NotDeployed, NotReachable, ServerRefused
from temanashi.orchestration.supervisor import DiedTooOften, NotStarted
from temanashi.text import LANGUAGES, explain, keys

ERRORS = [
    NotPublished("nightly"),
    NotInFlow(),
    PreloadFailed("ImportError: no module"),
    AlreadyUp(pid=7, user="ops", url="http://127.0.0.1:4200", since="2026-11-20 08:30"),
    PortTaken("127.0.0.1", 4200, "12 (nginx)"),
    NotStarted("gate", ".tema/logs/gate.log", "Traceback"),
    DiedTooOften("worker", ".tema/logs/worker.log", "Killed"),
    NotReachable("http://127.0.0.1:4200/api", "refused"),
    NotDeployed("nightly"),
    ServerRefused("nightly", "409"),
    FlowRunGone("00000000"),
]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_every_error_says_what_is_wrong_and_what_to_do(error, lang):
    told = explain(error, lang)
    assert told.what
    assert told.next
    for text in told:
        assert not re.search(r"\{\w*\}", text), text
    if lang == "ja":
        assert re.search(r"[ぁ-ん]", told.what)


@pytest.mark.parametrize("area", ["orchestration", "gate", "pages"])
def test_both_languages_have_the_same_texts(area):
    assert keys(area, "ja") == keys(area, "en") != frozenset()


def test_the_holder_of_a_port_is_named():
    assert "12 (nginx)" in str(PortTaken("127.0.0.1", 4200, "12 (nginx)"))
