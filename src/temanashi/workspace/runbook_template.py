"""The commented file that `tema new runbook` writes: it is valid as it stands, and so are its commented lines."""

from __future__ import annotations

import json

from temanashi.text import Lang, say

__all__ = ["runbook_template"]

TEMPLATE = """\
# yaml-language-server: $schema={schema}
# {head}
# {editors}
id: {id}
title: {title}
description: {description}
category: {category}
owner: ops  # {owner}
targets: localhost  # {targets}

# {privileged}
# privileged: true

# {parameters}
# parameters:
#   - name: service
#     type: string
#     title: {parameter}
#     pattern: "[a-z][a-z0-9-]*"
#     default: nginx

# {steps}
steps:
  - id: first
    title: {step}
    manual: {manual}
  # - id: disk
  #   title: {disk}
  #   checks:
  #     - {{id: root, kind: disk, path: /, warn: "80", crit: "90"}}
  # - id: look
  #   title: {look}
  #   command: {{run: [systemctl, status, "{{{{ params.service }}}}"], reads: true}}

# {schedules}
# schedules:
#   - {{cron: "0 8 * * 1-5"}}

# {toil}
toil:
  demand: request  # {demand}
  minutes: 10
"""
TEXTS = ("title", "description", "parameter", "step", "manual", "disk", "look")
COMMENTS = ("head", "editors", "owner", "targets", "privileged", "parameters", "steps", "schedules", "toil", "demand")


def runbook_template(name: str, *, category: str, languages: tuple[Lang, ...]) -> str:
    """The YAML of a new runbook with a manual step; comments are in the first language."""
    texts = {key: _text(f"workspace.new-{key}", name, languages) for key in TEXTS}
    comments = {key: say(f"workspace.new-{key}", languages[0]) for key in COMMENTS}
    return TEMPLATE.format(id=name, category=category, schema="../../schemas/runbook.schema.json", **texts, **comments)


def _text(key: str, name: str, languages: tuple[Lang, ...]) -> str:
    # JSON strings are YAML strings, whatever is in them.
    said = {lang: json.dumps(say(key, lang, id=name), ensure_ascii=False) for lang in languages}
    if len(languages) == 1:
        return said[languages[0]]
    return "{" + ", ".join(f"{lang}: {text}" for lang, text in said.items()) + "}"
