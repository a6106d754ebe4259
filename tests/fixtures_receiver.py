"""A receiver of alerts on loopback: keeps what it heard, and answers what a test wants."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["FakeReceiver"]


class FakeReceiver:
    """`answers` are (status, headers) for the next requests; 202 when there are none left."""

    def __init__(self):
        self.heard, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(size))
                status, headers = receiver.answers.pop(0) if receiver.answers else (202, {})
                receiver.heard.append((self.path, dict(self.headers.items()), body, status))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def taken(self):
        """The bodies of what was accepted."""
        return [body for _, _, body, status in self.heard if status < 300]

    def close(self):
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
