"""`template`: a file on each target, made from a template, or a message for later steps. It is replaced whole or not at all."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, StringConstraints, TypeAdapter, ValidationError, model_validator

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, State, Step, evidence_of
from temanashi.errors import TargetError
from temanashi.hosts.inventory import Host
from temanashi.problems import problems_of
from temanashi.redaction import visible
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.calling import refusal
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.differences import counted, difference
from temanashi.runbooks.steps.files import FileTrouble, Found, look, replace
from temanashi.runbooks.steps.restoring import restored
from temanashi.runbooks.steps.values import BadValue, is_later, places
from temanashi.runbooks.steps.wording import shown, titled, undo_summary
from temanashi.runbooks.templates import Templated
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "TemplateSpec", "TemplateStep"]

Owner = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$", max_length=64)]
Mode = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3}$")]
NAME_KEPT = 40
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class TemplateSpec(BaseModel):
    """`template: {path: /etc/motd, content: "..."}`, or just the content of a message.

    With `reads: true` the plan reads the file and shows the difference; a file that changes after that is a conflict. What was
    there before is kept beside the file, so that it can be put back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: str = Field(max_length=100_000, description="The whole content; a template")
    path: str | None = Field(default=None, min_length=1, max_length=4000, description="The file, from the root; a template")
    mode: Mode | None = Field(default=None, description='Octal, in quotes ("0644"); what it was, or 0644, by default')
    owner: Owner | None = Field(default=None, description="User; what it was by default")
    group: Owner | None = Field(default=None, description="Group; what it was by default")
    reads: bool = Field(default=False, description="The plan, also of a dry run, reads the file")
    backup: bool = Field(default=True, description="Keep what was there before, for undo")
    sensitive: bool = Field(default=False, description="The content is shown nowhere; a new file is readable for its owner only")
    timeout: PositiveFloat = Field(default=60, le=3600, description="Seconds")

    @model_validator(mode="after")
    def _a_message_is_no_file(self) -> TemplateSpec:
        if self.path is None and self.model_fields_set - {"content"}:
            raise ValueError(phrase("steps.template-needs-path"))
        return self


