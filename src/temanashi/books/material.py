"""What a month's figures are computed from: the register of demand, signed baselines, and what runs and people did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from temanashi.books.baseline import SignedVersion, signed_versions
from temanashi.books.demand import Register, registered
from temanashi.books.usage import Usage, usage_of
from temanashi.ledger.records import Record

__all__ = ["Material", "material_of"]


@dataclass(frozen=True, slots=True)
class Material:
    """All that figures need, and on how many records it rests."""

    register: Register
    versions: Mapping[str, tuple[SignedVersion, ...]]
    usage: Usage
    records: int


def material_of(records: Iterable[Record], zone: ZoneInfo) -> Material:
    """From records in any order; one given twice is one."""
    known = list({(record.chain, record.seq): record for record in records}.values())
    return Material(registered(known, zone), signed_versions(known), usage_of(known, zone), len(known))
