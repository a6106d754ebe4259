"""What readers see, in Japanese and English: one gettext catalogue an area and language, read by Babel.

A key is `area.words-with-dashes`; the area names the file `text/<lang>/<area>.po`. Values are filled in by name, `{name}`.
"""

from __future__ import annotations

from temanashi.text.catalogue import Told, explain, has, keys, say
from temanashi.text.local import LANGUAGES, Lang, LocalText, Phrase, phrase

__all__ = ["LANGUAGES", "Lang", "LocalText", "Phrase", "Told", "explain", "has", "keys", "phrase", "say"]
