"""A small name server on loopback, over UDP and TCP on one port, with a name for every trouble."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

__all__ = ["name_server"]

ZONE = {
    ("www.example.test.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("www.example.test.", "AAAA"): ["2001:db8::1"],
    ("example.test.", "MX"): ["10 Mail.example.test."],
    ("example.test.", "TXT"): ['"v=spf1 " "-all"'],
    ("example.test.", "NS"): ["ns1.example.test.", "ns2.example.test."],
    ("1.2.0.192.in-addr.arpa.", "PTR"): ["www.example.test."],
    ("many.example.test.", "A"): [f"192.0.2.{n}" for n in range(1, 120)],
}
NAMES = {name for name, _ in ZONE}


@contextmanager
def name_server(address: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Port, and what was asked (`udp www.example.test. A`)."""
    asked: list[str] = []
    with socket.create_server((address, port)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(tcp.getsockname())
        threads = [threading.Thread(target=work, daemon=True) for work in (lambda: _udp(udp, asked), lambda: _tcp(tcp, asked))]
        for thread in threads:
            thread.start()
        try:
            yield tcp.getsockname()[1], asked
        finally:
            tcp.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):  # a datagram to itself ends the waiting
                udp.sendto(b"", udp.getsockname())
            for thread in threads:
                thread.join(5)


def _udp(link: socket.socket, asked: list[str]) -> None:
    while True:
        data, client = link.recvfrom(4096)
        if not data:
            return
        answer = _answer(data, "udp", asked)
        if answer is not None:
            link.sendto(answer, client)


def _tcp(link: socket.socket, asked: list[str]) -> None:
    with suppress(OSError):
        while True:
            client, _ = link.accept()
            with client:
                length = int.from_bytes(client.recv(2))
                answer = _answer(client.recv(length), "tcp", asked) or b""
                client.sendall(len(answer).to_bytes(2) + answer)


def _answer(data: bytes, way: str, asked: list[str]) -> bytes | None:
    query = dns.message.from_wire(data)
    question = query.question[0]
    name, record = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
    asked.append(f"{way} {name} {record}")
    reply = dns.message.make_response(query)
    first = name.partition(".")[0]
    if first == "silent" or (first == "lossy" and len(asked) % 2):
        return None
    if first == "garbage":
        return data[:2] + b"\xff" * 20
    if first == "slow":
        time.sleep(0.1)
    codes = {"broken": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED}
    if first in codes:
        reply.set_rcode(codes[first])
    elif first in {"alias", "lossy", "slow"}:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", "www.example.test."))
        reply.answer.append(dns.rrset.from_text("www.example.test.", 60, "IN", record, *ZONE["www.example.test.", record]))
    elif (name, record) in ZONE:
        reply.flags |= dns.flags.AA
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", record, *ZONE[name, record]))
    elif name not in NAMES:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    if way == "udp" and len(reply.to_wire()) > 512:
        reply.answer.clear()
        reply.flags |= dns.flags.TC
    return reply.to_wire()
