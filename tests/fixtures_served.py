"""Our pages under a real address, for a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount


@contextmanager
def served_pages(app: Any) -> Iterator[str]:
    """The address of the pages of an app, on a free port, until the end of the block."""
    mounted = Starlette(routes=[Mount("/tema", app=app)])
    server = uvicorn.Server(uvicorn.Config(mounted, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/tema"
    server.should_exit = True
    thread.join(10)
