"""Reads a worked case in the form that `conventions` of toil-cases.json describes, and answers it with `temanashi.toil`.

What a case gives decides how it is read, never its id, so that a file of somebody else's cases runs as it is.
"""

from datetime import date
from fractions import Fraction

from temanashi.calendars import BusinessCalendar, Month, slots
from temanashi.toil import (
    Cost,
    Effort,
    Estimated,
    Graded,
    Invested,
    Measured,
    Planned,
    Success,
    Unit,
    achievement,
    event_baseline,
    figures_of,
    first_successes,
    forecast,
    graded_share,
    growth,
    human_seconds,
    improvement_capacity,
    outlook,
    payback,
    total,
    unverified,
    verdict,
    weigh,
)

HOUR = 3600


def seconds(minutes):
    """Minutes of a case as whole seconds."""
    return round(Fraction(str(minutes)) * 60)


def hours(value):
    return None if value is None else float(Fraction(value) / HOUR)


def answers(given):
    """Everything that can be said of what a case gives, under the names that `expect` uses."""
    if "variants" in given:
        shared = {key: value for key, value in given.items() if key != "variants"}
        return {"variants": [answers({**shared, **variant}) for variant in given["variants"]]}
    for keys, reader in READERS:
        if all(key in given for key in keys):
            return reader(given)
    raise AssertionError(f"no reader for a case that gives {sorted(given)}")


# One task


def cost_of(given):
    if "setup" in given or "per_target" in given:
        return Cost(seconds(given.get("setup", 0)), seconds(given.get("per_target", 0)))
    return Cost(0, seconds(given.get("m", given.get("m0", 0))))


def humans(given, credited):
    """A in seconds: whatever forms of human time a case gives."""
    efforts = [Effort("stated", seconds(given.get("human_minutes", 0) + given.get("followup_minutes", 0)))]
    for number, approval in enumerate(given.get("approvals", [])):
        ids = [approval["id"]] if "id" in approval else [f"{number}/{n}" for n in range(approval.get("count", 1))]
        efforts += [Effort(f"approval {name}", seconds(approval["active_minutes"])) for name in ids]
    efforts += [Effort("steps", seconds(given.get("manual_step_minutes_per_credited_unit", 0)) * credited)]
    followups = given.get("followups", {})
    efforts += [Effort(f"follow-up {n}", seconds(followups["minutes"])) for n in range(followups.get("count", 0))]
    efforts += [Effort("reading", seconds(given.get("reading_minutes", 0)))]
    return human_seconds(efforts)


def worked(given):
    """The figures of one task, and the answers that only one task has."""
    kind = given.get("kind") or ("calendar" if "calendar" in given or "slots" in given else "event" if "D0" in given else "batch")
    return {"calendar": calendar_task, "event": event_task, "batch": batch_task, "new_toil": new_toil}[kind](given)


def new_toil(given):
    return figures_of(baseline=0, cost=Cost(), units=[], new=seconds(given["minutes"])), {}


def calendar_task(given):
    cost, slots_due = cost_of(given), given.get("slots", given.get("slots_in_month", given.get("report_month_slots")))
    credited = given.get("C", given.get("slots_with_success", 0))
    successes = given.get("live_successes", credited)
    units = [Unit(1, 1, credited), Unit(1, 0, slots_due - credited)]
    own = figures_of(baseline=cost.of(1) * slots_due, cost=cost, units=units, human=humans(given, credited))
    extra = {
        "naive_hours": hours(cost.of(1) * successes),
        "credited_slots": credited,
        "successes_not_counted": successes - credited,
    }
    if "baseline_month_slots" in given:
        frozen = cost.of(1) * given["baseline_month_slots"]
        extra |= {"frozen_month_hours": hours(frozen), "naive_R": float(1 - Fraction(own.manual, frozen))}
    return own, extra


def event_task(given):
    cost, flags = cost_of(given), []
    now = Cost(0, seconds(given["m1"])) if "m1" in given else None
    before, demand = given["D0"], given["D"]
    credited, dropped = given.get("C", given.get("live_successes_distinct", 0)), 0
    if demand is None:
        demand, flags = before, ["demand_unverified"]
        credited, dropped = unverified(credited, before)
    demand -= given.get("cancelled", 0)
    units = [Unit(1, 1, credited), Unit(1, 0, demand - credited)]
    baseline = event_baseline(Fraction(before), cost.of(1))
    own = figures_of(baseline=baseline, cost=cost, now=now, units=units, human=humans(given, credited))
    saved, avoided = growth(own.gross, (now or cost).of(1) * before)
    return own, {
        "baseline_saving_hours": hours(saved),
        "avoided_growth_hours": hours(avoided),
        "credited_units": credited,
        "successes_not_counted": dropped,
        "flags": flags,
    }


