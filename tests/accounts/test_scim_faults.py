"""Services that are busy, broken, slow or lying: a sentence of its own for each, nothing twice, and the token nowhere."""

import json
import logging
import traceback
from email.utils import format_datetime

import pytest

from fixtures_scim import TOKEN, Asked, Reply
from temanashi.accounts.directories import scim_client
from temanashi.accounts.directories import scim_faults as faults
from temanashi.accounts.directories.scim_settings import ScimSettings
from temanashi.accounts.faults import AccountConflict, AccountRefused, IncompleteRead
from temanashi.accounts.model import Scope
from temanashi.accounts.wishes import Wish
from temanashi.text import LANGUAGES, explain

HTML = b"<html><body>Sign in</body></html>"
WEB = {"Content-Type": "text/html"}
STATUSES = {
    400: faults.ScimRefused,
    401: faults.ScimDenied,
    403: faults.ScimForbidden,
    404: faults.ScimNotFound,
    409: faults.ScimTaken,
    413: faults.ScimTooLarge,
    418: faults.ScimRefused,
    429: faults.ScimBusy,
    500: faults.ScimBroken,
    503: faults.ScimBroken,
}
TRIES = {429: 4, 500: 4, 503: 4}


def always(service, reply, *methods):
    """The service answers so, to these methods or to all."""

    def way(asked: Asked, real):
        if methods and asked.method not in methods:
            return None
        return reply(asked, real) if callable(reply) else reply

    service.gate.ways[:] = [way]
    service.gate.asked.clear()


def caught(kind, deed):
    with pytest.raises(kind) as found:
        deed()
    told = "".join(traceback.format_exception(found.value)) + repr(found.value.__dict__)
    assert TOKEN not in told
    for lang in LANGUAGES:
        words = explain(found.value, lang)
        assert words.what
        assert words.next
        assert TOKEN not in words.what
        assert "<html" not in words.what
    assert found.type is kind
    return found.value


def reading(service, **settings):
    return lambda: service(**settings).read(Scope(logins=("ann",)))


@pytest.mark.parametrize("status", STATUSES)
def test_each_refusal_of_a_read_has_its_own_sentence_and_is_asked_a_few_times_at_most(scim_server, status):
    always(scim_server, Reply(status, {"detail": "said so", "scimType": "odd"}) if status != 500 else Reply(500, HTML, WEB))
    error = caught(STATUSES[status], reading(scim_server))
    most = TRIES.get(status, 1)
    assert len(scim_server.gate.asked) == (2 if status == 400 else most)  # 400: some cannot search, and are asked for all
    if status != 500:
        assert "said so: odd" in explain(error, "en").what


@pytest.mark.parametrize("status", STATUSES)
def test_a_write_that_is_refused_or_lost_is_sent_once_except_where_the_service_says_it_took_nothing(scim_server, status):
    scim_server.user("ann", displayName="Ann")
    always(scim_server, Reply(status, HTML, WEB), "PATCH")
    error = caught(STATUSES[status], lambda: scim_server.done("disable", "ann"))
    assert len(scim_server.gate.sent("PATCH")) == (4 if status == 429 else 1)
    assert isinstance(error, AccountRefused) == (status < 500)


def test_no_two_faults_say_the_same():
    kinds = [getattr(faults, name) for name in faults.__all__]
    for lang in LANGUAGES:
        said = [explain(kind("saas", "x"), lang) for kind in kinds]
        assert len({one.what for one in said}) == len(kinds)


@pytest.mark.parametrize(("told", "waited"), [("7", 7.0), ("date", 5.0), ("soon", 1.0), ("-3", 1.0), ("0", 0.0), ("", 1.0)])
def test_as_long_as_the_service_asks_for_is_waited(scim_server, told, waited):
    scim_server.user("ann")
    headers = {"Retry-After": told}

    def busy(asked, real):
        if len(scim_server.gate.asked) > 1:
            return None
        if told == "date":
            from datetime import timedelta

            headers["Retry-After"] = format_datetime(scim_server.clock.now() + timedelta(seconds=5), usegmt=True)
        return Reply(429, b"", headers)

    always(scim_server, busy)
    assert reading(scim_server)().account("ann").enabled
    assert scim_server.clock.monotonic() == waited


def test_longer_than_a_call_may_take_is_not_waited(scim_server):
    always(scim_server, Reply(429, b"", {"Retry-After": "3600"}))
    caught(faults.ScimBusy, reading(scim_server))
    assert scim_server.clock.monotonic() == 0
    assert len(scim_server.gate.asked) == 1


