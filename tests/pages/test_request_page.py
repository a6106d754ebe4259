"""Asking for a run on our own form: one field a parameter, the plan in sentences first, and then it is sent off."""

import re

import pytest

from temanashi.people import Actor
from temanashi.runs.requests import RunRequest, request_run
from temanashi.workspace.publishing import current_version

MANY = "for i in $(seq 600); do printf '%s\\tN%s\\n' $i $i; done"
TABLE = "code,name,system\n100,営業部,shop\n200,経理部,books\n"


def parameter(name, **more):
    return {"name": name, "title": {"ja": f"項目{name}", "en": f"Item {name}"}, **more}


@pytest.fixture
def shop(empty):
    site = empty.place.root / "runbooks" / "site"
    site.mkdir(parents=True)
    (site / "depts.csv").write_text(TABLE, encoding="cp932")
    (site / "hosts.yaml").write_text("hosts:\n" + "".join(f"  web{n}: {{transport: local, tags: [web]}}\n" for n in range(1, 11)))
    empty.place.runbook(
        "restart-shop",
        {
            "id": "say",
            "title": {"ja": "知らせる", "en": "Say"},
            "command": {"run": ["echo", "{{ params.word }}", "{{ params.host }}"]},
        },
        parameters=[
            parameter("word", hint={"ja": "例: hello", "en": "Example: hello"}, pattern="[a-z]+"),
            parameter("host", type="choice", choices_from={"hosts": "tag:web"}),
            parameter("system", type="choice", choices=[{"value": "shop", "title": {"ja": "店", "en": "The shop"}}, "books"]),
            parameter(
                "dept",
                type="choice",
                required=False,
                choices_from={"csv": "depts.csv", "title": "name", "where": {"system": "{{ params.system }}"}},
            ),
            parameter("count", type="integer", minimum=1, maximum=9, default=3),
            parameter("names", type="list", required=False),
            parameter("kinds", type="list", choices=["a", "b"], default=["a"]),
            parameter("sure", type="boolean", default=True),
            parameter("day", type="date", required=False),
            parameter("password", type="secret", required=False),
            parameter("text", multiline=True, required=False),
        ],
    )
    empty.place.publish()
    return empty


GOOD = {
    "p.word": "hello",
    "p.host": "web3",
    "p.system": "shop",
    "p.dept": "100",
    "p.kinds": ["", "b"],
    "p.sure": "false",
    "name": "花子",
}


def send(visitor, runbook="restart-shop", lang="ja", **form):
    return visitor.http.post(f"/runbooks/{runbook}/run?lang={lang}", data=form, headers={"origin": "http://testserver"})


def runs(visitor):
    with visitor.opened.database.reading() as connection:
        return [r.draft for r in visitor.opened.ledger.records(connection)]


def test_the_form_has_a_labelled_field_for_every_parameter(shop):
    text = shop.get("/runbooks/restart-shop/run?lang=ja").text
    for name in ("word", "host", "system", "dept", "count", "names", "kinds", "sure", "day", "password", "text"):
        assert f"項目{name}" in text
        assert f'name="p.{name}"' in text
    for field in re.findall(r'<(?:input[^>]* type="(?:text|date)"|textarea)[^>]* id="([\w.]+)"', text):
        assert f'<label for="{field}">' in text
    assert "例: hello" in text
    assert 'value="3"' in text
    assert 'type="date"' in text


def test_many_choices_are_searched_for_and_few_are_all_shown_with_their_titles(shop):
    text = shop.get("/runbooks/restart-shop/run?lang=ja").text
    assert 'list="p.host-list"' in text
    assert '<option value="web10">' in text
    assert '<input type="radio" name="p.system" value="shop">' in text
    assert "店" in text
    assert '<input type="checkbox" name="p.kinds" value="a" checked>' in text


def test_choices_that_depend_on_an_answer_come_when_it_is_given_and_nothing_typed_is_lost(shop):
    assert "選択肢は、上の項目によって変わります" in shop.get("/runbooks/restart-shop/run?lang=ja").text
    answer = send(shop, action="refresh", **{**GOOD, "p.system": "books", "p.word": "BAD"})
    assert answer.status_code == 200
    assert "経理部" in answer.text
    assert "営業部" not in answer.text
    assert 'value="BAD"' in answer.text
    assert 'class="wrong"' not in answer.text


