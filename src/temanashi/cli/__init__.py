"""`tema`, the command line: the answer first, progress on stderr, `--json` for programs, exit codes that mean something."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of `tema`: errors of ours are told with the next move and end with their exit code."""
    from temanashi.cli.app import build
    from temanashi.cli.language import language, without_language
    from temanashi.cli.output import tell_error
    from temanashi.errors import TemanashiError

    try:
        language()  # before the options of `--lang` are taken out
        sys.argv[1:] = without_language(sys.argv[1:])
        build()()
    except TemanashiError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
