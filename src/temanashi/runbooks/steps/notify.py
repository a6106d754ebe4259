"""`notify`: tell people something, by mail or any other way that Apprise knows. Under the same key it is told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, State, Step
from temanashi.hosts.inventory import Host
from temanashi.notices import Delivery, Notice, Notifier
from temanashi.problems import problems_of
from temanashi.redaction import visible
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.channels import NoChannel
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.interrupting import Halted, unless_halted
from temanashi.runbooks.steps.values import places
from temanashi.runbooks.steps.wording import shown
from temanashi.runbooks.templates import Templated
from temanashi.text.local import LANGUAGES, LocalText, phrase

__all__ = ["KIND", "NotifySpec", "NotifyStep"]

SECONDS = 60.0


class NotifySpec(BaseModel):
    """`notify: {to: ops, title: ..., text: ...}`, or just the text, told to the addresses of `notify` in the settings.

    It is told once; if its text names `host`, once for each host.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: str = Field(default="", max_length=80, description="A channel of the settings; by default those who hear of failures")
    title: LocalText | None = Field(default=None, description="The step's title by default; may use templates")
    text: LocalText = Field(description="What is told; may use templates")


@dataclass(frozen=True)
class NotifyStep:
    """Tells people."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One message with its rendered text; raises NoChannel before anything is touched."""
        spec: NotifySpec = self.item.spec
        self.effects.channel(spec.to)
        return [self._change(spec, ctx, host) for host in places(ctx, KIND.templates(spec))]

    def _change(self, spec: NotifySpec, ctx: PlanContext, host: Host | None) -> Change:
        def rendered(written: LocalText) -> LocalText:
            texts = {lang: ctx.render(t, host) or "-" for lang in (*LANGUAGES, "plain") if (t := getattr(written, lang))}
            return LocalText.model_validate(texts)

        title = rendered(spec.title) if spec.title is not None else self.item.title or LocalText(plain=self.item.id)
        heading = _each(title, lambda text: shown(text, limit=200))
        return Change(
            step=self.item.id,
            target=NO_TARGET if host is None else host.name,
            kind="notify",
            summary=phrase("steps.notify-summary", to=spec.to or "notify", title=heading),
            payload={
                "to": spec.to,
                "title": title.model_dump(),
                "text": rendered(spec.text).model_dump(),
                "timeout": self.item.timeout or SECONDS,
            },
        )

    def apply(self, change: Change, key: str) -> Outcome:
        """Tell it, unless it was told under this key. What was not said to have arrived anywhere has failed."""
        started = self.effects.clock.now()
        outcome = self._told(change, key)
        return outcome.model_copy(update={"started_at": started, "ended_at": self.effects.clock.now()})

    def _told(self, change: Change, key: str) -> Outcome:
        seconds = float(change.payload["timeout"])
        try:
            notifier = self.effects.channel(change.payload["to"])
            notice = _notice(change, key, notifier)
            delivery = unless_halted(lambda: notifier.send(notice), self.effects.halt, seconds=seconds)
        except NoChannel as error:
            return Outcome(status="failed", reason=phrase(error.key, **error.data))
        except Halted:
            return Outcome(status="unknown", reason=phrase("steps.halted"))
        except TimeoutError:
            return Outcome(status="unknown", reason=phrase("steps.late", seconds=f"{seconds:g}"))
        return self._judged(notice, delivery, notifier)

    def _judged(self, notice: Notice, delivery: Delivery, notifier: Notifier) -> Outcome:
        outputs = {"title": notice.title, "text": notice.body}
        failures = [failure.model_dump() for failure in delivery.failures]
        if delivery.status == "told":
            reason = phrase("steps.notify-partly", failures=failures) if failures else None
            return Outcome(status="changed", reason=reason, outputs=outputs)
        if delivery.status == "known":
            if notifier.told(notice.key) == "yes":
                return Outcome(status="already", outputs=outputs)
            return Outcome(status="unknown", reason=phrase("steps.notify-under-way"))
        return Outcome(status="failed", reason=phrase("steps.notify-failed", failures=failures))

    def observe(self, change: Change) -> State:
        """Whether it was told under its key; unknown when the telling was interrupted."""
        if not self.effects.run:
            return State(happened="unknown")
        return State(happened=self.effects.channel(change.payload["to"]).told(_told_as(self.effects.key(change))))

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """What was said cannot be unsaid."""
        return Irreversible(reason=phrase("steps.notify-irreversible"))


def _notice(change: Change, key: str, notifier: Notifier) -> Notice:
    title = LocalText.model_validate(change.payload["title"]).text(notifier.lang)
    text = LocalText.model_validate(change.payload["text"]).text(notifier.lang)
    return Notice(_told_as(key), shown(title, limit=200), visible(text))


def _told_as(key: str) -> str:
    return f"step:{key}"


def _each(text: LocalText, change: Any) -> LocalText:
    return LocalText.model_validate({lang: change(t) for lang in (*LANGUAGES, "plain") if (t := getattr(text, lang))})


class _Notify:
    name = "notify"

    def parse(self, value: Any) -> Parsed:
        written = value if isinstance(value, dict) and not set(value) <= set(LANGUAGES) else {"text": value}
        try:
            return Parsed(NotifySpec.model_validate(written))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=NotifySpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(NotifySpec | LocalText).json_schema()

    def templates(self, spec: NotifySpec) -> Iterable[Templated]:
        written = [("title", spec.title), ("text", spec.text)]
        return [
            Templated((name,), text)
            for name, local in written
            if local is not None
            for lang in (*LANGUAGES, "plain")
            if (text := getattr(local, lang))
        ]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return NotifyStep(item, effects)


KIND = _Notify()
