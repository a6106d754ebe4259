"""`/tema/audit`: what is asked for is found, the chain's state is never better than what is known, a run's story is whole."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from fixtures_runs import ALICE
from temanashi.ledger.checkpoints import open_seal, write_checkpoint
from temanashi.ledger.verification import verify_database
from temanashi.ledger.verified import chain_status, keep_verification
from temanashi.runs.decisions import decide
from temanashi.signin.book import Book

FORMS = {"ja": ("監査", "探す", "特権のものだけ", "未検証"), "en": ("Audit", "Search", "Privileged only", "Never verified")}


def verified(visitor, **changed):
    settings = visitor.opened.settings
    found = verify_database(visitor.opened.database, state=settings.state_dir)
    assert keep_verification(settings.state_dir, found.model_copy(update=changed), visitor.opened.clock.now())


def status(visitor, **later):
    opened = visitor.opened
    with opened.database.reading() as connection:
        now = opened.clock.now() + timedelta(**later)
        return chain_status(opened.ledger, connection, state=opened.settings.state_dir, now=now)


@pytest.mark.parametrize(("lang", "words"), FORMS.items())
def test_the_search_is_a_form_without_scripts(visitor, lang, words):
    visitor.run("full-disk", ticket="INC-7", beneficiary="<花子>")
    answer = visitor.get(f"/audit?lang={lang}")
    assert answer.status_code == 200
    assert all(word in answer.text for word in words)
    assert "<script" not in answer.text
    assert "<花子>" not in answer.text
    assert "audit." not in re.sub(r"<[^>]*>", "", answer.text).replace("tema audit", "")
    assert len(answer.text) < 50_000


def test_conditions_narrow_it_and_what_was_typed_is_kept(visitor):
    run = visitor.run("full-disk", ticket="INC-7")
    other = visitor.run("count-cash")
    everything = visitor.get("/audit?lang=en").text
    assert f"/audit/runs/{run}?" in everything
    assert f"/audit/runs/{other}?" in everything
    found = visitor.get("/audit?lang=en&ticket=inc-7&person=ALICE").text
    assert f"/audit/runs/{run}?" in found
    assert f"/audit/runs/{other}?" not in found
    assert 'value="inc-7"' in found
    assert "1 found" in found
    assert "Nothing was found" in visitor.get("/audit?lang=en&person=nobody").text


def test_sign_ins_and_refusals_can_be_asked_for_in_words(visitor):
    book = Book(database=visitor.opened.database, ledger=visitor.opened.ledger, clock=visitor.opened.clock)
    with visitor.opened.database.transaction() as connection:
        for event in ("signed-in", "access-refused"):
            book.note(connection, event, actor=ALICE, channel="page", user="alice", path="/x")
    text_ = visitor.get("/audit?lang=en&outcome=access-refused").text
    assert "1 found" in text_
    assert '<option value="access-refused" selected>access refused</option>' in text_
    assert "権限がなく断った" in visitor.get("/audit?lang=ja&kind=noted").text


def test_there_are_pages_and_a_way_back(visitor):
    for number in range(30):
        visitor.run("full-disk", through=False, ticket=f"INC-{number}")
    first = visitor.get("/audit?lang=en&runbook=full-disk").text
    following = re.search(r'href="/tema/audit\?([^"]*after=[^"]*)"', first)[1].replace("&amp;", "&")
    second = visitor.get(f"/audit?{following}").text
    seen = [set(re.findall(r"/audit/runs/([0-9a-f-]{36})", page)) for page in (first, second)]
    assert [len(one) for one in seen] == [25, 5]
    assert not seen[0] & seen[1]
    assert "Back to the newest" in second
    assert "Older" not in second


@pytest.mark.parametrize(
    ("query", "words"), [("from=soon", "Write the day"), ("from=2026-11-02&to=2026-11-01", "before the first")]
)
def test_a_day_that_is_none_is_said_beside_its_field_and_nothing_is_searched(visitor, query, words):
    answer = visitor.get(f"/audit?lang=en&{query}")
    assert answer.status_code == 400
    assert words in answer.text
    assert "Not searched" in answer.text


@pytest.mark.parametrize(
    "query", ["kind=x&outcome=y", "after=zzz", "person=%00%ff", "from=0001-01-01&to=9999-12-31", "q=1&person=" + "x" * 5000]
)
def test_made_up_addresses_are_answered(visitor, query):
    assert visitor.get(f"/audit?{query}").status_code == 200


def test_the_chain_is_green_only_after_a_verification(visitor):
    visitor.run("full-disk")
    assert status(visitor).state == "never"
    assert 'class="state OK"' not in visitor.get("/audit").text.partition("</div>")[0]
    verified(visitor)
    assert (status(visitor).state, status(visitor).unverified) == ("intact", 0)
    assert "Intact" in visitor.get("/audit?lang=en").text
    visitor.run("full-disk")
    assert status(visitor).unverified > 0
    assert "are not verified" in visitor.get("/audit?lang=en").text
    assert status(visitor, days=3).state == "stale"


def test_what_contradicts_the_last_verification_or_a_checkpoint_is_red(visitor):
    visitor.run("full-disk")
    settings = visitor.opened.settings
    verified(visitor, head_hash="0" * 64)
    assert status(visitor).state == "contradicted"
    verified(visitor)
    checkpoint = write_checkpoint(visitor.opened.ledger, seal=open_seal(settings.state_dir), clock=visitor.opened.clock)
    assert (status(visitor).state, status(visitor).sealed) == ("intact", True)
    file = settings.state_dir / "checkpoints" / f"checkpoint-{checkpoint.number:08d}.json"
    file.write_text(file.read_text().replace(checkpoint.hash, "1" * 64))
    assert (status(visitor).state, status(visitor).sealed) == ("contradicted", False)
    assert "does not fit" in visitor.get("/audit?lang=en").text


@pytest.mark.parametrize(("found", "word"), [("altered", "Altered"), ("cannot_tell", "Cannot tell")])
def test_what_the_verification_found_is_told(visitor, found, word):
    visitor.run("full-disk")
    verified(visitor, status=found)
    assert word in visitor.get("/audit?lang=en").text


def test_a_verification_that_cannot_be_read_is_none(visitor):
    verified(visitor)
    (visitor.opened.settings.state_dir / "verified.json").write_text("{")
    assert status(visitor).state == "never"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_whole_story_of_a_run(visitor, lang):
    run = visitor.run("count-cash", ticket="INC-7", beneficiary="花子")
    decide(visitor.engine, run, actor=ALICE, channel="page", verdict="refused", note="合いません<b>")
    answer = visitor.get(f"/audit/runs/{run}?lang={lang}")
    assert answer.status_code == 200
    for word in (
        "INC-7",
        "花子",
        "合いません&lt;b&gt;",
        run,
        *(("却下", "経過") if lang == "ja" else ("refused it", "What happened")),
    ):
        assert word in answer.text
    assert "audit." not in re.sub(r"<[^>]*>", "", answer.text)


def test_a_record_is_shown_as_it_is_kept_with_its_hashes(visitor):
    run = visitor.run("full-disk")
    text_ = visitor.get("/audit/records/2?lang=en").text
    assert "plan_digest" in text_
    assert len(re.findall(r">[0-9a-f]{64}<", text_)) >= 2
    assert f"/audit/runs/{run}?" in text_


def test_evidence_is_text_and_nothing_else(visitor):
    visitor.place.runbook("say", {"id": "go", "command": ["echo", "<script>alert(1)</script>"]})
    visitor.place.publish()
    page = visitor.get(f"/audit/runs/{visitor.run('say')}?lang=en").text
    address = re.search(r'href="/tema(/audit/records/[0-9]+/evidence/1)"', page)[1]
    answer = visitor.get(address)
    assert "<script>alert(1)</script>" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert (answer.headers["x-content-type-options"], "sandbox" in answer.headers["content-security-policy"]) == ("nosniff", True)
    assert visitor.get(address[:-1] + "9").status_code == 404


@pytest.mark.parametrize(
    "path", ["/audit/runs/nonesuch", "/audit/records/99999", "/audit/records/99999999999", "/audit/records/0/evidence/1"]
)
def test_what_is_not_there_is_said_to_be_not_there(visitor, path):
    answer = visitor.get(f"{path}?lang=en")
    assert answer.status_code == 404
    assert "no record" in answer.text


def test_a_record_that_was_altered_is_named_on_the_page(visitor):
    run = visitor.run("full-disk")
    with visitor.opened.database.transaction() as connection:
        connection.execute(text("DROP TRIGGER ledger_no_update"))
        connection.execute(text("UPDATE ledger SET outcome = 'failed' WHERE kind = 'run_finished'"))
    answer = visitor.get(f"/audit/runs/{run}?lang=en").text
    assert "not as they were written" in answer
    assert "This record is not as it was written" in answer
