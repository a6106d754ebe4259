from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from babel.messages.pofile import read_po

import temanashi.ledger
from temanashi.errors import LedgerError
from temanashi.text import LANGUAGES, has, keys


def every_error():
    for module in pkgutil.iter_modules(temanashi.ledger.__path__, "temanashi.ledger."):
        found = importlib.import_module(module.name)
        yield from {c for c in vars(found).values() if isinstance(c, type) and issubclass(c, LedgerError) and c.key}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("error", sorted(set(every_error()), key=lambda c: c.key), ids=lambda c: c.key)
def test_every_error_has_a_text_and_a_next_step(error, lang):
    assert has(error.key, lang)
    assert has(f"{error.key}.next", lang)


def test_both_languages_say_the_same_things_with_the_same_data():
    from importlib.resources import files

    assert keys("ledger", "ja") == keys("ledger", "en")
    fields = {}
    for lang in LANGUAGES:
        with (files("temanashi.text") / lang / "ledger.po").open("rb") as file:
            fields[lang] = {m.id: set(re.findall(r"{(\w+)}", str(m.string))) for m in read_po(file) if m.id}
    assert fields["ja"] == fields["en"]


def test_every_module_lists_its_names_sorted():
    for module in pkgutil.iter_modules(temanashi.ledger.__path__, "temanashi.ledger."):
        names = importlib.import_module(module.name).__all__
        assert all(hasattr(importlib.import_module(module.name), name) for name in names)