def test_the_check_shows_what_would_be_done_in_sentences_and_touches_nothing(shop, seen):
    answer = send(shop, action="check", beneficiary="次郎", identity="in-person", ticket="OPS-1", reason="依頼", **GOOD)
    assert answer.status_code == 200
    assert "echo hello web3" in answer.text
    assert "知らせる" in answer.text
    assert "まだ何も実行していません" in answer.text
    assert all(word in answer.text for word in ("次郎", "OPS-1", "依頼", "花子", "店 (shop)", "営業部 (100)", "<dd>いいえ</dd>"))
    assert answer.text.index('value="edit"') < answer.text.index('value="run"')
    assert seen.submitted == []
    assert [d.mode for d in runs(shop) if d.kind == "run_finished"] == ["dry_run"]
    assert "tema_name=" in answer.headers["set-cookie"]


def hidden(text):
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text):
        found.setdefault(name, []).append(value)
    return found


def test_running_sends_it_through_the_server_as_a_page_and_waits_for_the_run(shop, seen):
    plan = send(shop, action="check", beneficiary="次郎", identity="in-person", ticket="OPS-1", reason="依頼", **GOOD)
    answer = send(shop, action="run", **hidden(plan.text))
    assert answer.status_code == 303
    [(runbook, inputs, actor, about)] = seen.submitted
    said = {"beneficiary": "次郎", "identity_check": "in-person", "ticket": "OPS-1", "reason": "依頼", "again": ""}
    assert (runbook, actor, about) == ("restart-shop", "花子", said)
    assert inputs == {
        "word": "hello",
        "host": "web3",
        "system": "shop",
        "dept": "100",
        "count": 3,
        "kinds": ["b"],
        "sure": False,
    }
    where = answer.headers["location"].removeprefix("/tema")
    waiting = shop.get(where).text
    assert 'http-equiv="refresh"' in waiting
    assert "まもなく始まります" in waiting
    seen.refused = "手順書は公開されていません。"
    refused = shop.get(where).text
    assert "実行できませんでした" in refused
    assert seen.refused in refused
    with shop.opened.database.reading() as connection:
        published = current_version(connection, kinds=shop.engine.kinds)
    flow_run = where.split("/started/")[1][:36]
    asked = RunRequest(
        runbook=published.runbooks["restart-shop"],
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=inputs,
        actor=Actor(name="花子"),
        channel="page",
        flow_run=flow_run,
    )
    run = request_run(shop.engine, asked)
    there = shop.get(where)
    assert there.status_code == 303
    assert there.headers["location"] == f"/tema/runs/{run}?lang=ja"


