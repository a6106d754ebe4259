"""The sign-in page with every way in, and what it says when a try did not succeed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from temanashi.errors import TemanashiError
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.people import People
from temanashi.secrets import SecretMissing
from temanashi.signin.directory_faults import (
    BadOutsideName,
    BadTicket,
    DirectoryDown,
    DirectoryMisset,
    DirectoryRefused,
    NameTaken,
    NotAdmitted,
    TokenNotTrusted,
)
from temanashi.signin.faults import NameOfSomebodyElse, SignInFailed, SignInWaits
from temanashi.text import explain
from temanashi.workspace.first_admin import first_password_file
from temanashi.workspace.live import live_directory

__all__ = ["STATUS", "address_of", "people_of", "safe_address", "sign_in_form", "today_of"]

STATUS: Mapping[type[TemanashiError], int] = {
    BadTicket: 400,
    SignInFailed: 401,
    DirectoryRefused: 401,
    TokenNotTrusted: 401,
    BadOutsideName: 403,
    NameOfSomebodyElse: 403,
    NameTaken: 403,
    NotAdmitted: 403,
    SignInWaits: 429,
    DirectoryDown: 503,
    DirectoryMisset: 503,
    SecretMissing: 503,
}
"""What the page answers with what is wrong."""


def safe_address(wanted: str) -> str:
    """Where to go after signing in: an address of this server, else the home page."""
    ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours and len(wanted) < 2000 else "/tema/"  # noqa: PLR2004  (longer ones are no addresses of ours)


def sign_in_form(site: Site, request: Request, typed: Mapping[str, str], *, error: TemanashiError | None = None) -> Response:
    """The page with every way to sign in, and what went wrong with the last try."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 200)
    gate = site.installation.settings.gate
    told = explain(error, language_of(request, site.installation.settings.languages)) if error is not None else None
    first = first_password_file(site.installation.settings)
    return page(
        site,
        request,
        "sign_in.html.j2",
        status=status,
        typed=typed,
        trouble=told,
        typed_wrong=isinstance(error, SignInFailed),
        oidc=gate.oidc if site.oidc is not None else None,
        ldap=gate.ldap if site.ldap is not None else None,
        first=str(first.relative_to(site.installation.settings.root)) if first.exists() else "",
    )


def people_of(site: Site) -> People:
    """Everybody of the live version."""
    with site.installation.database.reading() as connection:
        return live_directory(connection).people


def address_of(request: Request) -> str:
    """From where a request comes."""
    return request.client.host if request.client is not None else "-"


def today_of(site: Site) -> date:
    """The day in the workspace's time zone."""
    return site.installation.clock.now().astimezone(site.installation.settings.zone).date()
