"""Two runs side by side: what was changed, and what came of it."""

from bench.comparison.runs import Comparison, Difference, ScoreDifference, StatusDifference, compare

__all__ = ["Comparison", "Difference", "ScoreDifference", "StatusDifference", "compare"]
