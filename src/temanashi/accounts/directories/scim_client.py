"""Asking a service that speaks SCIM: bounded in time, size and tries, and the token is for one server only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from temanashi.accounts.directories import scim_faults as faults
from temanashi.accounts.directories.scim_answers import Again, Answer, judged, never_sent, root_of
from temanashi.accounts.directories.scim_settings import ScimSettings
from temanashi.clock import Clock
from temanashi.redaction import Redactor

if TYPE_CHECKING:
    from requests import Response, Session

__all__ = ["MOST_BYTES", "ScimClient"]

MOST_BYTES = 32 * 1024 * 1024
CHUNK = 64 * 1024
TRIES = 4
"""How often a read is sent at most, and a write that the service says it did not take (429)."""

FIRST_PAUSE = 1.0
SOCKET_SECONDS = 30.0


class _Asked(NamedTuple):
    """One request. `version` is what an entry must still have; `again` is how often it may be sent where that is not known."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str | int]
    body: Mapping[str, Any] | None
    version: str
    again: int


@dataclass(frozen=True)
class ScimClient:
    """Asks one service; `timeout` is seconds for one request with all its repetitions."""

    where: str
    settings: ScimSettings
    session: Session
    clock: Clock
    timeout: float
    redactor: Redactor

    @staticmethod
    def open(where: str, settings: ScimSettings, *, token: str, root: Path, clock: Clock, timeout: float) -> ScimClient:
        """A client with the token in it; connects to nothing. Raises ScimTokenForm and ScimNoCaFile."""
        import requests  # noqa: PLC0415  (most commands never ask a service)

        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise faults.ScimTokenForm(where, settings.token)
        session = requests.Session()
        session.trust_env = False  # a .netrc or a variable of this machine would send other credentials, or elsewhere
        session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/scim+json, application/json"})
        if settings.proxy is not None:
            session.proxies = {"http": settings.proxy, "https": settings.proxy}
        if settings.ca is not None:
            authority = root / settings.ca
            if not authority.is_file():
                raise faults.ScimNoCaFile(where, settings.ca)
            session.verify = str(authority)
        return ScimClient(where, settings, session, clock, timeout, Redactor([token]))

    def get(self, *path: str, **query: str | int) -> Answer:
        """Read; repeated a few times where the service is busy or in trouble."""
        return self._sent(_Asked("GET", path, query, None, "", TRIES))

    def write(self, method: str, *path: str, body: Mapping[str, Any], version: str = "") -> Answer:
        """Change, only what still has this version if one is given; sent again only where the service says it took nothing."""
        return self._sent(_Asked(method, path, {}, body, version, 1))

    def _sent(self, asked: _Asked) -> Answer:
        deadline = self.clock.monotonic() + self.timeout
        attempt = 0
        while True:
            try:
                return self._once(asked, deadline)
            except Again as again:
                pause = FIRST_PAUSE * 2**attempt if again.after is None else again.after
                attempt += 1
                most = TRIES if isinstance(again.fault, faults.ScimBusy) else asked.again
                if attempt >= most or self.clock.monotonic() + pause >= deadline:
                    raise again.fault from None
                self.clock.sleep(pause)

    def _once(self, asked: _Asked, deadline: float) -> Answer:
        import requests  # noqa: PLC0415

        seconds = max(0.1, min(SOCKET_SECONDS, deadline - self.clock.monotonic()))
        try:
            with self._response(asked, seconds) as response:
                raw = self._body(response, deadline)
        except requests.exceptions.SSLError as error:
            raise faults.ScimCertificate(self.where, self.redactor.text(root_of(error))) from None
        except requests.exceptions.ConnectTimeout:
            raise Again(faults.ScimUnreachable(self.where, f"{seconds:.0f} s")) from None
        except requests.exceptions.ConnectionError as error:
            kind = faults.ScimUnreachable if never_sent(error) else faults.ScimSilent
            raise Again(kind(self.where, self.redactor.text(root_of(error)))) from None
        except requests.exceptions.RequestException as error:
            raise Again(faults.ScimSilent(self.where, type(error).__name__)) from None
        return judged(response, raw, where=self.where, redactor=self.redactor, now=self.clock.now())

    def _response(self, asked: _Asked, seconds: float) -> Response:
        url = "/".join([self.settings.url, *(quote(part, safe="") for part in asked.path)])
        headers = {"If-Match": asked.version} if asked.version else {}
        if asked.body is not None:
            headers["Content-Type"] = "application/scim+json"
        return self.session.request(
            asked.method,
            f"{url}?{urlencode(asked.query)}" if asked.query else url,
            data=None if asked.body is None else json.dumps(asked.body).encode(),
            headers=headers,
            timeout=seconds,
            allow_redirects=False,
            stream=True,
        )

    def _body(self, response: Response, deadline: float) -> bytes:
        """All of it, or a fault where it is longer than anything sensible or comes too slowly."""
        parts, size = [], 0
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > MOST_BYTES:
                raise faults.ScimNonsense(self.where, f"> {MOST_BYTES // 1024 // 1024} MiB", status=response.status_code)
            if self.clock.monotonic() > deadline:
                raise faults.ScimSilent(self.where, f"{self.timeout:.0f} s", status=response.status_code)
            parts.append(part)
        return b"".join(parts)
