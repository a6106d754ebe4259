"""Ours beside Debian's monitoring-plugins, on the same loopback services: the same verdict, or a difference that is explained.

docs/monitoring-plugins.md tells operators the differences that are listed here.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checks.certificates import issue, make_authority, write_server
from checks.nameservers import name_server
from checks.servers import raw_server, tls_server, web_server
from fixtures_up import free_port

PLUGINS = Path("/usr/lib/nagios/plugins")
ROOT = Path(__file__).parents[2]
VERDICTS = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}
SSH = b"SSH-2.0-OpenSSH_9.2\r\n"


@pytest.fixture
def peer():
    """The verdict of a plugin."""

    def asked(name: str, *words: str) -> str:
        if not (PLUGINS / name).exists():
            reason = f"{name} is not installed here"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        done = subprocess.run([PLUGINS / name, *words], capture_output=True, text=True, timeout=30, check=False)
        return VERDICTS.get(done.returncode, "UNKNOWN")

    return asked


@pytest.fixture(scope="module")
def web():
    with web_server() as (port, _):
        yield port


@pytest.fixture(scope="module")
def closed() -> int:
    return free_port()


HTTP = [
    ("a good page", "/", [], {}, "OK", "OK"),
    ("a server error", "/status/503", [], {}, "CRITICAL", "CRITICAL"),
    ("a status that is wished for", "/status/503", ["-e", "503"], {"status": [503]}, "OK", "OK"),
    ("a text that is there", "/", ["-s", "status: UP"], {"contains": "status: UP"}, "OK", "OK"),
    ("a text that is missing", "/", ["-s", "status: DOWN"], {"contains": "status: DOWN"}, "CRITICAL", "CRITICAL"),
    ("an expression that is found", "/", ["-r", "status: [A-Z]+"], {"body": "status: [A-Z]+"}, "OK", "OK"),
    ("an expression that is not", "/", ["-r", "status: [0-9]+"], {"body": "status: [0-9]+"}, "CRITICAL", "CRITICAL"),
    ("a maintenance page", "/maintenance", ["-r", "メンテ", "--invert-regex"], {"not_body": "メンテ"}, "CRITICAL", "CRITICAL"),
    ("redirects in a circle", "/loop/", ["-f", "follow"], {}, "CRITICAL", "CRITICAL"),
    ("a redirect that is followed", "/to//", ["-f", "follow"], {}, "OK", "OK"),
    ("a page that is slower than warn", "/", ["-w", "0.000001"], {"warn": "~:0.000001"}, "WARNING", "WARNING"),
    ("a page that is slower than crit", "/", ["-c", "0.000001"], {"crit": "~:0.000001"}, "CRITICAL", "CRITICAL"),
    ("a body that drips", "/drip", ["-t", "1"], {"timeout": 1}, "CRITICAL", "CRITICAL"),
    # A status that nobody wished for is an error of the service, also where it is a client error.
    ("a page that is not there", "/status/404", [], {}, "WARNING", "CRITICAL"),
    # Ours follows by default and judges what it comes to.
    ("a redirect to what is not there", "/to//status/404", [], {}, "OK", "CRITICAL"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "words", "data", "theirs", "ours"), [case[1:] for case in HTTP], ids=[case[0] for case in HTTP])
def test_http(web, peer, look, page: str, words, data, theirs: str, ours: str) -> None:
    assert peer("check_http", "-I", "127.0.0.1", "-p", str(web), "-u", page, *words) == theirs
    assert look(kind="http", url=f"http://127.0.0.1:{web}{page}", **data).verdict.value == ours


def test_http_refused(closed, peer, look) -> None:
    assert peer("check_http", "-I", "127.0.0.1", "-p", str(closed)) == "CRITICAL"
    assert look(kind="http", url=f"http://127.0.0.1:{closed}/").verdict.value == "CRITICAL"


def test_http_of_a_name_that_has_no_address(peer, look) -> None:
    # Nothing was measured.
    assert peer("check_http", "-H", "no-such-name.invalid") == "CRITICAL"
    assert look(kind="http", url="http://no-such-name.invalid/").verdict.value == "UNKNOWN"


TCP = [
    ("open", SSH, [], {}, "OK", "OK"),
    ("greets as expected", b"220 ready\r\n", ["-e", "220"], {"expect": "^220"}, "OK", "OK"),
    ("greets otherwise", b"554 no\r\n", ["-e", "220", "-M", "crit"], {"expect": "^220"}, "CRITICAL", "CRITICAL"),
    # There a warning is the default; a service that says something else than it should does not work.
    ("greets otherwise by default", b"554 no\r\n", ["-e", "220"], {"expect": "^220"}, "WARNING", "CRITICAL"),
    ("slower than crit", SSH, ["-c", "0.000001"], {"crit": "~:0.000001"}, "CRITICAL", "CRITICAL"),
    ("slower than warn", SSH, ["-w", "0.000001"], {"warn": "~:0.000001"}, "WARNING", "WARNING"),
]


@pytest.mark.parametrize(("said", "words", "data", "theirs", "ours"), [case[1:] for case in TCP], ids=[case[0] for case in TCP])
def test_tcp(peer, look, said: bytes, words, data, theirs: str, ours: str) -> None:
    with raw_server(lambda link: link.sendall(said)) as port:
        assert peer("check_tcp", "-H", "127.0.0.1", "-p", str(port), *words) == theirs
        assert look(kind="tcp", host="127.0.0.1", port=port, **data).verdict.value == ours


def test_tcp_refused_and_silent(closed, peer, look) -> None:
    assert peer("check_tcp", "-H", "127.0.0.1", "-p", str(closed)) == "CRITICAL"
    assert look(kind="tcp", host="127.0.0.1", port=closed).verdict.value == "CRITICAL"
    with raw_server(lambda _: time.sleep(2)) as port:
        assert peer("check_tcp", "-H", "127.0.0.1", "-p", str(port), "-e", "220", "-t", "1") == "CRITICAL"
        assert look(kind="tcp", host="127.0.0.1", port=port, expect="220", timeout=1).verdict.value == "CRITICAL"


@pytest.mark.parametrize(("said", "verdict"), [(SSH, "OK"), (b"220 ready\r\n" * 9, "CRITICAL")], ids=["sshd", "no sshd"])
def test_ssh(peer, look, said: bytes, verdict: str) -> None:
    with raw_server(lambda link: (link.sendall(said), link.recv(100))) as port:
        assert peer("check_ssh", "-t", "3", "-p", str(port), "127.0.0.1") == verdict
        assert look(kind="tcp", host="127.0.0.1", port=port, expect=r"^SSH-\d", timeout=1).verdict.value == verdict


def test_ssh_refused(closed, peer, look) -> None:
    assert peer("check_ssh", "-p", str(closed), "127.0.0.1") == "CRITICAL"
    assert look(kind="tcp", host="127.0.0.1", port=closed, expect=r"^SSH-\d").verdict.value == "CRITICAL"


@contextmanager
def _port_53() -> Iterator[str]:
    """check_dns knows no other port."""
    address = "127.0.53.53"
    try:
        with name_server(address, 53):
            yield address
    except PermissionError:
        pytest.skip("port 53 is not ours")


DNS = [
    ("an answer", "www.example.test", [], {}, "OK", "OK"),
    ("every address", "www.example.test", ["-a", "192.0.2.1,192.0.2.2"], {"expect": ["192.0.2.1", "192.0.2.2"]}, "OK", "OK"),
    ("another address", "www.example.test", ["-a", "192.0.2.9"], {"expect": "192.0.2.9"}, "CRITICAL", "CRITICAL"),
    ("one address too many", "www.example.test", ["-a", "192.0.2.1"], {"expect": "192.0.2.1", "others": True}, "OK", "OK"),
    # A server that nobody expects among the answers takes a part of the traffic.
    ("one address too many for us", "www.example.test", ["-a", "192.0.2.1"], {"expect": "192.0.2.1"}, "OK", "CRITICAL"),
    ("no such name", "no.example.test", [], {}, "CRITICAL", "CRITICAL"),
    ("an error of the server", "broken.example.test", [], {}, "CRITICAL", "CRITICAL"),
    ("a refusal", "refused.example.test", [], {}, "CRITICAL", "CRITICAL"),
    ("silence", "silent.example.test", ["-t", "2"], {"timeout": 1}, "CRITICAL", "CRITICAL"),
]


@pytest.mark.parametrize(("name", "words", "data", "theirs", "ours"), [case[1:] for case in DNS], ids=[case[0] for case in DNS])
@pytest.mark.xdist_group("port-53")
def test_dns(peer, look, name: str, words, data, theirs: str, ours: str) -> None:
    with _port_53() as address:
        assert peer("check_dns", "-H", name, "-s", address, *words) == theirs
        assert look(kind="dns", name=name, server=address, **data).verdict.value == ours


CERTIFICATES = [
    ("good", {}, "good", "OK", "OK"),
    ("soon to expire", {"end": 20.5}, "good", "WARNING", "WARNING"),
    ("about to expire", {"end": 3.5}, "good", "CRITICAL", "CRITICAL"),
    ("expired", {"end": -1}, "good", "CRITICAL", "CRITICAL"),
    # check_http -C looks at the date at which the server's own certificate ends, and at nothing else.
    ("not yet valid", {"start": 1}, "good", "OK", "CRITICAL"),
    ("wrong name", {"names": ("other.test",)}, "good", "OK", "CRITICAL"),
    ("self-signed", {}, "self", "OK", "CRITICAL"),
    ("missing intermediate", {}, "missing", "OK", "CRITICAL"),
    ("expired intermediate", {}, "expired", "OK", "CRITICAL"),
]


@pytest.mark.parametrize(
    ("data", "chain", "theirs", "ours"), [case[1:] for case in CERTIFICATES], ids=[case[0] for case in CERTIFICATES]
)
def test_certificates(authority, peer, look, tmp_path, data, chain: str, theirs: str, ours: str) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem)
    issuer = {"self": None, "expired": authority.expired_intermediate}.get(chain, authority.intermediate)
    sent = () if chain in {"self", "missing"} else (issuer,)
    server = issue("server.test", issuer, **{"names": ("localhost",), **data})
    with tls_server(write_server(tmp_path, server, *sent)) as port:
        assert peer("check_http", "-S", "--sni", "-H", "localhost", "-I", "127.0.0.1", "-p", str(port), "-C", "30,7") == theirs
        assert look(kind="tls", host="localhost", port=port, ca_file=str(ca)).verdict.value == ours


@pytest.fixture(scope="module")
def authority():
    return make_authority()


def test_a_self_signed_certificate_that_is_meant_to_be_so_is_named_and_then_good(look, tmp_path) -> None:
    own = issue("server.test", None, names=("localhost",))
    ca = tmp_path / "own.pem"
    ca.write_bytes(own.pem)
    with tls_server(write_server(tmp_path, own)) as port:
        assert look(kind="tls", host="localhost", port=port, ca_file=str(ca)).verdict.value == "OK"
        assert look(kind="tls", host="127.0.0.1", port=port, ca_file=str(ca)).verdict.value == "CRITICAL"


def test_every_difference_is_told_on_the_page_that_the_readme_leads_to() -> None:
    page = (ROOT / "docs/monitoring-plugins.md").read_text(encoding="utf-8")
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("docs/monitoring-plugins.md") >= 2
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    told = {row[1]: (row[2], row[3]) for row in rows}
    for case in (*HTTP, *TCP, *DNS):
        if case[-2] != case[-1]:
            assert told[case[0]] == (case[-2], case[-1]), case[0]
    for case in CERTIFICATES:
        assert told[case[0]] == (case[-2], case[-1]), case[0]
    assert told["a name without address"] == ("CRITICAL", "UNKNOWN")
