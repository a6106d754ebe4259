"""Sign-in with the password of a real LDAP directory, and every way to cheat at it."""

import socket
import threading
from datetime import timedelta

import pytest
from pydantic import ValidationError

from fixtures_slapd import LDAP_PASSWORD, SUFFIX
from fixtures_up import free_port
from signin.conftest import PASSWORD, PEOPLE
from temanashi.settings_directories import LdapSettings
from temanashi.signin.directory_faults import DirectoryDown, DirectoryMisset, NameTaken
from temanashi.signin.faults import SignInFailed, SignInWaits
from temanashi.signin.ldap import Ldap
from temanashi.signin.ldap.connecting import bound, connected
from temanashi.signin.roles import roles_of
from temanashi.signin.signing_in import check_password, sign_in_by_ldap
from temanashi.text import explain

ROLES = {"*": "staff", "ops": "operator", "auditors": ["auditor"]}
READER = {"bind_dn": f"cn=reader,{SUFFIX}", "bind_password": "env:READER"}


@pytest.fixture
def make(slapd, tmp_path):
    def make(*, secret=LDAP_PASSWORD, **more):
        given = {
            "url": slapd.plain,
            "ca": str(slapd.ca),
            "user_base": f"ou=people,{SUFFIX}",
            "group_base": f"ou=groups,{SUFFIX}",
            "roles": ROLES,
        }
        return Ldap(LdapSettings.model_validate(given | more), root=tmp_path, secret=lambda _: secret)

    return make


@pytest.fixture
def ldap(make):
    return make()


@pytest.fixture
def enter(book, ldap):
    def enter(name="tanaka", password=LDAP_PASSWORD, *, ldap=ldap, people=PEOPLE, address="10.0.0.7"):
        more = {"people": people, "today": book.now().date(), "address": address, "lasting": timedelta(hours=1)}
        return sign_in_by_ldap(book, ldap, name, password, **more)[0]

    return enter


@pytest.mark.parametrize("way", ["plain", "tls"])
def test_the_directory_vouches_over_both_kinds_of_tls(slapd, make, way):
    who = make(url=getattr(slapd, way)).vouch("tanaka", LDAP_PASSWORD)
    assert (who.username, who.name, who.groups) == ("tanaka", "Taro Tanaka", {"ops"})
    assert len(who.subject) == 36


@pytest.mark.parametrize("name", ["TANAKA", " tanaka "])
def test_however_the_name_is_typed_it_is_the_same_person(ldap, name):
    assert ldap.vouch(name, LDAP_PASSWORD).username == "tanaka"


def test_an_account_of_the_directory_becomes_a_user_with_the_roles_of_its_groups(enter, events):
    user = enter()
    assert (user.id, user.name, user.password) == ("tanaka", "Taro Tanaka", "")
    assert roles_of(user, PEOPLE) == {"staff", "operator"}
    assert [event for _, event in events()] == ["user-added", "role-given", "role-given", "signed-in"]
    assert events()[-1] == ("Taro Tanaka", "signed-in")


def test_a_local_account_of_the_same_name_is_not_taken_over(add, enter, events):
    add("taken")
    with pytest.raises(NameTaken):
        enter("taken")
    assert events()[-1] == ("(unknown)", "sign-in-failed")


def test_the_password_of_the_directory_is_none_of_ours_and_the_other_way_round(book, add, enter):
    add("taken")
    enter()
    for name, password in (("taken", LDAP_PASSWORD), ("tanaka", LDAP_PASSWORD)):
        with pytest.raises(SignInFailed):
            check_password(book, name, password, people=PEOPLE, address="10.0.0.1", channel="page")
    with pytest.raises(SignInFailed):
        enter("kobayashi", PASSWORD)


# What an attacker types


def test_the_directory_itself_says_yes_to_an_empty_password(slapd, ldap):
    """What would happen if one were sent: this test fails when the server no longer is a danger."""
    with connected(ldap.settings, ldap._root) as connection:
        from ldap3.operation.bind import bind_operation

        request = bind_operation(3, "SIMPLE", f"uid=tanaka,ou=people,{SUFFIX}", b"x")
        request["authentication"]["simple"] = b""
        connection.strategy.sync and connection.post_send_single_response(connection.send("bindRequest", request))
        assert connection.result["description"] == "success"


@pytest.mark.parametrize("password", ["", "\u00ad", "\u200d\u00ad\ufeff", "\x00", "\x07"], ids=ascii)
def test_a_password_of_which_nothing_is_left_is_refused(ldap, slapd, password):
    with pytest.raises(SignInFailed):
        ldap.vouch("tanaka", password)
    with connected(ldap.settings, ldap._root) as connection:
        assert not bound(connection, f"uid=tanaka,ou=people,{SUFFIX}", password, url=slapd.plain)
        assert not bound(connection, "", LDAP_PASSWORD, url=slapd.plain)


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "tana*",
        "tanaka)(uid=*",
        "*)(|(uid=*",
        "nobody",
        "",
        "two",
        "hidden",
        "tanaka\x00",
        f"uid=tanaka,ou=people,{SUFFIX}",
        "x" * 101,
    ],
)
def test_names_that_are_not_one_persons_are_refused_like_a_wrong_password(ldap, name):
    with pytest.raises(SignInFailed):
        ldap.vouch(name, LDAP_PASSWORD)


