"""What is usual: the model and the bars where the entries are too few to learn from, or have no phrasings.

Fitted as `calibrating` does it, to several collections of entries in two languages with 0 to 6 phrasings each.
"""

from __future__ import annotations

import numpy as np

from temanashi.faq.searching.found import Bars
from temanashi.faq.searching.sureness import Sureness

__all__ = ["USUAL", "USUAL_BARS"]

ROWS = (
    # middle, spread, weight, in the order of SIGNALS
    (0.189, 0.0884, 0.134),
    (0.0559, 0.0633, 0.218),
    (0.199, 0.166, 0.278),
    (0.0908, 0.0657, 0.255),
    (0.233, 0.158, 0.130),
    (0.269, 0.174, 0.0),
    (0.238, 0.155, 0.137),
    (0.272, 0.173, 0.0),
    (0.234, 0.128, 0.0943),
    (0.242, 0.122, 0.0652),
    (0.0972, 0.0921, 0.0383),
    (0.03, 0.0862, 0.024),
    (0.336, 0.221, 0.0),
    (0.457, 0.242, 0.131),
    (0.582, 0.295, 0.0),
    (0.633, 0.301, 0.117),
)
MIDDLE, SPREAD, WEIGHTS = np.array(ROWS).T
USUAL = Sureness(MIDDLE, SPREAD, WEIGHTS, -0.993)
USUAL_BARS = Bars(answer=0.8, candidates=0.25)