def test_a_busy_service_takes_a_write_later_and_once(scim_server):
    scim_server.user("ann")
    always(scim_server, lambda *_: Reply(429) if len(scim_server.gate.sent("PATCH")) == 1 else None, "PATCH")
    assert scim_server.done("disable", "ann")[1].enabled is False
    assert len(scim_server.gate.sent("PATCH")) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_is_sent_to_no_other_address(scim_server, scim_plain, status):
    elsewhere = scim_plain.gate
    always(scim_server, Reply(status, b"", {"Location": f"{elsewhere.url}/v2/Users?x={TOKEN}"}))
    elsewhere.asked.clear()
    error = caught(faults.ScimRedirect, reading(scim_server))
    assert elsewhere.url.removeprefix("http://") in explain(error, "en").what
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "raw",
    [HTML, b"[]", b'"x"', b"{", b"\xff\xfe\x00", b"[" * 100_000, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"]}],
)
def test_what_is_no_json_object_is_no_answer(scim_server, raw):
    always(scim_server, Reply(200, raw))
    caught(faults.ScimNonsense, reading(scim_server))


def test_an_answer_without_end_is_not_read_to_its_end(scim_server, monkeypatch):
    monkeypatch.setattr(scim_client, "MOST_BYTES", 100_000)
    always(scim_server, Reply(200, b" " * 200_000))
    caught(faults.ScimNonsense, reading(scim_server))


def test_an_answer_that_comes_too_slowly_is_given_up(scim_server):
    def slow(asked, real):
        scim_server.clock.pass_by(21)
        return Reply(200, {"totalResults": 0})

    always(scim_server, slow)
    caught(faults.ScimSilent, reading(scim_server))


def test_a_service_that_says_nothing_is_given_up_in_time(scim_server):
    import threading

    release = threading.Event()

    def silent(asked, real):
        release.wait(20)
        return Reply(hang=True)

    always(scim_server, silent)
    scim_server.timeout = 0.3
    try:
        caught(faults.ScimSilent, reading(scim_server))
    finally:
        release.set()


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(200, b'{"totalResults": 0', cut=True)])
def test_a_connection_that_ends_early_is_no_answer(scim_server, reply):
    always(scim_server, reply)
    caught(faults.ScimSilent, reading(scim_server))
    assert len(scim_server.gate.asked) == 4


def test_nobody_at_the_address_is_told_as_that(scim_server):
    from fixtures_up import free_port

    caught(faults.ScimUnreachable, reading(scim_server, url=f"http://127.0.0.1:{free_port()}/v2"))
    caught(faults.ScimUnreachable, reading(scim_server, url="https://nobody.invalid/v2"))
    caught(faults.ScimUnreachable, reading(scim_server, proxy=f"http://127.0.0.1:{free_port()}"))


def test_a_proxy_is_gone_through(scim_server):
    scim_server.user("ann")
    scim_server.gate.asked.clear()
    real = scim_server.base.removeprefix(scim_server.gate.url)

    def forwarded(asked, _):
        asked.path = real + asked.path.removeprefix("http://127.0.0.1:9/v2")
        return scim_server.gate.forward(asked)

    scim_server.gate.ways.append(forwarded)
    directory = scim_server(url="http://127.0.0.1:9/v2", proxy=scim_server.gate.url)
    assert directory.read(Scope()).account("ann")


# What was lost on the way


def lost_after(asked, real):
    """The service does it, and its answer is lost."""
    real()
    return Reply(hang=True)


def broken_after(asked, real):
    real()
    return Reply(500, HTML, WEB)


def nonsense_after(asked, real):
    real()
    return Reply(200, HTML, WEB)


@pytest.mark.parametrize("way", [lost_after, broken_after, nonsense_after])
def test_what_was_done_though_the_answer_was_lost_is_found_by_reading_and_done_once(scim_server, way):
    scim_server.group("Team")
    always(scim_server, way, "POST", "PATCH")
    fields, account = scim_server.done("join", "ann", name="Ann", employee="1", groups=("Team",))
    assert (fields, account.groups) == (["account", "name", "employee", "groups"], ("Team",))
    assert len(scim_server.gate.sent("POST")) == 1
    assert scim_server.done("disable", "ann")[1].enabled is False
    assert len(scim_server.gate.sent("PATCH")) == 2
    assert scim_server.raw("GET", "/Users")["totalResults"] == 1


