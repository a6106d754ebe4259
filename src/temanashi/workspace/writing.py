"""Write several files, all or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from temanashi.errors import WorkspaceError

__all__ = ["CannotWrite", "InTheWay", "write_all"]


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
