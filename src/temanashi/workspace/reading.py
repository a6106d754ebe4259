"""The files of a workspace as texts: which ones count, and why one cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from temanashi.errors import Location
from temanashi.problems import suggestion
from temanashi.runbooks.model import Category
from temanashi.text import phrase
from temanashi.workspace.faults import Fault
from temanashi.workspace.hosts_files import HOSTS, is_hosts_file

__all__ = ["CATEGORIES", "MAX_BYTES", "Files", "read_files"]

CATEGORIES: tuple[str, ...] = get_args(Category)
MAX_BYTES = 256 * 1024
"""Bytes of one file. The largest checklist we know has 20 kB."""
MAX_HOSTS_BYTES = 4 * 1024 * 1024
"""Bytes of one list of hosts: some thirty thousand of them."""
NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ufeff]")


FOLDERS = (
    ("runbooks", (".yaml", ".yml")),
    ("runbooks/site", (".csv",)),
    ("runbooks/site/topics", (".md",)),
    ("flows", (".py",)),
    ("faq", (".md",)),
)


class Files(NamedTuple):
    """Texts by path (relative to the workspace, with slashes), and the files that could not be read."""

    texts: dict[str, str]
    faults: list[Fault]


def read_files(root: Path) -> Files:
    """Every file that counts, in the order of paths: YAML under `runbooks/`, CSV and topics under its `site/`, Python, Markdown."""
    found = Files({}, [])
    for path in sorted(_candidates(root), key=lambda p: p.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        if (fault := _misplaced(name)) is not None:
            found.faults.append(fault)
            continue
        text = _text(path, name)
        if isinstance(text, Fault):
            found.faults.append(text)
        else:
            found.texts[name] = text
    if any(fault.at.file.startswith(HOSTS.removesuffix(".yaml")) for fault in found.faults):
        # Without one of the lists the others would be taken for all hosts there are.
        return found._replace(texts={name: text for name, text in found.texts.items() if not is_hosts_file(name)})
    return found


def _candidates(root: Path) -> Iterator[Path]:
    for folder, suffixes in FOLDERS:
        for path in (root / folder).rglob("*"):
            hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(root).parts)
            if path.suffix in suffixes and not hidden and not path.is_dir():
                yield path


def _misplaced(name: str) -> Fault | None:
    parts = name.split("/")
    if parts[0] == "flows" and len(parts) > 2:  # noqa: PLR2004  (flows/ is flat: Prefect registers the bare file name)
        return Fault(Location(name), phrase("workspace.flow-folder"))
    if parts[0] != "runbooks":
        return None
    if name.endswith(".yml"):
        return Fault(Location(name), phrase("workspace.yml", name=f"{parts[-1].removesuffix('.yml')}.yaml"))
    if len(parts) == 2:  # noqa: PLR2004  (runbooks/a.yaml)
        return Fault(Location(name), phrase("workspace.no-category", categories=list(CATEGORIES)))
    if parts[1] not in (*CATEGORIES, "site"):
        close = suggestion(parts[1], (*CATEGORIES, "site"))
        return Fault(Location(name), phrase("workspace.unknown-folder", folder=parts[1], categories=list(CATEGORIES)), close)
    return None


def _text(path: Path, name: str) -> str | Fault:
    limit = MAX_HOSTS_BYTES if is_hosts_file(name) else MAX_BYTES
    try:
        if not path.is_file():
            return Fault(Location(name), phrase("workspace.not-a-file"))
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        return Fault(Location(name), phrase("workspace.unreadable", reason=error.strerror or type(error).__name__))
    if len(raw) > limit:
        return Fault(Location(name), phrase("workspace.file-large", limit=limit // 1024))
    return _decoded(raw, name)


def _as_text(raw: bytes, name: str) -> str:
    """UTF-8; Windows' editors put a byte order mark in front, and YAML allows it there (1.2.2, section 5.2). Tables saved by a
    Japanese Excel are Shift_JIS. Raises UnicodeDecodeError.
    """  # noqa: D205
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        if not name.endswith(".csv"):
            raise
    return raw.decode("cp932")


def _decoded(raw: bytes, name: str) -> str | Fault:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Fault(Location(name, 1), phrase("workspace.utf-16"))
    try:
        text = _as_text(raw, name)
    except UnicodeDecodeError as error:
        return Fault(Location(name, raw.count(b"\n", 0, error.start) + 1), phrase("workspace.not-utf-8"))
    if match := NOT_TEXT.search(text):
        line = text.count("\n", 0, match.start()) + 1
        return Fault(Location(name, line), phrase("workspace.control-character", code=f"U+{ord(match[0]):04X}"))
    return text.replace("\r\n", "\n")
