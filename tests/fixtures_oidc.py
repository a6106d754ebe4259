"""The OpenID Connect provider of tests as a process, and a browser that signs in there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from oidc_provider import CLIENT, SECRET

__all__ = ["CLIENT", "OIDC_PASSWORD", "SECRET", "ProviderProcess"]

OIDC_PASSWORD = "the password at the provider"
PROGRAM = Path(__file__).with_name("oidc_provider.py")


class ProviderProcess:
    """`issuer` is its address. `next` makes its next token wrong."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, PROGRAM], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.issuer = self._process.stdout.readline().strip()
        assert self.issuer, "the provider did not start"
        self._client = httpx.Client(base_url=self.issuer, trust_env=False)

    def person(self, user: str, *groups: str, name: str = "", **more: Any) -> None:
        told = {"user": user, "sub": f"subject-of-{user}", "preferred_username": user, "name": name or user, "groups": list(groups)}
        assert self._client.post("/person", json=told | {"password": OIDC_PASSWORD} | more).is_success

    def next(self, **wrong: Any) -> None:
        assert self._client.post("/next", json=wrong).is_success

    @property
    def signed_out(self) -> list[str]:
        found: list[str] = self._client.get("/left").json()
        return found

    def sign_in(self, address: str, user: str, password: str = OIDC_PASSWORD) -> httpx.URL:
        """What a person does there: the form at the address, filled in. Where the browser is sent then."""
        assert "<form" in self._client.get(address).text
        answer = self._client.post(address, data={"username": user, "password": password})
        return httpx.URL(answer.headers["location"])

    @staticmethod
    def said(url: httpx.URL | str) -> dict[str, str]:
        """The query of an address."""
        return dict(parse_qsl(urlsplit(str(url)).query))

    def close(self) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
