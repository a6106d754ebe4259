"""Who may not ask a directory, and why: each told apart in both languages, and never by trying until an account is locked."""

import ssl
import sys

import pytest

from fixtures_accounts_slapd import OUR_PASSWORD, OURS, PERSON_PASSWORD, SUFFIX
from temanashi.accounts.directories.ldap_answers import bind_fault, windows_code
from temanashi.accounts.directories.ldap_faults import (
    LdapAuthority,
    LdapBadCredentials,
    LdapCertificate,
    LdapDisabled,
    LdapEmptyBind,
    LdapExpired,
    LdapLocked,
    LdapMustChange,
    LdapNotInstalled,
    LdapRefused,
    LdapUnreachable,
)
from temanashi.accounts.directories_file import read_directories
from temanashi.accounts.directory import Reached
from temanashi.accounts.faults import IncompleteRead
from temanashi.accounts.model import Scope
from temanashi.accounts.refusals import Refusals
from temanashi.clock import SystemClock
from temanashi.text import LANGUAGES, explain

ONE = Scope(logins=("p0000",))


@pytest.fixture(scope="session")
def slapd(accounts_slapd):
    return accounts_slapd


def told(error):
    """What a person reads, in both languages; the password is not in it."""
    said = [f"{explain(error, lang).what} {explain(error, lang).next}" for lang in LANGUAGES]
    assert len({*said}) == len(LANGUAGES)
    assert all(OUR_PASSWORD not in one and PERSON_PASSWORD not in one for one in said)
    return said


def refused(directory, fault):
    with pytest.raises(fault) as caught:
        directory.read(ONE)
    assert type(caught.value) is fault
    return told(caught.value)


def test_each_refusal_has_words_of_its_own(slapd):
    for _ in range(4):
        slapd.signs_in(f"cn=locked,ou=svc,{SUFFIX}", "wrong")
    must = slapd.person()
    with slapd.as_root() as root:
        root.modify(slapd.dn(must), {"pwdReset": [("MODIFY_REPLACE", ["TRUE"])]})
    said = [
        refused(slapd.directory(password="wrong"), LdapBadCredentials),
        refused(slapd.directory(bind_dn=f"cn=nobody,{SUFFIX}"), LdapBadCredentials),
        refused(slapd.directory(bind_dn=f"cn=locked,ou=svc,{SUFFIX}"), LdapLocked),
        refused(slapd.directory(bind_dn=slapd.dn(must), password=PERSON_PASSWORD), LdapMustChange),
        refused(slapd.directory(bind_dn=f"cn=expired,ou=svc,{SUFFIX}"), LdapExpired),
        refused(slapd.directory(password="\u00ad"), LdapEmptyBind),
        refused(slapd.directory(ca="wrong.pem"), LdapCertificate),
        refused(slapd.directory(url=slapd.plain, ca="wrong.pem"), LdapCertificate),
        refused(slapd.directory(url=slapd.by_address), LdapCertificate),
        refused(slapd.directory(ca="nothing.pem"), LdapAuthority),
        refused(slapd.directory(url="ldaps://localhost:1"), LdapUnreachable),
    ]
    assert len({one[0] for one in said}) == len(said) - 1  # the first two are the same to whoever reads them
    assert slapd.directory(url=slapd.plain).read(ONE).account("p0000")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("80090308: LdapErr: DSID-0C090569, comment: AcceptSecurityContext error, data 52e, v4563", LdapBadCredentials),
        ("80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 525, v1", LdapBadCredentials),
        ("80090308: comment: AcceptSecurityContext error, data 533, v1", LdapDisabled),
        ("80090308: comment: AcceptSecurityContext error, data 532, v1", LdapExpired),
        ("80090308: comment: AcceptSecurityContext error, data 701, v1", LdapExpired),
        ("80090308: comment: AcceptSecurityContext error, data 773, v1", LdapMustChange),
        ("80090308: comment: AcceptSecurityContext error, data 775, v1", LdapLocked),
        ("80090308: comment: AcceptSecurityContext error, data 530, v1", LdapDisabled),
        ("", LdapBadCredentials),
    ],
)
def test_what_windows_says_is_told_apart(message, fault):
    assert bind_fault({"description": "invalidCredentials", "message": message}) is fault
    told(fault("corp", "ldaps://dc1", message))


def test_other_answers_to_a_bind_are_refusals():
    assert bind_fault({"description": "success"}) is None
    assert bind_fault({"description": "strongerAuthRequired"}) is LdapRefused
    assert windows_code("no code") == ""


def test_a_password_that_was_refused_is_not_sent_again_so_that_our_account_is_not_locked(slapd):
    refusals = Refusals()

    def directory(password):
        settings = slapd.settings(bind_dn=f"cn=other,ou=svc,{SUFFIX}")
        more = {"settings": settings, "secrets": {"env:LDAP_PASSWORD": password}.__getitem__, "root": slapd.folder}
        return slapd.opened(Reached(where="corp", timeout=30, clock=SystemClock(), refusals=refusals, **more))

    for _ in range(20):
        refused(directory("wrong"), LdapBadCredentials)
    with slapd.as_root() as root:
        root.search(f"cn=other,ou=svc,{SUFFIX}", "(objectClass=*)", "BASE", attributes=["pwdFailureTime"])
        assert len(root.response[0]["raw_attributes"]["pwdFailureTime"]) == 1
    assert directory(OUR_PASSWORD).read(ONE).account("p0000")


