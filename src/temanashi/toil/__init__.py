"""The measure of toil: pure arithmetic in integer seconds, without I/O and without a clock.

H = remaining + human time + new toil, against a frozen baseline B; R = 1 - H/B. Credit is given once per (task, unit, target),
capped by each unit's own demand. Ranges are exact fractions; only display rounds.
"""

from __future__ import annotations

from temanashi.toil.cost import Cost, Success, Unit, first_successes
from temanashi.toil.evidence import Estimated, Grade, Measured, Range, Weighed, graded_share, weigh
from temanashi.toil.figures import Figures, event_baseline, figures_of, grouped, growth, total, unverified
from temanashi.toil.forecast import forecast
from temanashi.toil.human import Effort, human_seconds
from temanashi.toil.payback import Invested, Payback, payback
from temanashi.toil.roadmap import Planned, achievement, improvement_capacity
from temanashi.toil.spread import Spread, spread
from temanashi.toil.standing import Graded, Outlook, Standing, outlook, verdict
from temanashi.toil.student import t_quantile

__all__ = [
    "Cost",
    "Effort",
    "Estimated",
    "Figures",
    "Grade",
    "Graded",
    "Invested",
    "Measured",
    "Outlook",
    "Payback",
    "Planned",
    "Range",
    "Spread",
    "Standing",
    "Success",
    "Unit",
    "Weighed",
    "achievement",
    "event_baseline",
    "figures_of",
    "first_successes",
    "forecast",
    "graded_share",
    "grouped",
    "growth",
    "human_seconds",
    "improvement_capacity",
    "outlook",
    "payback",
    "spread",
    "t_quantile",
    "total",
    "unverified",
    "verdict",
    "weigh",
]
