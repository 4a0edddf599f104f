"""Figures of comparisons: geometry first, drawing after."""

from __future__ import annotations

from stats.figures.classic import CLASSIC, critical_difference
from stats.figures.cost import trade_off
from stats.figures.horizons import horizon_lines
from stats.figures.marks import Figure, stack
from stats.figures.matrix import significance_matrix
from stats.figures.ranked import intervals
from stats.figures.strips import strips

__all__ = [
    "CLASSIC",
    "Figure",
    "critical_difference",
    "horizon_lines",
    "intervals",
    "significance_matrix",
    "stack",
    "strips",
    "trade_off",
]