@pytest.mark.parametrize(("reply", "kind"), [(Reply(hang=True), faults.ScimSilent), (Reply(500, HTML, WEB), faults.ScimBroken)])
def test_what_was_not_done_and_not_answered_is_unknown_and_is_not_repeated(scim_server, reply, kind):
    scim_server.user("ann")
    scim_server.group("Team")
    always(scim_server, reply, "POST", "PATCH")
    for wish in (("join", "bob", {}), ("disable", "ann", {}), ("set", "ann", {"groups": ("Team",)})):
        before = len(scim_server.gate.sent("POST", "PATCH"))
        error = caught(kind, lambda wish=wish: scim_server.done(wish[0], wish[1], **wish[2]))
        assert not isinstance(error, AccountRefused)  # so that the engine says unknown, and looks
        assert len(scim_server.gate.sent("POST", "PATCH")) == before + 1


def test_a_page_of_html_for_a_name_that_is_taken_is_a_conflict(scim_server):
    directory = scim_server()
    wish = Wish(do="join", login="ann", name="Ann")
    seen = directory.read(Scope(logins=("ann",)))
    scim_server.user("ann", displayName="Stranger")
    always(scim_server, Reply(500, HTML, WEB), "POST")
    caught(AccountConflict, lambda: directory.apply(wish, directory.plan(wish, seen), seen, secret=None))
    assert scim_server.raw("GET", "/Users")["totalResults"] == 1


# What services tell of how much they have


def told(scim_server, pages):
    """The service gives these pages one after the other, then the last one for ever; `/Groups` has none."""
    given = iter(pages)
    state = {"last": None}

    def way(asked, real):
        if "/Groups" in asked.path:
            return Reply(200, {"totalResults": 0})
        state["last"] = next(given, state["last"])
        return Reply(200, state["last"])

    always(scim_server, way)


def users(*numbers):
    return [{"id": str(n), "userName": f"u{n}"} for n in numbers]


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([{"totalResults": 4, "Resources": users(1, 2)}, {"totalResults": 4}], id="fewer than told"),
        pytest.param([{"totalResults": 4, "Resources": users(1, 2)}], id="the same page again"),
        pytest.param([{"totalResults": 1, "Resources": users(1, 2)}], id="more than told"),
        pytest.param([{"totalResults": 2, "Resources": users(1, 2)}, {"totalResults": 2, "Resources": users(3)}], id="page total"),
        pytest.param([{"totalResults": 3, "Resources": users(1, 1, 2)}], id="twice on a page"),
        pytest.param([{"Resources": users(1)}], id="no total"),
        pytest.param([{"totalResults": "many", "Resources": users(1)}], id="no number"),
        pytest.param([{"totalResults": True, "Resources": users(1)}], id="a boolean"),
        pytest.param([{"totalResults": -1, "Resources": users(1)}], id="below zero"),
        pytest.param([{"totalResults": 1, "Resources": ["x"]}], id="no objects"),
        pytest.param([{"totalResults": 1, "Resources": [{"userName": "x"}]}], id="no id"),
        pytest.param([{"totalResults": 1, "Resources": [{"id": "1"}]}], id="no userName"),
        pytest.param([{"totalResults": 1, "Resources": [{"id": "1", "userName": "x", "active": "perhaps"}]}], id="odd active"),
        *(
            pytest.param([{"totalResults": 1, "Resources": [{"id": bad, "userName": "x"}]}], id=f"id {bad!r:.20}")
            for bad in ("..", ".", "", " ", "a\nb", "x" * 501, None, True, [], {})
        ),
    ],
)
def test_what_may_not_be_everything_is_not_taken_for_everything(scim_server, pages):
    told(scim_server, pages)
    error = caught(IncompleteRead, lambda: scim_server(page=2).read(Scope()))
    assert "\n" not in explain(error, "en").what


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(
            [{"totalResults": "3", "Resources": users(1, 2)}, {"TOTALRESULTS": 3, "resources": users(3)}], id="other words"
        ),
        pytest.param(
            [
                {"totalResults": 3, "Resources": users(1), "startIndex": 9, "itemsPerPage": 77},
                {"totalResults": 3, "Resources": users(2, 3)},
                {"totalResults": 3},
            ],
            id="short pages and wrong numbers",
        ),
        pytest.param(
            [{"totalResults": 2, "Resources": users(1, 2)}, {"totalResults": 3, "Resources": users(3)}], id="grows meanwhile"
        ),
        pytest.param([{"totalResults": 3, "Resources": [*users(1, 2, 3)]}, {"totalResults": 3}], id="more than asked for"),
    ],
)
def test_what_is_only_told_oddly_is_read_whole(scim_server, pages):
    told(scim_server, pages)
    assert [one.login for one in scim_server(page=2).read(Scope()).accounts] == ["u1", "u2", "u3"]


