"""What is usual: the model and the bars where the entries are too few to learn from."""

from __future__ import annotations

import numpy as np

from temanashi.faq.searching.found import Bars
from temanashi.faq.searching.signals import SIGNALS
from temanashi.faq.searching.sureness import Sureness

__all__ = ["USUAL", "USUAL_BARS"]

USUAL = Sureness(np.full(len(SIGNALS), 0.3), np.full(len(SIGNALS), 0.2), np.full(len(SIGNALS), 0.15), 0.0)
USUAL_BARS = Bars(answer=0.9, candidates=0.3)
