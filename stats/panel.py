"""Equal predictive accuracy over many series at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.errors import LossesError, OptionError, choice
from stats.forecast_results import ForecastPairsResult
from stats.predictive import Alternative, diebold_mariano
from stats.scores import FloatArray, Losses, LossesLike

__all__ = ["panel_diebold_mariano"]


def panel_diebold_mariano(
    panel: Mapping[str, LossesLike],
    *,
    horizon: int = 1,
    weights: npt.ArrayLike | Mapping[str, float] | None = None,
    variance: Literal[
        "auto", "rect", "bartlett", "hac", "qs", "fixed_b", "wpe", "ewc", "groups"
    ] = "auto",
    bandwidth: float | None = None,
    hln: bool = True,
    alternative: Alternative = "two-sided",
    missing: Literal["raise", "drop_times"] = "raise",
) -> ForecastPairsResult:
    """Diebold-Mariano test of all pairs of models, over a panel of series.

    Null hypothesis: averaged over the series, the two forecasts of a pair have the same expected
    loss. The losses of a time are averaged over the series first and the average is tested as one
    series in time, so that any dependence between the series is allowed for: series that move
    together count as the few that they are. Treating them as independent would reject far too
    often.

    Losses must be in units that can be averaged over series (scaled errors, log losses, ranks);
    `weights` make a choice explicit. For independent data sets use `wilcoxon` or `friedman` with
    the series as blocks; for one series `diebold_mariano`.

    Parameters
    ----------
    panel : mapping of series name to losses, each of shape (n_times, n_models)
        The same models and the same times in every series, in time order.
    horizon : int, default 1
        Steps ahead of the forecasts.
    weights : mapping or array_like, optional
        One number of at least 0 for each series; equal if left out.
    variance, bandwidth, hln, alternative
        As in `diebold_mariano`.
    missing : {"raise", "drop_times"}
        Stop, or leave out times where any model of any series misses.

    Returns
    -------
    ForecastPairsResult

    Raises
    ------
    LossesError
        An empty panel, series with other models or times, missing losses.
    OptionError
        Weights that do not fit.

    References
    ----------
    .. [1] Timmermann, Zhu (2019), Comparing forecasting performance with panel data,
       CEPR Discussion Paper 13746.
    .. [2] Akgun, Pirotte, Urga, Yang (2024), J. Appl. Econometrics 39, 251-267.
       doi:10.1002/jae.3019

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(2)
    >>> panel = {
    ...     city: {"naive": 1.5 * rng.chisquare(1, 150), "linear": rng.chisquare(1, 150)}
    ...     for city in ("JFK", "LGA", "EWR")
    ... }
    >>> print(stats.panel_diebold_mariano(panel).rejects(alpha=0.05)[0, 1])
    True
    """
    choice(missing, ("raise", "drop_times"), name="missing")
    if not isinstance(panel, Mapping):
        raise OptionError(
            "panel maps the name of each series to its losses, such as {'JFK': frame, 'LGA': "
            f"frame}}; got {type(panel).__name__}"
        )
    if not panel:
        raise LossesError("the panel holds no series; at least one is needed")
    names = [str(name) for name in panel]
    tables = [Losses.of(losses) for losses in panel.values()]
    for name, table in zip(names, tables, strict=True):
        if table.values.ndim != 2:
            raise LossesError(
                f"series {name!r} has losses of shape {table.values.shape}; give one horizon, "
                "shape (n_times, n_models)"
            )
        if table.models != tables[0].models:
            raise LossesError(
                f"series {name!r} has models {', '.join(table.models)}; {names[0]!r} has "
                f"{', '.join(tables[0].models)}; all series need the same, in the same order"
            )
        if table.times != tables[0].times:
            raise LossesError(
                f"series {name!r} has other times than {names[0]!r}; the average of a time needs "
                "all series, so align them first"
            )
    share = _shares(names, weights)
    mean = sum(w * table.values for w, table in zip(share, tables, strict=True))
    result = diebold_mariano(
        Losses(values=np.asarray(mean), models=tables[0].models, times=tables[0].times),
        horizon=horizon,
        variance=variance,
        bandwidth=bandwidth,
        hln=hln,
        alternative=alternative,
        missing=missing,
    )
    note = f"losses of each time were averaged over {len(names)} series"
    if weights is not None:
        note += " with weights " + ", ".join(
            f"{name} {s:.3g}" for name, s in zip(names, share, strict=True)
        )
    return dataclasses.replace(
        result, test="the panel Diebold-Mariano test", notes=(note, *result.notes)
    )


def _shares(names: list[str], weights: npt.ArrayLike | Mapping[str, float] | None) -> FloatArray:
    """The weight of each series, summing to 1."""
    if weights is None:
        return np.full(len(names), 1 / len(names))
    if isinstance(weights, Mapping):
        known = set(weights) == set(names)
        given = np.array([float(weights.get(name, np.nan)) for name in names])
    else:
        given = np.asarray(weights, dtype=np.float64)
        known = given.shape == (len(names),)
    if not known or not np.isfinite(given).all() or (given < 0).any() or given.sum() == 0:
        raise OptionError(
            f"weights must be {len(names)} numbers of at least 0, one for each series, with a "
            f"positive sum; got {weights!r}"
        )
    return np.asarray(given / given.sum())
