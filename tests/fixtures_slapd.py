"""A real OpenLDAP server on loopback, run by the current user, with certificates, people and groups of its own.

In a conftest or a test: `from fixtures_slapd import slapd`. Passwords are PASSWORD.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from checks.certificates import issue, make_authority, write_server
from fixtures_up import free_port, until

__all__ = ["LDAP_PASSWORD", "SUFFIX", "Slapd", "slapd"]

SUFFIX = "dc=example,dc=test"
LDAP_PASSWORD = "the password of the directory"
SCHEMAS = ("core", "cosine", "nis", "inetorgperson")
# `bind_anon_dn`: like many directories it takes a name with an empty password for nobody, and says yes.
CONFIGURATION = """{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
allow bind_anon_dn
sizelimit 100
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.pem
database mdb
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw "root of the directory"
directory {folder}/db
maxsize 16777216
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=closed,{suffix}" by dn.base="cn=reader,{suffix}" read by * none
access to * by * read
"""
PERSON = """
dn: {rdn},{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {cn}
sn: {cn}
userPassword: {password}
"""
GROUP = """
dn: cn={cn},ou=groups,{suffix}
objectClass: groupOfNames
cn: {cn}
"""


def _tree() -> str:
    parts = [f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n"]
    parts += [f"\ndn: ou={ou},{SUFFIX}\nobjectClass: organizationalUnit\nou: {ou}\n" for ou in ("people", "groups", "closed")]
    parts.append(
        f"\ndn: cn=reader,{SUFFIX}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\n"
        f"userPassword: {LDAP_PASSWORD}\n"
    )

    def person(uid: str, cn: str, ou: str = "people", rdn: str = "") -> str:
        base = f"ou={ou},{SUFFIX}"
        return PERSON.format(rdn=rdn or f"uid={uid}", base=base, uid=uid, cn=cn, password=LDAP_PASSWORD)

    parts += [person("tanaka", "Taro Tanaka"), person("kobayashi", "Kaoru Kobayashi"), person("taken", "Somebody Else")]
    parts += [
        person("hidden", "Hideo Hidden", ou="closed"),
        person("two", "One of Two", rdn="cn=one"),
        person("two", "Two", rdn="cn=two"),
    ]
    parts.append(person("o(b)*", "Odd Name", rdn=r"cn=odd\2c name"))
    for cn, members in {"ops": ["uid=tanaka"], "auditors": ["uid=kobayashi", "uid=hidden"], "odd": [r"cn=odd\2c name"]}.items():
        listed = [f"member: {m},ou={'closed' if m == 'uid=hidden' else 'people'},{SUFFIX}\n" for m in members]
        parts.append(GROUP.format(cn=cn, suffix=SUFFIX) + "".join(listed))
    return "".join(parts)


class Slapd:
    """`plain` begins TLS, `tls` is TLS from the start; `ca` verifies both, `wrong_ca` neither."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder, self.program = folder, program
        self.port, tls_port = free_port(), free_port()
        self.plain, self.tls = f"ldap://localhost:{self.port}", f"ldaps://localhost:{tls_port}"
        self.by_address = f"ldaps://127.0.0.1:{tls_port}"
        self.ca, self.wrong_ca = folder / "ca.pem", folder / "wrong.pem"
        self._certificates()
        schemas = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in SCHEMAS)
        (folder / "db").mkdir()
        (folder / "slapd.conf").write_text(CONFIGURATION.format(schemas=schemas, folder=folder, suffix=SUFFIX), encoding="utf-8")
        (folder / "tree.ldif").write_text(_tree(), encoding="utf-8")
        add = [program, "-T", "add", "-f", str(folder / "slapd.conf"), "-l", str(folder / "tree.ldif")]
        done = subprocess.run(add, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        addresses = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{tls_port}"
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, "-f", str(folder / "slapd.conf"), "-h", addresses, "-d", "0"], stdout=log, stderr=log
            )
        until(self._answers, seconds=20, what="slapd", pause=0.02)

    def _certificates(self) -> None:
        authority = make_authority()
        server = issue("localhost", authority.root, names=("localhost",))
        self.ca.write_bytes(authority.root.pem)
        self.wrong_ca.write_bytes(make_authority().root.pem)
        shutil.copy(write_server(self.folder, server), self.folder / "server.pem")

    @contextmanager
    def changing(self) -> Iterator[Any]:
        """A connection that may write. Whoever changes something puts it back: the server is everybody's."""
        from temanashi.signin.ldap.connecting import ldap3_quietly

        library = ldap3_quietly()
        server = library.Server("127.0.0.1", port=self.port, get_info=library.NONE)
        connection = library.Connection(server, f"cn=root,{SUFFIX}", "root of the directory", auto_bind=True, raise_exceptions=True)
        try:
            yield connection
        finally:
            connection.unbind()

    @contextmanager
    def somebody(self, uid: str, *groups: str) -> Iterator[str]:
        """One more person for a while, in these groups; their distinguished name."""
        name = f"uid={uid},ou=people,{SUFFIX}"
        with self.changing() as tree:
            tree.add(name, "inetOrgPerson", {"uid": uid, "cn": f"{uid} of the Directory", "sn": uid, "userPassword": LDAP_PASSWORD})
            for group in groups:
                tree.modify(f"cn={group},ou=groups,{SUFFIX}", {"member": [("MODIFY_ADD", [name])]})
        try:
            yield name
        finally:
            with self.changing() as tree, suppress(Exception):
                for group in groups:
                    with suppress(Exception):
                        tree.modify(f"cn={group},ou=groups,{SUFFIX}", {"member": [("MODIFY_DELETE", [name])]})
                tree.delete(name)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)


def slapd_in(folder: Path) -> str:
    """A copy of the program in a folder: distributions confine the installed one to its own folders."""
    found = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        reason = "slapd is not installed (tests/system-packages.sh)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return shutil.copy(found, folder / "slapd")


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    folder = tmp_path_factory.mktemp("slapd")
    server = Slapd(folder, slapd_in(folder))
    yield server
    server.close()
