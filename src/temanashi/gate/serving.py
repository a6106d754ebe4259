"""The server's process: Prefect's environment first, then everything that reads it."""

from __future__ import annotations

import sys

from temanashi.errors import TemanashiError
from temanashi.orchestration.certificate import Certificate
from temanashi.orchestration.holding import check_listening
from temanashi.orchestration.serving import enter
from temanashi.workspace.opening import open_installation

__all__ = ["main"]

GRACE_SECONDS = 5


def main() -> None:
    """Serve the workspace here until SIGTERM; exits with the code of an error of ours."""
    try:
        settings = enter()
        # Prefect reads its environment when it is imported.
        import uvicorn  # noqa: PLC0415

        from temanashi.gate.app import build_gate  # noqa: PLC0415
        from temanashi.gate.opening import build_door  # noqa: PLC0415
        from temanashi.pages import build_pages  # noqa: PLC0415

        with open_installation(settings.root) as installation:
            check_listening(settings)
            site, door = build_door(installation)
            app = build_gate(build_pages(site), settings, door=door)
            config = uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_level="warning",
                timeout_graceful_shutdown=GRACE_SECONDS,
                server_header=False,
                # Whoever is believed here says from which address, and over which scheme, a request came.
                proxy_headers=bool(settings.gate.proxies),
                forwarded_allow_ips=list(settings.gate.proxies),
            )
            tls = settings.gate.tls
            if tls is None:
                uvicorn.Server(config).run()
            else:
                from temanashi.gate.tls import TlsServer  # noqa: PLC0415

                TlsServer(config, tls, Certificate(settings, tls)).run()
    except TemanashiError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
