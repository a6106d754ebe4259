"""What may be asked of Prefect's API, by method and path, and by whom. What is not in the table is refused to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from temanashi.gate.rules import ALL, CANCEL, DECIDE, MANAGE, NOBODY, OWN, SEE, START, STEER, WORK, Rule, Treatment
from temanashi.signin.rights import Right

__all__ = ["RULES", "rule_for"]


def _rules(lines: str, rights: frozenset[Right], narrowed: frozenset[Right] = NOBODY, treatment: Treatment = "") -> Iterable[Rule]:
    for line in lines.split("\n"):
        if line.strip():
            method, path = line.split()
            yield Rule(method, path, rights, narrowed, treatment)


_HARMLESS = """
GET /version
GET /hello
GET /ready
GET /csrf-token
GET /admin/version
GET /collections/views/{}
"""
_QUEUES = """
GET /work_pools/{}/queues/{}
POST /work_pools/{}/queues/filter
"""
_NAMED = """
POST /flows/count
POST /flows/filter
POST /flows/paginate
POST /deployments/count
POST /deployments/filter
POST /deployments/paginate
"""
_NAMED_ONE = """
GET /flows/name/{}
GET /flows/{}
GET /deployments/name/{}/{}
GET /deployments/{}
"""
_RUNS = """
POST /flow_runs/count
POST /flow_runs/filter
POST /flow_runs/history
POST /flow_runs/lateness
POST /flow_runs/paginate
POST /task_runs/count
POST /task_runs/filter
POST /task_runs/history
POST /task_runs/paginate
POST /artifacts/count
POST /artifacts/filter
POST /artifacts/latest/count
POST /artifacts/latest/filter
POST /ui/flow_runs/history
POST /ui/task_runs/count
POST /ui/task_runs/dashboard/counts
"""
_RUN = """
GET /flow_runs/{}
GET /flow_runs/{}/graph
GET /flow_runs/{}/graph-v2
GET /flow_runs/{}/logs/download
GET /flow_runs/{}/input/{}
POST /flow_runs/{}/input/filter
"""
_RUN_CHILD = """
GET /task_runs/{}
GET /artifacts/{}
GET /ui/task_runs/{}
"""
_SEE_ALL = """
GET /artifacts/{}/latest
GET /automations/{}
GET /block_capabilities/
GET /block_schemas/checksum/{}
GET /block_schemas/{}
GET /block_types/slug/{}
GET /block_types/{}
GET /concurrency_limits/tag/{}
GET /concurrency_limits/{}
GET /deployments/{}/schedules
GET /deployments/{}/work_queue_check
GET /docs
GET /docs/oauth2-redirect
GET /events/filter/next
GET /flow_run_states/{}
GET /openapi.json
GET /redoc
GET /saved_searches/{}
GET /task_run_states/
GET /task_run_states/{}
GET /v2/concurrency_limits/{}
GET /work_pools/{}
GET /work_queues/name/{}
GET /work_queues/{}
GET /work_queues/{}/status
POST /automations/count
POST /automations/filter
POST /block_schemas/filter
POST /block_types/filter
POST /concurrency_limits/filter
POST /deployments/get_scheduled_flow_runs
POST /events/count-by/{}
POST /events/filter
POST /saved_searches/filter
POST /task_workers/filter
POST /ui/flows/count-deployments
POST /ui/flows/next-runs
POST /v2/concurrency_limits/filter
POST /work_pools/count
POST /work_pools/{}/concurrency_status
POST /work_pools/{}/workers/filter
POST /work_queues/filter
POST /work_queues/{}/concurrency_status
WS /events/out
WS /logs/out
"""
_STEER = """
DELETE /saved_searches/{}
PUT /saved_searches/
"""
_MANAGE = """
DELETE /artifacts/{}
DELETE /automations/owned-by/{}
DELETE /automations/{}
DELETE /block_documents/{}
DELETE /block_schemas/{}
DELETE /block_types/{}
DELETE /concurrency_limits/tag/{}
DELETE /concurrency_limits/{}
DELETE /flow_runs/{}
DELETE /v2/concurrency_limits/{}
DELETE /variables/name/{}
DELETE /variables/{}
DELETE /work_pools/{}
DELETE /work_pools/{}/queues/{}
DELETE /work_pools/{}/workers/{}
DELETE /work_queues/{}
GET /admin/storage
GET /block_documents/{}
GET /block_types/slug/{}/block_documents
GET /block_types/slug/{}/block_documents/name/{}
GET /variables/name/{}
GET /variables/{}
PATCH /automations/{}
PATCH /block_documents/{}
PATCH /block_types/{}
PATCH /v2/concurrency_limits/{}
PATCH /variables/name/{}
PATCH /variables/{}
PATCH /work_pools/{}
PATCH /work_pools/{}/queues/{}
PATCH /work_queues/{}
POST /automations/
POST /automations/templates/validate
POST /block_documents/
POST /block_documents/count
POST /block_documents/filter
POST /block_schemas/
POST /block_types/
POST /block_types/install_system_block_types
POST /concurrency_limits/
POST /concurrency_limits/tag/{}/reset
POST /deployments/{}/pause_deployment
POST /deployments/{}/resume_deployment
POST /templates/validate
POST /v2/concurrency_limits/
POST /variables/
POST /variables/count
POST /variables/filter
POST /work_pools/
POST /work_pools/{}/queues
POST /work_queues/
PUT /automations/{}
"""
_WORK = """
DELETE /deployments/{}
DELETE /deployments/{}/schedules/{}
DELETE /flow_runs/{}/input/{}
DELETE /flows/{}
DELETE /task_runs/{}
PATCH /artifacts/{}
PATCH /deployments/{}
PATCH /deployments/{}/schedules/{}
PATCH /flow_runs/{}
PATCH /flow_runs/{}/labels
PATCH /flows/{}
PATCH /task_runs/{}
POST /artifacts/
POST /concurrency_limits/decrement
POST /concurrency_limits/increment
POST /deployments/
POST /deployments/{}/schedule
POST /deployments/{}/schedules
POST /events
POST /flow_runs/
POST /flow_runs/{}/input
POST /flows/
POST /logs/
POST /task_runs/
POST /task_runs/{}/set_state
POST /v2/concurrency_limits/decrement
POST /v2/concurrency_limits/decrement-with-lease
POST /v2/concurrency_limits/increment
POST /v2/concurrency_limits/increment-with-lease
POST /v2/concurrency_limits/leases/{}/renew
POST /work_pools/{}/get_scheduled_flow_runs
POST /work_pools/{}/workers/heartbeat
POST /work_queues/{}/get_runs
WS /events/in
WS /task_runs/subscriptions/scheduled
WS /work_pools/{}/workers/connect
"""
_NOBODY = """
DELETE /admin/storage
POST /deployments/bulk_delete
POST /deployments/{}/create_flow_run/bulk
POST /flow_runs/bulk_delete
POST /flow_runs/bulk_set_state
POST /flows/bulk_delete
PUT /admin/storage
"""

RULES: tuple[Rule, ...] = (
    Rule("GET", "/health", ALL, public=True),
    *_rules(_HARMLESS, ALL),
    *_rules(_NAMED, SEE, OWN, "named"),
    *_rules(_NAMED_ONE, SEE, OWN, "named-one"),
    *_rules(_RUNS, SEE, OWN, "runs"),
    *_rules(_RUN, SEE, OWN, "run"),
    *_rules(_RUN_CHILD, SEE, OWN, "run-child"),
    Rule("GET", "/flow_run_states/", SEE, OWN, "run-query"),
    Rule("POST", "/logs/filter", SEE, OWN, "logs"),
    *_rules(_QUEUES, SEE | OWN),
    Rule("GET", "/automations/related-to/{}", SEE, OWN, "nothing"),
    Rule("POST", "/work_pools/filter", SEE, OWN, "nothing"),
    Rule("GET", "/admin/settings", MANAGE, SEE | OWN, "looks"),
    Rule("POST", "/ui/flow_runs/count-task-runs", SEE, OWN, "run-ids"),
    *_rules(_SEE_ALL, SEE),
    *_rules(_STEER, STEER),
    *_rules(_MANAGE, MANAGE),
    *_rules(_WORK, WORK),
    *_rules(_NOBODY, NOBODY),
    Rule("POST", "/ui/schemas/validate", START | DECIDE | WORK),
    Rule("POST", "/deployments/{}/create_flow_run", WORK, START, "start"),
    Rule("POST", "/flow_runs/{}/set_state", WORK, CANCEL, "state"),
    Rule("POST", "/flow_runs/{}/resume", WORK, DECIDE, "resume"),
)


@cache
def _patterns() -> dict[tuple[str, str, int], list[tuple[re.Pattern[str], Rule]]]:
    found: dict[tuple[str, str, int], list[tuple[re.Pattern[str], Rule]]] = {}
    for rule in RULES:
        # Literal words go before placeholders: `/flows/filter` is no flow of that name.
        text = re.escape(rule.path).replace(r"\{\}", "[^/]+")
        found.setdefault(_shape(rule.method, rule.path), []).append((re.compile(text), rule))
    for rules in found.values():
        rules.sort(key=lambda pair: pair[1].path.count("{}"))
    return found


def _shape(method: str, path: str) -> tuple[str, str, int]:
    return method, path.split("/")[1], path.count("/")


def rule_for(method: str, path: str) -> Rule | None:
    """The rule of a request; `path` is as Prefect's router sees it, without `/api`. None: refused."""
    if not path.startswith("/"):
        return None
    return next((rule for pattern, rule in _patterns().get(_shape(method, path), ()) if pattern.fullmatch(path)), None)
