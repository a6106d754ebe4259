"""An auditor's words: one sentence for a record, one for a whole run."""

from __future__ import annotations

from datetime import datetime

from temanashi.audit.chapters import Chapter
from temanashi.audit.entries import EntryView
from temanashi.audit.finding import OPEN
from temanashi.audit.story import Story
from temanashi.reports.display import Display
from temanashi.text import has, say

__all__ = ["AuditWords", "state_of"]

SHORT = 12
_BY_OUTCOME = {"decision", "noted", "run_finished", "published", "publication", "emergency_stop", "account_review"}


def state_of(entry: EntryView) -> str:
    """The name of the mark beside an entry."""
    return ("waiting" if entry.outcome == OPEN else entry.outcome) if entry.run else ""


class AuditWords:
    """Sentences in one reader's language and the workspace's time zone."""

    def __init__(self, show: Display) -> None:
        self.show = show
        self.lang = show.lang

    def say(self, key: str, /, **data: object) -> str:
        """A text of the area `audit`."""
        return say(f"audit.{key}", self.lang, **data)

    def show_key(self, key: str) -> str:
        """A text of any area that needs no data."""
        return say(key, self.lang)

    def kind(self, kind: str) -> str:
        """The word of a kind of record; a kind that has none is its own word."""
        key = f"cli.kind-{kind.replace('_', '-')}"
        return say(key, self.lang) if has(key, self.lang) else kind

    def outcome(self, entry: EntryView) -> str:
        """How a run ended, or what a record without a run says came of it."""
        return "" if not entry.run and entry.outcome == entry.kind else self.outcome_word(entry.outcome, run=bool(entry.run))

    def outcome_word(self, outcome: str, *, run: bool | None = None) -> str:
        """The word of an outcome, of a run or of another event; one that has none is its own word."""
        areas = ["runs.state-"] if run else ["audit.outcome-"] if run is False else ["runs.state-", "audit.outcome-"]
        keys = [f"audit.outcome-{outcome}"] if outcome == OPEN else [f"{area}{outcome}" for area in areas]
        return next((say(key, self.lang) for key in keys if has(key, self.lang)), outcome)

    def person(self, name: str, kind: str, assurance: str) -> str:
        """A name, and whether somebody signed in under it."""
        return name if kind == "system" else self.say(f"person-{assurance}", name=name)

    def moment(self, text: str) -> str:
        """A time that is kept as ISO 8601 text."""
        try:
            return self.show.moment(datetime.fromisoformat(text))
        except ValueError:
            return text

    def digest(self, digest: str) -> str:
        """The beginning of a digest, as people compare it."""
        return digest.removeprefix("sha256:")[:SHORT]

    def sentence(self, chapter: Chapter) -> str:
        """What one record says."""
        who = self.person(chapter.actor, chapter.actor_kind, chapter.assurance)
        word = chapter.kind.replace("_", "-")
        if chapter.kind == "decision" and chapter.afterwards:
            word = "decision-afterwards"
        elif chapter.principal and chapter.outcome == "approved":
            word = "decision-deputy"
        elif chapter.kind in _BY_OUTCOME and has(f"audit.said-{word}-{chapter.outcome}", self.lang):
            word = f"{word}-{chapter.outcome}"
        key = f"audit.said-{word}" if has(f"audit.said-{word}", self.lang) else "audit.said-other"
        return say(
            key,
            self.lang,
            who=who,
            kind=self.kind(chapter.kind),
            step=chapter.step,
            count=len(chapter.targets),
            outcome=chapter.outcome,
            principal=chapter.principal,
            channel=say(f"pages.channel-{chapter.channel}", self.lang),
            until=self.moment(chapter.until),
        ).strip()

    def headline(self, story: Story) -> str:
        """The whole run in one sentence: who asked, who approved, what came of it."""
        entry = story.entry
        parts = [
            self.say("head-asked", who=self.person(entry.actor, entry.actor_kind, entry.assurance), when=self.show.moment(entry.at))
        ]
        if entry.beneficiary:
            parts.append(self.say("head-for", name=entry.beneficiary))
        if entry.approvers:
            parts.append(self.say("head-approved", names=entry.approvers))
        if entry.emergency:
            parts.append(self.say("head-emergency"))
        parts.append(self.say("head-open") if entry.outcome == OPEN else self.say("head-ended", outcome=self.outcome(entry)))
        return ("" if self.lang == "ja" else " ").join(parts)

    def plan_agreement(self, story: Story) -> str:
        """Whether what was approved is what ran; empty where nothing was to be approved."""
        if not story.approved_digests:
            return ""
        last = story.approved_digests[-1]
        key = "plan-unknown" if not story.plan_digest or not last else "plan-same" if last == story.plan_digest else "plan-other"
        return self.say(key, approved=self.digest(last), ran=self.digest(story.plan_digest))
