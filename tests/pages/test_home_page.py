import re

import pytest

from fixtures_runs import ALICE
from temanashi.runs.expected import expect, settle_occurrence, stamp
from temanashi.runs.holds import add_hold, add_skip
from temanashi.runs.stopping import stop_everything
from temanashi.text import phrase

EMPTY = {"ja": ("対応を待っているものはありません", "まだ実行がありません"), "en": ("Nothing waits", "Nothing has run")}
PREFERRED = {
    "en-US,en;q=0.9,ja;q=0.8": "en",
    "fr, ja;q=0.5, en;q=0.3": "ja",
    "fr": "ja",
    "en;q=nonsense, ja": "ja",
    "en;q=0": "ja",
    "": "ja",
}


@pytest.mark.parametrize(("lang", "words"), EMPTY.items())
def test_an_empty_place_says_what_to_do(empty, lang, words):
    text = empty.get(f"/?lang={lang}").text
    assert f'<html lang="{lang}">' in text
    assert all(word in text for word in (*words, "tema publish"))


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_waits_comes_first_with_a_link_to_it(visitor, lang):
    run = visitor.run("count-cash")
    text = visitor.get(f"/?lang={lang}").text
    heading = re.search(r"<h1>(.*?)</h1>", text)[1]
    assert "1" in heading
    assert text.index(f"/tema/runs/{run}") < text.index("<h2>")


def test_the_hours_the_runs_and_the_published_version_follow(visitor):
    visitor.run("full-disk")
    text = visitor.get("/?lang=ja").text
    for words in ("手作業の時間", "/tema/report?lang=ja", "見本 full-disk", "異常", "第1版、手順書2件", "ops", "/v2/deployments"):
        assert words in text


def test_files_with_mistakes_are_listed_with_their_place(visitor):
    visitor.place.runbook("broken-one")
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace.loading import load_workspace
    from temanashi.workspace.publishing import publish

    loaded = load_workspace(visitor.place.root, kinds=step_kinds())
    publish(visitor.opened.database, visitor.opened.ledger, loaded, actor=ALICE, clock=visitor.opened.clock)
    assert "runbooks/routine/broken-one.yaml" in visitor.get("/").text


@pytest.mark.parametrize(("lang", "word"), [("ja", "緊急停止中"), ("en", "emergency stop is on")])
def test_an_emergency_stop_is_the_first_thing_said(visitor, lang, word):
    stop_everything(visitor.engine, actor=ALICE, channel="cli", reason="<script>fire")
    text = visitor.get(f"/?lang={lang}").text
    assert word in re.search(r"<h1>(.*?)</h1>", text)[1]
    assert "&lt;script&gt;fire" in text


@pytest.mark.parametrize(("header", "lang"), PREFERRED.items())
def test_the_language_is_what_the_browser_prefers(visitor, header, lang):
    assert f'<html lang="{lang}">' in visitor.get("/", headers={"accept-language": header}).text


def test_the_other_language_is_one_link_away(visitor):
    assert re.search(r'href="http://testserver/tema/\?lang=en"[^>]*>English', visitor.get("/?lang=ja").text)


@pytest.mark.parametrize("path", ["/", "/report", "/nowhere"])
def test_pages_are_small_have_no_script_and_say_what_may_be_loaded(visitor, path):
    answer = visitor.get(path)
    assert len(answer.content) < 50_000
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_style_sheet_is_there(visitor):
    answer = visitor.get("/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme" in answer.text


def test_an_address_that_leads_nowhere_says_so_in_the_readers_language(visitor):
    answer = visitor.get("/nowhere?lang=en")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


@pytest.mark.parametrize(("lang", "word"), [("ja", "予定どおりに実行されなかったものが 1 件"), ("en", "Did not run as planned: 1")])
def test_what_did_not_run_and_what_is_held_stand_before_the_hours(visitor, lang, word):
    moment = visitor.opened.clock.now().replace(microsecond=0)
    with visitor.opened.database.transaction() as connection:
        expect(connection, "count-cash", "1", moment, slot=moment.date(), version="v", due=moment, now=moment)
        why = phrase("runs.nothing-heard")
        settle_occurrence(connection, ("count-cash", "1", stamp(moment)), "missing", reason=why)
    add_hold(visitor.engine, runbook="full-disk", reason="<b>move", until=None, remind_days=7, actor=ALICE, channel="cli")
    day = visitor.engine.today()
    add_skip(visitor.engine, runbook="full-disk", schedule="", day=day, at=None, reason="party", actor=ALICE, channel="cli")
    text = visitor.get(f"/?lang={lang}").text
    assert word in text
    assert text.index(word) < text.index("&lt;b&gt;move") < text.index("party") < text.rindex("/tema/report")
    assert why.text(lang) in text
