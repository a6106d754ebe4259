"""A secret is masked in every form in which programs print it."""

import base64
import html
import json
import re
import shlex
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.redaction import MASK, Redactor, one_line, visible

SECRET = "pa55 wörd/'+\"$x<&>%\\"


def b64(text):
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "raw": lambda s: s,
    "quoted for a shell": shlex.quote,
    "quoted by bash": lambda s: "'" + s.replace("'", r"'\''") + "'",
    "URL": quote,
    "URL with slashes": lambda s: quote(s, safe=""),
    "URL in small letters": lambda s: re.sub("%..", lambda found: found[0].lower(), quote(s, safe="")),
    "URL by JavaScript": lambda s: quote(s, safe="!'()*"),
    "form": quote_plus,
    "JSON": json.dumps,
    "JSON with letters": lambda s: json.dumps(s, ensure_ascii=False),
    "JSON in JSON": lambda s: json.dumps(json.dumps({"k": s})),
    "HTML": html.escape,
    "HTML without quotes": lambda s: html.escape(s, quote=False),
    "repr": repr,
    "repr of bytes": lambda s: repr(s.encode()),
    "base64": b64,
    "base64 behind one byte": lambda s: b64(f"u{s}"),
    "base64 behind two bytes": lambda s: b64(f"u:{s}"),
    "base64 in the middle": lambda s: b64(f"user:{s} and more"),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(f"a:{s}".encode()).decode(),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
}


@pytest.mark.parametrize("form", FORMS)
def test_this_form_of_a_secret_is_masked(form):
    shown = FORMS[form](SECRET)
    masked = Redactor([SECRET]).text(f"before {shown} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    left = masked.replace(MASK, "")
    # Base64 keeps the few characters that the secret shares with its neighbours.
    assert len(left) <= len("before  after") + (len(shown) - len(b64(SECRET)) + 8 if "base64" in form else 15), masked


@given(
    before=st.binary(max_size=5), after=st.binary(max_size=5), secret=st.text(st.characters(codec="utf-8"), min_size=6, max_size=60)
)
def test_base64_hides_nothing_wherever_the_secret_stands_in_what_is_encoded(before, after, secret):
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    masked = Redactor([secret]).text(encoded)
    assert MASK in masked
    assert len(masked.replace(MASK, "")) <= -(-len(before) * 8 // 6) + -(-len(after) * 8 // 6) + 6


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_base64_over_several_lines_is_masked(width, end, before):
    secret = "".join(chr(33 + (n * 37) % 90) for n in range(300))
    encoded = b64(before + secret)
    wrapped = end.join(encoded[at : at + width] for at in range(0, len(encoded), width))
    masked = Redactor([secret]).text(wrapped)
    assert len(masked.replace(MASK, "")) < 12


@pytest.mark.parametrize("end", ["\n", "\r\n", r"\n", r"\r\n"])
@pytest.mark.parametrize("before", range(130, 160))
def test_a_short_secret_is_masked_where_a_line_of_base64_breaks_in_it(before, end):
    encoded = b64("x" * before + SECRET + "y" * 50)
    wrapped = end.join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    masked = Redactor([SECRET]).text(wrapped)
    core = b64(SECRET)
    assert MASK in masked
    assert len(masked.replace(MASK, "")) <= len(wrapped) - len(core) + 6


def test_each_line_of_a_key_is_masked_alone():
    key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----"
    assert Redactor([key]).text("saw BgkqhkiG9w0B there") == f"saw {MASK} there"


def test_the_longest_secret_goes_first_and_short_ones_are_left_out():
    redactor = Redactor(["abcd", "abcdefgh", "xyz"])
    assert redactor.text("abcdefgh abcd xyz") == f"{MASK} {MASK} xyz"


def test_json_values_are_masked_with_their_keys():
    redactor = Redactor(["hunter22"])
    assert redactor.value({"hunter22": ["a hunter22", 5, None, {"x": "hunter22"}]}) == {MASK: [f"a {MASK}", 5, None, {"x": MASK}]}


def test_without_secrets_a_value_is_itself():
    value = {"a": (1, 2)}
    assert Redactor().value(value) is value


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("back\rover", r"back\rover"),
        ("bell\x07", r"bell\x07"),
        ("c1\x9b31m", r"c1\x9b31m"),
        ("right\u202eleft", r"right\u202eleft"),
        ("sep\u2028arate", r"sep\u2028arate"),
        ("tab\there", r"tab\there"),
        ("日本語 ok", "日本語 ok"),
    ],
)
def test_a_value_stays_on_its_line_and_steers_no_terminal(text, seen):
    assert one_line(text) == seen


def test_text_of_several_lines_keeps_them_and_loses_what_steers():
    assert visible("one\n\ttwo\x1b[2J") == "one\n\ttwo\\x1b[2J"
