"""Sign-in with a real OpenID Connect provider, a process of its own on loopback, and every way to cheat at it."""

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fixtures_oidc import CLIENT, SECRET, ProviderProcess
from fixtures_up import free_port
from signin.conftest import PASSWORD, PEOPLE, YAMADA
from temanashi.people import People
from temanashi.secrets import SecretMissing
from temanashi.settings_directories import OidcSettings
from temanashi.signin.admission import admit, allow_link
from temanashi.signin.directory_faults import (
    BadOutsideName,
    BadTicket,
    DirectoryDown,
    DirectoryMisset,
    DirectoryRefused,
    MissingExtra,
    NameTaken,
    NotAdmitted,
    TokenNotTrusted,
)
from temanashi.signin.faults import NameOfSomebodyElse
from temanashi.signin.oidc import Oidc
from temanashi.signin.roles import roles_of, with_given
from temanashi.signin.signing_in import open_session
from temanashi.signin.tables import GROUP_ROLES, LINKS, USERS
from temanashi.signin.users import disable_user, read_user
from temanashi.text import explain

BACK = "http://127.0.0.1:4200/tema/sign-in/oidc/back"
ROLES = {"*": "staff", "ops": ["operator"], "auditors": "auditor"}


@pytest.fixture(scope="module")
def provider():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        process = ProviderProcess()
        process.person("suzuki", "ops", name="鈴木 一郎")
        yield process
        process.close()


@pytest.fixture
def make(provider, clock, tmp_path):
    """The provider as settings name it; the clock of tests is set to now, as tokens are of now."""
    from datetime import UTC, datetime

    clock.at = datetime.now(UTC)

    def make(*, secret=SECRET, **more):
        given = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": "env:OIDC", "roles": ROLES} | more
        return Oidc(OidcSettings.model_validate(given), back=BACK, root=tmp_path, clock=clock, secret=lambda _: secret)

    return make


@pytest.fixture
def oidc(make):
    return make()


@pytest.fixture
def go(provider, oidc):
    """From the button to who came back."""

    def go(user="suzuki", *, oidc=oidc, following="/tema/runs/7", **wrong):
        begun = oidc.begin(following)
        back = provider.sign_in(begun.address, user)
        if wrong:
            provider.next(**wrong)
        return oidc.finish(provider.said(back), begun.ticket)

    return go


@pytest.fixture
def enter(book, oidc, clock):
    def enter(finished, *, people=PEOPLE):
        roles = oidc.settings.roles_for(finished.who.groups)
        return admit(book, finished.who, roles, people=people, today=clock.now().date())

    return enter


@pytest.fixture
def facts(book):
    """What the ledger notes, the newest last: events with their bodies."""

    def facts():
        with book.database.reading() as connection:
            return [(r.draft.actor, r.draft.outcome, r.draft.body) for r in book.ledger.records(connection, kinds=("noted",))]

    return facts


def test_the_provider_vouches_for_a_person_with_name_and_groups(provider, go):
    finished = go()
    assert finished.who.username == "suzuki"
    assert (finished.who.name, finished.who.groups) == ("鈴木 一郎", {"ops"})
    assert (finished.who.directory, finished.who.subject) == (provider.issuer, "subject-of-suzuki")
    assert finished.following == "/tema/runs/7"
    assert finished.hint.count(".") == 2


def test_the_way_there_carries_a_challenge_and_a_nonce_but_no_secret(provider, oidc):
    begun = oidc.begin("/tema/")
    asked = provider.said(begun.address)
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) >= 43
    assert len(asked["state"]) >= 43
    assert asked["redirect_uri"] == BACK
    assert SECRET not in begun.address + begun.ticket
    assert asked["nonce"] not in begun.ticket


