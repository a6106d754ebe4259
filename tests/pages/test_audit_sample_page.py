"""Samples and files on the pages: drawn and taken by a named person, on the record."""

import json
import re

import pytest

SAME = {"origin": "http://testserver"}


@pytest.fixture
def used(visitor):
    for number in range(4):
        visitor.run("full-disk", through=False, ticket=f"INC-{number}", beneficiary="=1+1")
    return visitor


def noted(visitor, outcome):
    with visitor.opened.database.reading() as connection:
        return [r.draft for r in visitor.opened.ledger.records(connection, kinds=("noted",)) if r.draft.outcome == outcome]


def post(visitor, path, **form):
    return visitor.http.post(path, data=form, headers=SAME)


@pytest.mark.parametrize(("lang", "words"), [("ja", ("標本を引く", "種")), ("en", ("Draw a sample", "Seed"))])
def test_the_form_and_the_sheet_are_there_in_both_languages(used, lang, words):
    form = used.get(f"/audit/sample?lang={lang}").text
    assert all(word in form for word in words)
    answer = post(used, f"/audit/sample?lang={lang}", period="2020..2099", size="2", kind="run_requested", name="監査 花子")
    assert answer.status_code == 303
    sheet = used.get(answer.headers["location"].removeprefix("/tema"))
    assert sheet.status_code == 200
    for word in ("監査 花子", *(("4件から2件",) if lang == "ja" else ("2 of 4",))):
        assert word in sheet.text
    assert re.search(r">[0-9a-f]{64}<", sheet.text)
    assert "audit." not in re.sub(r"<[^>]*>", "", sheet.text)
    assert [draft.actor for draft in noted(used, "audit-sample")] == ["監査 花子"]
    assert [draft.assurance for draft in noted(used, "audit-sample")] == ["asserted"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"period": "soon"}, "FY2026"),
        ({"size": "0"}, "whole number"),
        ({"size": "many"}, "whole number"),
        ({"size": "9" * 50}, "whole number"),
        ({"seed": "s" * 101}, "at most 100"),
        ({"name": " "}, "name"),
        ({"name": "n" * 101}, "name"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(used, wrong, words):
    form = {"period": "2026", "size": "2", "seed": "my seed", "name": "alice", "runbook": "kept-one"} | wrong
    answer = post(used, "/audit/sample?lang=en", **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert 'value="kept-one"' in answer.text
    assert noted(used, "audit-sample") == []


def test_a_sample_from_elsewhere_is_not_drawn(used):
    answer = used.http.post(
        "/audit/sample", data={"period": "2026", "size": "1", "name": "x"}, headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert noted(used, "audit-sample") == []


def test_a_sheet_that_is_none_is_not_there(used):
    assert used.get("/audit/samples/1").status_code == 404


@pytest.mark.parametrize(("form", "start"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("jsonl", b'{"seq"')])
def test_what_was_found_is_taken_as_a_file_by_a_named_person(used, form, start):
    answer = post(used, "/audit/export?lang=en", format=form, name="監査 花子", ticket="INC-1")
    assert answer.status_code == 200
    assert answer.content.startswith(start)
    assert answer.headers["content-disposition"] == f'attachment; filename="audit.{form}"'
    if form == "csv":
        assert b"'=1+1" in answer.content
        assert b"INC-2" not in answer.content
    if form == "jsonl":
        assert [json.loads(line)["ticket"] for line in answer.content.splitlines()] == ["INC-1"]
    (taken,) = noted(used, "audit-export")
    assert (taken.actor, taken.body["criteria"], taken.body["format"]) == ("監査 花子", {"ticket": "INC-1"}, form)


@pytest.mark.parametrize(
    "form", [{"format": "csv"}, {"format": "exe", "name": "x"}, {"format": "csv", "name": "x", "from": "soon"}]
)
def test_a_form_that_is_not_filled_in_leads_back_to_the_search(used, form):
    answer = post(used, "/audit/export?lang=en", ticket="INC-1", **form)
    assert answer.status_code == 303
    assert "ticket=INC-1" in answer.headers["location"]
    assert noted(used, "audit-export") == []
    assert used.get(answer.headers["location"].removeprefix("/tema")).status_code in {200, 400}
