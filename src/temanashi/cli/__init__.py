"""`tema`, the command line: the answer first, progress on stderr, `--json` for programs, exit codes that mean something."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

__all__ = ["main"]


def main() -> None:
    """Entry point of `tema`: errors of ours are told with the next move and end with their exit code."""
    from temanashi.cli.app import build
    from temanashi.cli.language import language, without_language
    from temanashi.cli.output import FileTrouble, tell_error, wants_json
    from temanashi.errors import TemanashiError

    try:
        language()  # before the options of `--lang` are taken out
        sys.argv[1:] = without_language(sys.argv[1:])
        if wants_json():
            sys.exit(_told_to_a_program(build()))
        build()()
    except TemanashiError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        if not error.filename:  # not about a file that somebody named
            raise
        trouble = FileTrouble(str(error.filename), reason=error.strerror or str(error))
        tell_error(trouble)
        sys.exit(trouble.exit_code)


def _told_to_a_program(app: typer.Typer) -> int:
    """Run the command; a wrong option is answered as JSON too."""
    from temanashi.cli.output import emit, say_here

    try:
        return app(standalone_mode=False) or 0
    except Exception as error:
        # Click's own errors; some versions of Typer bring their own copy of Click, so that there is no one class to name.
        if not hasattr(error, "format_message"):
            raise
        emit({"error": "cli.usage", "message": error.format_message(), "where": "", "next": say_here("cli.usage-next")})
        return int(getattr(error, "exit_code", 2))
