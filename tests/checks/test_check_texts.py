"""Every sentence of hosts and checks exists in both languages, with the same fields, and every one is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import temanashi
import temanashi.checks
import temanashi.hosts
from temanashi.checks.connecting import CannotMeasure
from temanashi.checks.names import NameNotFound
from temanashi.checks.trust import CaFileUnreadable
from temanashi.errors import TemanashiError
from temanashi.text import explain, keys, say

PACKAGES = {"hosts": temanashi.hosts, "checks": temanashi.checks}
FAILURES = {
    f"checks.failure-{word}"
    for word in (
        "refused",
        "reset",
        "no-route",
        "timeout",
        "failed",
        "tls",
        "protocol",
        "redirects",
        "loop",
        "proxy",
        "dns-protocol",
        "starttls",
    )
}


def named_in_code(area: str) -> set[str]:
    folder = Path(temanashi.__file__).parent  # packages above name sentences of these two as well
    text = "\n".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.py"))
    found = set(re.findall(rf"[\"']({area}\.[a-z0-9-]+)[\"']", text))
    return found | (FAILURES if area == "checks" else set())


def fields(key: str, lang: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", say(key, lang)))


@pytest.mark.parametrize("area", PACKAGES)
def test_code_and_catalogues_name_the_same_sentences(area: str) -> None:
    named = named_in_code(area) - {"temanashi.checks"}
    for lang in ("ja", "en"):
        known = keys(area, lang)
        assert {key for key in named if key not in known} == set()
        assert {key for key in known if key.removesuffix(".next") not in named} == set()


@pytest.mark.parametrize("area", PACKAGES)
def test_both_languages_fill_in_the_same_values(area: str) -> None:
    assert {key for key in keys(area, "ja") if fields(key, "ja") != fields(key, "en")} == set()


def errors_of(module_name: str) -> list[type[TemanashiError]]:
    def below(cls: type[TemanashiError]):
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    return [cls for cls in below(TemanashiError) if cls.__module__.startswith(module_name) and cls.key]


@pytest.mark.parametrize("cls", errors_of("temanashi.hosts") + errors_of("temanashi.checks"), ids=lambda cls: cls.__name__)
def test_every_error_says_what_is_wrong_and_what_to_do(cls: type[TemanashiError]) -> None:
    for lang in ("ja", "en"):
        assert cls.key in keys(cls.key.partition(".")[0], lang)
        assert f"{cls.key}.next" in keys(cls.key.partition(".")[0], lang)


@pytest.mark.parametrize(
    ("error", "english"),
    [
        (NameNotFound("web1", "timeout"), "web1 has no address (timeout)."),
        (CannotMeasure("web1:80", "Too many open files"), "This machine cannot look at web1:80 (Too many open files)."),
        (CaFileUnreadable("/x.pem", "Permission denied"), "The certificate file /x.pem cannot be read (Permission denied)."),
    ],
)
def test_what_could_not_be_measured_is_told_in_both_languages(error: TemanashiError, english: str) -> None:
    assert explain(error, "en").what == english
    for lang in ("ja", "en"):
        told = explain(error, lang)
        assert told.next
        assert "{" not in told.what + told.next
