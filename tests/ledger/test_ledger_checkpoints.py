from __future__ import annotations

import json
import threading

import pytest

from temanashi.ledger.checkpoints import (
    CheckpointUnwritable,
    UnreadableCheckpoint,
    open_seal,
    read_checkpoints,
    signed_by,
    write_checkpoint,
)
from temanashi.ledger.keys import BadSigningKey, public_key_of, signing_key, trusted_key
from temanashi.ledger.verification import verify, verify_database


def test_the_private_key_is_made_once_and_readable_for_its_owner_only(tmp_path):
    first, again = signing_key(tmp_path / "keys"), signing_key(tmp_path / "keys")
    assert public_key_of(first) == public_key_of(again) == trusted_key(tmp_path / "keys")
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "keys").iterdir()}
    assert modes == {"ledger-signing.pem": 0o600, "ledger-signing.pub.pem": 0o644}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_threads_that_make_the_key_at_once_agree_on_one(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(public_key_of(signing_key(tmp_path)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("content", [b"", b"nonsense", b"rsa"])
def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path, content):
    if content == b"rsa":
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

        other = generate_private_key(SECP256R1())
        content = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    else:
        public = content
    (tmp_path / "ledger-signing.pem").write_bytes(content)
    (tmp_path / "ledger-signing.pub.pem").write_bytes(public)
    with pytest.raises(BadSigningKey):
        signing_key(tmp_path)
    with pytest.raises(BadSigningKey):
        trusted_key(tmp_path)


def test_checkpoints_are_numbered_and_come_back(ledger, fill, seal, clock):
    written = []
    for _ in range(3):
        fill(ledger, 2)
        written.append(write_checkpoint(ledger, seal=seal, clock=clock))
    assert [(c.number, c.seq) for c in written] == [(1, 2), (2, 4), (3, 6)]
    assert read_checkpoints(seal.folder) == tuple(written)
    assert all(signed_by(c, public_key_of(seal.key)) for c in written)


def test_two_writers_take_two_numbers(ledger, seal, clock):
    threads = [threading.Thread(target=write_checkpoint, args=(ledger,), kwargs={"seal": seal, "clock": clock}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [c.number for c in read_checkpoints(seal.folder)] == [1, 2, 3, 4]


def test_an_idle_ledger_and_an_empty_one_can_be_sealed(sqlite, ledger, seal, clock, tmp_path):
    write_checkpoint(ledger, seal=seal, clock=clock)
    write_checkpoint(ledger, seal=seal, clock=clock)
    found = verify_database(sqlite, state=tmp_path / "state")
    assert (found.status, found.notes) == ("intact", ())


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seq": 1}, "checkpoint-forged"),
        ({"signature": "00"}, "checkpoint-forged"),
        ({"signature": "not hex"}, "checkpoint-forged"),
        ({"restored_to": 0}, "checkpoint-forged"),
        ({"public_key": "ab" * 32}, "checkpoint-foreign"),
        ({"unknown": 1}, "checkpoint-unreadable"),
    ],
)
def test_a_checkpoint_that_was_changed_cannot_tell(sqlite, ledger, fill, seal, clock, tmp_path, changes, problem):
    fill(ledger, 2)
    write_checkpoint(ledger, seal=seal, clock=clock)
    edit(next(seal.folder.iterdir()), **changes)
    found = verify_database(sqlite, state=tmp_path / "state")
    assert (found.status, found.exit_code, found.problem.key) == ("cannot_tell", 2, f"ledger.{problem}")
    assert found.proven == 0


def test_a_checkpoint_of_another_installation_cannot_tell(sqlite, ledger, fill, seal, clock, tmp_path):
    fill(ledger, 2)
    foreign = write_checkpoint(ledger, seal=open_seal(tmp_path / "other"), clock=clock)
    with sqlite.reading() as connection:
        found = verify(connection, checkpoints=[foreign], trusted_key=public_key_of(seal.key))
        unknown = verify(connection, checkpoints=[foreign])
    assert (found.status, found.problem.key) == ("cannot_tell", "ledger.checkpoint-foreign")
    assert (unknown.status, unknown.problem.key) == ("cannot_tell", "ledger.no-trusted-key")


def test_a_good_checkpoint_outweighs_a_doubtful_one(sqlite, ledger, fill, seal, clock):
    fill(ledger, 2)
    good = write_checkpoint(ledger, seal=seal, clock=clock).model_copy(update={"seq": 9})
    good = good.model_copy(update={"signature": seal.key.sign(good.signed_text()).hex()})
    with sqlite.reading() as connection:
        found = verify(connection, checkpoints=[UnreadableCheckpoint(file="x"), good], trusted_key=public_key_of(seal.key))
    assert (found.status, found.bad_seq) == ("altered", 3)


def test_checkpoints_of_another_chain_do_not_count(sqlite, ledger, fill, seal, clock):
    fill(ledger, 2)
    other = write_checkpoint(ledger, seal=seal, clock=clock)
    with sqlite.reading() as connection:
        assert verify(connection, chain="drills", checkpoints=[other], trusted_key=public_key_of(seal.key)).status == "intact"


def test_a_broken_public_key_cannot_tell(sqlite, seal, tmp_path):
    (tmp_path / "state" / "keys" / "ledger-signing.pub.pem").write_text("nonsense")
    found = verify_database(sqlite, state=tmp_path / "state")
    assert (found.status, found.problem.key) == ("cannot_tell", "ledger.bad-signing-key")


def test_a_folder_that_cannot_be_written_is_named(ledger, seal, clock, tmp_path):
    (tmp_path / "state" / "checkpoints").write_text("a file in the way")
    with pytest.raises(CheckpointUnwritable) as caught:
        write_checkpoint(ledger, seal=seal, clock=clock)
    assert str(seal.folder) in str(caught.value)


def test_openssl_agrees_with_the_signature(ledger, fill, seal, clock, tmp_path):
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed here")
    fill(ledger, 1)
    checkpoint = write_checkpoint(ledger, seal=seal, clock=clock)
    (tmp_path / "text").write_bytes(checkpoint.signed_text())
    (tmp_path / "signature").write_bytes(bytes.fromhex(checkpoint.signature))
    public = tmp_path / "state" / "keys" / "ledger-signing.pub.pem"
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", tmp_path / "text",
         "-sigfile", tmp_path / "signature"],
        check=False, capture_output=True, timeout=20,
    )  # fmt: skip
    assert done.returncode == 0, done
