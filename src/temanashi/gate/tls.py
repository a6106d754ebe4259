"""One server, two addresses: the plain one for this machine's own programs, and an encrypted one for everybody else."""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from typing import Any

import uvicorn

from temanashi.orchestration.certificate import Certificate, CertificateUnreadable
from temanashi.settings_sections import TlsSettings
from temanashi.text import explain

__all__ = ["TlsServer"]

TICKS = 600
"""uvicorn ticks ten times a second: a renewed certificate is taken up within a minute."""

_log = logging.getLogger("temanashi.gate")


class TlsServer(uvicorn.Server):
    """Serves the same application over TLS too; connections of both end together."""

    def __init__(self, config: uvicorn.Config, tls: TlsSettings, certificate: Certificate) -> None:
        super().__init__(config)
        self._tls = tls
        self._certificate = certificate

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on both, once the application is ready."""
        await super().startup(sockets)
        if self.should_exit:
            return
        kind: Any = self.config.http_protocol_class
        protocol = functools.partial(kind, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        listening = await asyncio.get_running_loop().create_server(
            protocol, self._tls.host, self._tls.port, ssl=self._certificate.context, backlog=self.config.backlog
        )
        self.servers.append(listening)

    async def on_tick(self, counter: int) -> bool:
        """Look for a renewed certificate from time to time; a bad one changes nothing and is told in the log."""
        if counter % TICKS == 0:
            try:
                self._certificate.renew()
            except CertificateUnreadable as error:
                _log.error("%s", explain(error, "en").what)
        return await super().on_tick(counter)
