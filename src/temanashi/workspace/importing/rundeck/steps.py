"""One command of a job's sequence as a step: a command, a script, a call, or, without an equal, what a person does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temanashi.runbooks.literal import as_template
from temanashi.text import Lang, say
from temanashi.workspace.importing.drafts import clean, local
from temanashi.workspace.importing.rundeck.calls import Neighbours, call_of
from temanashi.workspace.importing.rundeck.collecting import Collected, text_of
from temanashi.workspace.importing.rundeck.references import IN_SCRIPT, IN_TEXT, Known, Resolved, split
from temanashi.workspace.importing.rundeck.shell_text import Part, as_script, as_words

__all__ = ["Reader"]

SHELLS = {"sh", "bash", "ksh", "zsh", "dash"}
KEYS = (
    "exec script scriptfile scripturl args description jobref errorhandler keepgoingOnSuccess nodeStep type "
    "configuration plugins enabled scriptInterpreter interpreterArgsQuoted fileExtension expandTokenInScriptFile"
)
KNOWN = frozenset(KEYS.split())
BUILT_IN = {"exec-command": {"adhocRemoteString": "exec"}, "script-inline": {"adhocLocalString": "script", "argString": "args"}}
VARIABLE = re.compile(r"\bRD_(OPTION|NODE|JOB)_([A-Z0-9_]+)\b")


@dataclass
class Reader:
    """Reads the commands of one job."""

    known: Known
    neighbours: Neighbours
    languages: tuple[Lang, ...]
    collected: Collected

    def step(self, written: Mapping[str, Any], place: str) -> dict[str, Any]:
        """The kind of the step and what stands under it; `targets` too where the command says so."""
        given = _plain(written)
        self.collected.unknown(given, KNOWN, place)
        if given.get("plugins"):
            self.collected.tell("left", f"{place}.plugins", "rundeck-step-plugins")
        made: dict[str, Any] | None = None
        if "exec" in given:
            made = self._command(text_of(given["exec"]), f"{place}.exec")
        elif "script" in given:
            made = self._script(given, place)
        elif isinstance(given.get("jobref"), Mapping):
            made = call_of(given["jobref"], self.known, self.neighbours, self.collected, f"{place}.jobref")
        else:
            key = next((name for name in ("scriptfile", "scripturl", "type") if given.get(name)), "")
            self.collected.tell(
                "left", f"{place}.{key}" if key else place, "rundeck-no-equal", what=key or "?", value=text_of(given.get(key))[:120]
            )
        return made or self._by_hand(given)

    def _command(self, text: str, place: str) -> dict[str, Any] | None:
        parts = self._parts(text, IN_TEXT, place)
        if parts is None or not text:
            return None
        words = as_words(parts)
        if words is not None:
            if any(isinstance(part, Resolved) and part.may_be_empty for part in parts):
                self.collected.tell("changed", place, "rundeck-empty-word")
            return {"command": words}
        return self._shell(parts, {}, place)

    def _script(self, given: Mapping[str, Any], place: str) -> dict[str, Any] | None:
        text = str(given["script"]).replace("\r\n", "\n")
        more, shell = self._interpreter(given, text, place)
        parts = self._parts(text, IN_SCRIPT, f"{place}.script")
        if parts is None or more is None:
            return None
        if written := text_of(given.get("args")):
            arguments = self._parts(written, IN_TEXT, f"{place}.args")
            words = as_words(["x ", *arguments]) if arguments is not None else None
            if words is None:
                self.collected.tell("left", f"{place}.args", "rundeck-args", args=written[:120])
                return None
            more["args"] = words[1:]
        if not shell and any(isinstance(part, Resolved) for part in parts):
            self.collected.tell("left", f"{place}.script", "rundeck-tokens")
            return None
        return self._shell(parts, more, f"{place}.script")

    def _interpreter(self, given: Mapping[str, Any], text: str, place: str) -> tuple[dict[str, Any] | None, bool]:
        """Keys for another interpreter, and whether it is a shell; None where the interpreter cannot be used."""
        written = text_of(given.get("scriptInterpreter"))
        if not written:
            first = text.partition("\n")[0]
            words = first[2:].split() if first.startswith("#!") else ["sh"]
            return {}, any(word.rpartition("/")[2] in SHELLS for word in words)
        words = written.replace("${scriptfile}", "").split()
        if "${" in "".join(words) or given.get("interpreterArgsQuoted") in {True, "true"} or not words or words[0] == "sudo":
            # A script is read from an open file, which sudo does not pass on.
            self.collected.tell("left", f"{place}.scriptInterpreter", "rundeck-interpreter", value=written[:80])
            return None, False
        return {"interpreter": words}, words[-1].rpartition("/")[2] in SHELLS

    def _parts(self, text: str, pattern: re.Pattern[str], place: str) -> list[Part] | None:
        """The text with its references resolved; None, and told, where one means nothing here."""
        parts: list[Part] = []
        for part in split(text, pattern):
            resolved = None if isinstance(part, str) else self.known.resolve(*part)
            if resolved is None and not isinstance(part, str):
                self.collected.tell("left", place, "rundeck-reference", name=".".join(part)[:80])
                return None
            if resolved is not None and (resolved.unquoted or resolved.template.startswith("{{ host.vars.")):
                key = "rundeck-unquoted" if resolved.unquoted else "rundeck-attribute"
                self.collected.tell("changed", place, key, name=resolved.name[:80])
            parts.append(part if isinstance(part, str) else resolved or "")
        return parts

    def _shell(self, parts: list[Part], more: dict[str, Any], place: str) -> dict[str, Any] | None:
        script = as_script(parts)
        if script is None:
            self.collected.tell("left", place, "rundeck-here-document")
            return None
        if script.used:
            self.collected.tell("changed", place, "rundeck-variables", names=[one.name for one in script.used][:10])
        env = {one.variable: one.template for one in script.used if not one.secret}
        secrets = {one.variable: one.secret for one in script.used if one.secret}
        for kind, name in VARIABLE.findall(script.text):
            self._variable(kind.lower(), name, env, secrets, place)
        made = {"run": script.text, **more}
        made |= {"env": env} if env else {}
        made |= {"secrets": secrets} if secrets else {}
        return {"script": made if len(made) > 1 else script.text}

    def _variable(self, kind: str, name: str, env: dict[str, str], secrets: dict[str, str], place: str) -> None:
        """Scripts may read Rundeck's variables themselves; those that we know are given to them."""
        written = f"RD_{kind.upper()}_{name}"
        if written in env or written in secrets:
            return
        candidates = list(self.known.options) if kind == "option" else [name.lower()]
        for candidate in candidates:
            resolved = self.known.resolve(kind, candidate)
            if resolved is not None and resolved.variable == written:
                (secrets if resolved.secret else env)[written] = resolved.secret or resolved.template
                return
        self.collected.tell("left", place, "rundeck-reference", name=written)

    def _by_hand(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What cannot be taken over is put before a person, so that nothing that Rundeck did is silently left out."""
        shown = {key: value for key, value in given.items() if key not in {"errorhandler", "plugins", "nodeStep", "description"}}
        lines = clean("\n".join(f"{key}: {_shown(value)}" for key, value in shown.items()))[:5000]
        texts = {lang: as_template(say("imports.rundeck-by-hand", lang, text=lines)) for lang in self.languages}
        return {"manual": {"text": local(next(iter(texts.values())), self.languages) if len(texts) == 1 else texts}}


def _plain(written: Mapping[str, Any]) -> Mapping[str, Any]:
    """Newer exports write the built-in steps as plugins."""
    names, configuration = BUILT_IN.get(text_of(written.get("type"))), written.get("configuration")
    if names is None or not isinstance(configuration, Mapping):
        return written
    rest = {key: value for key, value in written.items() if key not in {"type", "configuration"}}
    return rest | {names.get(str(key), str(key)): value for key, value in configuration.items() if key != "adhocExecution"}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_shown(inner)}" for key, inner in value.items())
    return shlex.quote(str(value)) if isinstance(value, str) and "\n" not in value and " " in value else str(value)