def test_somebody_new_becomes_a_user_with_the_roles_of_their_groups(go, enter, facts):
    user = enter(go())
    assert (user.id, user.name, user.password, user.one_time) == ("suzuki", "鈴木 一郎", "", False)
    assert roles_of(user, PEOPLE) == {"staff", "operator"}
    told = [(actor, outcome, body.get("role")) for actor, outcome, body in facts()]
    assert told == [("oidc", "user-added", None), ("oidc", "role-given", "operator"), ("oidc", "role-given", "staff")]


def test_coming_again_makes_nobody_new_and_records_no_role(go, enter, facts):
    enter(go())
    before = facts()
    assert enter(go()).id == "suzuki"
    assert facts() == before


def test_roles_follow_the_groups_at_every_sign_in_and_changes_are_recorded(provider, go, enter, facts):
    provider.person("mori", "ops")
    enter(go("mori"))
    provider.person("mori", "auditors")
    assert roles_of(enter(go("mori")), PEOPLE) == {"staff", "auditor"}
    changes = [(outcome, body["role"]) for _, outcome, body in facts()[-2:]]
    assert changes == [("role-taken", "operator"), ("role-given", "auditor")]


def test_roles_of_groups_count_where_runbooks_name_roles(book, go, enter):
    people = People.model_validate({"people": {"suzuki": {"name": "鈴木 一郎"}}})
    enter(go(), people=people)
    with book.database.reading() as connection:
        assert "suzuki" in with_given(connection, people).members(("role:operator",))


def test_an_id_of_people_yaml_is_that_person_and_so_is_their_account(provider, go, enter):
    provider.person("sato", name="Somebody Else")
    user = enter(go("sato"))
    assert (user.id, user.name) == ("sato", "佐藤 次郎")
    assert "operator" in roles_of(user, PEOPLE)
    provider.person("hyamada")
    assert enter(go("hyamada")).id == "yamada"


def test_a_name_that_is_another_persons_is_refused(provider, go, enter):
    provider.person("tanuki", name="佐藤 次郎")
    with pytest.raises(NameOfSomebodyElse):
        enter(go("tanuki"))


def test_whoever_left_does_not_come_in(provider, go, enter):
    provider.person("gone")
    with pytest.raises(NotAdmitted):
        enter(go("gone"))


def test_a_disabled_user_does_not_come_in_and_keeps_no_session(book, go, enter):
    enter(go())
    with book.database.transaction() as connection:
        disable_user(book, connection, "suzuki", actor=YAMADA, channel="cli")
    with pytest.raises(NotAdmitted):
        enter(go())


def test_nobody_is_kept_who_has_no_role(book, provider, make, go, clock):
    oidc = make(roles={"ops": "operator"})
    provider.person("visitor", "guests")
    finished = go("visitor", oidc=oidc)
    with pytest.raises(NotAdmitted) as caught:
        admit(book, finished.who, oidc.settings.roles_for(finished.who.groups), people=PEOPLE, today=clock.now().date())
    assert "「visitor」さん" in explain(caught.value, "ja").what
    with book.database.reading() as connection:
        assert connection.execute(USERS.select()).all() == []


def test_who_lost_every_group_loses_the_roles_though_they_are_refused(book, provider, make, go, clock):
    oidc = make(roles={"ops": "operator"})

    def enter():
        finished = go("kato", oidc=oidc)
        return admit(book, finished.who, oidc.settings.roles_for(finished.who.groups), people=PEOPLE, today=clock.now().date())

    provider.person("kato", "ops")
    enter()
    provider.person("kato")
    with pytest.raises(NotAdmitted):
        enter()
    with book.database.reading() as connection:
        assert connection.execute(GROUP_ROLES.select()).all() == []


def test_a_local_account_of_the_same_name_is_not_taken_over(book, add, go, enter):
    add("suzuki")
    with pytest.raises(NameTaken) as caught:
        enter(go())
    assert "tema user link suzuki" in explain(caught.value, "en").next
    with book.database.reading() as connection:
        assert read_user(connection, "suzuki").password
        assert connection.execute(LINKS.select()).all() == []


