"""The files of the sample workspace: a runbook for each task, a roadmap around its year, and the topics of its last months."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from temanashi.calendars import Month
from temanashi.workspace.demo.tasks import TASKS, SampleTask

__all__ = ["demo_texts"]

HEAD = "# 見本 SAMPLE\n"


def demo_texts(first: Month, last: Month) -> dict[str, str]:
    """Texts by path, for a year from `first` to `last`."""
    texts = {f"runbooks/{task.category}/{task.id}.yaml": _yaml(_runbook(task)) for task in TASKS}
    texts["runbooks/site/roadmap.yaml"] = _yaml(_roadmap(first))
    for month in (last.previous, last):
        texts[f"runbooks/site/topics/{month}.md"] = TOPIC_JA
        texts[f"runbooks/site/topics/{month}.en.md"] = TOPIC_EN
    return texts


def _yaml(data: Mapping[str, Any]) -> str:
    target = io.StringIO()
    writer = YAML()
    writer.width = 10_000
    writer.dump(dict(data), target)
    return HEAD + target.getvalue()


def _both(ja: str, en: str) -> dict[str, str]:
    return {"ja": ja, "en": en}


def _runbook(task: SampleTask) -> dict[str, Any]:
    minutes: Any = {"setup": task.minutes, "per_target": task.per_target} if task.per_target else task.minutes
    toil: dict[str, Any] = {"demand": task.demand, "minutes": minutes} | ({"hours": task.hours} if task.hours else {})
    # What takes long is looking; that is what a measured step shows.
    steps = [
        _step("look", "調べる", "Look into it", task.minutes * 2 / 3),
        _step("do", "手で行う", "Do it by hand", task.minutes / 3),
    ]
    named = {
        "id": task.id,
        "title": _both(task.ja, task.en),
        "description": _both(f"見本の手順書: {task.ja}", f"Sample: {task.en}"),
    }
    placed = {"category": task.category, "owner": task.owner} | ({"system": task.system} if task.system else {})
    return {**named, **placed, "steps": steps, "toil": toil}


def _step(name: str, ja: str, en: str, minutes: float) -> dict[str, Any]:
    text = _both(f"{ja}（見本）。", f"{en} (sample).")
    return {"id": name, "title": _both(ja, en), "manual": {"text": text, "minutes": round(minutes, 1)}}


def _half(month: Month) -> str:
    return f"{month.fiscal_year}-{month.half}"


def _roadmap(first: Month) -> dict[str, Any]:
    """Every automated task is one of the roadmap's, done in the month in which its runs begin."""
    begun = sorted((task for task in TASKS if task.build), key=lambda task: task.begins)
    halves: dict[str, list[SampleTask]] = {}
    for task in begun:
        halves.setdefault(_half(first.shift(task.begins)), []).append(task)
    later = first.shift(14)
    measures = [
        {"id": f"automate-{half.lower()}", "title": _both("手順の自動化", "Automate procedures"), "half": half} for half in halves
    ]
    if _half(later) not in halves:
        measures.append(
            {"id": f"automate-{_half(later).lower()}", "title": _both("残りの手順", "What is left"), "half": _half(later)}
        )
    return {
        "starts": first.first,
        "policy": _both("人は判断に、機械は繰り返しに。", "People decide, machines repeat."),
        "ideal": _both("運用課の時間の半分を改善に使っている。", "Half of our time goes into improvement."),
        "goals": [
            _goal("one-year", first.shift(12), "手作業を基準の半分にする", "Half the manual work", 0.5),
            _goal("three-years", first.shift(36), "手作業を基準の2割にする", "A fifth of the manual work", 0.8),
        ],
        "measures": measures,
        "tasks": [
            *(_planned(task, first, half) for half, tasks in halves.items() for task in tasks),
            {
                "id": "phone-inquiry",
                "title": _both("電話の問い合わせをFAQへ", "Phone inquiries to the FAQ"),
                "measure": f"automate-{_half(later).lower()}",
                "owner": "受付",
                "from": str(later),
                "to": str(later),
                "hours": 40,
            },
        ],
        "improvement": {"members": 6},
    }


def _goal(name: str, by: Month, ja: str, en: str, reduction: float) -> dict[str, Any]:
    return {"id": name, "by": by.last, "title": _both(ja, en), "reduction": reduction}


def _planned(task: SampleTask, first: Month, half: str) -> dict[str, Any]:
    month = first.shift(task.begins)
    told = {"id": task.id, "title": _both(f"{task.ja}の自動化", f"Automate: {task.en}"), "measure": f"automate-{half.lower()}"}
    return {
        **told,
        "owner": task.owner,
        "from": str(month),
        "to": str(month),
        "hours": task.build,
        "done": month.first,
        "runbook": task.id,
    }


TOPIC_JA = """\
夜間バッチの見届けを自動化しました（見本の話題）。

- 遅れたときだけ担当者を呼びます。
- 空いた時間で、**ログの整理**の失敗を減らします。
"""
TOPIC_EN = """\
The night batch no longer needs a person (a sample topic).

- Somebody is called only when it is late.
- The time goes into fewer failures of **log rotation**.
"""
