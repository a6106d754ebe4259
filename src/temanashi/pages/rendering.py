"""From a template and data to an answer, in the reader's language."""

from __future__ import annotations

from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.people.identity_check import tell_identity
from temanashi.reports.coding import coded
from temanashi.reports.display import Display
from temanashi.text import Lang, say

__all__ = ["css", "page", "piece", "script"]

DIRECTIVES = (
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
OWN_SCRIPTS = ("script-src 'self'", "connect-src 'self'")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("temanashi.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["coded"] = coded
    return made


@cache
def css() -> str:
    """The style sheet."""
    return (files("temanashi.pages") / "templates" / "style.css").read_text(encoding="utf-8")


@cache
def script(name: str = "checklist.js") -> str:
    """A script of ours that makes a page quicker; everything works without it."""
    return (files("temanashi.pages") / "templates" / name).read_text(encoding="utf-8")


def piece(template: str, **data: Any) -> Markup:
    """A part of a page, rendered from a template of ours."""
    return Markup(_environment().get_template(template).render(**data))  # noqa: S704  (rendered with autoescape)


def page(site: Site, request: Request, template: str, *, status: int = 200, scripts: bool = False, **data: Any) -> Response:
    """The rendered template. Each knows `t` (texts of pages), `show` (times and numbers), `lang` and the way to the other one.

    `scripts` lets our own script run in it.
    """
    settings = site.installation.settings
    lang, me = language_of(request, settings.languages), signed_in(request)
    text = (
        _environment()
        .get_template(template)
        .render(
            t=partial(_text, lang),
            lang=lang,
            show=Display(lang, settings.zone),
            company=settings.company,
            others=[(other, str(request.url.include_query_params(lang=other))) for other in settings.languages if other != lang],
            root=request.scope.get("root_path", ""),
            links=site.links,
            me=me,
            sign_in=settings.gate.sign_in,
            tell_identity=partial(_identity, lang),
            sees_all=me is None or me.may("see-all"),
            **data,
        )
    )
    policy = "; ".join((*DIRECTIVES, *(OWN_SCRIPTS if scripts else ())))
    headers = {"content-security-policy": policy, "cache-control": "no-store", "content-language": lang}
    return HTMLResponse(text, status_code=status, headers=headers)


def _identity(lang: Lang, text: str) -> str:
    return tell_identity(text, lang)


def _text(lang: Lang, key: str, **data: Any) -> str:
    return say(f"pages.{key}" if "." not in key else key, lang, **data)
