"""Proving an evidence pack with nothing but the pack and a public key: manifest, records, chain, checkpoint, evidence."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import IO, Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from temanashi.audit.faults import PackUnreadable
from temanashi.audit.pack_file import MANIFEST, evidence_name
from temanashi.ledger.chain import body_hash, record_hash
from temanashi.ledger.checkpoints import Checkpoint, signed_by
from temanashi.ledger.verification import Status
from temanashi.text.local import Phrase, phrase

__all__ = ["PackFound", "check_pack"]

_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 28


class PackFound(NamedTuple):
    """What was found. `cannot_tell`: all agrees, but whether the key is the right one is for the reader to compare."""

    status: Status
    records: int = 0
    pruned: int = 0
    linked: int = 0
    checkpoint: Checkpoint | None = None
    problem: Phrase | None = None

    @property
    def exit_code(self) -> int:
        """0 intact, 1 altered, 2 cannot tell."""
        return {"intact": 0, "altered": 1, "cannot_tell": 2}[self.status]


class _Altered(Exception):
    def __init__(self, key: str, **data: Any) -> None:
        super().__init__(key)
        self.problem = phrase(key, **data)


def check_pack(file: Path, *, trusted: str | None) -> PackFound:
    """Read the whole pack; `trusted` is the public key (64 hex digits) that counts. Raises PackUnreadable."""
    try:
        with zipfile.ZipFile(file) as pack:
            try:
                _manifest(pack)
                checkpoint = Checkpoint.model_validate_json(pack.read("checkpoint.json"))
                records, pruned, linked = _records(pack, checkpoint)
            except _Altered as found:
                return PackFound("altered", problem=found.problem)
    except (
        OSError,
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        KeyError,
        ValueError,
        ValidationError,
        EOFError,
        NotImplementedError,
    ) as error:
        raise PackUnreadable(str(file), reason=str(error) or type(error).__name__) from error
    return _signed(PackFound("intact", records, pruned, linked, checkpoint), checkpoint, trusted)


def _signed(found: PackFound, checkpoint: Checkpoint, trusted: str | None) -> PackFound:
    if not signed_by(checkpoint, checkpoint.public_key):
        return found._replace(status="altered", problem=phrase("audit.pack-forged"))
    if trusted is None:
        return found._replace(status="cannot_tell", problem=phrase("audit.pack-whose-key", key=checkpoint.public_key))
    if trusted != checkpoint.public_key:
        return found._replace(status="altered", problem=phrase("audit.pack-other-key", key=checkpoint.public_key))
    return found


def _manifest(pack: zipfile.ZipFile) -> None:
    """Every member is listed once and has the digest that is listed."""
    names = [info.filename for info in pack.infolist()]
    listed: dict[str, str] = {}
    for line in pack.read(MANIFEST).decode().splitlines():
        if (match := _LINE.fullmatch(line)) is None:
            raise _Altered("audit.pack-file", name=MANIFEST)
        listed[match[2]] = match[1]
    if sorted(names) != sorted([*listed, MANIFEST]):
        different = sorted({*names} ^ {*listed, MANIFEST}) or sorted({name for name in names if names.count(name) > 1})
        raise _Altered("audit.pack-file", name=different[0])
    for name, wanted in listed.items():
        digest = hashlib.sha256()
        with pack.open(name) as member:
            while piece := member.read(_CHUNK):
                digest.update(piece)
        if digest.hexdigest() != wanted:
            raise _Altered("audit.pack-file", name=name)


def _lines(member: IO[bytes], *, own: bool) -> Iterator[tuple[int, bool, dict[str, Any]]]:
    while line := member.readline(_LONGEST_LINE):
        fields = from_json(line)
        yield int(fields["seq"]), own, fields


def _records(pack: zipfile.ZipFile, checkpoint: Checkpoint) -> tuple[int, int, int]:
    """Follow the chain from the first record of the pack to the checkpoint."""
    records = pruned = linked = 0
    before: tuple[int, str] | None = None
    with ExitStack() as open_:
        own, others = (open_.enter_context(pack.open(name)) for name in ("records.jsonl", "links.jsonl"))
        for seq, inside, fields in merge(_lines(own, own=True), _lines(others, own=False), key=lambda line: line[0]):
            said = from_json(fields["envelope"])
            linked_up = before is None or (before[0] + 1 == seq and said["prev_hash"] == before[1])
            if record_hash(fields["envelope"]) != fields["hash"] or said["seq"] != seq or not linked_up:
                raise _Altered("audit.pack-record", seq=seq)
            before = (seq, fields["hash"])
            if not inside:
                linked += 1
                continue
            records += 1
            if fields["body"] is None:
                pruned += 1
            elif body_hash(bytes.fromhex(fields["salt"]), fields["body"]) != said["body_hash"]:
                raise _Altered("audit.pack-record", seq=seq)
            else:
                _evidence(pack, said, from_json(fields["body"]))
    if before != (checkpoint.seq, checkpoint.hash):
        raise _Altered("audit.pack-checkpoint", seq=checkpoint.seq)
    return records, pruned, linked


def _evidence(pack: zipfile.ZipFile, said: dict[str, Any], body: dict[str, Any]) -> None:
    """The texts that lie beside are those of the record."""
    number = 0
    for target in body.get("targets", ()) if said["kind"] == "step_done" else ():
        for piece in (target.get("outcome") or {}).get("evidence", ()):
            number += 1
            name = evidence_name(said["run"], said["seq"], number)
            if pack.read(name) != str(piece["text"]).encode():
                raise _Altered("audit.pack-file", name=name)
