"""Small real servers on loopback for the tests, ended when the block ends."""

from __future__ import annotations

import gzip
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["proxy_server", "raw_server", "tls_context", "tls_server", "udp_server", "web_server"]


JSON = (
    b'\xef\xbb\xbf{"status": "UP", "queue": {"depth": 120, "oldest": "7.5"}, "nodes": [{"up": true}, {"up": false}], "none": null}'
)


class _Web(BaseHTTPRequestHandler):
    seen: list[tuple[str, dict[str, str]]]

    def log_message(self, *args: object) -> None:
        pass

    def answer(self, status: int = 200, body: bytes = b"status: UP\n", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **{n.replace("_", "-"): v for n, v in headers.items()}}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.seen.append((self.path, dict(self.headers)))
        page, _, rest = self.path.lstrip("/").partition("/")
        if page == "drip":
            self.drip()
            return
        gzipped = {"Content_Encoding": "gzip"}
        pages = {
            "status": lambda: self.answer(int(rest), b"maintenance"),
            "loop": lambda: self.answer(302, b"", Location="/loop/"),
            "to": lambda: self.answer(302, b"", Location=rest),
            "bomb": lambda: self.answer(200, gzip.compress(b"\0" * 50_000_000), **gzipped),
            "gzip": lambda: self.answer(200, gzip.compress(b"status: UP"), **gzipped),
            "broken-gzip": lambda: self.answer(200, b"not gzip", **gzipped),
            "brotli": lambda: self.answer(200, b"\x0b\x02\x80UP\x03", Content_Encoding="br"),
            "long": lambda: self.answer(200, b"x" * 3_000_000 + b"status: UP"),
            "sjis": lambda: self.answer(200, "状態：正常".encode("shift_jis"), Content_Type="text/html; charset=Shift_JIS"),
            "json": lambda: self.answer(200, JSON, Content_Type="application/json"),
            "maintenance": lambda: self.answer(200, "<h1>ただいまメンテナンス中です</h1>".encode(), Content_Type="text/html"),
            "as": lambda: self.answer(200 if self.headers["Authorization"] == rest.replace("+", " ") else 401),
            "echo": lambda: self.answer(200, str(self.headers).encode()),
            "cut-gzip": lambda: self.answer(200, gzip.compress(b"status: UP " * 100)[:-12], **gzipped),
            "huge-head": lambda: self.answer(X_Long="x" * 300_000),
            "odd-charset": lambda: self.answer(200, Content_Type="text/html; charset=no-such"),
        }
        pages.get(page, lambda: self.answer(X_Version="7.2"))()

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, dict(self.headers)))
        self.answer(200, self.headers.get("Content-Type", "").encode() + b"\n" + content)

    def do_OPTIONS(self) -> None:
        self.answer(200, b"", Allow="GET, HEAD")

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(OSError):
            for _ in range(200):
                self.wfile.write(b".")
                time.sleep(0.05)


@contextmanager
def web_server(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    """Port and requests seen of an HTTP server with a page for every trouble."""
    seen: list[tuple[str, dict[str, str]]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Web", (_Web,), {"seen": seen}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with _serving(server):
        yield server.server_address[1], seen


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that says to each connection whatever `talk` does."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                talk(self.request)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with _serving(server):
        yield server.server_address[1]


@contextmanager
def udp_server(reply: Callable[[bytes], bytes | None]) -> Iterator[int]:
    """The port of a server that answers each datagram."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, link = self.request
            answer = reply(data)
            if answer is not None:
                link.sendto(answer, self.client_address)

    with _serving(socketserver.UDPServer(("127.0.0.1", 0), Handler)) as server:
        yield server.server_address[1]


@contextmanager
def proxy_server(refusal: bytes = b"") -> Iterator[tuple[int, list[str]]]:
    """Port and first lines of a proxy that reaches every port of this machine, or answers `refusal`."""
    asked: list[str] = []

    def talk(link: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += link.recv(4096)
        first = head.split(b"\r\n")[0].decode()
        asked.append(first)
        if refusal:
            link.sendall(refusal)
            return
        method, target, _ = first.split()
        place = target if method == "CONNECT" else target.split("/")[2]
        with socket.create_connection(("127.0.0.1", int(place.rpartition(":")[2]))) as there:
            if method == "CONNECT":
                link.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                there.sendall(head)
            back = threading.Thread(target=_pump, args=(there, link), daemon=True)
            back.start()
            _pump(link, there)
            back.join(5)

    with raw_server(talk) as port:
        yield port, asked


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def tls_context(file: Path, *, clients: Path | None = None) -> ssl.SSLContext:
    """A server's context; `clients` is the authority whose certificate every client must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def tls_server(file: Path) -> Iterator[int]:
    """The port of a server that shakes hands and hangs up."""
    context = tls_context(file)

    def talk(link: socket.socket) -> None:
        with context.wrap_socket(link, server_side=True) as tls:
            tls.recv(1)

    with raw_server(talk) as port:
        yield port


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[socketserver.BaseServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