def test_a_service_that_ignores_the_filter_and_gives_everybody_has_no_stranger_changed(scim_server):
    ids = {name: scim_server.user(name, displayName=name) for name in ("aaron", "ann", "zoe", "anna")}

    def ignoring(asked, real):
        if "/Users?" in asked.path:
            query = asked.path.partition("?")[2]
            asked.path = asked.path.partition("?")[0] + "?" + "&".join(p for p in query.split("&") if not p.startswith("filter="))
        return real()

    always(scim_server, ignoring)
    directory = scim_server(page=2)
    assert scim_server.done("disable", "ann", directory)[1].native_id == ids["ann"]
    assert scim_server.done("disable", "nobody", directory) == ([], None)
    assert [one["userName"] for one in scim_server.raw("GET", "/Users")["Resources"] if one.get("active") is False] == ["ann"]


def test_a_service_that_cannot_search_is_read_whole(scim_server):
    scim_server.user("ann")
    for status in (400, 501):
        always(scim_server, lambda asked, _, status=status: Reply(status) if "filter=" in asked.path else None)
        assert reading(scim_server)().account("ann").enabled


def test_what_a_service_says_of_names_cannot_write_lines_or_turn_the_page(scim_server):
    odd = {"id": "1", "userName": "ann", "displayName": "A\u202enn\nFAKE \x1b[2J\ud800", "externalId": 17, "name": ["x"]}
    told(scim_server, [{"totalResults": 1, "Resources": [odd]}])
    account = reading(scim_server)().account("ann")
    account.name.encode()
    assert not {"\n", "\x1b", "\u202e"}.intersection(account.name)
    assert account.employee == "17"


# The token


def test_a_token_of_the_wrong_form_is_sent_to_nobody_and_shown_to_nobody(scim_server):
    for bad in ("two words", "line\r\nX-Other: 1", "snowman-☃", "tab\t"):
        scim_server.token = f"{bad}{TOKEN}"
        always(scim_server, None)
        caught(faults.ScimTokenForm, reading(scim_server))
        assert scim_server.gate.asked == []


def test_the_token_is_in_no_log_error_plan_or_outcome_even_where_the_service_repeats_it(scim_server, caplog):
    caplog.set_level(logging.DEBUG)
    scim_server.user("ann")
    for status in (400, 401, 409, 429, 500):
        always(scim_server, Reply(status, {"detail": f"bad token {TOKEN}"}))
        caught(STATUSES[status], reading(scim_server))
    always(scim_server, None)
    directory = scim_server()
    seen = directory.read(Scope())
    changes = directory.plan(Wish(do="disable", login="ann"), seen)
    after = directory.apply(Wish(do="disable", login="ann"), changes, seen, secret=None)
    assert scim_server.gate.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in caplog.text + repr(directory) + repr((seen, changes, after)) + json.dumps(after.account("ann").facts())


def test_credentials_of_this_machine_are_not_sent_in_its_place(scim_server, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login x password y\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    scim_server.user("ann")
    reading(scim_server)()
    assert {one.headers["authorization"] for one in scim_server.gate.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/v2", "ftp://example.com/", "https://user:pw@example.com/", "https://example.com/?a=b", "https:///v2"),
        *(
            "https://example.com/#x",
            "https://example.com/a/../b",
            "https://example.com:99999/",
            "https://example.com:0/",
            "//x",
            "",
        ),
        *(
            "https://exa mple.com/",
            "https://example.com\\@evil.example/",
            "http://127.0.0.1.evil.example/",
            "https://[::1/",
            "javascript:x",
        ),
    ],
)
def test_an_address_that_would_lead_elsewhere_or_send_the_token_in_the_clear_is_refused(url):
    with pytest.raises(ValueError):
        ScimSettings.model_validate({"url": url, "token": "env:T"})


@pytest.mark.parametrize("url", ["https://example.com/scim/v2/", "http://localhost:1/v2", "http://[::1]:2", "http://127.9.9.9/"])
def test_addresses_over_tls_and_of_this_machine_are_taken(url):
    assert ScimSettings.model_validate({"url": url, "token": "env:T"}).url == url.rstrip("/")


@pytest.mark.parametrize(
    "more",
    [
        {"token": "secret itself"},
        {"user_name": "x"},
        {"user_name": "{login}{login}"},
        {"email": '{login}"@x'},
        {"page": -1},
        {"nope": 1},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(more):
    with pytest.raises(ValueError):
        ScimSettings.model_validate({"url": "https://example.com", "token": "env:T", **more})
