"""Flow files, looked at without running them: their names, and whether Python can read them."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from temanashi.errors import Location
from temanashi.text import phrase
from temanashi.workspace.faults import Fault

__all__ = ["flow_faults", "flow_names"]

VERB_NOUN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")


def flow_names(texts: Mapping[str, str]) -> dict[str, str]:
    """Flow files by their bare names, which is what Prefect registers."""
    return {PurePosixPath(file).stem: file for file in texts if file.startswith("flows/")}


def flow_faults(texts: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with the flow files."""
    for name, file in flow_names(texts).items():
        if name in sys.stdlib_module_names:
            yield Fault(Location(file), phrase("workspace.flow-stdlib", name=name))
        elif not VERB_NOUN.fullmatch(name):
            yield Fault(Location(file), phrase("workspace.flow-name", name=name))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                ast.parse(texts[file], filename=file)
        except SyntaxError as error:
            yield Fault(Location(file, error.lineno or 0), phrase("workspace.flow-syntax", problem=error.msg))
        except (RecursionError, MemoryError):
            yield Fault(Location(file), phrase("workspace.flow-syntax", problem="nested too deeply"))
