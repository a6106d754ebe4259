"""Who reads a page of the FAQ, and what of it is theirs: audience, own questions, and questions that wait for their answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.requests import Request

from temanashi.faq.asking_faults import NoSuchInquiry, UnknownEntry
from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry
from temanashi.pages.identity import signed_in
from temanashi.pages.mine import reader
from temanashi.pages.site import Site
from temanashi.people import Actor, People
from temanashi.signin.recognising import SignedIn
from temanashi.signin.roles import with_given
from temanashi.text import Lang
from temanashi.text.markdown import answer_html
from temanashi.workspace.demanding import today_of
from temanashi.workspace.inquiring import asker_names, reader_names
from temanashi.workspace.inquiry_people import answerers, audience_of, owned_by, people_of
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["FaqReader", "faq_reader"]


@dataclass(frozen=True, kw_only=True)
class FaqReader:
    """A reader. `me` is None where nobody signs in; `actor` also where no name was given."""

    site: Site
    published: PublishedWorkspace | None
    people: People
    actor: Actor | None
    me: SignedIn | None
    root: str

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of people.yaml that are surely theirs."""
        return people_of(self.actor, self.people)

    @cached_property
    def names(self) -> frozenset[str]:
        """The folded names under which they may have asked."""
        return reader_names(self.actor, self.people)

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The published entries that they may see."""
        may_see = audience_of(self.actor, self.people)
        every = self.published.entries if self.published is not None else {}
        return {name: entry for name, entry in every.items() if may_see(entry)}

    def entry(self, name: str) -> Entry:
        """An entry by its id; raises UnknownEntry, which does not tell of entries for others."""
        if name not in self.entries:
            raise UnknownEntry(name, known=self.entries)
        return self.entries[name]

    def owns(self, entry: Entry) -> bool:
        """Whether the entry is theirs to change."""
        return owned_by(entry, self.ids, self.people) or (self.me is None and not self.site.installation.settings.gate.sign_in)

    def asked(self, inquiry: Inquiry) -> bool:
        """Whether they asked this. Where nobody signs in, names are only typed, and everybody may speak for everybody."""
        return self.me is None or not asker_names(inquiry).isdisjoint(self.names)

    def answers(self, inquiry: Inquiry) -> bool:
        """Whether they are asked to answer this: whom it was handed to, or operators where that is nobody who is listed."""
        if inquiry.handed_at is None:
            return False
        if self.me is None:
            return True
        named = answerers(inquiry.to, self.people, self.site.installation.settings.channels)
        return not named.isdisjoint(self.ids) if named else self.me.may("steer")

    def accepts(self, inquiry: Inquiry) -> bool:
        """Whether what is proposed is theirs to take."""
        proposal = inquiry.proposal
        if proposal is None or proposal.state != "open":
            return False
        entry = self.entries.get(proposal.entry)
        if entry is not None:
            return self.owns(entry)
        return self.answers(inquiry)

    def may_read(self, inquiry: Inquiry) -> bool:
        """Whether an inquiry is shown to them."""
        return (
            self.asked(inquiry) or self.answers(inquiry) or self.accepts(inquiry) or (self.me is not None and self.me.may("audit"))
        )

    def check(self, inquiry: Inquiry) -> Inquiry:
        """The inquiry; raises NoSuchInquiry for one that is not theirs to see."""
        if not self.may_read(inquiry):
            raise NoSuchInquiry(inquiry.key)
        return inquiry

    @property
    def today(self) -> date:
        """Today in the workspace's time zone."""
        return today_of(self.site.installation)

    @property
    def may_write(self) -> bool:
        """Whether drafts can be written here: the server runs in the workspace."""
        return (self.site.installation.settings.root / "faq").is_dir()

    @property
    def may_add(self) -> bool:
        """Whether they may write new entries here: who owns one, and operators."""
        owner = self.me is None or self.me.may("steer") or any(self.owns(entry) for entry in self.entries.values())
        return self.may_write and owner

    def stale(self, entry: Entry) -> bool:
        """Whether the last day for which somebody vouched is over."""
        return entry.valid_until is not None and entry.valid_until < self.today

    def named(self, word: str) -> str:
        """The name of a person or a group of people.yaml."""
        return self.people.name(word.partition(":")[2] or word) if word else ""

    def html(self, entry: Entry, lang: Lang) -> Markup:
        """An entry's answer as safe HTML."""

        def image(name: str) -> str:
            return f"{self.root}/faq/entries/{entry.id}/images/{name}"

        def address(other: str) -> str:
            return f"{self.root}/faq/entries/{other}"

        return Markup(answer_html(entry.text(lang)[1].answer, image=image, entry=address))  # noqa: S704  (made safe there)


def faq_reader(site: Site, connection: Connection, request: Request) -> FaqReader:
    """The reader of a request; raises LedgerError."""
    published = site.published(connection)
    return FaqReader(
        site=site,
        published=published,
        people=with_given(connection, published.people) if published is not None else People(),
        actor=reader(request),
        me=signed_in(request),
        root=request.scope.get("root_path", ""),
    )