def test_an_administrator_links_a_local_account_once(book, provider, add, go, enter, facts):
    add("suzuki")
    with book.database.transaction() as connection:
        allow_link(book, connection, "suzuki", "oidc", provider.issuer, actor=YAMADA, channel="cli")
    assert enter(go()).id == "suzuki"
    assert [outcome for _, outcome, _ in facts()][1:3] == ["link-allowed", "account-linked"]
    # The link is to the subject: another account of that name is somebody else.
    provider.person("suzuki", sub="another subject")
    try:
        with pytest.raises(NameTaken):
            enter(go())
    finally:
        provider.person("suzuki", "ops", name="鈴木 一郎")


def test_a_renamed_account_stays_the_same_user(provider, go, enter):
    provider.person("old-name", "ops")
    enter(go("old-name"))
    provider.person("new-name", "ops", sub="subject-of-old-name")
    assert enter(go("new-name")).id == "old-name"


def test_admin_comes_from_a_group_only_where_the_settings_say_so(provider, make, go):
    from pydantic import ValidationError

    roles = {"roles": {"chiefs": "admin"}}
    with pytest.raises(ValidationError, match=r"settings\.admin-from-groups|admin_from_groups"):
        make(**roles)
    with pytest.raises(ValidationError):
        make(roles={"*": ["admin"]}, admin_from_groups=True)
    assert make(**roles, admin_from_groups=True).settings.roles_for({"chiefs"}) == {"admin"}


def test_signing_in_is_on_the_record_with_its_way(book, go, enter, facts, clock):
    from datetime import timedelta

    finished = go()
    open_session(
        book, enter(finished), people=PEOPLE, address="10.0.0.7", lasting=timedelta(hours=1), way="oidc", hint=finished.hint
    )
    actor, outcome, body = facts()[-1]
    assert (actor, outcome, body["way"]) == ("鈴木 一郎", "signed-in", "oidc")
    assert finished.hint not in str(facts())


# What an attacker sends


def test_an_answer_with_another_state_is_refused(provider, oidc):
    begun = oidc.begin("/tema/")
    said = provider.said(provider.sign_in(begun.address, "suzuki"))
    with pytest.raises(BadTicket):
        oidc.finish(said | {"state": "x" * 43}, begun.ticket)
    with pytest.raises(BadTicket):
        oidc.finish({"code": said["code"]}, begun.ticket)


@pytest.mark.parametrize("ticket", ["", "x", "gAAAAABm" + "A" * 120, "日本"])
def test_an_answer_without_our_ticket_is_refused(provider, oidc, ticket):
    begun = oidc.begin("/tema/")
    with pytest.raises(BadTicket):
        oidc.finish(provider.said(provider.sign_in(begun.address, "suzuki")), ticket)


def test_the_answer_to_somebody_elses_sign_in_is_refused(provider, oidc):
    mine, theirs = oidc.begin("/tema/"), oidc.begin("/tema/")
    said = provider.said(provider.sign_in(theirs.address, "suzuki"))
    with pytest.raises(BadTicket):
        oidc.finish(said, mine.ticket)


def test_an_answer_counts_once(provider, oidc):
    begun = oidc.begin("/tema/")
    said = provider.said(provider.sign_in(begun.address, "suzuki"))
    oidc.finish(said, begun.ticket)
    with pytest.raises(BadTicket):
        oidc.finish(said, begun.ticket)


def test_a_code_that_was_used_is_refused_by_the_provider(provider, oidc):
    first, second = oidc.begin("/tema/"), oidc.begin("/tema/")
    used = provider.said(provider.sign_in(first.address, "suzuki"))
    oidc.finish(used, first.ticket)
    state = provider.said(second.address)["state"]
    with pytest.raises(DirectoryRefused) as caught:
        oidc.finish({"code": used["code"], "state": state}, second.ticket)
    assert caught.value.data == {"reason": "invalid_grant"}


