"""`port`: whether something listens on a port of the host, and on which addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Literal

from pydantic import Field, IPvAnyAddress

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble
from temanashi.checks.model import Given, Judgement, Observation, Spec
from temanashi.hosts.command import Command, Script
from temanashi.text.local import phrase

__all__ = ["KIND", "PortSpec", "parse_listening"]

Address = IPv4Address | IPv6Address
# State 0A is LISTEN; a UDP socket that waits for anybody is 07 with no other end (net/tcp_states.h). The headers show that a file
# was read: a host without IPv6 has no tcp6.
_ASK = r"""
grep -sE '^ *[0-9]+: [0-9A-F]+:[0-9A-F]{4} 0+:0000 (0A|07) |local_address' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6
exit 0
"""
_HEADER = re.compile(r"^/proc/net/(tcp|udp)6?:.*local_address", re.MULTILINE)
_ROW = re.compile(r"^/proc/net/(tcp|udp)6?: *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) 0+:0000 (0A|07) ", re.MULTILINE)
_LISTENING = {"tcp": "0A", "udp": "07"}


class PortSpec(Spec):
    """A port on which something must listen on the host itself; `tcp` instead connects to it from here."""

    kind: Literal["port"]
    port: int = Field(ge=1, le=65535, description="Port")
    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="tcp or udp")
    address: IPvAnyAddress | None = Field(
        default=None, description="It must be reachable under this address of the host; listening on all addresses counts"
    )
    only: tuple[IPvAnyAddress, ...] = Field(
        default=(), max_length=50, description="Nothing may listen on another address, e.g. [127.0.0.1, '::1']; else WARNING"
    )


def parse_listening(text: str, protocol: str, port: int) -> list[Address] | None:
    """The addresses of a port; None when no file could be read. IPv4 addresses within IPv6 ones are IPv4 addresses."""
    if not _HEADER.search(text):
        return None
    wanted = (protocol, f"{port:04X}", _LISTENING[protocol])
    rows = (address for kind, address, number, state in _ROW.findall(text) if (kind, number, state) == wanted)
    return [_address(row) for row in dict.fromkeys(rows)]


def _address(hexadecimal: str) -> Address:
    """/proc shows 32-bit words in the order of the processor, little end first on every one that we meet."""
    octets = bytes.fromhex(hexadecimal)
    turned = b"".join(octets[at : at + 4][::-1] for at in range(0, len(octets), 4))
    address = ip_address(turned)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class _Port:
    name = "port"
    spec = PortSpec

    def commands(self, _spec: PortSpec, /) -> list[Command]:
        return [Script(_ASK)]

    def observe(self, spec: PortSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("/proc/net/tcp", result):
            return problem
        listening = parse_listening(result.text, spec.protocol, spec.port)
        if listening is None:
            return Observation(problem=phrase("checks.port-not-read"), absent=True)
        return Observation(facts={"addresses": list(dict.fromkeys(map(str, listening)))})

    def judge(self, spec: PortSpec, facts: Mapping[str, Any], /) -> Judgement:
        addresses = [ip_address(text) for text in facts["addresses"]]
        shown = f"{spec.port}/{spec.protocol}"
        data = {"port": shown, "addresses": facts["addresses"]}
        expected = f"listening on {spec.address or 'any address'}"
        strange = [str(address) for address in addresses if spec.only and address not in spec.only]
        if not addresses:
            verdict, reason = Verdict.CRITICAL, phrase("checks.port-closed", port=shown)
        elif spec.address is not None and not any(_covers(address, spec.address) for address in addresses):
            verdict, reason = Verdict.CRITICAL, phrase("checks.port-elsewhere", wanted=str(spec.address), **data)
        elif strange:
            verdict, reason = Verdict.WARNING, phrase("checks.port-exposed", port=shown, addresses=strange)
        else:
            verdict, reason = Verdict.OK, phrase("checks.port-open", **data)
        return Judgement(verdict=verdict, reason=reason, expected=expected, observed=", ".join(facts["addresses"]) or "-")


def _covers(listening: Address, wanted: Address) -> bool:
    """An unspecified address is all of its family; `::` takes IPv4 in too, unless a program said otherwise (Linux's default)."""
    if listening == wanted:
        return True
    return listening.is_unspecified and (listening.version == 6 or wanted.version == 4)  # noqa: PLR2004  (IP versions)


KIND = _Port()
