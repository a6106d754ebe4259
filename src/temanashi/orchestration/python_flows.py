"""Flows written in Python: the published text of `flows/*.py`, its flow functions and their forms."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temanashi.canonical import digest_of
from temanashi.settings import Settings
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["PythonFlow", "flow_functions", "python_flows"]


@dataclass(frozen=True, kw_only=True)
class PythonFlow:
    """One flow function of one published file. `path` is the copy that runs: a draft never does."""

    name: str
    function: str
    path: Path
    version: str
    description: str
    schema: dict[str, Any]


def python_flows(settings: Settings, published: PublishedWorkspace) -> list[PythonFlow]:
    """Every flow function of the published version, its file written below `.tema/`."""
    return [flow for name, file in sorted(published.flows.items()) for flow in _flows_of(settings, name, published.files[file])]


def _flows_of(settings: Settings, name: str, text: str) -> Iterator[PythonFlow]:
    version = digest_of(text)
    path = settings.state_dir / "flows" / version.removeprefix("sha256:")[:16] / f"{name}.py"
    functions = list(flow_functions(text))
    if not functions:
        return
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    schemas = _schemas(path, functions)
    for function, description in functions:
        bare = name if function == name else f"{name}_{function}"
        yield PythonFlow(
            name=bare.replace("_", "-"),
            function=function,
            path=path,
            version=version,
            description=description,
            schema=schemas.get(function, {"type": "object", "properties": {}}),
        )


def flow_functions(text: str) -> Iterator[tuple[str, str]]:
    """Names and docstrings of the top-level functions that `@flow` decorates."""
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(_is_flow(d) for d in node.decorator_list):
            yield node.name, ast.get_docstring(node) or ""


def _is_flow(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (isinstance(call, ast.Name) and call.id == "flow") or (isinstance(call, ast.Attribute) and call.attr == "flow")


SCHEMAS = """
import importlib.util, json, sys
from prefect.utilities.callables import parameter_schema
spec = importlib.util.spec_from_file_location(sys.argv[2], sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
sys.stdout.write("\\n" + json.dumps({n: parameter_schema(getattr(module, n).fn).model_dump_for_openapi() for n in sys.argv[3:]}))
"""


def _schemas(path: Path, functions: list[tuple[str, str]]) -> dict[str, Any]:
    """The forms, asked of a process of its own: a flow file is a person's code, and may do anything when it is imported."""
    argv = [sys.executable, "-c", SCHEMAS, str(path), path.stem, *(name for name, _ in functions)]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=60, check=True, text=True)
        return dict(json.loads(done.stdout.rpartition("\n")[2]))
    except (subprocess.SubprocessError, ValueError):
        return {}
