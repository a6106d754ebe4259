"""An entry's file with other contents: what the owner wrote around them, comments and order, stays."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from temanashi.faq.entries import Entry
from temanashi.faq.writing import entry_path, entry_text
from temanashi.workspace.faq_files import read_entry
from temanashi.workspace.faq_syntax import BadEntry, split_entry
from temanashi.workspace.yaml_source import read_yaml

__all__ = ["rewritten"]


def rewritten(before: str, entry: Entry) -> str:
    """The text of the file that says what `entry` says; `before` is its present text, empty for a new one."""
    plain = entry_text(entry)
    if not before:
        return plain
    try:
        text = _merged(before, plain, entry)
    except (BadEntry, YAMLError, TypeError, AttributeError):
        return plain
    loaded = read_entry(entry_path(entry), text, [])
    # YAML has ways of writing (anchors, merges) in which one change says more than it seems: then the file is made anew.
    return text if loaded is not None and loaded.entry == entry else plain


def _merged(before: str, plain: str, entry: Entry) -> str:
    source, wanted = split_entry(before), split_entry(plain)
    yaml = YAML(typ="rt")
    yaml.allow_unicode, yaml.width, yaml.preserve_quotes = True, 10_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    front: Any = yaml.load(source.front)
    _update(front, read_yaml(wanted.front).data, read_yaml(source.front).data)
    out = StringIO()
    yaml.dump(front, out)
    old = read_entry(entry_path(entry), before, [])
    same = old is not None and {lang: text.answer for lang, text in old.entry.texts.items()} == {
        lang: text.answer for lang, text in entry.texts.items()
    }
    return f"---\n{out.getvalue().strip(chr(10))}\n---\n{source.body if same else wanted.body}"


def _update(front: Any, wanted: Any, now: Any) -> None:
    """Change a mapping of YAML where it says something else; what it says by default may stay unsaid."""
    for key in [key for key in now if key not in wanted]:
        del front[key]
    for key, value in wanted.items():
        if key not in now:
            front[key] = value
        elif isinstance(value, dict) and isinstance(now[key], dict):
            _update(front[key], value, now[key])
        elif str(now[key]) != str(value):
            front[key] = value
