"""Messages with commands in them, as HTML."""

from __future__ import annotations

from markupsafe import Markup, escape

__all__ = ["coded"]


def coded(text: object) -> Markup:
    """A message, escaped, with what stands between backticks as code."""
    plain, *rest = str(escape(text)).split("`")
    if len(rest) % 2:  # one stands alone
        return Markup(str(escape(text)))  # noqa: S704  (escaped)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return Markup(plain + "".join(f"<code>{code}</code>{after}" for code, after in pairs))  # noqa: S704  (escaped above)