@pytest.mark.parametrize("password", ["wrong", LDAP_PASSWORD.upper(), LDAP_PASSWORD + "\x00", "x" * 201, "😀"])
def test_a_wrong_password_is_refused(ldap, password):
    with pytest.raises(SignInFailed):
        ldap.vouch("tanaka", password)


def test_odd_signs_are_escaped_in_names_and_in_dns(make):
    who = make(user_filter="(uid={name})").vouch("o(b)*", LDAP_PASSWORD)
    assert (who.username, who.groups) == ("o(b)*", {"odd"})


def test_wrong_tries_are_slowed_down_as_those_here_are(enter, clock, events):
    for _ in range(3):
        with pytest.raises(SignInFailed):
            enter(password="wrong")
    with pytest.raises(SignInWaits):
        enter()
    clock.sleep(60)
    assert enter().id == "tanaka"
    assert [event for _, event in events()].count("sign-in-failed") == 3


# TLS before anything else


@pytest.mark.parametrize("way", ["plain", "tls"])
def test_a_certificate_of_somebody_else_is_refused(slapd, make, way):
    with pytest.raises(DirectoryDown) as caught:
        make(url=getattr(slapd, way), ca=str(slapd.wrong_ca)).vouch("tanaka", LDAP_PASSWORD)
    assert caught.value.data["reason"] == "certificate"


def test_a_certificate_for_another_name_is_refused(slapd, make):
    with pytest.raises(DirectoryDown) as caught:
        make(url=slapd.by_address).vouch("tanaka", LDAP_PASSWORD)
    assert caught.value.data["reason"] == "certificate"


def test_without_a_ca_file_those_of_the_system_count(slapd, make):
    with pytest.raises(DirectoryDown, match="certificate"):
        make(ca="").vouch("tanaka", LDAP_PASSWORD)


@pytest.fixture
def fake():
    """Something that listens, keeps what it hears and answers what a test wants."""

    class Fake:
        heard, answer = b"", b""

    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Fake()
        found.url = f"ldap://127.0.0.1:{server.getsockname()[1]}"
        ended = threading.Event()

        def serve():
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                found.heard += client.recv(4096)
                if found.answer:
                    client.sendall(found.answer)
                    found.heard += client.recv(4096)
                ended.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        yield found
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_nothing_is_sent_to_a_server_that_does_not_begin_tls(make, fake):
    fake.answer = bytes.fromhex("300c02010178070a010204000400")  # protocolError
    with pytest.raises(DirectoryDown):
        make(url=fake.url, **READER).vouch("tanaka", LDAP_PASSWORD)
    assert b"1.3.6.1.4.1.1466.20037" in fake.heard
    assert LDAP_PASSWORD.encode() not in fake.heard
    assert b"tanaka" not in fake.heard


def test_a_silent_server_is_given_up_in_time(make, fake):
    with pytest.raises(DirectoryDown) as caught:
        make(url=fake.url, timeout=0.5).vouch("tanaka", LDAP_PASSWORD)
    assert LDAP_PASSWORD not in str(caught.value)


def test_a_server_that_is_away_is_named_and_the_try_is_not_counted(make, enter):
    url = f"ldap://127.0.0.1:{free_port()}"
    for _ in range(6):
        with pytest.raises(DirectoryDown) as caught:
            enter(ldap=make(url=url))
    assert caught.value.data == {"directory": url, "reason": "refused"}
    assert enter().id == "tanaka"


# Settings


def test_a_searching_account_sees_what_nobody_else_does(make):
    closed = make(user_base=SUFFIX, **READER)
    who = closed.vouch("hidden", LDAP_PASSWORD)
    assert who.groups == {"auditors"}
    with pytest.raises(SignInFailed):
        make(user_base=SUFFIX).vouch("hidden", LDAP_PASSWORD)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({**READER, "secret": "wrong"}, "bind_dn"),
        ({"user_filter": "(uid={name}"}, "(uid=tanaka"),
        ({"id_attribute": "noSuchAttribute"}, "noSuchAttribute"),
        ({"username_attribute": "employeeNumber"}, "employeeNumber"),
        ({"group_base": "ou=groups,dc=elsewhere"}, "ou=groups,dc=elsewhere: "),
        ({"ca": "no-such-file.pem"}, "ca"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_do_not_fit_are_told_by_their_name(make, more, reason):
    with pytest.raises(DirectoryMisset) as caught:
        make(**more).vouch("tanaka", LDAP_PASSWORD)
    assert caught.value.data["reason"].startswith(reason)
    assert "tool.temanashi.gate.ldap" in explain(caught.value, "ja").next


def test_without_a_group_base_everybody_has_the_same_roles(make):
    ldap = make(group_base="", roles={"*": "staff"})
    who = ldap.vouch("tanaka", LDAP_PASSWORD)
    assert ldap.settings.roles_for(who.groups) == {"staff"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://ldap.example.jp"},
        {"user_filter": "(uid=*)"},
        {"group_filter": "(cn=ops)"},
        {"bind_dn": "cn=reader"},
        {"group_base": "", "roles": {"ops": "operator"}},
        {"roles": {"ops": "admin"}},
        {"roles": {"ops": "boss"}},
        {"bind_password": "the password itself", "bind_dn": "cn=reader"},
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant_are_refused(make, wrong):
    with pytest.raises(ValidationError) as caught:
        make(**wrong)
    assert caught.value.error_count() >= 1
