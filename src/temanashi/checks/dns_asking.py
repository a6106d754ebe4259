"""One question to a name server (RFC 1035), and what it answered."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from temanashi.checks.connecting import failure_word
from temanashi.checks.names import Address, addresses_of
from temanashi.checks.reaching import Deadline

__all__ = ["DnsAnswer", "ask_dns", "own_servers"]

TRIES = 3
"""A lost datagram is no dead server."""


@dataclass
class DnsAnswer:
    """The answer's code (`NOERROR`, `NXDOMAIN`, ...) and values, or the `failure` (a word) with a detail."""

    server: str = ""
    failure: str = ""
    detail: str = ""
    code: str = ""
    values: list[str] = field(default_factory=list)
    authoritative: bool = False


def own_servers() -> list[str]:
    """The name servers that this machine asks; empty where none are set."""
    try:
        return [str(server) for server in dns.resolver.Resolver(configure=True).nameservers]
    except dns.resolver.NoResolverConfiguration:
        return []


def ask_dns(name: str, record: str, servers: Sequence[str], port: int, deadline: Deadline) -> DnsAnswer:
    """Ask the servers in turn until one answers; the last failure otherwise. Raises NameNotFound and CannotMeasure."""
    addresses = [
        (server, address)
        for server in servers
        for address in addresses_of(server, port, timeout=deadline.left(), kind=socket.SOCK_DGRAM)
    ]
    answer = DnsAnswer(failure="timeout")
    for turn in range(TRIES):
        for server, address in addresses:
            tries_left = (TRIES - turn) * len(addresses)
            answer = _asked(name, record, server, address, max(deadline.left() / tries_left, 0.05))
            if answer.failure != "timeout" or deadline.over:
                break
        if answer.failure != "timeout" or deadline.over:
            break
    return answer


def _asked(name: str, record: str, server: str, address: Address, seconds: float) -> DnsAnswer:

    answer = DnsAnswer(server=server)
    query = dns.message.make_query(name, record)
    with socket.socket(address.family, socket.SOCK_DGRAM) as link:
        link.setblocking(False)
        try:
            link.connect(address.where)  # so that a port where nobody listens is told at once
            reply, _ = dns.query.udp_with_fallback(
                query, address.where[0], timeout=seconds, port=address.where[1], udp_sock=link, ignore_trailing=True
            )
        except dns.exception.Timeout:
            answer.failure = "timeout"
        except OSError as error:
            answer.failure = failure_word(error, what=f"{server}:{address.where[1]}")
        except (dns.exception.DNSException, EOFError) as error:
            answer.failure, answer.detail = "dns-protocol", f"{type(error).__name__} {error}".strip()[:200]
        else:
            answer.code = dns.rcode.to_text(reply.rcode())
            answer.authoritative = bool(reply.flags & dns.flags.AA)
            answer.values = sorted(_values(reply, record))
    return answer


def _values(reply: dns.message.Message, record: str) -> list[str]:
    wanted = dns.rdatatype.from_text(record)
    return [_text(item) for found in reply.answer if found.rdtype == wanted for item in found]


def _text(item: Any) -> str:
    strings = getattr(item, "strings", None)
    return b"".join(strings).decode("utf-8", "replace") if strings is not None else item.to_text()
