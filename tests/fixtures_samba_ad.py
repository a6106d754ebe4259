"""A real domain controller of Active Directory (Samba) in a network namespace of its own, delegated as docs/accounts.md prints.

In a conftest: `from fixtures_samba_ad import samba_ad`. It takes about half a minute to make; one serves the whole session.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checks.certificates import issue, make_authority, write_server
from fixtures_accounts_slapd import documented
from fixtures_up import free_port, until
from temanashi.accounts.directories.ldap import KIND
from temanashi.accounts.directories.ldap_active_directory import encoded_password, sid_text
from temanashi.accounts.directories.ldap_answers import windows_code
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.directory import Directory, Reached
from temanashi.clock import SystemClock
from temanashi.signin.directory_faults import DirectoryDown
from temanashi.signin.ldap.connecting import connected, ldap3_quietly

__all__ = ["DOMAIN", "OURS", "OUR_PASSWORD", "SambaAd", "samba_ad"]

DOMAIN = "DC=ad,DC=example,DC=jp"
ADMIN, ADMIN_PASSWORD = "administrator@ad.example.jp", "Adm1n-Secret!"
OURS, OUR_PASSWORD = "svc-temanashi@ad.example.jp", "Our-Secret-1-for-AD"
PROVISION = (
    "domain provision --realm=AD.EXAMPLE.JP --domain=EXAMPLE --server-role=dc --dns-backend=NONE --use-rfc2307 "
    "--host-name=dc1 --host-ip=127.0.0.1 --option=interfaces=lo --option=bind\\ interfaces\\ only=yes"
)


class SambaAd:
    """`directory()` opens it as a run would, with the delegated account."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._made, self._lock = folder, 0, threading.Lock()
        authority = make_authority()
        (folder / "ca.pem").write_bytes(authority.root.pem)
        both = write_server(folder, issue("localhost", authority.root, names=("localhost",))).read_text()
        key = re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----\n", both, re.DOTALL)
        assert key
        (folder / "key.pem").write_text(key[0])
        (folder / "key.pem").chmod(0o600)
        (folder / "cert.pem").write_text(both.replace(key[0], ""))
        self._tool(*shlex.split(PROVISION), f"--targetdir={folder}/dc", f"--adminpass={ADMIN_PASSWORD}")
        port = free_port()
        self.url = f"ldaps://localhost:{port}"
        options = {
            "server services": "ldap",
            "log file": f"{folder}/samba.log",
            "pid directory": str(folder),
            "tls certfile": f"{folder}/cert.pem",
            "tls keyfile": f"{folder}/key.pem",
            "tls cafile": f"{folder}/ca.pem",
        }
        samba = ["samba", "-i", "-M", "single", "-s", f"{folder}/dc/etc/smb.conf", "--debug-stdout"]
        samba += [f"--option={name}={value}" for name, value in options.items()]
        relay = [sys.executable, str(Path(__file__).parent / "netns_relay.py"), f"{port}:636", "--", *samba]
        with (folder / "out").open("wb") as out:
            self._process = subprocess.Popen(relay, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        until(self._answers, seconds=60, what="samba", pause=0.1)
        self._prepare()

    def _tool(self, *words: str) -> str:
        done = subprocess.run(["samba-tool", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
        return done.stdout

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "out").read_text()[-2000:]
        try:
            return self.signs_in(ADMIN, ADMIN_PASSWORD) == "success"
        except DirectoryDown:
            return False

    def _prepare(self) -> None:
        with self.as_admin() as admin:
            for ou in ("Staff", "Groups"):
                admin.add(f"OU={ou},{DOMAIN}", attributes={"objectClass": "organizationalUnit"})
            changes = {"lockoutThreshold": "3", "lockoutDuration": "-18000000000", "lockOutObservationWindow": "-18000000000"}
            admin.modify(DOMAIN, {name: [("MODIFY_REPLACE", [value])] for name, value in changes.items()})
            assert admin.result["description"] == "success", admin.result
            self._user(admin, f"CN=svc-temanashi,CN=Users,{DOMAIN}", "svc-temanashi", OUR_PASSWORD)
            admin.search(f"CN=svc-temanashi,CN=Users,{DOMAIN}", "(objectClass=*)", "BASE", attributes=["objectSid"])
            sid = sid_text(admin.response[0]["raw_attributes"]["objectSid"][0])
        for line in documented("samba-delegation").replace("\\\n", "").splitlines():
            words = shlex.split(line.replace("$SID", sid))
            self._tool(*words[1:], f"--URL={self.folder}/dc/private/sam.ldb", f"--configfile={self.folder}/dc/etc/smb.conf")

    @staticmethod
    def _user(admin: Any, dn: str, login: str, password: str, **more: Any) -> None:
        attributes = {
            "objectClass": "user",
            "sAMAccountName": login,
            "userPrincipalName": f"{login}@ad.example.jp",
            "userAccountControl": "512",
            "unicodePwd": encoded_password(password),
            **more,
        }
        admin.add(dn, attributes=attributes)
        assert admin.result["description"] == "success", admin.result

    def settings(self, **more: Any) -> LdapAccounts:
        said = {
            "product": "active-directory",
            "url": self.url,
            "ca": "ca.pem",
            "bind_dn": OURS,
            "bind_password": "env:AD_PASSWORD",
            "user_base": f"OU=Staff,{DOMAIN}",
            "group_base": DOMAIN,
            "page_size": 20,
        }
        return LdapAccounts.model_validate({**said, **more})

    def directory(self, *, password: str = OUR_PASSWORD, **more: Any) -> Directory:
        reached = Reached(
            where="ad",
            timeout=30,
            clock=SystemClock(),
            settings=self.settings(**more),
            secrets={"env:AD_PASSWORD": password}.__getitem__,
            root=self.folder,
        )
        return KIND.open(reached)

    @contextmanager
    def connection(self, who: str, password: str) -> Iterator[Any]:
        library = ldap3_quietly()
        with connected(self.settings(), self.folder, read_only=False) as found:
            found.rebind(who, password, library.SIMPLE, read_server_info=False)
            yield found

    def signs_in(self, who: str, password: str) -> str:
        """`success`, or the code that Windows gives: 52e, 773, 775, 533, 701."""
        with self.connection(who, password) as found:
            said = str(found.result["description"])
            return said if said == "success" else windows_code(str(found.result["message"])) or said

    @contextmanager
    def as_admin(self) -> Iterator[Any]:
        with self.connection(ADMIN, ADMIN_PASSWORD) as found:
            assert found.result["description"] == "success", found.result
            yield found

    def dn(self, login: str) -> str:
        return f"CN={login},OU=Staff,{DOMAIN}"

    def login(self) -> str:
        """A login that nobody has."""
        with self._lock:
            self._made += 1
        return f"new{self._made:04}"

    def person(self, *, password: str, login: str = "", **more: Any) -> str:
        """A new person's login; nobody else's."""
        login = login or self.login()
        with self.as_admin() as admin:
            self._user(admin, self.dn(login), login, password, **more)
        return login

    def group(self, *members: str, ou: str = "OU=Groups,", cn: str = "") -> str:
        """A new group's name. Members are distinguished names."""
        name = cn or f"Team {self.login()}"
        more = {"member": [*members]} if members else {}
        with self.as_admin() as admin:
            admin.add(
                f"CN={name},{ou}{DOMAIN}",
                attributes={"objectClass": "group", "sAMAccountName": name, "groupType": "-2147483646", **more},
            )
            assert admin.result["description"] == "success", admin.result
        return name

    def attributes(self, login: str, *names: str) -> dict[str, str]:
        """What the server has."""
        with self.as_admin() as admin:
            admin.search(self.dn(login), "(objectClass=*)", "BASE", attributes=[*names])
            found = admin.response[0]["raw_attributes"]
        return {name: found[name][0].decode() if found.get(name) else "" for name in names}

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


def _why_not() -> str:
    if os.geteuid() != 0:
        return "only root can give a domain controller a network of its own here"
    missing = [one for one in ("samba", "samba-tool") if shutil.which(one, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None]
    if missing or not Path("/usr/share/samba/setup").is_dir():
        return "Samba's domain controller is not installed (tests/system-packages.sh)"
    done = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"unshare is not allowed here: {done.stderr.decode().strip()}"


@pytest.fixture(scope="session")
def samba_ad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SambaAd]:
    if reason := _why_not():
        # A machine that cannot give it a network skips it; one that could have the packages and has not is a failure.
        pytest.fail(reason) if os.environ.get("CI") and "system-packages" in reason else pytest.skip(reason)
    server = SambaAd(tmp_path_factory.mktemp("samba"))
    yield server
    server.close()
