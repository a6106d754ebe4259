"""Reports that the golden files show: a running month, one that is over, a worse one, one without signatures, an empty one."""

from datetime import date
from functools import cache

from books.bookkeeping import FRIDAY, NOVEMBER, SATO, Books, at, proposed
from temanashi.books import Seconds
from temanashi.calendars import BusinessCalendar, slots
from temanashi.reports import CheckpointSeen, LedgerHead, MonthlyReport, TrendMonth
from temanashi.reports.next_best import next_best
from temanashi.reports.team import of_team, teams_of
from temanashi.runbooks.model import Demand

DAYS = slots("business_day", NOVEMBER, BusinessCalendar())
LOGS = proposed(
    "rotate-logs", minutes=20, category="maintenance", ja="ログの整理", en="Log rotation", demand=Demand(calendar="week")
)
PASSWORD = proposed(
    "reset-password", minutes=6, category="account", ja="パスワードの再設定", en="Password reset", demand=Demand(per_month=30)
)
BACKUP = proposed("check-backup", minutes=12, category="routine", ja="バックアップ結果の確認と報告", en="Backup check and report")
HANDOVER = proposed(
    "handover", minutes=0, category="routine", ja="<夜間> 引き継ぎ & 申し送り", en="<Night> handover & notes", demand=Demand()
)
TASKS = [proposed(), LOGS, PASSWORD, BACKUP, HANDOVER]
HEAD = LedgerHead(seq=214, hash="9f2c" * 16)


def report(figures, **rest):
    """A report of one month alone."""
    own = MonthlyReport(**{"company": "見本証券 運用部", "figures": figures, "head": HEAD, **rest})
    return own.with_months([TrendMonth.of(figures, "running" if figures.running else "open")])


def busy(*, days=DAYS):
    """Three signed tasks, two that wait, and every reason why a run may not count."""
    books = Books()
    books.sign(on=date(2026, 11, 2))
    books.sign(LOGS, Seconds.of_minutes(10, 2, 5), on=date(2026, 11, 2))
    books.sign(PASSWORD, on=date(2026, 11, 2))
    for day in [day for day in days if day <= FRIDAY and day.day != 12]:
        books.run(on=day, human=40)
        books.run(on=day, hour=10)
    for day in (3, 7, 8, 14, 15):
        books.run(on=date(2026, 11, day))
    books.run(on=date(2026, 11, 12), targets={"localhost": "failed"}, outcome="failed", human=300)
    books.run(on=FRIDAY, mode="dry_run")
    for week in (2, 9):
        books.run("rotate-logs", on=date(2026, 11, week), targets={f"web{n}": "changed" for n in range(5 if week == 2 else 4)})
    for n in range(14):
        books.demand("reset-password", f"REQ-{n}", on=date(2026, 11, 2 + n))
        if n < 9:
            books.run("reset-password", slot=f"REQ-{n}", on=date(2026, 11, 3 + n), human=30)
    books.cancel("reset-password", "REQ-13", reason="依頼の取り下げ")
    books.by_hand("rotate-logs", on=date(2026, 11, 17), human=1260)
    for day in (16, 17, 18):
        books.run("check-backup", on=date(2026, 11, day))
    books.run("handover", slot="")
    return books


def year(team=""):
    """Thirteen months up to a running one: more and more of the morning checks automated, password resets that grow."""
    months = [NOVEMBER.shift(-ago) for ago in reversed(range(13))]
    books, calendar = Books(), BusinessCalendar()
    first = months[0].first
    for task in (proposed(), BACKUP, LOGS.model_copy(update={"owner": "基盤課", "system": "web"})):
        books.sign(task, Seconds.of_minutes(10, 2, 5) if task.task == "rotate-logs" else None, on=first)
    books.sign(PASSWORD.model_copy(update={"owner": "受付", "system": "ad"}), on=first)
    for n, month in enumerate(months):
        for day in [day for day in slots("business_day", month, calendar) if day <= FRIDAY]:
            if n > 1 and day.day % 13 < n:
                books.run(on=day, human=30 + day.day)
            if n > 6 and day.day % 13 < n - 4:
                books.run("check-backup", on=day)
        for k in range(30 + 2 * n if month != NOVEMBER else 21):
            on = min(month.first.replace(day=1 + k % 28), FRIDAY)
            books.demand("reset-password", f"{month}-{k}", on=on)
            if k < 3 * n:
                books.run("reset-password", slot=f"{month}-{k}", on=on, human=20)
    tasks = [proposed(), BACKUP, LOGS, PASSWORD, HANDOVER]
    found = [books.figures(tasks, month=month, now=at(FRIDAY, 18)) for month in months]
    teams = teams_of(found[-1])
    if team:
        found = [of_team(one, team) for one in found]
    whole = report(found[-1], next_best=next_best(found[-1]), teams=teams, team=team)
    return whole.with_months(TrendMonth.of(one, "running" if one.running else "open") for one in found)


@cache
def cases():
    """Name and report."""
    checkpoint = CheckpointSeen(number=12, seq=210, at=at(FRIDAY, 7))
    first = Books()
    first.sign()
    first.run()
    waiting = Books()
    waiting.run()
    waiting.run(on=date(2026, 11, 3))
    worse = Books()
    worse.sign(on=date(2026, 10, 1))
    worse.run(on=date(2026, 10, 5), targets={"localhost": "failed"}, outcome="failed", human=5400)
    over = Books()
    over.sign(on=date(2026, 10, 1))
    for day in slots("business_day", NOVEMBER.previous, BusinessCalendar()):
        over.run(on=day)
    return {
        "year": year().model_copy(update={"checkpoint": checkpoint}),
        "team": year("運用課").model_copy(update={"sample": True}),
        "running": report(busy().figures(TASKS, now=at(FRIDAY, 18)), checkpoint=checkpoint),
        "over": report(over.figures([proposed()], month=NOVEMBER.previous, now=at(FRIDAY, 18)), checkpoint=checkpoint),
        "first-day": report(first.figures([proposed()], now=at(FRIDAY, 18)), company=""),
        "worse": report(worse.figures([proposed()], month=NOVEMBER.previous, now=at(FRIDAY, 18))),
        "waiting": report(waiting.figures([proposed(), HANDOVER], now=at(FRIDAY, 18))),
        "empty": report(Books().figures([proposed(), HANDOVER], now=at(FRIDAY, 18)), head=LedgerHead()),
        "bare": report(Books().figures([], now=at(FRIDAY, 18)), head=LedgerHead()),
    }


__all__ = ["SATO", "TASKS", "busy", "cases", "report"]
