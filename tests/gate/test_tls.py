"""The encrypted address: the same application, secure cookies, renewal without a restart, and files that cannot be used."""

import shutil
import ssl
import subprocess

import httpx
import pytest

from fixtures_prefect import gate_running, make_place
from fixtures_up import free_port
from temanashi.orchestration.certificate import Certificate, CertificateUnreadable
from temanashi.orchestration.holding import OpenToEverybody, check_listening
from temanashi.people import Actor
from temanashi.settings import load_settings
from temanashi.signin.users import add_user
from temanashi.text import explain
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import open_installation

PASSWORD = "four short words here"


def make_certificate(folder, name="localhost"):
    """A self-signed certificate of openssl's, as a small company may have it."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*words, "-keyout", folder / "tema.key", "-out", folder / "tema.crt"], check=True, capture_output=True)


def place_with_tls(root, *, sign_in=True):
    place = make_place(root, sign_in=sign_in)
    more = f'gate.tls = {{ certificate = "tema.crt", key = "tema.key", host = "127.0.0.1", port = {free_port()} }}\n'
    file = root / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    return place


def trusting(folder):
    return ssl.create_default_context(cafile=folder / "tema.crt")


@pytest.mark.server
def test_people_sign_in_over_tls_while_programs_of_this_machine_use_the_plain_address(tmp_path):
    place = place_with_tls(tmp_path)
    make_certificate(tmp_path)
    settings = place.settings
    place.runbook("quick-look", {"id": "look", "command": {"run": ["echo", "ok"], "reads": True}})
    place.publish()
    with open_installation(tmp_path) as opened, opened.database.transaction() as connection:
        add_user(
            book_of(opened),
            connection,
            "sato",
            name="佐藤",
            roles=("staff",),
            password=PASSWORD,
            one_time=False,
            people=live_directory(connection).people,
            actor=Actor(name="setup", kind="system"),
            channel="cli",
        )
    secure = f"https://localhost:{settings.gate.tls.port}"
    with gate_running(settings) as child:
        own = {"origin": secure, "sec-fetch-site": "same-origin"}
        with httpx.Client(base_url=secure, verify=trusting(tmp_path), trust_env=False, timeout=30, headers=own) as client:
            answer = client.post("/tema/sign-in", data={"name": "sato", "password": PASSWORD, "next": "/tema/me"})
            assert answer.status_code == 303
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-tema_session=")
            assert "Secure" in cookie
            assert "佐藤" in client.get("/tema/me").text
        assert httpx.get(f"http://127.0.0.1:{settings.port}/api/health", trust_env=False).is_success
        with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as stranger:
            stranger.get(f"{secure}/tema/")
        assert child.stop(seconds=20)


def test_a_renewed_certificate_is_taken_up_and_a_broken_one_changes_nothing(tmp_path):
    place_with_tls(tmp_path)
    make_certificate(tmp_path)
    settings = load_settings(tmp_path)
    certificate = Certificate(settings, settings.gate.tls)
    assert certificate.context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert certificate.renew() is False
    (tmp_path / "kept.crt").write_bytes((tmp_path / "tema.crt").read_bytes())
    (tmp_path / "tema.crt").write_text("half", encoding="ascii")
    with pytest.raises(CertificateUnreadable):
        certificate.renew()
    make_certificate(tmp_path)
    assert certificate.renew() is True
    assert certificate.renew() is False


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "tema.crt").unlink(), "No such file"),
        (lambda folder: (folder / "tema.key").write_text("-", encoding="ascii"), "PEM"),
        (lambda folder: shutil.copy(folder / "other/tema.key", folder / "tema.key"), "MISMATCH"),
    ],
    ids=["missing", "no key", "another key"],
)
def test_files_that_cannot_be_used_are_told_before_anything_starts(tmp_path, spoil, said):
    place_with_tls(tmp_path)
    make_certificate(tmp_path)
    (tmp_path / "other").mkdir()
    make_certificate(tmp_path / "other")
    spoil(tmp_path)
    with pytest.raises(CertificateUnreadable) as caught:
        check_listening(load_settings(tmp_path))
    told = explain(caught.value, "en")
    assert str(tmp_path / "tema.crt") in told.what
    assert said in told.what
    assert "[tool.temanashi.gate.tls]" in told.next
    assert explain(caught.value, "ja").next


def test_without_sign_in_nobody_is_let_in_from_elsewhere(tmp_path):
    place_with_tls(tmp_path, sign_in=False)
    make_certificate(tmp_path)
    with pytest.raises(OpenToEverybody):
        check_listening(load_settings(tmp_path))