def test_a_code_of_another_browser_fails_for_its_verifier(provider, oidc):
    """The code is stolen before it is used: PKCE ties it to the browser that asked."""
    theirs, mine = oidc.begin("/tema/"), oidc.begin("/tema/")
    stolen = provider.said(provider.sign_in(theirs.address, "suzuki"))["code"]
    with pytest.raises(DirectoryRefused):
        oidc.finish({"code": stolen, "state": provider.said(mine.address)["state"]}, mine.ticket)


def test_an_answer_that_comes_after_ten_minutes_is_refused(provider, oidc, clock):
    begun = oidc.begin("/tema/")
    said = provider.said(provider.sign_in(begun.address, "suzuki"))
    clock.sleep(601)
    with pytest.raises(BadTicket):
        oidc.finish(said, begun.ticket)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"claims": {"nonce": "another"}}, "nonce"),
        ({"drop": ["nonce"]}, "nonce"),
        ({"claims": {"aud": "another-client"}}, "aud"),
        ({"claims": {"aud": ["temanashi", "another"]}}, "azp"),
        ({"claims": {"azp": "another"}}, "azp"),
        ({"drop": ["aud"]}, "aud"),
        ({"claims": {"iss": "https://evil.example"}}, "iss"),
        ({"claims": {"exp": 1_000_000_000}}, "exp"),
        ({"claims": {"iat": 4_000_000_000}}, "iat"),
        ({"claims": {"nbf": 4_000_000_000}}, "nbf"),
        ({"claims": {"exp": "tomorrow"}}, "exp"),
        ({"drop": ["exp"]}, "exp"),
        ({"drop": ["sub"]}, "sub"),
        ({"claims": {"sub": ""}}, "sub"),
        ({"claims": {"sub": "x" * 256}}, "sub"),
        ({"claims": {"sub": {"$ne": 1}}}, "sub"),
        ({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, "at_hash"),
        ({"alg": "none"}, "Error"),
        ({"alg": "HS256"}, "Error"),
        ({"key": "other"}, "BadSignatureError"),
        ({"signature": "cut"}, "Error"),
    ],
    ids=str,
)
def test_a_token_that_does_not_prove_itself_is_refused(go, wrong, reason):
    with pytest.raises(TokenNotTrusted) as caught:
        go(**wrong)
    assert reason in caught.value.data["reason"]
    assert "suzuki" not in str(caught.value)


def test_an_answer_that_names_another_provider_is_refused(provider, oidc):
    begun = oidc.begin("/tema/")
    said = provider.said(provider.sign_in(begun.address, "suzuki"))
    with pytest.raises(TokenNotTrusted, match="iss"):
        oidc.finish(said | {"iss": "https://evil.example"}, begun.ticket)


def test_new_keys_of_the_provider_are_fetched(go, clock):
    go()
    clock.sleep(60)
    assert go(key="new").who.username == "suzuki"


def test_what_the_token_leaves_out_is_asked_for(provider, make, go):
    assert go(userinfo=True).who.groups == {"ops"}


def test_somebody_who_gives_up_there_is_told_so(provider, oidc):
    begun = oidc.begin("/tema/")
    back = provider.sign_in(begun.address, "suzuki", password="wrong")
    with pytest.raises(DirectoryRefused) as caught:
        oidc.finish(provider.said(back), begun.ticket)
    assert "access_denied" in explain(caught.value, "ja").what


# Settings that do not fit, and a provider that is away


