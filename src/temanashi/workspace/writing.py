"""Write several files, all or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

from temanashi.errors import WorkspaceError

__all__ = ["CannotWrite", "InTheWay", "replace_all", "write_all"]


class CannotWrite(WorkspaceError):
    """A folder or file cannot be made; what had been made was taken away again."""

    key = "workspace.cannot-write"

    def __init__(self, folder: Path, *, reason: str) -> None:
        super().__init__(folder=str(folder), reason=reason)


class InTheWay(WorkspaceError):
    """Files that would be written are there already; nothing was changed."""

    key = "workspace.in-the-way"

    def __init__(self, folder: Path, *, files: list[str]) -> None:
        super().__init__(folder=str(folder), files=files)


def write_all(folder: Path, texts: Mapping[str, str], *, replace: bool = False) -> list[Path]:
    """Write texts by path under a folder, which is made; raises InTheWay (unless `replace`) and CannotWrite. Gives the files."""
    targets = {folder / name: text for name, text in texts.items()}
    present = [] if replace else [path.relative_to(folder).as_posix() for path in targets if path.exists() or path.is_symlink()]
    if present:
        raise InTheWay(folder, files=present)
    made: list[Path] = []
    try:
        for path, text in targets.items():
            _make_folders(path.parent, made)
            fresh = not path.exists()
            with path.open("w" if replace else "x", encoding="utf-8", newline="\n") as file:
                made += [path] if fresh else []
                file.write(text)
    except OSError as error:
        _take_away(made)
        raise CannotWrite(folder, reason=error.strerror or type(error).__name__) from error
    return list(targets)


def replace_all(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Put texts in the place of files under a folder, or make them; raises CannotWrite. Gives the files.

    Each file is whole at every moment, the old one or the new one, and none is touched before all new ones are on the disk.
    """
    made: list[Path] = []
    ready: dict[Path, Path] = {}
    try:
        for name, text in texts.items():
            path = (folder / name).resolve()  # a link stays one
            _make_folders(path.parent, made)
            ready[path] = _beside(path, text)
        for path, fresh in ready.items():
            fresh.replace(path)
    except OSError as error:
        _take_away([*made, *(fresh for fresh in ready.values() if fresh.exists())])
        raise CannotWrite(folder, reason=error.strerror or type(error).__name__) from error
    return [folder / name for name in texts]


def _beside(path: Path, text: str) -> Path:
    fresh = path.with_name(f".{path.name}.{token_hex(4)}")
    with fresh.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        if path.exists():
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        os.fsync(file.fileno())
    return fresh


def _make_folders(folder: Path, made: list[Path]) -> None:
    for path in [*reversed(folder.parents), folder]:
        if not path.is_dir():
            path.mkdir()
            made.append(path)


def _take_away(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