WRONG = [
    ({"p.word": ""}, "項目word」を入力してください"),
    ({"p.word": "UPPER"}, "形が違います"),
    ({"p.host": "web99"}, "いまの選択肢にありません"),
    ({"p.system": "shp"}, "shop"),
    ({"p.dept": "200"}, "いまの選択肢にありません"),
    ({"p.count": "99"}, "1〜9"),
    ({"p.names": "x\nx"}, "2回あります"),
    ({"p.kinds": [""]}, "1〜100"),
    ({"p.day": "2026-02-30"}, "2026-11-20 の形"),
    ({"p.nonsense": "x"}, "nonsense"),
    ({"name": " "}, "お名前を入力してください"),
    ({"ticket": "x" * 101}, "100文字以内"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
@pytest.mark.parametrize("action", ["check", "run"])
def test_a_mistake_is_told_beside_its_field_and_on_top_and_what_was_typed_is_kept(shop, seen, change, words, action):
    answer = send(shop, action=action, **{**GOOD, **change})
    assert answer.status_code == 400
    assert words in answer.text
    assert 'role="alert"' in answer.text
    [field] = change
    if field not in {"p.nonsense", "name"}:
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}-wrong"' in answer.text
    if "p.word" not in change:
        assert 'value="hello"' in answer.text
    assert seen.submitted == []
    assert runs(shop)[-1].kind == "published"


def test_mistakes_are_told_in_english_too(shop):
    answer = send(shop, lang="en", action="check", **{**GOOD, "p.word": "", "name": ""})
    assert answer.status_code == 400
    assert "Item word" in answer.text


def test_a_secret_that_was_typed_is_not_shown_again(shop):
    answer = send(shop, action="check", **{**GOOD, "p.password": "hunter22"})
    assert answer.status_code == 400
    assert "hunter22" not in answer.text
    answer = send(shop, action="check", **{**GOOD, "p.password": "env:DB"})
    assert "env:DB" in answer.text


def test_a_version_published_meanwhile_is_shown_before_it_runs(shop, seen):
    plan = send(shop, action="check", **GOOD)
    file = shop.place.root / "runbooks" / "routine" / "restart-shop.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('"echo"', '"printf"'), encoding="utf-8")
    shop.place.publish()
    again = send(shop, action="run", **hidden(plan.text))
    assert again.status_code == 200
    assert "新しい版が公開されました" in again.text
    assert "printf hello web3" in again.text
    assert seen.submitted == []


def test_back_to_the_form_keeps_everything(shop):
    plan = send(shop, action="check", ticket="OPS-1", **GOOD)
    form = send(shop, action="edit", **hidden(plan.text)).text
    assert 'value="OPS-1"' in form
    assert 'value="web3"' in form
    assert '<input type="checkbox" name="p.kinds" value="b" checked>' in form
    assert re.search(r'name="p.sure" value="true"(?! checked)', form)


def test_a_server_that_does_not_answer_is_told_and_nothing_typed_is_lost(shop, seen):
    seen.broken = True
    answer = send(shop, action="run", **GOOD)
    assert answer.status_code == 503
    assert 'value="hello"' in answer.text


def test_an_emergency_stop_is_told_on_the_form(shop, seen):
    from fixtures_runs import ALICE
    from temanashi.runs.stopping import stop_everything

    stop_everything(shop.engine, actor=ALICE, channel="cli", reason="煙")
    answer = send(shop, action="run", **GOOD)
    assert answer.status_code in {303, 409}


def test_the_form_is_no_place_for_other_sites_nor_for_endless_bodies(shop):
    path = "/runbooks/restart-shop/run"
    assert shop.http.post(path, data=GOOD, headers={"origin": "http://evil.example"}).status_code == 403
    assert shop.http.post(path, data={"p.text": "x" * 300_000}, headers={"origin": "http://testserver"}).status_code == 413


def test_what_was_typed_is_no_html_and_a_value_is_one_argument(shop):
    answer = send(shop, action="check", **{**GOOD, "p.names": '"><script>alert(1)</script>\n; rm -rf /'})
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert answer.status_code == 200


def test_a_source_that_fails_says_why_and_the_form_still_comes(shop):
    shop.place.runbook(
        "ask-host",
        {"command": {"run": ["true"]}},
        parameters=[parameter("one", type="choice", choices_from={"command": ["sh", "-c", "echo broken >&2; exit 3"]})],
    )
    shop.place.publish()
    answer = shop.get("/runbooks/ask-host/run?lang=ja")
    assert answer.status_code == 200
    assert "broken" in answer.text
    refused = send(shop, "ask-host", action="check", name="花子", **{"p.one": "x"})
    assert refused.status_code == 400
    assert "broken" in refused.text


def test_a_command_offers_its_lines_with_titles_and_more_than_a_page_holds_are_not_all_suggested(shop):
    shop.place.runbook(
        "ask-many",
        {"command": {"run": ["true"]}},
        parameters=[parameter("one", type="choice", choices_from={"command": ["sh", "-c", MANY]})],
    )
    shop.place.publish()
    text = shop.get("/runbooks/ask-many/run?lang=ja").text
    assert '<option value="7">N7</option>' in text
    assert "選択肢は600件あります" in text
    assert text.count("<option") == 500
    assert len(text) < 50_000
    assert send(shop, "ask-many", action="check", name="花子", **{"p.one": "599"}).status_code == 200


def test_the_name_is_remembered_for_the_next_time(shop):
    answer = send(shop, action="check", **GOOD)
    cookie = answer.headers["set-cookie"].split(";")[0]
    text = shop.get("/runbooks/restart-shop/run", headers={"cookie": cookie}).text
    assert 'value="花子"' in text