def test_a_provider_that_is_away_is_named(make):
    away = make(issuer=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(DirectoryDown) as caught:
        away.begin("/tema/")
    assert "手間なしのパスワード" in explain(caught.value, "ja").next
    assert away.farewell("x", back="http://127.0.0.1/") == ""


def test_a_provider_that_calls_itself_otherwise_is_refused(provider, make):
    with pytest.raises(DirectoryMisset, match="issuer"):
        make(issuer=f"{provider.issuer}/").begin("/tema/")


def test_a_wrong_secret_is_told_as_a_setting(make, go):
    with pytest.raises(DirectoryMisset) as caught:
        go(oidc=make(secret="wrong"))
    assert caught.value.data["reason"] == "invalid_client"
    assert "wrong" not in str(caught.value)


def test_a_missing_secret_is_named_by_its_reference(provider, tmp_path, clock, make):
    from datetime import UTC, datetime

    clock.at = datetime.now(UTC)
    settings = OidcSettings(issuer=provider.issuer, client_id=CLIENT, client_secret="env:TEMA_NO_SUCH_SECRET")
    oidc = Oidc(settings, back=BACK, root=tmp_path, clock=clock)
    begun = oidc.begin("/tema/")
    with pytest.raises(SecretMissing, match="TEMA_NO_SUCH_SECRET"):
        oidc.finish(provider.said(provider.sign_in(begun.address, "suzuki")), begun.ticket)


def test_a_claim_that_is_not_there_is_told_as_a_setting(make, go):
    with pytest.raises(DirectoryMisset) as caught:
        go(oidc=make(username_claim="upn"))
    assert caught.value.data["reason"] == "upn"


def test_groups_may_lie_in_an_object(provider, make, go):
    provider.person("deep", realm_access={"roles": ["ops"]})
    assert go("deep", oidc=make(groups_claim="realm_access.roles")).who.groups == {"ops"}


@pytest.mark.parametrize(("username", "known"), [("Suzuki@example.jp", "suzuki"), ("SUZUKI@EXAMPLE.JP", "suzuki")])
def test_a_domain_is_cut_off(provider, make, go, enter, username, known):
    provider.person("mail", preferred_username=username)
    assert enter(go("mail", oidc=make(domain="example.jp"))).id == known


@pytest.mark.parametrize("username", ["suzuki@evil.example", "suzuki", "@example.jp"])
def test_another_domain_is_refused(provider, make, go, username):
    provider.person("mail", preferred_username=username)
    with pytest.raises(BadOutsideName):
        go("mail", oidc=make(domain="example.jp"))


@pytest.mark.parametrize("username", ["../admin", "a b/c", "鈴木", "x" * 81])
def test_a_name_that_cannot_be_a_users_is_refused(provider, go, enter, username):
    provider.person("odd", preferred_username=username)
    with pytest.raises(BadOutsideName):
        enter(go("odd"))


def test_an_issuer_without_tls_is_refused_but_on_this_machine():
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        OidcSettings(issuer="http://login.example.jp", client_id="x")
    assert OidcSettings(issuer="https://login.example.jp", client_id="x", scopes=("email",)).scopes == ("openid", "email")


def test_signing_out_there_carries_the_hint(provider, oidc):
    address = oidc.farewell("a.b.c", back="http://127.0.0.1:4200/tema/sign-in")
    assert address.startswith(f"{provider.issuer}/leave?")
    assert provider.said(address) == {
        "client_id": CLIENT,
        "id_token_hint": "a.b.c",
        "post_logout_redirect_uri": "http://127.0.0.1:4200/tema/sign-in",
    }


def test_a_user_of_the_provider_has_no_password_here(book, go, enter):
    from temanashi.signin.faults import SignInFailed
    from temanashi.signin.signing_in import check_password

    enter(go())
    for password in ("", PASSWORD):
        with pytest.raises(SignInFailed):
            check_password(book, "suzuki", password, people=PEOPLE, address="10.0.0.9", channel="page")
        book.clock.sleep(3600)


# Providers that do not say what they must


@pytest.fixture
def odd(clock, tmp_path):
    """A provider that answers whatever a test puts under a path."""

    class Odd:
        """What it answers, by path."""

    Odd.answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            said = Odd.answers.get(self.path)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(404 if said is None else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        issuer = f"http://127.0.0.1:{server.server_port}"
        Odd.document = {
            "issuer": issuer,
            **dict.fromkeys(("authorization_endpoint", "token_endpoint"), f"{issuer}/x"),
            "jwks_uri": f"{issuer}/keys",
        }
        settings = OidcSettings(issuer=issuer, client_id=CLIENT)
        Odd.oidc = Oidc(settings, back=BACK, root=tmp_path, clock=clock)
        yield Odd
        server.shutdown()
        thread.join()


WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize("body", [None, b"<html>", b"[]", b'"x"', b'{"issuer": "x", "pad": "' + b"x" * 1_000_000 + b'"}'], ids=str)
def test_a_provider_that_answers_something_else_counts_as_away(odd, body):
    odd.answers[WELL_KNOWN] = body
    with pytest.raises((DirectoryDown, DirectoryMisset)):
        odd.oidc.begin("/tema/")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"token_endpoint": None}, "token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"),
        ({"end_session_endpoint": "ftp://x"}, "end_session_endpoint"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "id_token_signing_alg_values_supported"),
        ({"id_token_signing_alg_values_supported": "RS256"}, "id_token_signing_alg_values_supported"),
    ],
    ids=str,
)
def test_a_document_that_lacks_something_is_told_by_its_name(odd, more, reason):
    odd.answers[WELL_KNOWN] = odd.document | more
    with pytest.raises(DirectoryMisset) as caught:
        odd.oidc.begin("/tema/")
    assert caught.value.data["reason"] == reason