def batch_task(given):
    cost, targets = cost_of(given), given.get("targets", 1)
    units = [Unit(targets, given.get("ok", 0))]
    own = figures_of(
        baseline=cost.of(given.get("baseline_targets", targets)),
        cost=cost,
        units=units,
        human=humans(given, given.get("ok", 0)),
        new=seconds(given.get("new_minutes", 0)),
    )
    return own, {}


def told(own, goal=None):
    """Figures under the names of the cases."""
    names = {
        "B": own.baseline,
        "demand_effect": own.demand_effect,
        "method_effect": own.method_effect,
        "gross": own.gross,
        "credited": own.gross,
        "human": own.human,
        "new_toil": own.new,
        "remaining": own.remaining,
        "manual_remaining": own.remaining,
        "H": own.manual,
        "net_operating": own.net,
        "net": own.net,
    }
    ratios = {"R": own.reduction, "R_baseline_tasks_only": own.reduction_without_new}
    if goal is not None:
        ratios["progress"] = own.progress(goal)
    return (
        {f"{name}_hours": hours(value) for name, value in names.items()}
        | {f"{name}_minutes": value / 60 for name, value in names.items()}
        | {name: None if value is None else float(value) for name, value in ratios.items()}
    )


def goal_of(given):
    return Fraction(str(given["goal"])) if "goal" in given else None


def one_task(given):
    own, extra = worked(given)
    assert own.bridged == own.manual
    return told(own, goal_of(given)) | extra


# Several tasks


def range_factors(task):
    if all(key in task for key in ("low", "high")):
        likely = Fraction(str(task.get("likely", task.get("m"))))
        return Fraction(str(task["low"])) / likely, Fraction(str(task["high"])) / likely
    points = task.get("m_range")
    return (
        (Fraction(str(points[0])) / Fraction(str(points[1])), Fraction(str(points[2])) / Fraction(str(points[1])))
        if points
        else (1, 1)
    )


def portfolio(given):
    known = [({"m": task["likely"], **task} if "likely" in task else task) for task in given["tasks"]]
    known = [task for task in known if task.get("grade") != "D"]
    figures = [worked(task)[0] for task in known]
    whole, goal = total(figures), goal_of(given)
    assert whole.bridged == whole.manual
    pairs = [(task.get("grade", "C"), own.gross) for task, own in zip(known, figures, strict=True)]
    answer = told(whole, goal) | {
        "gross_share_grade_A": ratio(graded_share(pairs, "A")),
        "gross_share_grade_A_or_B": ratio(graded_share(pairs, "AB")),
    }
    for name in ("category", "owner", "system"):
        sums = {}
        for task, own in zip(known, figures, strict=True):
            sums[task.get(name)] = total([sums.get(task.get(name), total([])), own])
        answer[f"by_{name}"] = {
            key: {"B": hours(s.baseline), "H": hours(s.manual), "gross": hours(s.gross), "R": ratio(s.reduction)}
            for key, s in sums.items()
        }
    graded = [Graded(own, task.get("grade", "A"), *range_factors(task)) for task, own in zip(known, figures, strict=True)]
    if goal is not None and (seen := outlook(graded, goal)) is not None:
        plain = verdict(seen.low, seen.likely, goal).value
        answer |= {
            "R_low": float(seen.low),
            "R_likely": float(seen.likely),
            "R_high": float(seen.high),
            "R_stress": float(seen.stress),
        }
        answer |= {"verdict": plain, "standing": plain}
    return answer


def ratio(value):
    return None if value is None else float(value)


# The other kinds of input


def evidence(given):
    if "samples" in given:
        weighed = weigh(Measured(tuple(seconds(s) for s in given["samples"]), given.get("newest_age_months", 0)))
    elif "estimate" in given:
        said = given["estimate"]
        if isinstance(said, dict):
            said = [said["low"], said["likely"], said["high"]]
        number = tuple(seconds(s) for s in said) if isinstance(said, list) else seconds(said)
        day = date.fromisoformat(given["date"]) if given.get("date") else None
        weighed = weigh(Estimated(number, given.get("author", ""), day))
    else:
        weighed = weigh(None)
    gross = weighed.range.times(given.get("credited_units", 0))
    return {
        "grade": weighed.grade,
        **{name: float(value / 60) for name, value in weighed.range._asdict().items()},
        "gross_hours": [hours(value) for value in gross],
        "in_baseline": weighed.grade != "D",
    }


