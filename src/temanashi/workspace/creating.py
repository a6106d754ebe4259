"""Make a workspace from the starter files, and a runbook from a commented template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from temanashi.errors import InputError, WorkspaceError
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Category
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.contract import StepKind
from temanashi.text import Lang
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.runbook_template import runbook_template
from temanashi.workspace.writing import CannotWrite, InTheWay, write_all
from temanashi.workspace.yaml_source import read_yaml

__all__ = [
    "BadId",
    "CannotWrite",
    "IdTaken",
    "InTheWay",
    "NoStarter",
    "WorkspaceExists",
    "init_workspace",
    "new_runbook",
    "starter_texts",
]

FOLDERS = ("flows", "runbooks", "faq")
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
MAX_NAME = 80
PYPROJECT = """\
[tool.temanashi]
company = {company}
languages = ["ja", "en"]
timezone = "Asia/Tokyo"
goal = 0.5
# notify = ["env:TEMA_MAIL_URL"]  # mailtos://USER:PASSWORD@SERVER?from=FROM&to=ADDRESS
"""
IGNORED = ".tema/\n__pycache__/\n"
README = """\
# {company}

手間なし（temanashi）のワークスペースです。A workspace of temanashi.

| | |
|---|---|
| `runbooks/` | 手順書。1ファイルに1つ、分類のフォルダに置きます。One YAML file a runbook, in the folder of its category. |
| `runbooks/site/` | ホスト、休業日など、会社の情報。Hosts, closed days and what else is true of this company. |
| `flows/` | 手順書を組み合わせる Prefect のフロー。Prefect flows that compose runbooks. |
| `faq/` | よくある質問。Frequently asked questions. |

```sh
tema validate                   # 誤りをすべて確かめる / check every file
tema run morning-checks         # その場で実行する / run one here and now
tema up                         # サーバと画面を起動する / start the server and its pages
tema new runbook my-task        # 手順書を作る / write a new runbook
tema schema -o schemas          # エディタの補完 / completion in editors
```
"""


class WorkspaceExists(WorkspaceError):
    """The folder already is a workspace."""

    key = "workspace.exists"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder=str(folder))


class NoStarter(WorkspaceError):
    """The installation lacks the starter files."""

    key = "workspace.no-starter"


class BadId(InputError):
    """A text that cannot be the id of a runbook."""

    key = "workspace.bad-id"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)


class IdTaken(InputError):
    """The id, or one that gives the same flow name, is in use."""

    key = "workspace.id-taken"

    def __init__(self, name: str, *, file: str) -> None:
        super().__init__(id=name, file=file)


def starter_texts(package: Path | None = None) -> dict[str, str]:
    """The starter files by path: those in the wheel, or in a checkout the repository's own. Raises NoStarter."""
    here = Path(str(files("temanashi.workspace"))) if package is None else package
    # A checkout is told by its layout, so that no stranger's folders are taken for ours.
    checkout = here.parents[2] if here.parts[-3:] == ("src", "temanashi", "workspace") else here
    for root in (here / "starter", checkout):
        found = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in _starter_files(root)}
        if any(name.startswith("runbooks/") for name in found):
            return found
    raise NoStarter


def _starter_files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
                yield path


def init_workspace(directory: Path, *, name: str = "", starter: Mapping[str, str] | None = None) -> list[Path]:
    """Make a workspace in a folder, which is made; `name` is the company's. Gives the files written.

    Raises WorkspaceExists, InTheWay, CannotWrite and NoStarter; nothing is left half-done.
    """
    settings = directory / "pyproject.toml"
    if settings.is_file() and "[tool.temanashi]" in settings.read_text(encoding="utf-8", errors="replace"):
        raise WorkspaceExists(directory)
    company = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", name or directory.resolve().name).strip()
    own = {
        "pyproject.toml": PYPROJECT.format(company=json.dumps(company, ensure_ascii=False)),
        ".gitignore": IGNORED,
        "README.md": README.format(company=company),
    }
    return write_all(directory, {**own, **(starter_texts() if starter is None else starter)})


def new_runbook(
    root: Path, name: str, *, category: Category | str, languages: tuple[Lang, ...], kinds: Mapping[str, StepKind] | None = None
) -> Path:
    """Write a commented runbook with one manual step into its category's folder; raises BadId, IdTaken and CannotWrite."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise BadId(name)
    steps = step_kinds() if kinds is None else kinds
    runbook = parse_runbook(read_yaml(text := runbook_template(name, category=category, languages=languages)).data, kinds=steps)
    workspace = load_workspace(root, kinds=steps)
    taken = {found.runbook.function: found.file for found in workspace.runbooks.values()} | workspace.flows
    if (file := taken.get(runbook.function)) is not None:
        raise IdTaken(name, file=file)
    try:
        return write_all(root, {f"runbooks/{category}/{name}.yaml": text})[0]
    except InTheWay as error:
        raise IdTaken(name, file=f"runbooks/{category}/{name}.yaml") from error