@dataclass(frozen=True)
class TemplateStep:
    """Makes a file, or a message."""

    item: StepItem
    effects: Effects

    @property
    def spec(self) -> TemplateSpec:
        """What the YAML says."""
        spec: TemplateSpec = self.item.spec
        return spec

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change a host; a message once, or once a host where it names `host`. Reads only where `reads` says so."""
        if self.spec.path is None:
            return [self._message(ctx, host) for host in places(ctx, KIND.templates(self.spec))]
        return [self._file(ctx, host, self.spec.path) for host in ctx.hosts]

    def _message(self, ctx: PlanContext, host: Host | None) -> Change:
        text = self._content(ctx, host)
        target = NO_TARGET if host is None else host.name
        plain = phrase("steps.template-message", text=shown(text, limit=100))
        summary = titled(self.item, shown(text, limit=100), host=target, reads=True, otherwise=plain)
        payload = {"path": None, "content": text}
        return Change(step=self.item.id, target=target, kind="template", summary=summary, payload=payload, reads_only=True)

    def _content(self, ctx: PlanContext, host: Host | None) -> str:
        content = ctx.render(self.spec.content, host)
        try:
            content.encode()
        except UnicodeEncodeError:
            raise BadValue(self.item.id, "content", phrase("steps.not-utf-8")) from None
        return content

    def _file(self, ctx: PlanContext, host: Host, template: str) -> Change:
        path, content = ctx.render(template, host), self._content(ctx, host)
        if not is_later(path) and not _usable(path):
            raise BadValue(self.item.id, "path", phrase("steps.template-path", path=shown(path, limit=200)))
        spec = self.spec
        owner = (spec.owner or "") + (f":{spec.group}" if spec.group else "")
        payload = {
            "path": path,
            "content": content,
            "mode": spec.mode or "",
            "owner": owner,
            "backup": _backup_of(path, content) if spec.backup else "",
            "sensitive": spec.sensitive,
            "timeout": self.item.timeout or spec.timeout,
        }
        plain = phrase("steps.template-file", host=host.name, path=shown(path, limit=200))
        change = Change(
            step=self.item.id,
            target=host.name,
            kind="template",
            summary=titled(self.item, path, host=host.name, reads=False, otherwise=plain),
            payload=payload,
            reversible=spec.backup,
        )
        return self._seen(change) if spec.reads and not is_later(payload) else change

    def _seen(self, change: Change) -> Change:
        """The change with the difference that it would make."""
        path = shown(change.payload["path"], limit=200)
        try:
            found = self._look(change)
        except TargetError as error:
            why = refusal(self.effects, error)
            return change.model_copy(update={"summary": phrase("steps.template-unread", host=change.target, path=path, why=why)})
        told = "" if change.payload["sensitive"] else self._difference(change, found)
        already = _wished(change, found)
        words = {"host": change.target, "path": path, "counts": "" if change.payload["sensitive"] else counted(told)}
        key = "steps.template-already" if already else f"steps.template-{'new' if found.state == 'absent' else 'changes'}"
        return change.model_copy(
            update={
                "summary": self._titled(change, phrase(key, **words)),
                "before": found.facts(),
                "after": {"sha256": _digest(change), "difference": told},
                "preconditions": {"sha256": found.digest},
                "already": already,
            }
        )

    def _titled(self, change: Change, plain: Phrase) -> Phrase:
        return phrase("steps.titled", title=self.item.title, what=plain) if self.item.title is not None else plain

    def _difference(self, change: Change, found: Found) -> str:
        text = difference(
            found.content, change.payload["content"].encode(), path=change.payload["path"], new=found.state == "absent"
        )
        return visible(self.effects.redactor.text(text))

    def _look(self, change: Change) -> Found:
        transport = self.effects.connect(self.effects.host(change.target))
        return look(transport, change.payload["path"], timeout=float(change.payload["timeout"]))

    def apply(self, change: Change, key: str) -> Outcome:
        """Replace the file, unless it is as wished; a file that is not what the plan saw is a conflict."""
        started = self.effects.clock.now()
        if change.payload["path"] is None:
            outcome = Outcome(status="already", outputs={"text": change.payload["content"]})
        else:
            try:
                outcome = restored(self.effects, change, key) if "restore" in change.payload else self._written(change, key)
            except FileTrouble as error:
                outcome = Outcome(status="failed", reason=refusal(self.effects, error))
            except TargetError as error:
                outcome = Outcome(status="unknown", reason=refusal(self.effects, error))
        return outcome.model_copy(update={"started_at": started, "ended_at": self.effects.clock.now()})

    def _written(self, change: Change, key: str) -> Outcome:
        payload, found = change.payload, self._look(change)
        outputs = {"path": payload["path"], "sha256": _digest(change)}
        if _wished(change, found):
            return Outcome(status="already", outputs=outputs, before=found.facts())
        conflict = Outcome(status="conflict", reason=phrase("steps.template-conflict", path=shown(payload["path"], limit=200)))
        if change.preconditions.get("sha256", found.digest) != found.digest:
            return conflict
        fresh = "" if found.state == "file" else "0600" if payload["sensitive"] else "0644"
        told = "" if payload["sensitive"] else self._difference(change, found)
        done = replace(
            self.effects.connect(self.effects.host(change.target)),
            payload["path"],
            payload["content"].encode(),
            expected=found.digest,
            mode=payload["mode"] or fresh,
            owner=payload["owner"],
            backup=payload["backup"],
            key=key,
            timeout=float(payload["timeout"]),
        )
        if not done:
            return conflict
        evidence = (evidence_of("difference", told, media_type="text/x-diff"),) if told else ()
        return Outcome(status="changed", outputs=outputs, before=found.facts(), evidence=evidence)

    def observe(self, change: Change) -> State:
        """Whether the file is as wished; it is written whole or not at all, so anything else means that it did not happen."""
        if change.payload["path"] is None:
            return State(happened="no")
        if "restore" in change.payload:  # it looks before it acts, so it may simply be done again
            return State(happened="no")
        try:
            found = self._look(change)
        except TargetError:
            return State(happened="unknown")
        return State(happened="yes" if _wished(change, found) else "no", facts=found.facts())

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """What was there, put back; a file that is not what we wrote any more is left alone."""
        payload = change.payload
        if payload["path"] is None:
            return Irreversible(reason=phrase("steps.template-message-irreversible"))
        if not payload["backup"]:
            return Irreversible(reason=phrase("steps.template-irreversible"))
        summary = undo_summary(self.item, payload["path"], host=change.target)
        kept = {name: payload[name] for name in ("path", "backup", "timeout")}
        restoring = {**kept, "restore": before or {}, "written": _digest(change)}
        clear: dict[str, Any] = {"before": None, "after": None, "preconditions": {}, "already": False, "reversible": False}
        return change.model_copy(update={"summary": summary, "payload": restoring, **clear})


def _usable(path: str) -> bool:
    return path.startswith("/") and posixpath.basename(path) not in {"", ".", ".."} and not CONTROL.search(path)


def _digest(change: Change) -> str:
    return hashlib.sha256(change.payload["content"].encode()).hexdigest()


def _backup_of(path: str, content: str) -> str:
    folder, name = posixpath.split(path)
    mark = hashlib.sha256(f"{name}\0{content}".encode()).hexdigest()[:12]
    return posixpath.join(folder, f".{name[:NAME_KEPT]}.tema-{mark}.bak")


def _wished(change: Change, found: Found) -> bool:
    payload = change.payload
    user, _, group = payload["owner"].partition(":")
    return (
        found.digest == _digest(change)
        and (not payload["mode"] or int(payload["mode"], 8) == int(found.mode, 8))
        and user in {"", found.owner}
        and group in {"", found.group}
    )


class _Template:
    name = "template"

    def parse(self, value: Any) -> Parsed:
        try:
            return Parsed(TemplateSpec.model_validate({"content": value} if isinstance(value, str) else value))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=TemplateSpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(TemplateSpec | str).json_schema()

    def templates(self, spec: TemplateSpec) -> Iterable[Templated]:
        return [Templated((name,), text) for name, text in (("content", spec.content), ("path", spec.path)) if text is not None]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return TemplateStep(item, effects)


KIND = _Template()
