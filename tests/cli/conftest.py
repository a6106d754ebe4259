"""`tema` in this process: the same `main`, without the cost of a new interpreter."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from fixtures_terminal import Terminal
from temanashi.cli import main
from temanashi.cli.language import language


class InProcess(Terminal):
    """A terminal whose commands run in this process."""

    def __init__(self, root, monkeypatch):
        super().__init__(root)
        self._patch = monkeypatch

    def run(self, *words, env=None):
        out, err, code = io.StringIO(), io.StringIO(), 0
        with self._patch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("TEMA_", "PREFECT_"))]:
                patch.delenv(name)
            for name, value in {"LC_ALL": "C", "USER": "alice", "LOGNAME": "alice", "TEMA_LANG": "en", **(env or {})}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["tema", *words])
            patch.chdir(self.root)
            language.cache_clear()
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    main()
                except SystemExit as end:
                    code = end.code or 0
        language.cache_clear()
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture
def tema(tmp_path, monkeypatch):
    made = InProcess(tmp_path, monkeypatch)
    made.runbook(
        "good",
        steps=[{"id": "go", "command": ["sh", "-c", 'echo "$1"; echo x >> marks', "sh", "{{ params.word }}"]}],
        parameters=[{"name": "word", "title": {"ja": "言葉", "en": "Word"}, "default": "hello"}],
    )
    return made
