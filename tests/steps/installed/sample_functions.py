"""Functions as another package would register them."""

import base64
import os
import shlex
import sys
import time
import urllib.parse
from pathlib import Path


def append_mark(file: str, word: str, *, seconds: float = 0, key: str = "") -> dict[str, object]:
    with Path(file).open("a", encoding="utf-8") as marks:
        marks.write(f"{word}\n")
    time.sleep(seconds)
    return {"count": len(Path(file).read_text(encoding="utf-8").split()), "key": key}


def marked(file: str, word: str, *, seconds: float = 0) -> bool:
    return Path(file).exists() and word in Path(file).read_text(encoding="utf-8").split()


def remove_mark(file: str, word: str, *, seconds: float = 0, before: dict[str, object] | None = None) -> dict[str, object]:
    left = [line for line in Path(file).read_text(encoding="utf-8").splitlines() if line != word]
    Path(file).write_text("".join(f"{line}\n" for line in left), encoding="utf-8")
    return {"before": before}


def show(secret: str, *, fails: bool = False) -> dict[str, str]:
    raw = secret.encode()
    forms = [
        secret,
        shlex.quote(secret),
        base64.b64encode(raw).decode(),
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
    ]
    for stream in (sys.stdout, sys.stderr):
        stream.write("\n".join(forms))
    if fails:
        raise RuntimeError(" ".join(forms))
    return {f"form{n}": form for n, form in enumerate(forms)} | {"length": str(len(secret))}


def fail() -> None:
    raise SystemExit("no\nway\x1b[31m")


def hang(file: str = "") -> None:
    time.sleep(30)
    Path(file).touch()


def vanish() -> None:
    os._exit(0)


def typed(count: int, ratio: float, names: list[str], *, on: bool = False) -> dict[str, object]:
    return {"count": count + 1, "ratio": ratio * 2, "names": names, "on": on}


def many(values: list[str]) -> dict[str, object]:
    return {"values": values}


def odd() -> object:
    return object()


def positional(*values: str) -> None:
    return None
