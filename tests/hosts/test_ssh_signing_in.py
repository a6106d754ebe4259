"""Whose key a host shows, and how we sign in: with a real sshd, ssh-keygen and ssh-agent."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from contextlib import contextmanager

import pytest

from fixtures_sshd import make_key
from temanashi.errors import TargetError
from temanashi.hosts import Command
from temanashi.hosts.ssh.faults import (
    AuthFailed,
    HostCertificateBad,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyUnknown,
    KeyUnusable,
    SecretLacking,
)
from temanashi.hosts.ssh.known_hosts import load_known_hosts, record_host_key
from temanashi.text import explain

pytestmark = pytest.mark.server
ME = getpass.getuser()


def keygen(*words):
    subprocess.run(["ssh-keygen", "-q", *map(str, words)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def public(file):
    return " ".join(file.with_name(file.name + ".pub").read_text().split()[:2])


def entered(reach, host):
    return reach.transport(host).run(Command("echo", "in"), timeout=5).text == "in\n"


def refused(reach, host, error):
    with pytest.raises(error) as caught:
        entered(reach, host)
    told = explain(caught.value, "en")
    assert explain(caught.value, "ja").next
    assert "{" not in told.what + told.next
    return told.what


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("host_ca", "user_ca", "other"):
        make_key(folder / name)
    return folder


@pytest.fixture
def certified(keys, sshd_factory):
    """A server with an RSA key too and with a certificate for what the words of ssh-keygen say."""

    def made(*words):
        def prepare(folder):
            make_key(folder / "host_rsa", "-b", "2048", kind="rsa")
            keygen("-s", keys / "host_ca", "-I", "host", "-h", *words, folder / "host_key.pub")
            return f"HostCertificate {folder}/host_key-cert.pub\nHostKey {folder}/host_rsa\n"

        return sshd_factory(prepare=prepare)

    return made


def known(tmp_path, *lines):
    file = tmp_path / "known"
    file.write_text("\n".join(lines) + "\n")
    return {"known_hosts": [str(file)]}


def test_a_host_certificate_of_a_trusted_authority_is_enough(certified, keys, tmp_path):
    server = certified("-n", "127.0.1.1,web1")
    with server.reach(**known(tmp_path, f"@cert-authority * {public(keys / 'host_ca')}")) as reach:
        assert entered(reach, server.host("web1"))
    # Under a name without the port too, as OpenSSH does; and one for every host when it names none.
    with server.reach(**known(tmp_path, f"@cert-authority 127.0.1.* {public(keys / 'host_ca')}")) as reach:
        assert entered(reach, server.host("any"))
    with server.reach(**known(tmp_path, f"@cert-authority * {public(keys / 'other')}")) as reach:
        refused(reach, server.host(), HostKeyUnknown)
    revoked = f"@revoked * {public(keys / 'host_ca')}"
    with server.reach(**known(tmp_path, f"@cert-authority * {public(keys / 'host_ca')}", revoked)) as reach:
        assert "known:2" in refused(reach, server.host(), HostKeyRevoked)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["-n", "db1,db2"], "db1, db2, not for 127.0.1.1"),
        (["-V", "20200101:20200201"], "2020-02-01"),
        (["-V", "20500101:20510101"], "2050-01-01"),
    ],
    ids=["another name", "expired", "not yet valid"],
)
def test_a_certificate_that_is_not_valid_for_the_host_now_is_refused(certified, keys, tmp_path, words, part):
    server = certified(*words)
    with server.reach(**known(tmp_path, f"@cert-authority * {public(keys / 'host_ca')}")) as reach:
        assert part in refused(reach, server.host(), HostCertificateBad)


def test_of_several_host_keys_the_recorded_one_is_asked_for(certified, tmp_path):
    server = certified()
    lines = [f"[127.0.1.1]:{server.port} {public(server.folder / name)}" for name in ("host_key", "host_rsa")]
    for line in lines:
        with server.reach(**known(tmp_path, line)) as reach:
            assert entered(reach, server.host())
    with server.reach(**known(tmp_path, f"127.0.1.1 {public(server.folder / 'host_key')}")) as reach:
        assert entered(reach, server.host())  # recorded without the port: it may confirm
    with server.reach(**known(tmp_path, f"127.0.1.1 {public(server.folder / 'id_ed25519')}")) as reach:
        refused(reach, server.host(), HostKeyUnknown)  # but never contradict
    with server.reach(**known(tmp_path, lines[0], f"@revoked * {public(server.folder / 'host_key')}")) as reach:
        assert "known:2" in refused(reach, server.host(), HostKeyRevoked)
    with server.reach(**known(tmp_path, f"[127.0.1.1]:{server.port} {public(server.folder / 'id_ed25519')}", lines[1])) as reach:
        refused(reach, server.host(), HostKeyChanged)


def test_a_shown_key_can_be_recorded_and_is_then_trusted(certified, tmp_path):
    server = certified()
    with server.reach(known_hosts=[str(tmp_path / "site" / "known_hosts")]) as reach:
        keys, names, before = reach.shown_keys(server.host())
        assert ({key.type for key in keys}, names, before) == ({"ssh-ed25519", "ssh-rsa"}, [f"[127.0.1.1]:{server.port}"], [])
        refused(reach, server.host(), HostKeyUnknown)
        record_host_key(reach.known_hosts_files[0], names, keys)
        assert entered(reach, server.host())
        assert len(reach.shown_keys(server.host())[2]) == 2
        assert load_known_hosts(reach.known_hosts_files).warnings == []


def test_the_certificate_of_a_user_is_not_one_of_a_host(keys, tmp_path):
    from datetime import UTC, datetime

    from temanashi.hosts.ssh.host_keys import verify_host_key
    from temanashi.hosts.ssh.known_hosts import HostKey, KnownKey

    def blob(file):
        import base64

        kind, encoded = file.read_text().split()[:2]
        return HostKey(kind, base64.b64decode(encoded))

    make_key(tmp_path / "host")
    keygen("-s", keys / "host_ca", "-I", "x", "-n", "web1", "-O", "force-command=id", tmp_path / "host.pub")
    shown, certificate = blob(tmp_path / "host.pub"), blob(tmp_path / "host-cert.pub").blob
    authority = KnownKey(blob(keys / "host_ca.pub"), "cert-authority", "known:1")

    def verify(certificate):
        verify_host_key("web1", "web1", shown, certificate=certificate, names=["web1"], known=[authority], now=datetime.now(UTC))

    for wrong in (certificate, certificate[:-1] + bytes([certificate[-1] ^ 1]), b"\x00\x00\x00\x04abcd", shown.blob):
        with pytest.raises(HostCertificateBad) as caught:
            verify(wrong)
        assert explain(caught.value, "ja").what


def test_keys_with_a_passphrase_are_opened_by_reference(sshd, tmp_path):
    key = make_key(tmp_path / "locked", "-N", "a passphrase")
    with (sshd.folder / "authorized_keys").open("a") as file:
        file.write((tmp_path / "locked.pub").read_text())
    named = {"identity_files": [str(key)]}
    secrets = {"env:RIGHT": "a passphrase", "env:WRONG": "another"}
    with sshd.reach(**named, passphrase="env:RIGHT", secret=secrets.__getitem__) as reach:
        assert entered(reach, sshd.host())
    with sshd.reach(**named, passphrase="env:WRONG", secret=secrets.__getitem__) as reach:
        assert "the passphrase is wrong" in refused(reach, sshd.host(), KeyUnusable)
    with sshd.reach(**named) as reach:
        assert "needs a passphrase" in refused(reach, sshd.host(), KeyUnusable)
    with sshd.reach(**named, passphrase="env:TEMA_NOT_SET_ANYWHERE") as reach:
        assert "TEMA_NOT_SET_ANYWHERE" in refused(reach, sshd.host(), SecretLacking)
        [answer] = reach.transport(sshd.host()).run_all([Command("true")], timeout=5)
        assert isinstance(answer, TargetError)


def test_key_files_that_cannot_be_used_are_named(sshd, tmp_path):
    (tmp_path / "rubbish").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    (tmp_path / "empty").write_text("")
    for name, part in (("none", "No such file"), ("rubbish", "no private key"), ("empty", "no private key")):
        with sshd.reach(identity_files=[str(tmp_path / name)]) as reach:
            told = refused(reach, sshd.host(), KeyUnusable)
        assert str(tmp_path / name) in told
        assert part in told


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_user_certificate_opens_a_host_that_knows_its_authority(sshd_factory, keys, tmp_path, kind):
    server = sshd_factory(more=f"TrustedUserCAKeys {keys}/user_ca.pub\n")
    key = make_key(tmp_path / "mine", kind=kind)
    with server.reach(identity_files=[str(key)]) as reach:
        assert str(key) in refused(reach, server.host(), AuthFailed)
        keygen("-s", keys / "user_ca", "-I", "me", "-n", ME, tmp_path / "mine.pub")
        assert entered(reach, server.host())
    # CertificateFile of another key is passed over, one of ours counts.
    shutil.move(tmp_path / "mine-cert.pub", tmp_path / "apart")
    shutil.copy(keys / "other.pub", tmp_path / "other.pub")
    keygen("-s", keys / "user_ca", "-I", "me", "-n", ME, tmp_path / "other.pub")
    (tmp_path / "config").write_text(
        f"CertificateFile {tmp_path}/other-cert.pub\nCertificateFile {tmp_path}/apart\nIdentityFile {key}\n"
    )
    with server.reach(identity_files=[], config=str(tmp_path / "config")) as reach:
        assert entered(reach, server.host())
    (tmp_path / "mine-cert.pub").write_text("no certificate\n")
    with server.reach(identity_files=[str(key)]) as reach:
        assert "mine-cert.pub" in refused(reach, server.host(), KeyUnusable)


@contextmanager
def agent(folder, monkeypatch, *adding):
    socket = folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if socket.exists():
                break
            time.sleep(0.05)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        for key in adding:
            subprocess.run(["ssh-add", "-q", str(key)], check=True, stdin=subprocess.DEVNULL, env=dict(os.environ))
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_the_agent_signs_with_keys_and_with_certificates(sshd_factory, keys, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("HOME", str(tmp_path))
    server = sshd_factory(more=f"TrustedUserCAKeys {keys}/user_ca.pub\n")
    key = make_key(tmp_path / "mine", kind=kind)
    keygen("-s", keys / "user_ca", "-I", "me", "-n", ME, tmp_path / "mine.pub")
    with agent(tmp_path, monkeypatch, key), server.reach(identity_files=[], agent=True) as reach:
        key.unlink()
        assert entered(reach, server.host())
    with agent(tmp_path, monkeypatch, server.key), server.reach(identity_files=[], agent=True) as reach:
        assert entered(reach, server.host())
        (tmp_path / "config").write_text("IdentitiesOnly yes\n")
    with server.reach(identity_files=[], agent=True) as reach:  # the agent is gone, its socket too
        assert "Tried: -." in refused(reach, server.host(), AuthFailed)


def test_an_agent_is_left_alone_when_the_settings_or_the_configuration_say_so(sshd, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config").write_text("IdentitiesOnly yes\n")
    with agent(tmp_path, monkeypatch, sshd.key):
        for more in ({"agent": False}, {"agent": True, "config": str(tmp_path / "config")}):
            with sshd.reach(identity_files=[], **more) as reach:
                refused(reach, sshd.host(), AuthFailed)


def test_a_host_that_has_had_enough_of_wrong_keys_hangs_up(sshd, keys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    wrong = [make_key(tmp_path / f"wrong{n}") for n in range(8)]
    with sshd.reach(identity_files=[str(key) for key in wrong]) as reach:
        told = refused(reach, sshd.host(), AuthFailed)
    assert "wrong0" in told


def test_the_usual_files_are_tried_when_none_is_named(sshd, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    with sshd.reach(identity_files=[]) as reach:
        refused(reach, sshd.host(), AuthFailed)
        shutil.copy(sshd.key, tmp_path / ".ssh" / "id_ed25519")
        assert entered(reach, sshd.host())
