"""`http`: send a request from here and judge the answer. What may have reached the server is never repeated blindly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, TypeAdapter, ValidationError, model_validator

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, OutcomeStatus, State, Step, evidence_of
from temanashi.checks.fetching import Fetched
from temanashi.checks.fields import AbsolutePath
from temanashi.checks.wording import number
from temanashi.errors import TargetError
from temanashi.hosts.inventory import Host
from temanashi.problems import problems_of
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.calling import refusal
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.expecting import Expectation, json_of, unmet
from temanashi.runbooks.steps.interrupting import Halted
from temanashi.runbooks.steps.requesting import Address, HeaderName, Request, planned, request_templates, sent
from temanashi.runbooks.steps.values import given_secrets, places, strings, typed
from temanashi.runbooks.steps.wording import shown, titled, undo_summary
from temanashi.runbooks.templates import Templated
from temanashi.secrets import SecretMissing
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "HttpSpec", "HttpStep"]

KEPT = 10_000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
IDEMPOTENT = SAFE | {"PUT", "DELETE"}
"""RFC 9110, section 9.2.2."""
NEVER_SENT = frozenset({"refused", "no-route", "tls", "redirects"})
"""Failures after which it is certain that nothing was done."""
REFUSED = frozenset({*range(300, 500), 501, 503})
"""Codes with which a server says that it did not do it."""
TOLD_HEADERS = ("content-type", "location", "retry-after")


class Look(BaseModel):
    """A read-only request that tells whether the wished state is there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Address
    method: Literal["GET", "HEAD"] = "GET"
    expect: Expectation = Expectation()


