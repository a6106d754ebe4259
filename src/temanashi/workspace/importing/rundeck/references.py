"""`${option.x}`, `${node.name}` and their like as templates of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["IN_SCRIPT", "IN_TEXT", "Known", "Option", "Resolved", "split"]

IN_TEXT = re.compile(r"\$\{([A-Za-z]+)\.([^}\s]+)\}")
IN_SCRIPT = re.compile(r"@(option|unquotedoption|node|job|globals|data|export)\.([A-Za-z0-9_.:-]+)@")
NODE = {"name": "{{ host.name }}", "hostname": "{{ host.address }}", "tags": "{{ host.tags | join(',') }}"}
JOB = {"execid": "{{ run.id }}", "username": "{{ run.actor }}", "user.name": "{{ run.actor }}"}


class Option(NamedTuple):
    """An option as the parameter that it became."""

    parameter: str
    secret: bool = False
    may_be_empty: bool = False
    delimiter: str = ""


class Resolved(NamedTuple):
    """A reference: the template of its value, the environment variable that Rundeck gives it in, and a secret's parameter."""

    name: str
    template: str
    variable: str
    secret: str = ""
    may_be_empty: bool = False
    unquoted: bool = False


@dataclass(frozen=True)
class Known:
    """What references of a job can mean: its options by name, and its own facts (`name`, `group`, `project`, `id`)."""

    options: Mapping[str, Option] = field(default_factory=dict)
    job: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, kind: str, name: str) -> Resolved | None:
        """The reference, or None where there is nothing like it here."""
        variable = f"RD_{kind}_{name}".upper().replace("UNQUOTEDOPTION", "OPTION")
        variable = re.sub(r"[^A-Z0-9_]", "_", variable)
        written = f"{kind}.{name}"
        if kind in {"option", "unquotedoption"}:
            option = self.options.get(name)
            if option is None:
                return None
            value = f"params.{option.parameter}" + (" or ''" if option.may_be_empty else "")
            if option.delimiter:  # several values are one text in Rundeck
                value = f"(params.{option.parameter} or []) | join({json.dumps(option.delimiter)})"
            secret = option.parameter if option.secret else ""
            return Resolved(written, f"{{{{ {value} }}}}", variable, secret, option.may_be_empty, kind == "unquotedoption")
        if kind == "node":
            template = NODE.get(name) or (f"{{{{ host.vars.{name} }}}}" if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else "")
            return Resolved(written, template, variable) if template and name not in {"username", "description"} else None
        if kind == "job":
            template = JOB.get(name, "") or self.job.get(name, "")
            return Resolved(written, template, variable) if template else None
        return None


def split(text: str, pattern: re.Pattern[str]) -> list[str | tuple[str, str]]:
    """A text as its plain parts and the references between them, as (kind, name)."""
    parts: list[str | tuple[str, str]] = []
    end = 0
    for match in pattern.finditer(text):
        parts += [text[end : match.start()], (match[1], match[2])]
        end = match.end()
    return [*parts, text[end:]]
