"""Certificates of services: verified, by the authority that the settings name, before the token is sent."""

import ssl

import pytest

from checks.certificates import issue, make_authority, write_server
from fixtures_clock import StoppedClock
from fixtures_scim import Gate, Reply, Service
from temanashi.accounts.directories import scim_faults as faults
from temanashi.accounts.model import Scope
from temanashi.text import LANGUAGES, explain

GOOD, WRONG_NAME, EXPIRED = {}, {"names": ("other.example",)}, {"end": -1}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    made = make_authority().root
    (folder / "ca.pem").write_bytes(made.pem)
    (folder / "other.pem").write_bytes(make_authority().root.pem)
    return folder, made


@pytest.fixture
def secure(authority):
    """`secure(how)`: a service with such a certificate."""
    folder, root = authority
    gates = []

    def make(how):
        server = issue("127.0.0.1", root, **{"names": ("127.0.0.1",), **how})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(write_server(folder, server))
        gate = Gate(tls=context)
        gates.append(gate)
        gate.ways.append(lambda *_: Reply(200, {"totalResults": 0}))
        return Service(gate, f"https://127.0.0.1:{gate.server.server_address[1]}/v2", StoppedClock(), root=folder)

    yield make
    for gate in gates:
        gate.close()


def test_a_certificate_of_the_named_authority_is_trusted(secure, monkeypatch):
    service = secure(GOOD)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert service(ca="ca.pem").read(Scope()).accounts == ()
    assert service.gate.asked[0].headers["authorization"]


@pytest.mark.parametrize(
    ("how", "more", "why"),
    [
        (GOOD, {}, "unable to get local issuer certificate"),
        (GOOD, {"ca": "other.pem"}, "certificate"),
        (WRONG_NAME, {"ca": "ca.pem"}, "127.0.0.1"),
        (EXPIRED, {"ca": "ca.pem"}, "certificate has expired"),
    ],
)
def test_any_other_certificate_is_refused_and_the_token_is_not_sent(secure, how, more, why):
    service = secure(how)
    with pytest.raises(faults.ScimCertificate) as caught:
        service(**more).read(Scope())
    assert why in explain(caught.value, "en").what
    assert all("ca" in explain(caught.value, lang).next for lang in LANGUAGES)
    assert service.gate.asked == []


def test_a_file_of_authorities_that_is_not_there_is_told_before_anything_is_sent(secure):
    service = secure(GOOD)
    with pytest.raises(faults.ScimNoCaFile) as caught:
        service(ca="nowhere.pem").read(Scope())
    assert all("nowhere.pem" in explain(caught.value, lang).what for lang in LANGUAGES)
    assert service.gate.asked == []


def test_a_file_of_authorities_that_holds_none_is_told(secure, authority):
    (authority[0] / "empty.pem").write_text("nothing\n")
    with pytest.raises(faults.ScimCertificate, match="no certificate"):
        secure(GOOD)(ca="empty.pem").read(Scope())
