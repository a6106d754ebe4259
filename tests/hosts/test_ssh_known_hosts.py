"""Files of known host keys, as OpenSSH writes them and as people break them."""

from __future__ import annotations

import base64
import struct
import subprocess

import pytest

from fixtures_sshd import make_key, programs
from temanashi.hosts.ssh.known_hosts import HostKey, KnownHosts, known_name, load_known_hosts, record_host_key


def key(word: str, kind: str = "ssh-ed25519") -> HostKey:
    body = word.encode().ljust(32, b".")
    return HostKey(kind, struct.pack(">I", len(kind)) + kind.encode() + struct.pack(">I", len(body)) + body)


def line(names: str, shown: HostKey, marker: str = "") -> str:
    return f"{marker} {names} {shown.type} {base64.b64encode(shown.blob).decode()} a comment".strip()


def known(*lines: str) -> KnownHosts:
    found = KnownHosts()
    found.read("\n".join(lines), "known_hosts")
    return found


def found(hosts: KnownHosts, *names: str) -> list[tuple[HostKey, str]]:
    return [(entry.key, entry.marker) for entry in hosts.keys_for(names)]


A, B = key("a"), key("b")


@pytest.mark.parametrize(
    ("names", "asked", "there"),
    [
        ("web1", "web1", True),
        ("web1", "web12", False),
        ("Web1,10.0.0.1", "wEB1", True),
        ("web1,10.0.0.1", "10.0.0.1", True),
        ("[web1]:2222", "[web1]:2222", True),
        ("[web1]:2222", "web1", False),
        ("web*", "web77", True),
        ("web?", "web7", True),
        ("web?", "web77", False),
        ("*.example.com,!bad.example.com", "good.example.com", True),
        ("*.example.com,!bad.example.com", "bad.example.com", False),
        ("!bad.example.com,*.example.com", "bad.example.com", False),
        ("!web1", "web2", False),
        ("[10.0.0.*]:2222", "[10.0.0.5]:2222", True),
        ("[10.0.0.*]:2222", "10.0.0.5", False),
        ("[a-c]*", "b", False),  # brackets are plain characters
        ("fe80::1%eth0", "fe80::1%eth0", True),
    ],
)
def test_names_match_as_openssh_says(names, asked, there):
    assert found(known(line(names, A)), asked) == ([(A, "")] if there else [])


def test_several_keys_and_markers_are_all_told_with_their_places():
    hosts = known("# a comment", "", line("web1", A), line("web*", B, "@revoked"), line("*", A, "@cert-authority"), line("db1", B))
    assert found(hosts, "web1") == [(A, ""), (B, "revoked"), (A, "cert-authority")]
    assert [entry.place for entry in hosts.keys_for(["web1"])] == ["known_hosts:3", "known_hosts:4", "known_hosts:5"]
    assert found(hosts, "db1", "web1", "db1") == [(B, ""), (A, "cert-authority"), (B, "revoked")]  # the first name with keys counts
    assert hosts.warnings == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("web1 ssh-ed25519", "hosts.known-hosts-fields"),
        ("web1", "hosts.known-hosts-fields"),
        (line("web1", A, "@trusted"), "hosts.known-hosts-marker"),
        ("@revoked web1 ssh-ed25519", "hosts.known-hosts-fields"),
        ("web1 ssh-ed25519 AAAA", "hosts.known-hosts-key"),
        ("web1 ssh-ed25519 %%%%", "hosts.known-hosts-key"),
        ("web1 ssh-ed25519 é", "hosts.known-hosts-key"),
        (line("web1", A).replace("ssh-ed25519", "ssh-rsa"), "hosts.known-hosts-key"),
        (line("|1|abc", A), "hosts.known-hosts-hash"),
        (line("|2|YWJj|YWJj", A), "hosts.known-hosts-hash"),
        (line("|1|YWJj|%", A), "hosts.known-hosts-hash"),
        ("\x00\ufeff", "hosts.known-hosts-fields"),
        ("<<<<<<< HEAD", "hosts.known-hosts-fields"),
    ],
)
def test_a_bad_line_is_a_warning_and_the_rest_counts(bad, problem):
    hosts = known(line("web0", A), bad, line("web2", B))
    assert found(hosts, "web0") == [(A, "")]
    assert found(hosts, "web2") == [(B, "")]
    [(at, told)] = hosts.warnings
    assert (str(at), told.key) == ("known_hosts:2", problem)
    assert told.text("ja") != told.text("en")


def test_files_that_are_missing_or_cannot_be_read_lose_no_other(tmp_path):
    good = tmp_path / "good"
    good.write_bytes(b"caf\xe9 not utf-8\r\n" + line("web1", A).encode() + b"\r\n")
    hosts = load_known_hosts([tmp_path / "none", tmp_path, good])
    assert found(hosts, "web1") == [(A, "")]
    assert [(str(w.at), w.problem.key) for w in hosts.warnings] == [
        (str(tmp_path), "hosts.known-hosts-unreadable"),
        (f"{good}:1", "hosts.known-hosts-key"),
    ]


@pytest.mark.skipif(programs() is None, reason="OpenSSH is not installed here")
def test_names_that_openssh_hashed_are_found(tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text("\n".join([line("web1,10.0.0.1", A), line("[web2]:2222", B)]) + "\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "web1" not in file.read_text()
    hosts = load_known_hosts([file])
    assert found(hosts, "web1") == found(hosts, "10.0.0.1") == found(hosts, "web1", "10.0.0.1") == [(A, "")]
    assert found(hosts, "[web2]:2222") == [(B, "")]
    assert found(hosts, "web2") == []
    record_host_key(file, ["web1"], [B], replacing=True)
    assert found(load_known_hosts([file]), "web1") == [(B, "")]
    assert found(load_known_hosts([file]), "10.0.0.1") == [(A, "")]


@pytest.mark.skipif(programs() is None, reason="OpenSSH is not installed here")
def test_fingerprints_are_those_of_openssh(tmp_path):
    file = make_key(tmp_path / "key")
    kind, encoded = (tmp_path / "key.pub").read_text().split()[:2]
    told = subprocess.run(["ssh-keygen", "-l", "-f", str(file)], check=True, capture_output=True, text=True).stdout
    assert HostKey(kind, base64.b64decode(encoded)).fingerprint == told.split()[1]


def test_keys_are_recorded_once_and_replaced_only_when_asked(tmp_path):
    file = tmp_path / "site" / "known_hosts"
    record_host_key(file, ["web1"], [A])
    record_host_key(file, ["web1"], [A, B])
    assert found(load_known_hosts([file]), "web1") == [(A, ""), (B, "")]
    file.write_text(
        "# ours\n" + file.read_text() + line("web1,web2", A) + "\n" + line("web1", A, "@revoked") + "\nrubbish\n", encoding="utf-8"
    )
    record_host_key(file, ["web1"], [B], replacing=True)
    hosts = load_known_hosts([file])
    assert file.read_text().splitlines()[0] == "# ours"
    assert found(hosts, "web1") == [(A, ""), (A, "revoked"), (B, "")]
    assert found(hosts, "web2") == [(A, "")]
    assert [path.name for path in file.parent.iterdir()] == ["known_hosts"]


def test_the_name_of_a_host_has_its_port_unless_it_is_the_usual_one():
    assert known_name("10.0.0.1", 22) == "10.0.0.1"
    assert known_name("fe80::1", 2222) == "[fe80::1]:2222"
