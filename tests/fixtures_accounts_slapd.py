"""A real OpenLDAP server with ppolicy, memberof and TLS on loopback, whose rights are those that docs/accounts.md prints.

In a conftest: `from fixtures_accounts_slapd import accounts_slapd`. Passwords of people are PERSON_PASSWORD.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checks.certificates import issue, make_authority, write_server
from fixtures_slapd import slapd_in
from fixtures_up import free_port, until
from temanashi.accounts.directories.ldap import KIND
from temanashi.accounts.directories.ldap_answers import ppolicy_control, ppolicy_error
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.directory import Directory, Reached
from temanashi.clock import SystemClock
from temanashi.signin.ldap.connecting import connected, ldap3_quietly

__all__ = ["OURS", "OUR_PASSWORD", "PERSON_PASSWORD", "SUFFIX", "AccountsSlapd", "accounts_slapd", "documented"]

SUFFIX = "dc=example,dc=jp"
OURS, OUR_PASSWORD = f"cn=temanashi,ou=svc,{SUFFIX}", "the password of temanashi"
PERSON_PASSWORD = "Person-Password-1"
DOCS = Path(__file__).parent.parent / "docs" / "accounts.md"
MANY = 230
ODD = [
    (r"cn=odd\2c name", "o(b)*"),
    (r"cn=back\5cslash", "back\\slash"),
    (r"uid=a\2bb+cn=two", "a+b"),
    (r"cn=\22quoted\22", 'q"q'),
    (r"cn=山田\2c 花子", "山田"),
    (r"cn=\23hash", "#hash"),
    (r"cn=\20space\20", " space "),
    (r"cn=semi\3bcolon", "semi;colon"),
    (r"cn=less\3cgreater\3e", "<x>"),
    (r"cn=star*", "*"),
]
"""Entries that are there already under names that nobody of ours could have: (RDN, uid)."""

CONFIG = """dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {folder}/slapd.pid
olcTLSCertificateFile: {folder}/server.pem
olcTLSCertificateKeyFile: {folder}/server.pem
olcTLSCACertificateFile: {folder}/ca.pem
olcSizeLimit: 100
olcLocalSSF: 128

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb
olcModuleLoad: ppolicy
olcModuleLoad: memberof
olcModuleLoad: refint

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcPasswordHash: {{SSHA}}

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcDbDirectory: {folder}/db
olcDbMaxSize: 67108864
olcDbNoSync: TRUE
olcSuffix: {suffix}
olcRootDN: cn=root,{suffix}
olcRootPW: root of the directory
olcLastBind: TRUE
olcDbIndex: objectClass,uid,member,memberUid,entryUUID eq
{rights}

dn: olcOverlay={{0}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{0}}ppolicy
olcPPolicyDefault: cn=default,ou=policies,{suffix}
olcPPolicyHashCleartext: TRUE
olcPPolicyUseLockout: TRUE

