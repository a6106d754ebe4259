"""An HTTP request as YAML says it, as a change carries it, and as it is sent: secrets join it only when it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from temanashi.checks.fetching import Fetched, fetch
from temanashi.checks.http_request import HeaderName, Url
from temanashi.hosts.inventory import Host
from temanashi.runbooks.steps.contract import Effects, PlanContext
from temanashi.runbooks.steps.interrupting import unless_halted
from temanashi.runbooks.steps.values import BadValue, filled, is_later, is_template, strings, typed
from temanashi.runbooks.steps.wording import shown
from temanashi.runbooks.templates import Templated, render
from temanashi.text.local import phrase

__all__ = ["Address", "HeaderName", "Request", "planned", "request_templates", "sent"]

BASE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
SECRET = "{secret}"  # noqa: S105  (the word that stands for one)
_URL: TypeAdapter[str] = TypeAdapter(Url)
_READABLE = re.compile(r"[\x20-\x7e\t]*")


def _address(value: str) -> str:
    return value if is_template(value) else _URL.validate_python(value)


Address = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_address)]


class Request(BaseModel):
    """A request. Values are percent-encoded in the URL, except one at its very beginning, which is the base address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Address = Field(description="http:// or https:// address, a template")
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[HeaderName, str] = Field(
        default_factory=dict, description="Each value a template; `{secret}` stands for the secret of that header"
    )
    json_: JsonValue = Field(default=None, alias="json", description="Body as JSON, with templates")
    form: dict[str, str] | None = Field(default=None, description="Body as a web form sends it")
    body: str | None = Field(default=None, description="Body as text, a template")

    @model_validator(mode="after")
    def _one_body(self) -> Request:
        if len({"json_", "form", "body"} & self.model_fields_set) > 1:
            raise ValueError(phrase("steps.http-one-body"))
        return self


def request_templates(request: Request, loc: tuple[str | int, ...] = ()) -> Iterator[Templated]:
    """Every template of a request."""
    yield from strings({"url": request.url, "headers": dict(request.headers), "json": request.json_}, loc)
    yield from strings({"form": request.form, "body": request.body}, loc)


def planned(request: Request, ctx: PlanContext, host: Host | None) -> dict[str, Any]:
    """The request as JSON, filled in; raises TemplateFailed and BadValue."""
    headers = {name: ctx.render(text, host) for name, text in request.headers.items()}
    for name, text in headers.items():
        if not _READABLE.fullmatch(text):
            raise BadValue(ctx.item.id, f"headers.{name}", phrase("steps.http-header-text", value=shown(text, limit=60)))
    body = None if request.body is None else ctx.render(request.body, host)
    form = None if request.form is None else {name: ctx.render(text, host) for name, text in request.form.items()}
    try:
        json.dumps([body, form], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadValue(ctx.item.id, "body", phrase("steps.not-utf-8")) from None
    made: dict[str, Any] = {"method": request.method, "url": _url(request.url, ctx, host), "headers": headers}
    if "json_" in request.model_fields_set:
        made["json"] = filled(request.json_, lambda text: typed(ctx, text, host))
    return {**made, "form": form, "body": body}


def _url(template: str, ctx: PlanContext, host: Host | None) -> str:
    base = BASE.match(template)
    first = base[0] if base else ""
    url = ctx.render(first, host) + render(template[len(first) :], ctx.values(host), finalize=_quoted)
    if is_later(url):
        return url
    try:
        return _URL.validate_python(url)
    except ValidationError:
        raise BadValue(ctx.item.id, "url", phrase("steps.http-url", url=shown(url, limit=200))) from None


def _quoted(value: Any) -> str:
    text = str(value)
    if text in {".", ".."}:
        raise ValueError(repr(text))  # as a part of a path it would lead to another resource
    # The marks of outputs that are not known yet stay readable, so that the change is planned again when they are.
    return quote(text, safe=":").replace("%E2%80%B9", "‹").replace("%E2%80%BA", "›")


def sent(effects: Effects, made: Mapping[str, Any], payload: Mapping[str, Any], *, key: str | None) -> Fetched:
    """Send it and read the answer; raises SecretMissing, TargetError and Halted.

    `key` is told to the server as `Idempotency-Key`, so that it may know a repetition.
    """
    secrets = {name: effects.secret(ref) for name, ref in payload["secrets"].items()}
    headers, content = _filled_in(made, secrets)
    if key is not None and not any(name.lower() == "idempotency-key" for name in headers):
        headers["Idempotency-Key"] = quote(key, safe="/")
    reads = made["method"] in {"GET", "HEAD"}
    return unless_halted(
        lambda: fetch(
            made["url"],
            method=made["method"],
            headers=headers,
            redirects=payload["redirects"] if reads else 0,
            ca_file=payload["ca_file"],
            timeout=float(payload["timeout"]),
            clock=effects.clock,
            content=content,
        ),
        effects.halt,
    )


def _filled_in(made: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, str], bytes | None]:
    headers = dict(made["headers"])
    body: dict[str, Any] = {"json": made.get("json"), "form": made["form"]}
    for name, secret in secrets.items():
        where, _, field = name.partition(".")
        if where in body and field:
            if made["method"] not in {"GET", "HEAD"}:
                body[where] = {**(body[where] or {}), field: secret}
        else:
            headers[name] = headers.get(name, SECRET).replace(SECRET, secret)
    given = {name.lower() for name in headers}
    if "json" in made or body["json"] is not None:
        return _typed_as(headers, given, "application/json"), json.dumps(body["json"]).encode()
    if body["form"] is not None:
        return _typed_as(headers, given, "application/x-www-form-urlencoded"), urlencode(body["form"]).encode()
    return headers, None if made["body"] is None else made["body"].encode()


def _typed_as(headers: dict[str, str], given: set[str], media_type: str) -> dict[str, str]:
    return headers if "content-type" in given else {**headers, "Content-Type": media_type}
