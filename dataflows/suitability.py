"""Whether an experiment can be made from given data, said before any work."""

from collections.abc import Iterable
from typing import Any

from dataflows.base import level_window

__all__ = ["FEWEST_ROWS", "VALIDATION_SHARE", "problems"]

# Fewer rows than this on either side of an inner split leave nothing to learn or to stop by.
FEWEST_ROWS = 20
VALIDATION_SHARE = 0.15


def problems(
    profile: dict[str, Any],
    *,
    target: str | Iterable[str],
    horizons: Iterable[int],
    n_folds: int,
    first_train: int,
    test_size: int,
) -> list[str]:
    """What stands in the way of an experiment on the profiled data, one line each; [] if nothing.

    Examples
    --------
    >>> profile = {"n_rows": 100, "columns": {"y": {"n_missing": 0, "n_distinct": 9}}}
    >>> problems(profile, target="y", horizons=[1], n_folds=2, first_train=90, test_size=10)
    ['2 folds of 10 origins after 90 rows reach 1 step past row 109, but the data have 100 rows; \
lower n_folds, first_train, test_size or the horizon']
    """
    found = []
    columns: dict[str, dict[str, int]] = profile["columns"]
    n_rows: int = profile["n_rows"]
    horizons = list(horizons)
    for name in [target] if isinstance(target, str) else target:
        if name not in columns:
            found.append(f"no numeric column {name!r}; choose from {', '.join(columns) or 'none'}")
        elif columns[name]["n_missing"] == n_rows:
            found.append(f"target {name!r} has no value in any of {n_rows} rows")
        elif columns[name]["n_distinct"] < 2:
            found.append(f"target {name!r} is constant over {n_rows} rows; nothing to forecast")
    found += [
        f"horizon {horizon} is not a number of steps ahead; use 1 or more"
        for horizon in horizons
        if horizon < 1
    ]
    found += [
        f"{name} is {value}; use {least} or more"
        for name, value, least in (
            ("n_folds", n_folds, 1),
            ("first_train", first_train, 2 * FEWEST_ROWS),
            ("test_size", test_size, 1),
        )
        if value < least
    ]
    if found or not horizons:
        return found
    furthest = max(horizons)
    last_origin = first_train - 1 + n_folds * test_size - 1
    if last_origin + furthest > n_rows - 1:
        found.append(
            f"{n_folds} folds of {test_size} origins after {first_train} rows reach {furthest} "
            f"step{'s'[: furthest > 1]} past row {last_origin + 1}, but the data have {n_rows} "
            "rows; lower n_folds, first_train, test_size or the horizon"
        )
    least = first_train
    while _too_few(least, furthest, profile.get("season_length", 1)):
        least += 1
    if least > first_train:
        found.append(
            f"first_train {first_train} leaves too few rows to learn from and to stop by, with an "
            f"embargo of {furthest} rows before each; use {least} or more"
        )
    return found


def _too_few(first_train: int, horizon: int, season_length: int) -> bool:
    # The level needs half its window before the first origin has one.
    train = first_train - horizon - (level_window(season_length) // 2 - 1)
    fit = train - max(int(train * VALIDATION_SHARE), 1) - horizon
    return train < 2 * FEWEST_ROWS or fit < FEWEST_ROWS
