"""`tema review open | list | show | decide | export | import | close`: an access review at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root, day_of_option
from temanashi.cli.output import FileTrouble, answer, emit, progress, say_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temanashi.workspace.reviewing.deciding import Bulk
    from temanashi.workspace.reviewing.reading import ReviewLine

__all__ = ["register"]

Name = Annotated[str, typer.Argument(metavar="REVIEW", help=say_here("reviews.help-review"))]
Lines = Annotated[list[str] | None, typer.Argument(metavar="LINE...", help=say_here("reviews.help-lines"))]
RosterFile = Annotated[Path | None, typer.Option("--roster", metavar="FILE", help=say_here("reviews.help-roster"))]
Title = Annotated[str, typer.Option("--title", help=say_here("reviews.help-title"))]
Finding = Annotated[str, typer.Option("--finding", metavar="KIND", help=say_here("reviews.help-finding"))]
Decided = Annotated[str, typer.Option("--decided", metavar="VERDICT|no|yes|failed", help=say_here("reviews.help-decided"))]
Words = Annotated[str, typer.Option("--words", help=say_here("reviews.help-words"))]
Shown = Annotated[int, typer.Option("--limit", min=1, help=say_here("reviews.help-limit"))]
Verdict = Annotated[str, typer.Option("--verdict", metavar="keep|revoke|change|exception", help=say_here("reviews.help-verdict"))]
Groups = Annotated[list[str] | None, typer.Option("--group", help=say_here("reviews.help-group"))]
Until = Annotated[str, typer.Option("--until", metavar="YYYY-MM-DD", help=say_here("reviews.help-until"))]
KeepPlain = Annotated[bool, typer.Option("--keep-plain", help=say_here("reviews.help-keep-plain"))]
Out = Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlsx", help=say_here("reviews.help-out"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("census.help-dry-run"))]
SHOWN_REFUSED = 60


def register(group: typer.Typer) -> None:
    """Add the commands to `tema review`."""
    group.command("open", help=say_here("reviews.help-open"), epilog=say_here("reviews.help-open-exit"))(open_)
    group.command("list", help=say_here("reviews.help-list"))(list_)
    group.command("show", help=say_here("reviews.help-show"))(show)
    group.command("decide", help=say_here("reviews.help-decide"))(decide)
    group.command("export", help=say_here("reviews.help-export"))(export)
    group.command("import", help=say_here("reviews.help-import"), epilog=say_here("reviews.help-import-exit"))(import_)
    group.command("close", help=say_here("reviews.help-close"), epilog=say_here("reviews.help-close-exit"))(close)


def open_(roster: RosterFile = None, title: Title = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Read every place and open a review; exit 3 where a place could not be read."""
    from temanashi.cli.identifying import act_as
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.opening import open_review, roster_of_file

    with open_installation(workspace) as installation:
        try:
            people = roster_of_file(installation, roster) if roster is not None else None
        except OSError as error:
            raise FileTrouble(str(roster), reason=error.strerror or type(error).__name__) from error
        made = act_as(
            installation, actor, lambda who: open_review(installation, actor=who, channel="cli", roster=people, title=title)
        )
    if json:
        emit(made.model_dump(mode="json"))
    else:
        answer(say_here("reviews.opened", review=made.id, count=made.lines), style="bold")
        for kind, count in made.findings.items():
            answer(f"  {say_here(f'reviews.finding-{kind}')}  {say_here('reviews.accounts', count=count)}")
        for missing in made.not_read:
            answer(f"  {say_here('reviews.not-read-line', where=missing['where'])}", style="red")
        progress(say_here("reviews.opened-next", review=made.id))
    raise typer.Exit(3 if made.not_read else 0)


def list_(workspace: Root = None, json: Json = False) -> None:
    """Every review, the newest first, and when the next is due."""
    from temanashi.workspace.live import live_register
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.reading import counts_of, due_on, reviews

    with open_installation(workspace) as installation, installation.database.reading() as connection:
        found = [(one, counts_of(connection, one.id)) for one in reviews(connection)]
        months = live_register(connection).policy.review_every_months
        due = due_on(connection, months, installation.settings.zone)
    if json:
        emit({"reviews": [{**one.model_dump(mode="json"), "counts": counts._asdict()} for one, counts in found], "due": str(due)})
        return
    if not found:
        answer(say_here("reviews.none-yet"))
        return
    for one, counts in found:
        word = say_here(f"reviews.state-{one.state}")
        told = say_here("reviews.progress", count=one.lines, undecided=counts.undecided, left=counts.to_do)
        answer("  ".join(filter(None, (one.id, word, told, one.title))))
    progress(say_here("reviews.due", day=str(due)))