@pytest.mark.parametrize("keys", [{"keys": []}, {"keys": [{"kty": "RSA"}]}, {"no": 1}, {"keys": "x"}], ids=str)
def test_keys_that_are_none_are_told(odd, keys):
    odd.answers |= {WELL_KNOWN: odd.document, "/keys": keys}
    with pytest.raises(DirectoryMisset, match="jwks_uri"):
        odd.oidc._discovery.keys()


def test_without_a_page_for_it_nobody_is_signed_out_there(odd):
    odd.answers[WELL_KNOWN] = odd.document
    assert odd.oidc.farewell("x", back="http://127.0.0.1/") == ""


@pytest.mark.parametrize(("extra", "module"), [("oidc", "authlib"), ("oidc", "requests"), ("ldap", "ldap3")])
def test_a_library_that_is_not_installed_is_named_with_the_command(make, monkeypatch, tmp_path, extra, module):
    from temanashi.settings_directories import LdapSettings
    from temanashi.signin.ldap import Ldap

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra) as caught:
        make() if extra == "oidc" else Ldap(LdapSettings(url="ldaps://x", user_base="dc=x"), root=tmp_path)
    assert f"pip install 'temanashi[{extra}]'" in explain(caught.value, "ja").next


def test_the_authority_of_the_settings_goes_before_that_of_the_environment(provider, make, monkeypatch, tmp_path):
    """Verified TLS against a server whose certificate only the settings' authority knows."""
    from checks.certificates import issue, make_authority, write_server

    authority = make_authority()
    (tmp_path / "ca.pem").write_bytes(authority.root.pem)
    other = tmp_path / "other.pem"
    other.write_bytes(make_authority().root.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_server(tmp_path, issue("localhost", authority.root, names=("127.0.0.1",))))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            issuer = f"https://127.0.0.1:{self.server.server_port}"
            told = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), f"{issuer}/x")
            self.wfile.write(json.dumps({"issuer": issuer, **told}).encode())

        def log_message(self, *_):
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_):
            """A client that does not trust us hangs up."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        issuer = f"https://127.0.0.1:{server.server_port}"
        try:
            assert make(issuer=issuer, ca="ca.pem").begin("/tema/").address.startswith(f"{issuer}/x?")
            for ca in ("", "other.pem"):
                with pytest.raises(DirectoryDown) as caught:
                    make(issuer=issuer, ca=ca).begin("/tema/")
                assert caught.value.data["reason"] == "SSLError"
        finally:
            server.shutdown()
            thread.join()
