"""An outside monitor on loopback, as Healthchecks would answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["SECRET", "Monitor"]

SECRET = "5f3a-secret-uuid"


class Monitor:
    """A monitor on loopback; `status` is what it answers, `posts` whether it takes any."""

    def __init__(self):
        self.heard, self.status, self.posts = [], 200, True
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                size = int(self.headers.get("content-length") or 0)
                status = 405 if self.command == "POST" and not monitor.posts else monitor.status
                monitor.heard.append((self.command, self.path, self.rfile.read(size).decode()))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST = _answer  # noqa: N815  (the names that http.server calls)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self):
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
