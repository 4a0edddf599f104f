"""Figures of comparisons: geometry first, drawing after."""

from __future__ import annotations

from stats.figures.classic import CLASSIC, critical_difference
from stats.figures.control import against_control
from stats.figures.cost import trade_off
from stats.figures.course import course
from stats.figures.differences import paired_differences
from stats.figures.evidence import pvalue_scale
from stats.figures.forecasts import forecast_matrices
from stats.figures.horizons import horizon_lines
from stats.figures.marks import Figure, stack
from stats.figures.matrix import significance_matrix
from stats.figures.multiple import MOST_COMPARED, comparison_matrix
from stats.figures.posterior import posterior_bar
from stats.figures.ranked import intervals
from stats.figures.stability import fold_strips
from stats.figures.strips import strips
from stats.figures.survivors import confidence_set

__all__ = [
    "CLASSIC",
    "MOST_COMPARED",
    "Figure",
    "against_control",
    "comparison_matrix",
    "confidence_set",
    "course",
    "critical_difference",
    "fold_strips",
    "forecast_matrices",
    "horizon_lines",
    "intervals",
    "paired_differences",
    "posterior_bar",
    "pvalue_scale",
    "significance_matrix",
    "stack",
    "strips",
    "trade_off",
]
