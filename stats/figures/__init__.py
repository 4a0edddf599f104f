"""Figures of comparisons: geometry first, drawing after."""

from __future__ import annotations

from stats.figures.layout import (
    Figure,
    critical_difference,
    horizon_lines,
    intervals,
    significance_matrix,
    stack,
    strips,
    trade_off,
)

__all__ = [
    "Figure",
    "critical_difference",
    "horizon_lines",
    "intervals",
    "significance_matrix",
    "stack",
    "strips",
    "trade_off",
]
