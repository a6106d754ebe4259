"""The order of the sheet's words, and its sentences in a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from temanashi.runs.check_rows import NOT_RUN
from temanashi.text.catalogue import say

if TYPE_CHECKING:
    from temanashi.reports.display import Display
    from temanashi.reports.morning import Mark, MorningSheet
    from temanashi.reports.morning_changes import Item
    from temanashi.reports.morning_lines import SheetLine

__all__ = ["BAD", "MEASURED_BAD", "ORDER", "RANK", "SheetWords"]

ORDER = ("CRITICAL", "UNKNOWN", NOT_RUN, "WARNING", "PENDING", "OK", "SKIPPED")
"""What is told first. SKIPPED is the word of a sheet only where everything was skipped."""
BAD = ORDER[:4]
MEASURED_BAD = ("CRITICAL", "WARNING")
RANK: Mapping[str, int] = {word: place for place, word in enumerate(ORDER)}
NAMED_HOSTS, NAMED_CHECKS = 3, 5


class SheetWords:
    """One reader's words for a sheet."""

    def __init__(self, sheet: MorningSheet, show: Display) -> None:
        self.sheet, self.show, self.lang = sheet, show, show.lang

    def t(self, key: str, /, **data: object) -> str:
        """A text of the sheet."""
        return say(f"sheet.{key}", self.lang, **data)

    def word(self, word: str) -> str:
        """A verdict, or 未実施."""
        return say(f"sheet.word-{word}", self.lang)

    def headline(self) -> str:
        """The answer: what is wrong, or that all is well, or that nobody can say yet."""
        sheet = self.sheet
        problems = sheet.problems
        if problems:
            parts = [self.t("headline-part", word=self.word(word), count=problems[word]) for word in ORDER if problems[word]]
            return self.t("headline-bad", parts=parts)
        if sheet.empty:
            return self.t("headline-ahead") if sheet.material.ahead else self.t("headline-empty")
        if sheet.going_on or sheet.material.ahead or sheet.counts["PENDING"]:
            return self.t("headline-so-far")
        if not sheet.counts["OK"]:
            return self.t("headline-nothing-measured")
        return self.t("headline-good", count=f"{sheet.total:,}")

    def remarks(self) -> list[str]:
        """What else to know of the day as a whole."""
        sheet = self.sheet
        said = []
        if sheet.going_on:
            said.append(self.t("going-on", count=len(sheet.going_on)))
        said += [
            self.t("ahead", when=f"{one.at.astimezone(self.show.zone):%H:%M}", title=one.title) for one in sheet.material.ahead[:3]
        ]
        if not sheet.material.known:
            said.append(self.t("not-on-record"))
        return said

    def change_summary(self) -> str:
        """What became of things since the business day before, in one sentence."""
        sheet = self.sheet
        if sheet.previous is None:
            return self.t("changes-none-to-compare")
        order = ("new", "worse", "lost", "better", "still", "resolved")
        parts = [self.t("change-count", word=self.t(f"change-{c}"), count=sheet.changes[c]) for c in order if sheet.changes[c]]
        if sheet.gone:
            parts.append(self.t("change-count", word=self.t("change-gone"), count=len(sheet.gone)))
        day = self.show.day(sheet.previous)
        return self.t("changes", day=day, parts=parts) if parts else self.t("changes-none", day=day)

    def title(self, line: SheetLine) -> str:
        """What the line is about."""
        if line.sort == "outage":
            area, name = line.area
            count = len(line.hosts)
            if area == "jump":
                return self.t("outage-jump", jump=name, count=count, total=line.of_hosts)
            if count > 1:
                key = "outage-system" if area == "system" else "outage-hosts"
                return self.t(key, system=name, count=count, total=line.of_hosts)
            return self.t("outage-host", host=line.hosts[0])
        return line.title.text(self.lang)

    def where(self, line: SheetLine) -> str:
        """On which hosts: three names, and how many more."""
        return self.named(line.hosts, NAMED_HOSTS, "more-hosts")

    def named(self, names: Sequence[str], most: int, key: str) -> str:
        """Some names, and how many more."""
        told = self.comma.join(names[:most])
        return self.t(key, names=told, count=len(names) - most) if len(names) > most else told

    @property
    def comma(self) -> str:
        """Between names."""
        return "、" if self.lang == "ja" else ", "

    def what(self, line: SheetLine) -> str:
        """What was found, or what is not known and why."""
        reason = line.first.why.text(self.lang) if line.first.why else ""
        if line.sort == "outage":
            names = self.named([name.text(self.lang) for name in line.checks], NAMED_CHECKS, "more-checks")
            return self.t("outage-unknown", reason=reason, count=len(line.items), names=names)
        if line.sort == "run":
            key = "not-run-what" if line.word == NOT_RUN else "left-out-what"
            return self.t(key, reason=reason, count=len(line.items))
        return f"{line.hosts[0]}: {reason}" if len(line.items) > 1 else reason

    def badge(self, item: Item) -> str:
        """What became of one check: 新規, 悪化, 3営業日目."""
        if item.change == "still":
            return self.t("change-still-more" if item.since.more else "change-still-days", days=item.since.days)
        return self.t(f"change-{item.change}") if item.change else ""

    def badges(self, line: SheetLine) -> str:
        """The same of a line: one word where all its checks agree, else how many of each."""
        if len(line.changes) == 1 and (len({item.since for item in line.items}) == 1 or "still" not in line.changes):
            return self.badge(line.items[0])
        told = [self.t("change-part", word=self.t(f"change-{change}"), count=count) for change, count in line.changes.items()]
        if line.changes["still"]:
            longest = line.longest.since
            told.append(self.t("longest-more" if longest.more else "longest", days=longest.days))
        return self.comma.join(told)

    def mark(self, mark: Mark) -> str:
        """対応中 or 保守中, by whom and until when."""
        until = self.show.moment(mark.until) if mark.until else ""
        return self.t(f"mark-{mark.kind}", by=mark.by, until=until, note=mark.note).replace("（）", "").replace(" ()", "").strip()

    def marks(self, line: SheetLine) -> list[str]:
        """Each different mark once, with how many have it where not all do."""
        found: dict[str, int] = {}
        for item in line.items:
            if item.mark is not None:
                told = self.mark(item.mark)
                found[told] = found.get(told, 0) + 1
        return [told if n == len(line.items) else self.t("change-part", word=told, count=n) for told, n in found.items()]

    def system(self, name: str) -> str:
        """The name of a system, or a word for none."""
        return name or self.t("no-system")