def paid_back(given):
    months = [Month.parse(text) for text in given["months"]]
    columns = [given.get(name, [0] * len(months)) for name in ("net_operating_hours", "maintenance_hours")]
    columns.append(given.get("build_hours", given.get("investment_hours", [0] * len(months))))
    rows = [
        Invested(month, *(round(Fraction(str(v)) * HOUR) for v in values)) for month, *values in zip(months, *columns, strict=True)
    ]
    found = payback(rows)
    return {
        "cumulative_hours": [hours(value) for value in found.cumulative],
        "payback_month": str(found.month) if found.month else None,
        "months_after_first_investment": found.months_after,
    }


def forecasted(given):
    series = given["H_hours"]
    months = given.get("months") or [str(Month(2000, 1).shift(n)) for n in range(len(series))]
    running = given.get("running_month")
    pairs = {Month.parse(m): round(Fraction(str(h)) * HOUR) for m, h in zip(months, series, strict=True) if m != running}
    goal = Month.parse(given["goal_month"]) if "goal_month" in given else max(pairs).next
    found = hours(forecast(pairs, goal))
    return {"forecast_hours": found, "forecast": found}


def dated(given):
    days = [date.fromisoformat(text[:10]) for text in given["dates"]]
    months = [Month.of(day) for day in days]
    return {
        "months": [str(month) for month in months],
        "fiscal_years": [month.fiscal_year for month in months],
        "halves": [month.half for month in months],
    }


def month_slots(given):
    month = Month.parse(given["month"])
    business = BusinessCalendar(closed=frozenset(given.get("closed", [])), opened=frozenset(given.get("opened", [])))
    return {"slots": len(slots(given["calendar"], month, business))}


def road(given):
    items = [
        Planned(round(Fraction(str(item["planned_hours"])) * HOUR), item.get("done", item.get("status") == "done"))
        for item in given["items"]
    ]
    answer = {"achievement": ratio(achievement(items))}
    return answer | (capacity(given) if "members" in given else {})


def capacity(given):
    found = improvement_capacity(given["members"], given["business_days"], seconds(given["minutes_per_day"]))
    return {"improvement_capacity_hours": hours(found), "capacity_hours": hours(found)}


def judged(given):
    low, likely = (Fraction(str(given[name])) for name in ("R_low", "R_likely"))
    return {"verdict": verdict(low, likely, goal_of(given)).value}


def run_by_run(given):
    """Units with targets, and runs that may serve them: once per (unit, target), live and successful only."""
    cost = cost_of(given)
    due = {u["id"]: u.get("targets", 1) for u in given["units"] if not (u.get("cancelled") and u.get("reason"))}
    successes = [
        Success(order, "task", run.get("unit", ""), target)
        for order, run in enumerate(given["runs"])
        if run.get("mode", "live") == "live" and run.get("outcome", "done") in {"done", "failed"} and not run.get("parent")
        for target in run.get("ok_targets", [run.get("target", "-")] if run.get("outcome", "done") == "done" else [])
    ]
    first = [s for s in first_successes(successes).values() if s.slot in due]
    units = [Unit(n, min(n, sum(s.slot == unit for s in first))) for unit, n in due.items()]
    own = figures_of(baseline=cost.demanded(units), cost=cost, units=units, human=humans(given, len(first)))
    return told(own, goal_of(given)) | {
        "credited_units": sum(unit.done > 0 for unit in units),
        "credited_targets": sum(unit.done for unit in units),
        "successes_not_counted": len(successes) - sum(unit.done for unit in units),
    }


READERS = [
    (("tasks",), portfolio),
    (("months", "net_operating_hours"), paid_back),
    (("H_hours",), forecasted),
    (("dates",), dated),
    (("items",), road),
    (("members", "business_days"), capacity),
    (("R_low", "R_likely", "goal"), judged),
    (("units", "runs"), run_by_run),
    (("calendar", "month"), month_slots),
    (("D0",), one_task),
    (("calendar",), one_task),
    (("targets",), one_task),
    (("slots",), one_task),
    (("credited_units",), evidence),
    (("samples",), evidence),
    (("estimate",), evidence),
]
