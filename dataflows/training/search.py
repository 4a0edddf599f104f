"""Search spaces: drawing a point, and telling when a chosen one lies at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["Choice", "Range", "Space", "at_edge", "drawn"]

# A value within this share of a range's length from its end counts as at the edge.
_EDGE = 0.05


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two bounds, drawn evenly, or evenly in their logarithm."""

    low: float
    high: float
    spacing: Literal["even", "log"] = "even"
    digits: int = 2

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value, rounded to what a table shows."""
        if self.spacing == "log":
            value = float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))
        else:
            value = float(rng.uniform(self.low, self.high))
        return round(value, self.digits)

    def edge(self, value: float) -> bool:
        """Whether a value lies at or beyond either bound."""
        scale = np.log if self.spacing == "log" else float
        if self.spacing == "log" and value <= 0:
            return True
        low, high, at = (float(scale(v)) for v in (self.low, self.high, value))
        margin = _EDGE * (high - low)
        return at <= low + margin or at >= high - margin


@dataclass(frozen=True, slots=True)
class Choice:
    """A few values in order."""

    values: tuple[int, ...]

    def draw(self, rng: np.random.Generator) -> int:
        """Return one of the values."""
        return int(rng.choice(self.values))

    def edge(self, value: float) -> bool:
        """Whether a value is the first or the last, or beyond."""
        return value <= min(self.values) or value >= max(self.values)


Space = Mapping[str, Range | Choice]


def drawn(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Return one point of a space.

    Examples
    --------
    >>> drawn({"depth": Choice((3, 4))}, np.random.default_rng(0)).keys()
    dict_keys(['depth'])
    """
    return {name: axis.draw(rng) for name, axis in space.items()}


def at_edge(space: Space, chosen: Mapping[str, Any]) -> list[str]:
    """Return the parameters whose chosen value lies at the edge of what was searched.

    Examples
    --------
    >>> at_edge({"rate": Range(0.05, 0.3, "log")}, {"rate": 0.3})
    ['rate']
    """
    return [name for name, axis in space.items() if axis.edge(chosen[name])]
