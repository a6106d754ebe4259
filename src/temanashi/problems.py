"""What is wrong in something a person wrote: one `Problem` a mistake, in the reader's language, with a suggestion."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from temanashi.redaction import MASK
from temanashi.text.local import Phrase, phrase

__all__ = ["Problem", "problems_of", "suggestion"]

KNOWN = {
    "missing": "problems.missing",
    "extra_forbidden": "problems.unknown-key",
    "string_type": "problems.not-text",
    "int_type": "problems.not-integer",
    "int_parsing": "problems.not-integer",
    "int_from_float": "problems.not-integer",
    "float_type": "problems.not-number",
    "float_parsing": "problems.not-number",
    "bool_type": "problems.not-boolean",
    "bool_parsing": "problems.not-boolean",
    "list_type": "problems.not-list",
    "tuple_type": "problems.not-list",
    "dict_type": "problems.not-mapping",
    "model_type": "problems.not-mapping",
    "model_attributes_type": "problems.not-mapping",
    "date_type": "problems.not-date",
    "date_parsing": "problems.not-date",
    "date_from_datetime_parsing": "problems.not-date",
    "literal_error": "problems.not-one-of",
    "enum": "problems.not-one-of",
    "union_tag_invalid": "problems.not-one-of",
    "union_tag_not_found": "problems.missing",
    "string_pattern_mismatch": "problems.pattern",
    "string_too_short": "problems.too-short",
    "string_too_long": "problems.too-long",
    "too_short": "problems.too-few",
    "too_long": "problems.too-many",
    "greater_than": "problems.too-small-exclusive",
    "greater_than_equal": "problems.too-small",
    "less_than": "problems.too-large-exclusive",
    "less_than_equal": "problems.too-large",
}


TAGS = frozenset({"union_tag_invalid", "union_tag_not_found"})

REFERENCE = "^(env:"
"""How the pattern of references to secrets begins: what does not match it may be the secret itself."""

SHORT = 60
"""Characters of what was typed that a sentence quotes."""


class Problem(NamedTuple):
    """One mistake: the path of keys and indexes to it, the sentence, and the closest right word (may be empty)."""

    loc: tuple[str | int, ...]
    message: Phrase
    close: str = ""

    @property
    def field(self) -> str:
        """The path as text, `steps.0.command`."""
        return ".".join(str(part) for part in self.loc)

    def under(self, *prefix: str | int) -> Problem:
        """The same problem, seen from above."""
        return self._replace(loc=(*prefix, *self.loc))


def suggestion(word: str, known: Any) -> str:
    """The closest known word, or nothing."""
    close = get_close_matches(word, [str(item) for item in known], n=1, cutoff=0.6)
    return close[0] if close else ""


def _fields_at(model: type[BaseModel] | None, loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the model at this path knows; empty when the path leaves what can be followed."""
    current: Any = model
    for part in loc:
        if isinstance(part, int) or current is None:
            continue
        field = getattr(current, "model_fields", {}).get(part)
        current = next(_models(field.annotation), None) if field is not None else current
    return [f.alias or name for name, f in getattr(current, "model_fields", {}).items()]


def _models(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def problems_of(error: ValidationError, *, model: type[BaseModel] | None = None, quote_values: bool = True) -> list[Problem]:
    """Every mistake that pydantic found. `quote_values=False` keeps what was typed out of the sentences (secrets)."""
    found = []
    for item in error.errors(include_url=False):
        loc = tuple(p for p in item["loc"] if not (isinstance(p, str) and p.startswith(("function-", "lax-or", "json-or"))))
        kind = item["type"]
        if kind in TAGS:  # pydantic names the object; what is wrong is the key that says what it is
            loc = (*loc, item["ctx"]["discriminator"].strip("'"))
        name = str(loc[-1]) if loc else ""
        context = {k: v if isinstance(v, (str, int, float, bool)) else str(v) for k, v in item.get("ctx", {}).items()}
        typed = item["input"] if quote_values and isinstance(item["input"], (str, int, float, bool)) else ""
        if str(context.get("pattern", "")).startswith(REFERENCE):
            typed = MASK
        data = {"name": name, "value": _short(typed), **context}
        if kind == "union_tag_invalid":
            data = {"name": name, "value": context["tag"], "expected": context["expected_tags"]}
        if kind in {"missing", "union_tag_not_found"}:
            data = {"name": name}
        close = suggestion(name, _fields_at(model, loc[:-1])) if kind == "extra_forbidden" else ""
        if kind in {"value_error", "assertion_error"}:
            message = _carried(item.get("ctx", {}).get("error"), data)
        else:
            message = phrase(KNOWN[kind], **data) if kind in KNOWN else phrase("problems.other", problem=item["msg"], **data)
        found.append(Problem(loc, message, close))
    return found


def _carried(error: Any, data: dict[str, Any]) -> Phrase:
    """A validator of ours may raise ValueError(Phrase) or ValueError("text")."""
    first = error.args[0] if isinstance(error, Exception) and error.args else ""
    if isinstance(first, Phrase):
        return Phrase(key=first.key, data={**data, **first.data})
    return phrase("problems.other", problem=str(first), **{k: v for k, v in data.items() if k not in {"problem", "error"}})


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= SHORT else text[: SHORT - 3] + "..."
