"""Workspaces made of a few lines of text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from temanashi.runbooks.steps import command, manual
from temanashi.workspace.loading import load_workspace

KINDS = {"command": command.KIND, "manual": manual.KIND}
SETTINGS = '[tool.temanashi]\nlanguages = ["ja", "en"]\ngate.sign_in = false\n'
RUNBOOK = """\
id: {id}
title: {{ja: 朝の点検, en: Morning checks}}
description: {{ja: 朝に見ます。, en: Looked at each morning.}}
category: {category}
owner: ops
steps:
  - id: look
    title: {{ja: 見る, en: Look}}
    manual: {{ja: 画面を見ます。, en: Look at the screen.}}
"""


class Clock:
    """A clock that tests set."""

    def __init__(self):
        self.at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

    def now(self):
        self.at += timedelta(seconds=1)
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


class Folder:
    """A workspace on disk."""

    def __init__(self, root: Path):
        self.root = root
        self.write("pyproject.toml", SETTINGS)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return name

    def runbook(self, id, *, category="routine", file=None, more="", **changes):  # noqa: A002
        text = RUNBOOK.format(id=id, category=category)
        for old, new in changes.items():
            text = text.replace(old, new)
        return self.write(file or f"runbooks/{category}/{id}.yaml", text + dedent(more))

    def load(self):
        return load_workspace(self.root, kinds=KINDS, environ={})


@pytest.fixture
def kinds():
    return KINDS


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    return Folder(tmp_path / "site")
