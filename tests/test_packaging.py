"""The sdist, the wheel and the editable install, as a user gets them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from temanashi.workspace.creating import starter_texts

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[1]
JUNK = (
    ".venv",
    ".tema",
    ".git/",
    "__pycache__",
    ".pyc",
    ".coverage",
    ".hypothesis",
    "_cache/",
    ".ready",
    "Thumbs",
    ".DS_Store",
    "~",
)


def run(*words, cwd, **more):
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PYTHON", "COVERAGE", "COV_", "PREFECT"))
    }
    environ |= {"HOME": str(cwd), "TEMA_LANG": "en", **more}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environ, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The sdist, and the wheel that is made from it: what the sdist lacks the wheel lacks too."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def fresh(folder, *what):
    """A new environment with only `what` installed; dependencies are borrowed from the one that runs the tests."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    # Path files inside a borrowed folder are not followed, so an editable temanashi there stays out of sight.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "-q", "--no-deps", "--no-index")
    run(*pip, "--no-build-isolation", "--disable-pip-version-check", *what, cwd=folder)
    return folder / "bin"


@pytest.fixture(scope="session")
def installed(built, tmp_path_factory):
    return fresh(tmp_path_factory.mktemp("installed"), built[1])


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_all_that_the_package_has(built):
    names = names_in(built[1])
    source = ROOT / "src/temanashi"
    wanted = {
        f"temanashi/{path.relative_to(source).as_posix()}"
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - names == set()
    for part in (
        "text/ja/workspace.po",
        "text/en/workspace.po",
        "ledger/migrations/env.py",
        "ledger/migrations/versions/0003_versions.py",
        "py.typed",
    ):
        assert f"temanashi/{part}" in names


def test_the_wheel_has_the_starter_and_nothing_else(built):
    names = names_in(built[1])
    starter = {f"temanashi/workspace/starter/{name}" for name in starter_texts()}
    assert "temanashi/workspace/starter/runbooks/routine/morning-checks.yaml" in starter
    assert {name for name in names if name.startswith("temanashi/workspace/starter/")} == starter
    assert {name.split("/")[0].split("-")[0] for name in names} == {"temanashi"}
    assert [name for name in names if any(part in name for part in JUNK)] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_has_what_a_packager_needs_and_no_junk(built):
    with tarfile.open(built[0]) as archive:
        names = [member.name.partition("/")[2] for member in archive.getmembers()]
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", "tests/conftest.py"} <= set(
        names
    )
    assert [name for name in names if any(part in name for part in JUNK)] == []
    assert {name.split("/")[0] for name in names} <= {
        "PKG-INFO", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", ".gitignore",
        "src", "flows", "runbooks", "faq", "tests", "benchmarks",
    }  # fmt: skip


def test_an_installed_wheel_makes_a_workspace_that_validates(installed, tmp_path):
    where = run(installed / "python", "-c", "import temanashi; print(temanashi.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    run(installed / "tema", "init", tmp_path / "site", cwd=tmp_path)
    assert "runbooks/routine/morning-checks.yaml" in {
        p.relative_to(tmp_path / "site").as_posix() for p in (tmp_path / "site").rglob("*.yaml")
    }
    run(installed / "tema", "validate", cwd=tmp_path / "site")
    run(installed / "tema", "schema", "-o", tmp_path / "schemas", cwd=tmp_path)
    kinds = {path.name.removesuffix(".schema.json") for path in (tmp_path / "schemas").glob("*.schema.json")}
    assert kinds == {
        "accounts",
        "alerts",
        "calendar",
        "directories",
        "faq",
        "hosts",
        "kpi",
        "maintenance",
        "people",
        "roadmap",
        "roles",
        "runbook",
        "tickets",
    }


def test_an_installed_wheel_opens_its_database(installed, tmp_path):
    run(installed / "tema", "init", tmp_path / "site", cwd=tmp_path)
    run(installed / "tema", "publish", cwd=tmp_path / "site")
    assert (tmp_path / "site/.tema").is_dir()


def test_an_editable_install_works_from_anywhere(tmp_path):
    before = _own_files()
    (tmp_path / "venv").mkdir()
    binaries = fresh(tmp_path / "venv", "-e", ROOT)
    where = run(binaries / "python", "-c", "import temanashi; print(temanashi.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(ROOT / "src")
    run(binaries / "tema", "init", tmp_path / "site", cwd=tmp_path)
    run(binaries / "tema", "validate", cwd=tmp_path / "site")
    assert _own_files() == before


def _own_files():
    """What lies in the project's folder, without what measuring coverage of other tests writes there."""
    return {path.name for path in ROOT.iterdir() if not path.name.startswith(".coverage")}


def test_constraints_name_versions_and_nothing_else():
    lines = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 and not set(line) & set("/@ ;<>") for line in lines)
    assert len(lines) == len({line.partition("==")[0].lower() for line in lines})
