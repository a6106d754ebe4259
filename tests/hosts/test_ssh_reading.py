"""Reading ahead from a socket."""

import os
import socket

import pytest

from temanashi.hosts.ssh.reading import ReadAheadSocket


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ReadAheadSocket(fileno=ours.detach()) as reader, theirs:
        yield reader, theirs


def test_bytes_come_in_order_whatever_the_pieces(ends):
    reader, theirs = ends
    sent = os.urandom(200_000)
    got = bytearray()
    for start in range(0, len(sent), 50_000):
        theirs.sendall(sent[start : start + 50_000])
        while len(got) < start + 50_000:
            piece = reader.recv(1 + len(got) % 777)
            assert 0 < len(piece) <= 777
            got += piece
    assert got == sent


def test_the_end_and_a_timeout_are_what_a_socket_says(ends):
    reader, theirs = ends
    reader.settimeout(0.01)
    with pytest.raises(TimeoutError):
        reader.recv(10)
    theirs.sendall(b"last")
    theirs.close()
    assert [reader.recv(3), reader.recv(3), reader.recv(3)] == [b"las", b"t", b""]
