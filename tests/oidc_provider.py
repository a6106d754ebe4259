"""An OpenID Connect provider, run as a program of its own: discovery, a sign-in form, codes with PKCE, RS256 tokens, sign-out.

`python oidc_provider.py` prints its address. `POST /next` with JSON makes the next token wrong in one way: {"claims": {...}},
{"alg": "none"}, {"key": "other"}, {"drop": ["nonce"]}, {"signature": "cut"}; `POST /person` adds or changes somebody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

FORM = """<!doctype html><meta charset="utf-8"><title>Company account</title><h1>Company account</h1>
<form method="post"><input name="username" aria-label="User"><input name="password" type="password" aria-label="Password">
<button>Sign in</button></form>"""
CLIENT, SECRET = "temanashi", "the secret of the client"


def plain(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


class Provider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key, self.other = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
        self.key.ensure_kid()
        self.people: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.access: dict[str, dict[str, Any]] = {}
        self.signed_out: list[str] = []
        self.next: dict[str, Any] = {}
        self.groups_in_token = True

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none"],
            "code_challenge_methods_supported": ["S256"],
        }

    def id_token(self, about: dict[str, Any]) -> str:
        wrong, self.next = self.next, {}
        now = int(time.time())
        person = self.people[about["user"]]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": about["nonce"],
            **{name: value for name, value in person.items() if name != "password"},
        }
        if wrong.get("userinfo"):
            claims = {name: value for name, value in claims.items() if name not in {"groups", "preferred_username"}}
        claims |= wrong.get("claims", {})
        claims = {name: value for name, value in claims.items() if name not in wrong.get("drop", ())}
        if wrong.get("alg") == "none":
            return f"{plain({'alg': 'none', 'typ': 'JWT'})}.{plain(claims)}."
        if wrong.get("alg") == "HS256":  # signed with the public key, as if it were a secret
            said = f"{plain({'alg': 'HS256', 'kid': self.key.kid})}.{plain(claims)}"
            mark = hmac.digest(self.key.as_pem(private=False), said.encode(), "sha256")
            return f"{said}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
        if wrong.get("key") == "new":  # the provider changed its keys a moment ago
            self.key = RSAKey.generate_key(2048)
            self.key.ensure_kid()
        key = self.other if wrong.get("key") == "other" else self.key
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key)
        return token[: token.rindex(".") + 1] if wrong.get("signature") == "cut" else token


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: Any) -> None:
        pass

    def say(self, data: Any, status: int = 200, **headers: str) -> None:
        body = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8" if isinstance(data, str) else "application/json")
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def asked(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def do_GET(self) -> None:
        answers = {
            "/.well-known/openid-configuration": lambda: self.say(self.server.document()),
            "/keys": lambda: self.say({"keys": [self.server.key.as_dict(private=False, alg="RS256", use="sig")]}),
            "/authorize": self.show_form,
            "/userinfo": self.tell_of_person,
            "/leave": self.leave,
            "/left": lambda: self.say(self.server.signed_out),
        }
        answers.get(urlsplit(self.path).path, lambda: self.say({"error": "not_found"}, 404))()

    def show_form(self) -> None:
        asked = self.asked()
        if asked.get("client_id") != CLIENT or asked.get("response_type") != "code" or "openid" not in asked.get("scope", ""):
            return self.say("not a request of a client of ours", 400)
        return self.say(FORM)

    def tell_of_person(self) -> None:
        about = self.server.access.get(self.headers.get("authorization", "").removeprefix("Bearer "))
        self.say({n: v for n, v in about.items() if n != "password"} if about else {}, 200 if about else 401)

    def leave(self) -> None:
        asked = self.asked()
        self.server.signed_out.append(asked.get("id_token_hint", ""))
        back = asked.get("post_logout_redirect_uri", "")
        self.say("", 302, location=back) if back else self.say("signed out")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        path = urlsplit(self.path).path
        if path == "/next":
            self.server.next = json.loads(body)
            return self.say({})
        if path == "/person":
            told = json.loads(body)
            self.server.people[told.pop("user")] = told
            return self.say({})
        typed = {name: values[-1] for name, values in parse_qs(body).items()}
        if path == "/authorize":
            return self.signed_in(typed)
        if path == "/token":
            return self.token(typed)
        return self.say({"error": "not_found"}, 404)

    def signed_in(self, typed: dict[str, str]) -> None:
        asked, person = self.asked(), self.server.people.get(typed.get("username", ""))
        about = {"state": asked["state"]}
        if person is None or person["password"] != typed.get("password"):
            about["error"] = "access_denied"
        else:
            code = about["code"] = secrets.token_urlsafe(16)
            kept = {name: asked.get(name, "") for name in ("redirect_uri", "code_challenge", "code_challenge_method", "nonce")}
            self.server.codes[code] = {"user": typed["username"], **kept}
        self.say("", 302, location=f"{asked['redirect_uri']}?{urlencode(about)}")

    def token(self, typed: dict[str, str]) -> None:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {basic}":
            return self.say({"error": "invalid_client"}, 401)
        about = self.server.codes.pop(typed.get("code", ""), None)
        if about is None or about["redirect_uri"] != typed.get("redirect_uri"):
            return self.say({"error": "invalid_grant"}, 400)
        made = base64.urlsafe_b64encode(hashlib.sha256(typed.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if about["code_challenge_method"] != "S256" or about["code_challenge"] != made:
            return self.say({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        self.server.access[access] = self.server.people[about["user"]]
        return self.say(
            {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self.server.id_token(about)}
        )


if __name__ == "__main__":
    provider = Provider()
    sys.stdout.write(f"{provider.issuer}\n")
    sys.stdout.flush()
    provider.serve_forever(poll_interval=0.1)
