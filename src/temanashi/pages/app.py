"""The application with our pages; the gate mounts it under `/tema`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from temanashi.errors import TemanashiError
from temanashi.pages.accounts import accounts_page, compare_roster
from temanashi.pages.alerts_posted import ALERTS_PATH, alerts_posted
from temanashi.pages.audit import audit_evidence, audit_record, audit_run, audit_search
from temanashi.pages.audit_export import export_entries
from temanashi.pages.audit_sample import audit_sample, draw_on_page, sample_form
from temanashi.pages.census import act_on_census, census_file, show_census
from temanashi.pages.checks import confirm_checks, sheet_file, sheet_styles, show_checks
from temanashi.pages.decide_by_mail import decide_by_link, show_link
from temanashi.pages.demand_posted import API_PATH, DEMAND_PATH, demand_posted
from temanashi.pages.faq import ask_on_page, show_faq, suggest_on_page
from temanashi.pages.faq_edit import edit_entry, new_entry, save_entry, save_new
from temanashi.pages.faq_entries import entry_image, list_entries, show_entry
from temanashi.pages.faq_figures import show_figures
from temanashi.pages.faq_inquiry import act_on_inquiry, show_inquiry
from temanashi.pages.faq_posted import ASK_PATH, ask_posted, hand_over_posted, state_posted, suggest_posted, vote_posted
from temanashi.pages.faults import shown_errors
from temanashi.pages.health import health
from temanashi.pages.heartbeats import PING_PATH, ping_heard
from temanashi.pages.home import home
from temanashi.pages.hosts import show_hosts
from temanashi.pages.inbox import show_inbox
from temanashi.pages.incidents import show_incidents, tell_incident
from temanashi.pages.incidents_posted import INCIDENTS_PATH, incidents_posted
from temanashi.pages.investment import record_hours, show_investment
from temanashi.pages.metrics import metrics
from temanashi.pages.month import act_on_month, month_file, show_month
from temanashi.pages.problems import acknowledge_on_page, show_problems
from temanashi.pages.remedies import remedy_page
from temanashi.pages.rendering import css, script
from temanashi.pages.report import report
from temanashi.pages.report_records import show_records
from temanashi.pages.requesting import ask_run, request_page, started
from temanashi.pages.requests import list_requests
from temanashi.pages.review_uploads import open_on_page, sheet_on_page
from temanashi.pages.reviews import act_on_review, list_reviews, review_file, show_review
from temanashi.pages.roadmap import show_roadmap
from temanashi.pages.runbooks import list_runbooks, show_runbook
from temanashi.pages.runs import approve_run, decide_run, end_run, show_run, work_on_run
from temanashi.pages.same_origin import SameOrigin
from temanashi.pages.schedule import schedule, schedule_file
from temanashi.pages.sign_in import change_password, end_other_sessions, leave, me_page, password_page, sign_in_page, try_sign_in
from temanashi.pages.sign_in_elsewhere import come_back, go_to_provider
from temanashi.pages.site import Site
from temanashi.pages.tally import show_tally, tap
from temanashi.pages.users import change_user, list_people, post_people, show_user

__all__ = ["build_pages"]


def _runs(site: Site) -> list[Route]:
    """Runbooks, runs and decisions."""
    return [
        Route("/runs/{run}", show_run(site), methods=["GET"]),
        Route("/runs/{run}", decide_run(site), methods=["POST"]),
        Route("/runs/{run}/approval", approve_run(site), methods=["POST"]),
        Route("/runs/{run}/cancel", end_run(site), methods=["POST"]),
        Route("/decide/{link}", show_link(site), methods=["GET"]),
        Route("/decide/{link}", decide_by_link(site), methods=["POST"]),
        Route("/approvals", show_inbox(site)),
        Route("/requests", list_requests(site)),
        Route("/runbooks", list_runbooks(site)),
        Route("/runbooks/{runbook}", show_runbook(site)),
        Route("/runbooks/{runbook}/run", request_page(site), methods=["GET"]),
        Route("/runbooks/{runbook}/run", ask_run(site), methods=["POST"]),
        Route("/runbooks/{runbook}/started/{flow_run:uuid}", started(site)),
        Route("/runs/{run}/checklist", work_on_run(site), methods=["POST"]),
        Route("/checklist.js", _checklist_script),
    ]


def _checks(site: Site) -> list[Route]:
    """Checks, hosts, problems, incidents and the schedule."""
    problems_page, incidents_page = show_problems(site), show_incidents(site)
    return [
        Route("/checks", show_checks(site)),
        Route("/checks.css", sheet_styles),
        Route("/checks/{day}.xlsx", sheet_file(site)),
        Route("/checks/{day}", show_checks(site), methods=["GET"]),
        Route("/checks/{day}", confirm_checks(site), methods=["POST"]),
        Route("/hosts", show_hosts(site)),
        Route("/problems", problems_page, methods=["GET"]),
        Route("/problems", acknowledge_on_page(site, problems_page), methods=["POST"]),
        Route("/problems/{problem}/remedy", remedy_page(site)),
        Route("/metrics", metrics(site)),
        Route("/schedule", schedule(site)),
        Route("/schedule.xlsx", schedule_file(site)),
        Route("/incidents", incidents_page, methods=["GET"]),
        Route("/incidents", tell_incident(site, incidents_page), methods=["POST"]),
    ]


def _books(site: Site) -> list[Route]:
    """The report, months, census, investment, roadmap and the tally."""
    return [
        Route("/report", report(site)),
        Route("/report/records", show_records(site)),
        Route("/month", show_month(site), methods=["GET"]),
        Route("/month", act_on_month(site), methods=["POST"]),
        Route("/month/files/{name}", month_file(site)),
        Route("/roadmap", show_roadmap(site)),
        Route("/census", show_census(site), methods=["GET"]),
        Route("/census", act_on_census(site), methods=["POST"]),
        Route("/census.xlsx", census_file(site)),
        Route("/investment", show_investment(site), methods=["GET"]),
        Route("/investment", record_hours(site), methods=["POST"]),
        Route("/tally", show_tally(site), methods=["GET"]),
        Route("/tally", tap(site), methods=["POST"]),
    ]


def _faq(site: Site) -> list[Route]:
    """Questions, their answers, and the entries."""
    return [
        Route("/faq", show_faq(site), methods=["GET"]),
        Route("/faq", ask_on_page(site), methods=["POST"]),
        Route("/faq/suggest", suggest_on_page(site)),
        Route("/faq/inquiries/{number}", show_inquiry(site), methods=["GET"]),
        Route("/faq/inquiries/{number}", act_on_inquiry(site), methods=["POST"]),
        Route("/faq/entries", list_entries(site)),
        Route("/faq/entries/{entry}", show_entry(site)),
        Route("/faq/entries/{entry}/images/{name}", entry_image(site)),
        Route("/faq/entries/{entry}/edit", edit_entry(site), methods=["GET"]),
        Route("/faq/entries/{entry}/edit", save_entry(site), methods=["POST"]),
        Route("/faq/new", new_entry(site), methods=["GET"]),
        Route("/faq/new", save_new(site), methods=["POST"]),
        Route("/faq/figures", show_figures(site)),
        Route("/faq.js", _faq_script),
    ]


def _audit(site: Site) -> list[Route]:
    """Search, samples, stories and records."""
    return [
        Route("/audit", audit_search(site)),
        Route("/audit/export", export_entries(site), methods=["POST"]),
        Route("/audit/sample", sample_form(site), methods=["GET"]),
        Route("/audit/sample", draw_on_page(site), methods=["POST"]),
        Route("/audit/samples/{seq:int}", audit_sample(site)),
        Route("/audit/runs/{run}", audit_run(site)),
        Route("/accounts", accounts_page(site), methods=["GET"]),
        Route("/accounts", compare_roster(site), methods=["POST"]),
        Route("/reviews", list_reviews(site), methods=["GET"]),
        Route("/reviews", open_on_page(site), methods=["POST"]),
        Route("/reviews/{review}", show_review(site), methods=["GET"]),
        Route("/reviews/{review}", act_on_review(site), methods=["POST"]),
        Route("/reviews/{review}/file", review_file(site), methods=["POST"]),
        Route("/reviews/{review}/sheet", sheet_on_page(site), methods=["POST"]),
        Route("/audit/records/{seq:int}", audit_record(site)),
        Route("/audit/records/{seq:int}/evidence/{number:int}", audit_evidence(site)),
    ]


def _people(site: Site) -> list[Route]:
    """Sign-in, users and oneself."""
    return [
        Route("/sign-in", sign_in_page(site), methods=["GET"]),
        Route("/sign-in", try_sign_in(site), methods=["POST"]),
        Route("/sign-in/oidc", go_to_provider(site)),
        Route("/sign-in/oidc/back", come_back(site)),
        Route("/sign-out", leave(site), methods=["POST"]),
        Route("/password", password_page(site), methods=["GET"]),
        Route("/password", change_password(site), methods=["POST"]),
        Route("/users", list_people(site), methods=["GET"]),
        Route("/users", post_people(site), methods=["POST"]),
        Route("/users/{user}", show_user(site), methods=["GET"]),
        Route("/users/{user}", change_user(site), methods=["POST"]),
        Route("/me", me_page(site), methods=["GET"]),
        Route("/me", end_other_sessions(site), methods=["POST"]),
    ]


def _programs(site: Site) -> list[Route]:
    """What programs call."""
    ping = ping_heard(site)
    return [
        Route(DEMAND_PATH, demand_posted(site), methods=["POST"]),
        Route(ALERTS_PATH, alerts_posted(site), methods=["POST"]),
        Route(INCIDENTS_PATH, incidents_posted(site), methods=["POST"]),
        Route(ASK_PATH, ask_posted(site), methods=["POST"]),
        Route(f"{ASK_PATH}/suggest", suggest_posted(site), methods=["POST"]),
        Route(f"{ASK_PATH}/vote", vote_posted(site), methods=["POST"]),
        Route(f"{ASK_PATH}/hand-over", hand_over_posted(site), methods=["POST"]),
        Route(f"{ASK_PATH}/state", state_posted(site), methods=["POST"]),
        Route("/healthz", health(site)),
        Route("/ping/{token}", ping, methods=["GET", "POST"]),
        Route("/ping/{token}/{event}", ping, methods=["GET", "POST"]),
    ]


def _style(_: Request) -> Response:
    return Response(css(), media_type="text/css", headers={"cache-control": "max-age=300"})


def _checklist_script(_: Request) -> Response:
    return Response(script(), media_type="text/javascript", headers={"cache-control": "max-age=300"})


def _faq_script(_: Request) -> Response:
    return Response(script("faq.js"), media_type="text/javascript", headers={"cache-control": "max-age=300"})


def build_pages(site: Site) -> Starlette:
    """Home and every other page, what programs call, health and the style sheet."""
    parts = (_runs, _checks, _books, _faq, _audit, _people, _programs)
    return Starlette(
        routes=[Route("/", home(site)), *(route for part in parts for route in part(site)), Route("/style.css", _style)],
        middleware=[Middleware(SameOrigin, browsers_only=True, programs_under=(PING_PATH, API_PATH))],
        exception_handlers={404: shown_errors(site), TemanashiError: shown_errors(site)},
    )