def test_nothing_is_sent_before_tls(slapd):
    """A server that offers no TLS hears a question for it, and nothing of ours."""
    import socket
    import threading

    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen():
            with listener.accept()[0] as peer:
                heard.append(peer.recv(65536))
                # startTLS refused: extendedResp, protocolError.
                peer.sendall(bytes.fromhex("300c02010178070a010204000400"))
                heard.append(peer.recv(65536))

        thread = threading.Thread(target=listen)
        thread.start()
        url = f"ldap://localhost:{listener.getsockname()[1]}"
        with pytest.raises(LdapUnreachable):
            slapd.directory(url=url, timeout=5).read(ONE)
        thread.join(20)
    assert b"1.3.6.1.4.1.1466.20037" in heard[0]
    assert OUR_PASSWORD.encode() not in b"".join(heard)
    assert OURS.encode() not in b"".join(heard)


def test_a_base_that_is_not_there_and_a_filter_that_is_none_are_told(slapd):
    for more, word in (
        ({"user_base": f"ou=nothing,{SUFFIX}"}, "ou=nothing"),
        ({"group_base": f"ou=nothing,{SUFFIX}"}, "ou=nothing"),
        ({"user_filter": "(uid=*"}, "user_filter"),
        ({"login_attribute": "employeeNumber", "user_filter": "(&(uid=p0001)(!(uid=*)))"}, None),
    ):
        if word is None:
            assert slapd.directory(**more).read(Scope()).accounts == ()
            continue
        with pytest.raises(IncompleteRead, match=word) as caught:
            slapd.directory(**more).read(ONE)
        told(caught.value)


def test_who_may_not_read_in_pages_beyond_the_limit_is_told_of_it(slapd):
    """The limit of the server is not lifted for them, so that a page after the hundredth entry is refused."""
    with pytest.raises(IncompleteRead) as caught:
        slapd.directory(bind_dn=slapd.dn(slapd.person()), password=PERSON_PASSWORD).read(Scope())
    assert "sizeLimitExceeded" in told(caught.value)[1] + told(caught.value)[0]


def test_without_its_library_the_directory_is_told_to_be_out_of_reach(slapd, monkeypatch):
    monkeypatch.setitem(sys.modules, "ldap3", None)
    with pytest.raises(LdapNotInstalled) as caught:
        slapd.directory().read(ONE)
    assert all("temanashi[ldap]" in said for said in told(caught.value))


def test_certificates_are_always_verified():
    from temanashi.signin.ldap.connecting import _verified

    assert _verified("").validate == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"new_attributes": {"mail": "{logn}@example.jp"}}, "logn"),
        ({"new_attributes": {"userPassword": "secret"}}, "userPassword"),
        ({"new_attributes": {"UserAccountControl": "66048"}}, "UserAccountControl"),
        ({"new_attributes": {"not an attribute": "x"}}, "not an attribute"),
        ({"url": "http://ldap.example.jp"}, "url"),
        ({"url": "ldaps://ldap.example.jp/ou=people"}, "url"),
        ({"bind_password": "plain text"}, "bind_password"),
        ({"bind_dn": ""}, "bind_dn"),
        ({"user_base": "people"}, "user_base"),
        ({"page_size": 0}, "page_size"),
        ({"product": "edirectory"}, "product"),
        ({"verify": False}, "verify"),
    ],
)
def test_settings_that_make_no_sense_are_told_when_the_file_is_read(slapd, more, word):
    entry = {"kind": "ldap", "title": "Corp", **slapd.settings().model_dump(mode="json", exclude_defaults=True), **more}
    found, problems = read_directories({"directories": {"corp": entry}}, ("ja",))
    assert (found.broken, len(problems)) == (("corp",), 1)
    for lang in LANGUAGES:
        said = problems[0].message.text(lang)
        assert word in f"{said} {problems[0].field}"
        assert "plain text" not in said


def test_more_of_a_new_entry_is_filled_in(slapd):
    from temanashi.accounts.wishes import Wish

    login = slapd.login()
    more = {"mail": "{login}@example.jp", "title": "{employee}"}
    corp = slapd.directory(new_attributes=more)
    wish = Wish(do="join", login=login, name="山田")
    seen = corp.read(Scope(logins=(login,)))
    corp.apply(wish, corp.plan(wish, seen), seen, secret=None)
    with slapd.as_root() as root:
        root.search(slapd.dn(login), "(objectClass=*)", "BASE", attributes=["mail", "title"])
        assert dict(root.response[0]["raw_attributes"]) == {"mail": [f"{login}@example.jp".encode()]}


def test_a_lock_that_the_server_ends_by_itself_is_over_then(slapd):
    login = slapd.person()
    with slapd.as_root() as root:
        root.modify(slapd.dn(login), {"pwdAccountLockedTime": [("MODIFY_REPLACE", ["20260101000000Z"])]})
    one = Scope(logins=(login,))
    assert slapd.directory().read(one).account(login).locked
    over = slapd.directory(lockout_minutes=30).read(one).account(login)
    assert (over.locked, over.failures, over.enabled) == (False, 0, True)
