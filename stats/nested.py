"""Whether a forecast adds anything to another: Clark-West and forecast encompassing."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats.arrays import paired
from stats.errors import LossesError, UndefinedError, choice
from stats.forecast_results import ForecastResult
from stats.longrun import Normal, Reference, StudentT, smoothing
from stats.predictive import ALTERNATIVES, Alternative
from stats.scores import FloatArray

__all__ = ["clark_west", "encompassing"]

Window = Literal["rect", "bartlett"]


def _mean_test(
    d: FloatArray, *, horizon: int, variance: str, hln: bool, caller: str
) -> tuple[float, Reference, float]:
    """t statistic of mean(d) = 0, its distribution and its long-run variance."""
    n = d.size
    if n <= max(horizon, 2):
        raise LossesError(
            f"{caller} at horizon {horizon} needs more than {max(horizon, 2)} values, got {n}"
        )
    settled = smoothing(variance, n=n, horizon=horizon, hln=hln)
    mean = float(d.mean())
    if np.ptp(d) <= 8 * np.finfo(np.float64).eps * np.abs(d).max():
        raise UndefinedError(
            f"{caller}: the two forecasts make the same errors everywhere (the terms are "
            f"{d[0]:.6g} at all {n} times), so there is nothing to test"
        )
    estimate = float(settled.form.variances((d - mean)[:, None], n)[0])
    if estimate <= 0:
        raise UndefinedError(
            f"{caller}: the variance estimate is {estimate:.3g} with the rectangular window at "
            f"horizon {horizon}; use variance='bartlett', which cannot be negative"
        )
    return mean / math.sqrt(estimate / n) * settled.factor, settled.reference, estimate


def clark_west(
    y_true: npt.ArrayLike,
    restricted: npt.ArrayLike,
    unrestricted: npt.ArrayLike,
    *,
    horizon: int = 1,
    variance: Window = "bartlett",
) -> ForecastResult:
    """Clark-West test of a forecast against one from a model nested in it.

    Null hypothesis: the larger model adds nothing; in the population both forecasts are equally
    good. Under it the larger model's squared error is larger in samples, because it estimates
    parameters that are zero; the statistic takes that out, e1^2 - (e2^2 - (f1 - f2)^2), and is
    compared with the normal distribution on one side. For models that are not nested use
    `diebold_mariano`.

    Assumes squared error loss and forecasts from rolling or growing windows.

    Parameters
    ----------
    y_true : array_like, shape (n_times,)
    restricted : array_like, shape (n_times,)
        Forecasts of the smaller model, such as persistence or a mean.
    unrestricted : array_like, shape (n_times,)
        Forecasts of the larger model.
    horizon : int, default 1
    variance : {"bartlett", "rect"}
        Window of the autocovariances up to lag horizon - 1.

    Returns
    -------
    ForecastResult
        `alternative` is "greater": a large statistic favours the larger model.

    Raises
    ------
    UndefinedError
        Equal forecasts, or a negative variance estimate.
    LossesError
        A horizon as long as the series.
    ValueError
        Unequal lengths, missing or infinite values.

    References
    ----------
    .. [1] Clark, West (2007), J. Econometrics 138, 291-311. doi:10.1016/j.jeconom.2006.05.023

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=200)
    >>> y = 0.4 * signal + rng.normal(size=200)
    >>> stats.clark_west(y, np.zeros(200), 0.5 * signal).rejects(alpha=0.05)
    True
    """
    choice(variance, ("rect", "bartlett"), name="variance")
    y, small = paired("y_true", y_true, "restricted", restricted)
    _, large = paired("y_true", y_true, "unrestricted", unrestricted)
    adjusted = (y - small) ** 2 - ((y - large) ** 2 - (small - large) ** 2)
    statistic, _, estimate = _mean_test(
        adjusted, horizon=horizon, variance=variance, hln=False, caller="clark_west"
    )
    return ForecastResult(
        statistic=statistic,
        pvalue=float(Normal().upper(np.array(statistic))),
        names=("restricted", "unrestricted"),
        test="the Clark-West test",
        df=(),
        n_used=y.size,
        null="the larger model adds nothing to the one nested in it",
        alternative="greater",
        estimates=(
            ("mean adjusted difference", float(adjusted.mean())),
            ("mean squared error, restricted", float(((y - small) ** 2).mean())),
            ("mean squared error, unrestricted", float(((y - large) ** 2).mean())),
            ("long-run variance", estimate),
        ),
    )


def encompassing(
    y_true: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    horizon: int = 1,
    variance: Window = "rect",
    alternative: Alternative = "greater",
) -> ForecastResult:
    """Harvey, Leybourne and Newbold's test that the first forecast encompasses the second.

    Null hypothesis: the best combination (1 - w) first + w second has w = 0, so the second
    forecast holds nothing useful that the first has not. The statistic is a Diebold-Mariano
    statistic of (e1 - e2) e1. When each encompasses the other they are the same forecast; when
    neither does, a combination beats both.

    Assumes squared error loss and forecasts without estimation error.

    Parameters
    ----------
    y_true, first, second : array_like, shape (n_times,)
    horizon : int, default 1
    variance : {"rect", "bartlett"}
        Window of the autocovariances up to lag horizon - 1.
    alternative : {"greater", "two-sided", "less"}
        "greater": the second forecast deserves a positive weight.

    Returns
    -------
    ForecastResult
        `estimate("weight")` is the least-squares weight of the second forecast.

    Raises
    ------
    UndefinedError
        Equal forecasts, or a negative variance estimate.
    LossesError
        A horizon as long as the series.
    ValueError
        Unequal lengths, missing or infinite values.

    References
    ----------
    .. [1] Harvey, Leybourne, Newbold (1998), J. Bus. Econ. Stat. 16, 254-259.
       doi:10.1080/07350015.1998.10524759

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 150))
    >>> y = a + b + rng.normal(size=150)
    >>> stats.encompassing(y, a, b).rejects(alpha=0.05)  # each knows what the other does not
    True
    """
    choice(variance, ("rect", "bartlett"), name="variance")
    choice(alternative, ALTERNATIVES, name="alternative")
    y, one = paired("y_true", y_true, "first", first)
    _, other = paired("y_true", y_true, "second", second)
    e1, e2 = y - one, y - other
    d = (e1 - e2) * e1
    statistic, reference, estimate = _mean_test(
        d, horizon=horizon, variance=variance, hln=True, caller="encompassing"
    )
    at = np.array(statistic)
    if alternative == "two-sided":
        pvalue = 2 * float(reference.upper(np.abs(at)))
    else:
        pvalue = float(reference.upper(at if alternative == "greater" else -at))
    df = (reference.df,) if isinstance(reference, StudentT) else ()
    return ForecastResult(
        statistic=statistic,
        pvalue=pvalue,
        names=("first", "second"),
        test="the encompassing test of Harvey, Leybourne and Newbold",
        df=df,
        n_used=y.size,
        null="the first forecast encompasses the second",
        alternative=alternative,
        estimates=(
            ("weight", float(d.sum() / ((e1 - e2) ** 2).sum())),
            ("long-run variance", estimate),
        ),
    )
