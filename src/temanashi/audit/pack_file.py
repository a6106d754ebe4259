"""A zip whose bytes depend on its contents only, with a manifest that `sha256sum -c` reads."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

__all__ = ["MANIFEST", "PackFile", "evidence_name", "run_folder"]

MANIFEST = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def run_folder(run: str) -> str:
    """The folder of a run; an id that is none of ours cannot lead out of the pack."""
    return f"runs/{quote(run, safe='').replace('.', '%2E')}"


def evidence_name(run: str, seq: int, number: int) -> str:
    """Where the text of a piece of evidence lies."""
    return f"{run_folder(run)}/evidence/{seq:08d}-{number}.txt"


class PackFile:
    """Members in the order in which they are added; the manifest comes last, when the block ends well.

    Times, owners and orders of the machine play no part. The compression is that of the zlib at hand: where another one packs
    differently, the manifest still is the same.
    """

    def __init__(self, target: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._sums: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
            self._zip.writestr(_info(MANIFEST), lines.encode())
        self._zip.close()

    def add(self, name: str, content: bytes | str) -> None:
        """One member; raises ValueError where there is one of this name."""
        self.stream(name, [content.encode() if isinstance(content, str) else content])

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        """One member in pieces, never whole in memory."""
        if name in self._sums or name == MANIFEST:
            raise ValueError(name)
        digest = hashlib.sha256()
        with self._zip.open(_info(name), "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        self._sums[name] = digest.hexdigest()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    return info