dn: olcOverlay={{1}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOfConfig
olcOverlay: {{1}}memberof
olcMemberOfRefInt: TRUE

dn: olcOverlay={{2}}refint,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcRefintConfig
olcOverlay: {{2}}refint
olcRefintAttribute: member
olcRefintNothing: cn=root,{suffix}
"""
POLICY = """
dn: cn=default,ou=policies,{suffix}
objectClass: applicationProcess
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdLockoutDuration: 0
pwdMustChange: TRUE
pwdAllowUserChange: TRUE
pwdMinLength: 12
pwdCheckQuality: 1
pwdInHistory: 3
"""


def documented(marker: str) -> str:
    """The block of docs/accounts.md that begins after a comment with this marker."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```[a-z]*\n(.*?)\n```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found, marker
    return found[1]


def _person(dn: str, uid: str, cn: str, *more: str) -> str:
    lines = [f"\ndn: {dn}", "objectClass: inetOrgPerson", f"uid:: {_b64(uid)}", f"cn:: {_b64(cn)}", f"sn:: {_b64(cn)}", *more]
    return "\n".join(lines) + "\n"


def _b64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


def _tree() -> str:
    parts = [f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n"]
    parts += [
        f"\ndn: ou={ou},{SUFFIX}\nobjectClass: organizationalUnit\nou: {ou}\n" for ou in ("people", "groups", "svc", "policies")
    ]
    parts.append(POLICY.format(suffix=SUFFIX))
    for name in ("temanashi", "locked", "other"):
        parts.append(
            f"\ndn: cn={name},ou=svc,{SUFFIX}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
            f"cn: {name}\nuserPassword: {OUR_PASSWORD}\n"
        )
    people = f"ou=people,{SUFFIX}"
    parts.append(
        f"\ndn: cn=short,ou=policies,{SUFFIX}\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: short\n"
        "pwdAttribute: userPassword\npwdMaxAge: 86400\n"
        f"\ndn: cn=lax,ou=policies,{SUFFIX}\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: lax\n"
        "pwdAttribute: userPassword\npwdLockout: FALSE\npwdMustChange: FALSE\n"
        f"\ndn: cn=expired,ou=svc,{SUFFIX}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: expired\n"
        f"userPassword: {OUR_PASSWORD}\npwdChangedTime: 20200101000000Z\npwdPolicySubentry: cn=short,ou=policies,{SUFFIX}\n"
    )
    for number in range(MANY):
        parts.append(_person(f"uid=p{number:04},{people}", f"p{number:04}", f"Person {number}", f"employeeNumber: {number}"))
    for rdn, uid in ODD:
        parts.append(_person(f"{rdn},{people}", uid, _named(rdn), f"userPassword: {PERSON_PASSWORD}"))
    parts.append(_group("ops", f"uid=p0000,{people}", f"UID=P0001, OU=people,{SUFFIX}"))
    parts.append(_group("営業 部", f"uid=p0002,{people}", f"cn=ops,ou=groups,{SUFFIX}"))
    parts.append(
        _group("everybody", f"cn=営業 部,ou=groups,{SUFFIX}", f"cn=everybody,ou=groups,{SUFFIX}", rf"cn=odd\2c name,{people}")
    )
    parts.append(_group("admins", f"cn=root,{SUFFIX}"))
    parts.append(f"\ndn: cn=unix,ou=groups,{SUFFIX}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 5000\nmemberUid: p0003\n")
    parts.append(
        f"\ndn: cn=unique,ou=groups,{SUFFIX}\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: uid=p0004,{people}\n"
    )
    return "".join(parts)


def _named(rdn: str) -> str:
    """The value of cn in an RDN, without its escapes."""
    value = next(part for part in rdn.split("+") if part.startswith("cn=")).removeprefix("cn=")
    return re.sub(r"\\([0-9a-f]{2})", lambda m: bytes.fromhex(m[1]).decode(), value)


def _group(cn: str, *members: str) -> str:
    lines = "".join(f"member:: {_b64(one)}\n" for one in members)
    return f"\ndn:: {_b64(f'cn={cn},ou=groups,{SUFFIX}')}\nobjectClass: groupOfNames\ncn:: {_b64(cn)}\n{lines}"


class AccountsSlapd:
    """`url` is TLS from the start, `plain` begins it; `directory()` opens it as a run would."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        port, tls_port = free_port(), free_port()
        self.plain, self.url = f"ldap://localhost:{port}", f"ldaps://localhost:{tls_port}"
        self.by_address = f"ldaps://127.0.0.1:{tls_port}"
        authority = make_authority()
        (folder / "ca.pem").write_bytes(authority.root.pem)
        (folder / "wrong.pem").write_bytes(make_authority().root.pem)
        shutil.copy(write_server(folder, issue("localhost", authority.root, names=("localhost",))), folder / "server.pem")
        rights = documented("openldap-rights")
        (folder / "config.ldif").write_text(CONFIG.format(folder=folder, suffix=SUFFIX, rights=rights), encoding="utf-8")
        (folder / "tree.ldif").write_text(_tree(), encoding="utf-8")
        for name in ("db", "conf"):
            (folder / name).mkdir()
        for number, name in ((0, "config"), (1, "tree")):
            words = [program, "-T", "add", "-q", "-n", str(number), "-F", str(folder / "conf"), "-l", str(folder / f"{name}.ldif")]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        addresses = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
        with (folder / "log").open("wb") as log:
            words = [program, "-F", str(folder / "conf"), "-h", addresses, "-d", "0"]
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        self._port, self._made, self._lock = port, 0, threading.Lock()
        until(self._answers, seconds=20, what="slapd", pause=0.02)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True

    def settings(self, **more: Any) -> LdapAccounts:
        said = {
            "url": self.url,
            "ca": "ca.pem",
            "bind_dn": OURS,
            "bind_password": "env:LDAP_PASSWORD",
            "user_base": f"ou=people,{SUFFIX}",
            "group_base": f"ou=groups,{SUFFIX}",
            "page_size": 50,
            "default_policy": f"cn=default,ou=policies,{SUFFIX}",
            "timeout": 10,
        }
        return LdapAccounts.model_validate({**said, **more})

    def directory(self, *, password: str = OUR_PASSWORD, **more: Any) -> Directory:
        reached = Reached(
            where="corp",
            timeout=30,
            clock=SystemClock(),
            settings=self.settings(**more),
            secrets={"env:LDAP_PASSWORD": password}.__getitem__,
            root=self.folder,
        )
        return self.opened(reached)

    def opened(self, reached: Reached) -> Directory:
        return KIND.open(reached)

    def dn(self, login: str) -> str:
        return f"uid={login},ou=people,{SUFFIX}"

    @contextmanager
    def connection(self, dn: str, password: str) -> Iterator[Any]:
        """Bound or not: `.result` says; `.refused` is what the policy says of it."""
        library = ldap3_quietly()
        with connected(self.settings(), self.folder, read_only=False) as found:
            found.rebind(dn, password, library.SIMPLE, read_server_info=False, controls=[ppolicy_control()])
            yield found

    def signs_in(self, dn: str, password: str) -> str:
        """What a bind says: `success`, `invalidCredentials`, `must-change`, `locked`."""
        with self.connection(dn, password) as found:
            error = ppolicy_error(found.result)
            return {1: "locked", 2: "must-change"}.get(error, "") or str(found.result["description"])

    @contextmanager
    def as_root(self) -> Iterator[Any]:
        """A connection that may do everything."""
        with self.connection(f"cn=root,{SUFFIX}", "root of the directory") as found:
            assert found.result["description"] == "success"
            yield found

    def login(self) -> str:
        """A login that nobody has."""
        with self._lock:
            self._made += 1
        return f"new{self._made:04}"

    def group(self, *members: str, cn: str = "", **more: Any) -> str:
        """A new group's name; nobody else's. Members are logins."""
        name = cn or f"Team {self.login()}"
        classes = more.pop("objectClass", "groupOfNames")
        listed = {"member": [self.dn(one) for one in members]} if members else {}
        with self.as_root() as root:
            root.add(f"cn={name},ou=groups,{SUFFIX}", attributes={"objectClass": classes, "cn": name, **listed, **more})
            assert root.result["description"] == "success", root.result
        return name

    def person(self, *, password: str = PERSON_PASSWORD, **more: Any) -> str:
        """A new person's login; nobody else's."""
        login = self.login()
        attributes = {"objectClass": "inetOrgPerson", "cn": login, "sn": login, "uid": login, "displayName": login, **more}
        with self.as_root() as root:
            root.add(self.dn(login), attributes=attributes)
            assert root.result["description"] == "success", root.result
            if password:
                root.extend.standard.modify_password(self.dn(login), new_password=password)
                root.modify(self.dn(login), {"pwdReset": [("MODIFY_REPLACE", [])]})
        return login

    def whole(self) -> dict[str, Any]:
        """Every entry with everything but our own, by name: what did not change is the same."""
        with self.as_root() as root:
            root.search(SUFFIX, "(objectClass=*)", attributes=["*", "+"])
            return {
                one["dn"]: {k: sorted(v) for k, v in one["raw_attributes"].items()}
                for one in root.response
                if one["dn"] != OURS  # it changes by signing in
            }

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture(scope="session")
def accounts_slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountsSlapd]:
    folder = tmp_path_factory.mktemp("accounts_slapd")
    server = AccountsSlapd(folder, slapd_in(folder))
    yield server
    server.close()
