"""The words of an explanation: the formula with its numbers as sentences, and what is behind it as rows."""

from __future__ import annotations

from temanashi.books.explaining import Explained, Line
from temanashi.reports.display import Display
from temanashi.text import say

__all__ = ["behind", "duration", "formula", "nothing_behind", "what"]

SHORT = 12


def duration(seconds: int) -> str:
    """Hours with minutes and seconds, exact: `1:30:05`; people add these up with a pocket calculator."""
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    return f"{sign}{rest // 3600}:{rest % 3600 // 60:02}:{rest % 60:02}"


def name(figure: str, show: Display) -> str:
    """The word of a figure."""
    longer = {"demand": "demand-effect", "method": "method-effect"}
    return say(f"close.figure-{longer.get(figure, figure)}", show.lang)


def formula(told: Explained, show: Display) -> list[str]:
    """The answer first: the figure of the month, then what it is made of, then what was issued where that is another number."""
    about = {"month": show.month(told.month), "figure": name(told.figure, show), "task": told.task}
    key = "close.explain-of-task" if told.task else "close.explain-of-month"
    sentences = [say(key, show.lang, **about, value=_value(told.seconds, told.ratio, told, show))]
    if told.figure == "reduction":
        if told.ratio is not None:
            manual, baseline = (duration(term.seconds) for term in told.terms)
            sentences.append(say("close.explain-ratio", show.lang, manual=manual, baseline=baseline))
        else:
            sentences.append(say("close.explain-no-baseline", show.lang))
    elif told.terms:
        parts = [f"{'−' if term.sign < 0 else '+'} {name(term.figure, show)} {duration(term.seconds)}" for term in told.terms]
        sentences.append("= " + " ".join(parts).removeprefix("+ "))
    if told.issued is not None and (told.issued, told.issued_ratio) != (told.seconds, told.ratio):
        value = _value(told.issued, told.issued_ratio, told, show)
        sentences.append(say("close.explain-issued", show.lang, value=value))
    return sentences


def _value(seconds: int, ratio: float | None, told: Explained, show: Display) -> str:
    if told.figure == "reduction":
        return "–" if ratio is None else f"{show.percent(ratio)}%"
    return say("close.explain-hours", show.lang, hours=show.hours(seconds), exact=duration(seconds))


def what(line: Line, show: Display) -> str:
    """What a line is, in words."""
    gap = "、" if show.lang == "ja" else ", "
    told = say(f"close.line-of-{line.kind}", show.lang, run=line.run[:SHORT], slot=line.slot, step=line.step)
    return f"{told}{gap}{line.note.text(show.lang)}" if line.note is not None else told


def behind(told: Explained, show: Display) -> list[tuple[str, ...]]:
    """Each line: time, record, task, exact duration, what it is, targets."""
    return [
        (
            show.moment(line.at) if line.at is not None else "",
            f"#{line.seq}" if line.seq else "",
            line.task or say("close.no-task", show.lang),
            duration(line.seconds),
            what(line, show),
            ", ".join(line.targets) + (f" +{line.more_targets}" if line.more_targets else ""),
        )
        for line in told.lines
    ]


def nothing_behind(told: Explained, show: Display) -> list[tuple[str, ...]]:
    """Each run that gave nothing: time, record, task, run, and why."""
    return [
        (
            show.moment(one.at) if one.at is not None else "",
            f"#{one.seq}",
            one.task or say("close.no-task", show.lang),
            one.run[:SHORT],
            one.why.text(show.lang) if one.why is not None else say(f"close.reason-{one.reason.replace('_', '-')}", show.lang),
        )
        for one in told.nothing
    ]