def show(
    review: Name = "last",
    finding: Finding = "",
    decided: Decided = "",
    words: Words = "",
    limit: Shown = 50,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """The lines of a review."""
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.reading import counts_of, pick_lines, read_review

    with open_installation(workspace) as installation, installation.database.reading() as connection:
        found = read_review(connection, review)
        counts = counts_of(connection, found.id)
        picked = pick_lines(connection, found.id, finding=finding, decided=decided, words=words, limit=limit)
    if json:
        emit(
            {"review": found.model_dump(mode="json"), "counts": counts._asdict(), "lines": [_as_json(one) for one in picked.lines]}
        )
        return
    word = say_here(f"reviews.state-{found.state}")
    told = say_here("reviews.progress", count=found.lines, undecided=counts.undecided, left=counts.to_do)
    answer(f"{found.id}  {word}  {told}", style="bold")
    _tell_lines(picked.lines)
    if picked.total > len(picked.lines):
        progress(say_here("cli.more-lines", count=picked.total - len(picked.lines)))


def _tell_lines(lines: Sequence[ReviewLine]) -> None:
    for one in lines:
        line, decision = one.line, one.decision
        words = [f"{one.position:>5}", line.where, line.entry.login, line.person_name or line.person or line.owner or "-"]
        words += [say_here(f"reviews.verdict-{decision.verdict}") if decision else say_here("reviews.undecided-word")]
        if one.result is not None:
            words.append(say_here(f"reviews.result-{one.result.state}"))
        answer("  ".join(words))
        for finding in line.findings:
            answer(f"        {finding.why.text(language())}", style="yellow")
        if one.result is not None and one.result.why is not None:
            answer(f"        {one.result.why.text(language())}", style="red")


def _as_json(one: ReviewLine) -> dict[str, Any]:
    return {
        "number": one.position,
        "digest": one.digest,
        **one.line.model_dump(mode="json"),
        "decision": one.decision.model_dump(mode="json") if one.decision else None,
        "result": one.result.model_dump(mode="json") if one.result else None,
    }


def decide(
    review: Name,
    lines: Lines = None,
    verdict: Verdict = "",
    reason: Reason = "",
    group: Groups = None,
    until: Until = "",
    keep_plain: KeepPlain = False,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Decide about lines, by their numbers or ids; or keep all that have no findings."""
    from temanashi.accounts.reviews.deciding import Asked
    from temanashi.cli.identifying import act_as
    from temanashi.people import Actor as Person
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.deciding import Wanted, decide_many, keep_plain_lines

    if keep_plain == bool(lines):
        raise typer.BadParameter(say_here("reviews.lines-or-plain"))
    asked = Asked(verdict=verdict, reason=reason, groups=tuple(group or ()), until=day_of_option(until))
    with open_installation(workspace) as installation:
        if keep_plain:
            _keep_plain(
                act_as(installation, actor, lambda who: keep_plain_lines(installation, review, actor=who, channel="cli")), json
            )
            return

        def decided(who: Person) -> int:
            with installation.database.transaction() as connection:
                wanted = [Wanted(line, asked) for line in lines or ()]
                return len(decide_many(installation, connection, review, wanted, actor=who, channel="cli"))

        count = act_as(installation, actor, decided)
    if json:
        emit({"decided": count})
        return
    answer(say_here("reviews.decided", count=count, verdict=say_here(f"reviews.verdict-{verdict}")))


def _keep_plain(bulk: Bulk, json: bool) -> None:  # noqa: FBT001  (the option as it was given)
    if json:
        emit({"decided": bulk.decided, "own": bulk.own})
        return
    answer(say_here("reviews.kept-plain", count=bulk.decided))
    if bulk.own:
        progress(say_here("reviews.own-left", count=bulk.own))


def export(review: Name, file: Out, actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Write the sheet to fill in."""
    from temanashi.cli.identifying import act_as
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.sheet import export_sheet

    with open_installation(workspace) as installation:
        content = act_as(
            installation, actor, lambda who: export_sheet(installation, review, lang=language(), actor=who, channel="cli")
        )
    try:
        file.write_bytes(content)
    except OSError as error:
        raise FileTrouble(str(file), reason=error.strerror or type(error).__name__) from error
    if json:
        emit({"file": str(file)})
        return
    answer(say_here("reviews.exported", file=str(file)))
    progress(say_here("reviews.export-next", review=review, file=str(file)))


def import_(
    review: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help=say_here("reviews.help-in"))],
    dry_run: DryRun = False,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Take over a filled-in sheet; exit 1 where a row was refused."""
    from temanashi.cli.identifying import act_as
    from temanashi.text import explain
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.sheet import import_sheet

    with open_installation(workspace) as installation:
        try:
            done = act_as(
                installation,
                actor,
                lambda who: import_sheet(installation, review, file, actor=who, channel="cli", dry_run=dry_run),
            )
        except OSError as error:
            raise FileTrouble(str(file), reason=error.strerror or type(error).__name__) from error
    refused = [{"row": one.row, "login": one.login, "problem": explain(one.error, language()).what} for one in done.refused]
    if json:
        emit({"decided": len(done.decided), "same": done.same, "refused": refused, "dry_run": dry_run})
    else:
        key = "reviews.would-import" if dry_run else "reviews.imported"
        answer(say_here(key, count=len(done.decided), same=done.same, refused=len(refused)), style="bold")
        for one in refused[:SHOWN_REFUSED]:
            answer(f"  {say_here('reviews.sheet-row', row=one['row'])}  {one['problem']}", style="red")
        if len(refused) > SHOWN_REFUSED:
            answer(f"  {say_here('cli.more-lines', count=len(refused) - SHOWN_REFUSED)}")
    raise typer.Exit(1 if refused else 0)


def close(review: Name, actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Carry out what was decided, read again, and close; exit 3 while something is left."""
    from temanashi.cli.identifying import act_as
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.carrying_out import carry_out

    def tell(one: ReviewLine) -> None:
        if not json:
            progress(say_here("reviews.carried-line", where=one.line.where, login=one.line.entry.login))

    with open_installation(workspace) as installation:
        done = act_as(installation, actor, lambda who: carry_out(installation, review, actor=who, channel="cli", progress=tell))
    if json:
        emit({"review": done.review, "closed": done.closed, "done": len(done.done), "left": [_as_json(one) for one in done.left]})
    else:
        key = "reviews.closed" if done.closed else "reviews.not-closed"
        answer(say_here(key, review=done.review, done=len(done.done), left=len(done.left)), style="green" if done.closed else "red")
        _tell_lines(done.left)
        progress(say_here("reviews.closed-next" if done.closed else "reviews.not-closed-next", review=done.review))
    raise typer.Exit(0 if done.closed else 3)
