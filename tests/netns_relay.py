"""Runs a server that insists on fixed low ports in a network namespace of its own, reached through ports of the outer loopback.

usage: netns_relay.py OUTER:INNER [OUTER:INNER ...] -- COMMAND...
A socket stays in the namespace where it was made: we listen first, and leave afterwards.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41


def leave():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_RUNNING))


def pump(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def serve(listener, inner):
    while True:
        outside, _ = listener.accept()
        try:
            inside = socket.create_connection(("127.0.0.1", inner), 10)
        except OSError:
            outside.close()
            continue
        for one in (outside, inside):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pair in ((outside, inside), (inside, outside)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def main():
    cut = sys.argv.index("--")
    pairs = [tuple(map(int, word.split(":"))) for word in sys.argv[1:cut]]
    listeners = [(socket.create_server(("127.0.0.1", outer)), inner) for outer, inner in pairs]
    leave()
    child = subprocess.Popen(sys.argv[cut + 1 :])
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    for pair in listeners:
        threading.Thread(target=serve, args=pair, daemon=True).start()
    sys.exit(child.wait())


if __name__ == "__main__":
    main()
