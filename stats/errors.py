"""What a caller can get wrong, as exceptions with a builtin parent."""

from __future__ import annotations

import math
from collections.abc import Collection

__all__ = [
    "DegenerateWarning",
    "DependentBlocksWarning",
    "LossesError",
    "OptionError",
    "ScoresError",
    "ScoresTypeError",
    "ShortSeriesWarning",
    "StatsError",
    "StatsWarning",
    "UndefinedError",
    "choice",
    "level",
]


class StatsError(Exception):
    """Parent of every error this package raises on purpose."""


class ScoresError(StatsError, ValueError):
    """A table of scores whose shape or values a test cannot use."""


class LossesError(StatsError, ValueError):
    """A table of losses over time whose shape, order or values a test cannot use."""


class ScoresTypeError(StatsError, TypeError):
    """Something that is not a table of numbers."""


class OptionError(StatsError, ValueError):
    """An option outside of what is allowed."""


class UndefinedError(StatsError, ValueError):
    """The number asked for does not exist for these data (0/0, one class, no variance)."""


class StatsWarning(UserWarning):
    """Parent of every warning this package gives."""


class DependentBlocksWarning(StatsWarning):
    """Blocks that a test takes for independent do not look so."""


class DegenerateWarning(StatsWarning):
    """A statistic is undefined for this input; its place holds nan and a flag."""


class ShortSeriesWarning(StatsWarning):
    """Too few times for the horizon: the test's size is not what it says."""


def level(alpha: float, *, name: str = "alpha") -> float:
    """`alpha` as a float inside (0, 1), or an error that says what was got."""
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
        try:
            alpha = float(alpha)
        except (TypeError, ValueError):
            raise ScoresTypeError(
                f"{name} must be a number inside (0, 1), got {alpha!r} "
                f"of type {type(alpha).__name__}"
            ) from None
    if not (math.isfinite(alpha) and 0.0 < alpha < 1.0):
        raise OptionError(f"{name} must lie inside (0, 1), such as 0.05; got {alpha!r}")
    return float(alpha)


def choice(value: object, allowed: Collection[str], *, name: str) -> str:
    """`value` if it is one of `allowed`, else an error that lists what is."""
    if isinstance(value, str) and value in allowed:
        return value
    listed = ", ".join(repr(item) for item in sorted(allowed))
    raise OptionError(f"{name} must be one of {listed}; got {value!r}")