class HttpSpec(Request):
    """`http: {method: POST, url: "https://...", json: {...}, secrets: {Authorization: token}, expect: {status: 201}}`, or a URL.

    A step is done once; if one of its templates names `host`, once for each host. GET, HEAD, PUT, DELETE and what is declared
    `idempotent` may be sent again. Any other request that got no clear answer is UNKNOWN, unless `observe` can tell.
    """

    expect: Expectation = Expectation()
    secrets: dict[HeaderName, str] = Field(
        default_factory=dict,
        description="Header (or `json.FIELD`, `form.FIELD`): name of a secret parameter, or a reference",
    )
    timeout: PositiveFloat = Field(default=30, le=3600, description="Seconds in all")
    redirects: int = Field(default=5, ge=0, le=20, description="Redirects that GET and HEAD follow")
    ca_file: AbsolutePath | None = Field(default=None, description="Trusted certificates (PEM) instead of the machine's own")
    reads: bool | None = Field(default=None, description="The request changes nothing; true for GET, HEAD and OPTIONS by default")
    idempotent: bool | None = Field(default=None, description="May be sent twice; true for PUT and DELETE by default")
    observe: Look | None = Field(default=None, description="A look that tells whether the wished state is there")
    undo: Request | None = Field(default=None, description="A request that takes it back")
    undone: Look | None = Field(default=None, description="A look that tells whether it is taken back")

    @model_validator(mode="after")
    def _reading_needs_no_undo(self) -> HttpSpec:
        if self.only_reads and self.undo is not None:
            raise ValueError(phrase("steps.http-reads-and-undo"))
        return self

    @property
    def only_reads(self) -> bool:
        """Whether the request changes nothing."""
        return self.method in SAFE if self.reads is None else self.reads

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is the same as once."""
        return self.only_reads or (self.method in IDEMPOTENT if self.idempotent is None else self.idempotent)


@dataclass(frozen=True)
class HttpStep:
    """Sends a request, from the machine that runs the step."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change, or one a host where the templates name `host`. Sends nothing."""
        return [self._change(ctx, host) for host in places(ctx, KIND.templates(self.item.spec))]

    def _change(self, ctx: PlanContext, host: Host | None) -> Change:
        spec: HttpSpec = self.item.spec
        made = planned(spec, ctx, host)

        def expected(expect: Expectation) -> Any:
            return expect.payload(lambda text: typed(ctx, text, host))

        def looking(look: Look | None) -> dict[str, Any] | None:
            if look is None:
                return None
            return {"request": planned(Request(url=look.url, method=look.method), ctx, host), "expect": expected(look.expect)}

        target = NO_TARGET if host is None else host.name
        what = f"{made['method']} {made['url']}"
        key = "steps.http-reads" if spec.only_reads else "steps.http-summary"
        plain = phrase(key, method=made["method"], url=shown(made["url"], limit=200))
        return Change(
            step=self.item.id,
            target=target,
            kind="http",
            summary=titled(self.item, what, host=target, reads=spec.only_reads, otherwise=plain),
            payload={
                "request": made,
                "expect": expected(spec.expect),
                "observe": looking(spec.observe),
                "undo": None if spec.undo is None else planned(spec.undo, ctx, host),
                "undone": looking(spec.undone),
                "secrets": given_secrets(spec.secrets, ctx),
                "repeatable": spec.repeatable,
                "redirects": spec.redirects,
                "ca_file": spec.ca_file,
                "timeout": self.item.timeout or spec.timeout,
            },
            reads_only=spec.only_reads,
            reversible=spec.undo is not None,
        )

    def apply(self, change: Change, key: str) -> Outcome:
        """Send it, unless `observe` sees that the wished state is there already."""
        started = self.effects.clock.now()
        if change.payload["observe"] and self.observe(change).happened == "yes":
            outcome = Outcome(status="already")
        else:
            outcome = self._sent(change, key)
        return outcome.model_copy(update={"started_at": started, "ended_at": self.effects.clock.now()})

    def _sent(self, change: Change, key: str) -> Outcome:
        try:
            fetched = sent(self.effects, change.payload["request"], change.payload, key=None if change.reads_only else key)
        except SecretMissing as error:
            return Outcome(status="failed", reason=phrase(error.key, **error.data))
        except TargetError as error:  # no address, no certificates: nothing was sent
            return Outcome(status="failed", reason=refusal(self.effects, error))
        except Halted:
            return Outcome(status="unknown", reason=phrase("steps.halted"))
        return self._judged(change, self._redacted(fetched))

    def _redacted(self, fetched: Fetched) -> Fetched:
        masked = self.effects.redactor
        fetched.body, fetched.url, fetched.detail = masked.text(fetched.body), masked.text(fetched.url), masked.text(fetched.detail)
        fetched.headers = {name: masked.text(value) for name, value in fetched.headers.items()}
        return fetched

    def _judged(self, change: Change, fetched: Fetched) -> Outcome:
        if fetched.failure:
            seconds = number(float(change.payload["timeout"]))
            why = phrase(f"checks.failure-{fetched.failure}", seconds=seconds, detail=shown(fetched.detail, limit=200))
            status: OutcomeStatus = "failed" if fetched.failure in NEVER_SENT else "unknown"
            return Outcome(status=status, reason=phrase("steps.http-no-answer", url=shown(fetched.url, limit=200), why=why))
        told = "\n".join(
            [f"HTTP {fetched.status}", *(f"{n}: {v}" for n, v in fetched.headers.items() if n in TOLD_HEADERS), "", fetched.body]
        )
        evidence = (evidence_of("response", told),)
        details = ({"status": fetched.status, "url": shown(fetched.url), "redirects": fetched.redirects},)
        reason = unmet(change.payload["expect"], fetched)
        if reason is not None:
            status = "failed" if change.payload["repeatable"] or fetched.status in REFUSED else "unknown"
            return Outcome(status=status, reason=_told(reason, status), details=details, evidence=evidence)
        outputs: dict[str, Any] = {"code": fetched.status, "body": fetched.body.strip()[:KEPT]}
        parsed = json_of(fetched)
        if isinstance(parsed, (dict, list, str, int, float, bool)):
            outputs["json"] = parsed
        return Outcome(status="already" if change.reads_only else "changed", details=details, outputs=outputs, evidence=evidence)

    def observe(self, change: Change) -> State:
        """What `observe` says. Without it, what may be sent twice counts as not happened, and anything else as unknown."""
        look = change.payload["observe"]
        if not look:
            return State(happened="no" if change.payload["repeatable"] else "unknown")
        try:
            fetched = self._redacted(sent(self.effects, look["request"], change.payload, key=None))
        except (TargetError, SecretMissing, Halted):
            return State(happened="unknown")
        if fetched.failure or fetched.status >= 500:  # noqa: PLR2004  (the server failed; it says nothing about the state)
            return State(happened="unknown")
        evidence = (evidence_of("observed", f"HTTP {fetched.status}\n\n{fetched.body}"),)
        happened: Literal["yes", "no"] = "yes" if unmet(look["expect"], fetched) is None else "no"
        return State(happened=happened, facts={"status": fetched.status}, evidence=evidence)

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The `undo` request as a change, or that there is none."""
        made = change.payload["undo"]
        if not made:
            return Irreversible(reason=phrase("steps.http-irreversible"))
        repeatable = made["method"] in IDEMPOTENT
        payload = {
            **change.payload,
            "request": made,
            "observe": change.payload["undone"],
            "undo": None,
            "expect": {},
            "repeatable": repeatable,
        }
        summary = undo_summary(self.item, f"{made['method']} {made['url']}", host=change.target)
        return change.model_copy(update={"summary": summary, "payload": payload, "reversible": False})


def _told(reason: Phrase, status: OutcomeStatus) -> Phrase:
    return reason if status == "failed" else phrase("steps.http-unclear", reason=reason)


class _Http:
    name = "http"

    def parse(self, value: Any) -> Parsed:
        try:
            return Parsed(HttpSpec.model_validate({"url": value} if isinstance(value, str) else value))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=HttpSpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(HttpSpec | str).json_schema()

    def templates(self, spec: HttpSpec) -> Iterable[Templated]:
        found = [*request_templates(spec), *spec.expect.templates(("expect",))]
        for name, look in (("observe", spec.observe), ("undone", spec.undone)):
            if look is not None:
                found += [*strings({"url": look.url}, (name,)), *look.expect.templates((name, "expect"))]
        return found if spec.undo is None else [*found, *request_templates(spec.undo, ("undo",))]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return HttpStep(item, effects)


KIND = _Http()
