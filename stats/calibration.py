"""Whether forecasts mean what they say: Mincer-Zarnowitz, interval coverage, uniform PIT."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy

from stats.arrays import codes, paired, vector
from stats.errors import LossesError, OptionError, UndefinedError, choice, level
from stats.forecast_results import ForecastResult
from stats.scores import FloatArray

__all__ = ["christoffersen", "kupiec", "mincer_zarnowitz", "pit_uniformity"]


def mincer_zarnowitz(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    horizon: int = 1,
    covariance: Literal["robust", "classical"] = "robust",
) -> ForecastResult:
    """Mincer-Zarnowitz test that a forecast is unbiased and efficient.

    Null hypothesis: in y = a + b f + e, a = 0 and b = 1. A Wald test. It
    looks at one forecast; to compare two use `diebold_mariano`.

    Assumes a forecast that varies, and stationary errors.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n_times,)
        In time order.
    horizon : int, default 1
        Steps ahead; errors of good forecasts correlate up to lag horizon - 1.
    covariance : {"robust", "classical"}
        "robust" allows for heteroscedasticity and, beyond one step, for autocorrelation with
        Bartlett weights 1 - l/horizon. "classical" takes the errors as alike and independent,
        and is for one step only.

    Returns
    -------
    ForecastResult
        The statistic is F on 2 and n - 2 degrees of freedom; estimates are "intercept", "slope",
        their standard errors and "chi2", twice the statistic.

    Raises
    ------
    UndefinedError
        A constant forecast, or one that is exactly right.
    LossesError
        Fewer than 4 values or a horizon as long as the series.
    ValueError
        Unequal lengths, missing or infinite values.

    References
    ----------
    .. [1] Mincer, Zarnowitz (1969), in: Economic Forecasts and Expectations, NBER, 3-46.
    .. [2] Newey, West (1987), Econometrica 55, 703-708. doi:10.2307/1913610

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(0)
    >>> f = rng.normal(size=200)
    >>> y = f + rng.normal(size=200)
    >>> stats.mincer_zarnowitz(y, 1.8 * f).rejects(alpha=0.05)  # too bold
    True
    """
    choice(covariance, ("robust", "classical"), name="covariance")
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    n = y.size
    if covariance == "classical" and horizon != 1:
        raise OptionError(
            f"covariance='classical' is for one step ahead, got horizon={horizon}: errors of "
            "longer forecasts overlap; use 'robust'"
        )
    if isinstance(horizon, bool) or horizon != int(horizon) or horizon < 1:
        raise OptionError(f"horizon must be a whole number of at least 1, got {horizon!r}")
    if n < 4 or horizon >= n:
        raise LossesError(
            f"mincer_zarnowitz at horizon {horizon} needs at least {max(4, horizon + 1)} values, "
            f"got {n}"
        )
    if np.ptp(f) <= 8 * np.finfo(np.float64).eps * np.abs(f).max():
        raise UndefinedError(
            f"mincer_zarnowitz needs a forecast that varies, y_pred is {f[0]:.6g} everywhere"
        )
    # Centring and scaling keep the regression well conditioned at any level of the series.
    centre, scale = f.mean(), f.std()
    x = np.column_stack([np.ones(n), (f - centre) / scale])
    # y - f on x: under the null both coefficients are zero.
    target = y - f
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ (x.T @ target)
    residual = target - x @ beta
    if covariance == "classical":
        spread_of_beta = inverse * (residual @ residual / (n - 2))
    else:
        scores = x * residual[:, None]
        meat = scores.T @ scores
        for lag in range(1, horizon):
            cross = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / horizon) * (cross + cross.T)
        spread_of_beta = inverse @ meat @ inverse
    if np.abs(residual).max() <= 1e-12 * max(np.abs(y).max(), np.abs(f).max()):
        raise UndefinedError("mincer_zarnowitz: the regression fits exactly, no error is left")
    chi2 = float(beta @ np.linalg.solve(spread_of_beta, beta))
    statistic = chi2 / 2
    # Back to the intercept and slope of y on f.
    back = np.array([[1.0, -centre / scale], [0.0, 1 / scale]])
    intercept, slope = back @ beta
    errors = np.sqrt(np.diag(back @ spread_of_beta @ back.T))
    return ForecastResult(
        statistic=statistic,
        pvalue=float(scipy.special.fdtrc(2, n - 2, statistic)),
        names=("y_pred",),
        test="the Mincer-Zarnowitz test",
        df=(2.0, float(n - 2)),
        n_used=n,
        null="the forecast is unbiased and efficient (intercept 0, slope 1)",
        estimates=(
            ("intercept", float(intercept)),
            ("slope", float(slope + 1)),
            ("standard error of intercept", float(errors[0])),
            ("standard error of slope", float(errors[1])),
            ("chi2", chi2),
            ("chi2 p-value", float(scipy.special.chdtrc(2, chi2))),
        ),
    )


def _log_likelihood(hits: float, misses: float, p: float) -> float:
    """hits log p + misses log(1 - p), with 0 log 0 = 0."""
    return float(scipy.special.xlogy(hits, p) + scipy.special.xlog1py(misses, -p))


def _violations(violations: npt.ArrayLike, nominal: float, caller: str) -> npt.NDArray[np.intp]:
    level(nominal, name="nominal")
    hit = codes("violations", violations)
    if hit.max() > 1:
        raise ValueError(f"violations are 0 (inside the interval) or 1 (outside), got {hit.max()}")
    if hit.size < 2:
        raise LossesError(f"{caller} needs at least 2 values, got {hit.size}")
    return hit


def kupiec(violations: npt.ArrayLike, *, nominal: float) -> ForecastResult:
    """Kupiec's test that intervals or quantiles fail as often as they say.

    Null hypothesis: the chance of a violation is `nominal`. A likelihood ratio on one degree of
    freedom. It counts violations and does not see that they cluster: for that use
    `christoffersen`. For forecasts of several steps, whose violations overlap, it rejects too
    often.

    Parameters
    ----------
    violations : array_like of 0 and 1, shape (n_times,)
        1 where the outcome fell outside (or below the quantile).
    nominal : float
        The rate that was promised: 0.1 for a 90 % interval.

    Returns
    -------
    ForecastResult
        `estimate("rate")` is the observed rate.

    Raises
    ------
    ValueError
        Values other than 0 and 1, or `nominal` outside (0, 1).

    References
    ----------
    .. [1] Kupiec (1995), J. Derivatives 3, 73-84. doi:10.3905/jod.1995.407942

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> violations = np.arange(250) < 24  # promised: 12.5
    >>> round(stats.kupiec(violations, nominal=0.05).pvalue, 4)
    0.0029
    """
    hit = _violations(violations, nominal, "kupiec")
    n, hits = hit.size, int(hit.sum())
    rate = hits / n
    statistic = 2 * (
        _log_likelihood(hits, n - hits, rate) - _log_likelihood(hits, n - hits, nominal)
    )
    statistic = max(statistic, 0.0)
    return ForecastResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(1, statistic)),
        names=(),
        test="Kupiec's test of unconditional coverage",
        df=(1.0,),
        n_used=n,
        null=f"violations occur at the rate {nominal:g}",
        estimates=(("rate", rate),),
    )


def christoffersen(violations: npt.ArrayLike, *, nominal: float) -> ForecastResult:
    """Christoffersen's test that violations are as frequent as promised and do not cluster.

    Null hypothesis: violations are independent in time and occur at the rate `nominal`. The sum
    of Kupiec's likelihood ratio and the one of a first-order Markov chain against independence,
    on two degrees of freedom. It sees clusters of neighbours only.

    Parameters
    ----------
    violations : array_like of 0 and 1, shape (n_times,)
        In time order; 1 where the outcome fell outside (or below the quantile).
    nominal : float
        The rate that was promised: 0.1 for a 90 % interval.

    Returns
    -------
    ForecastResult
        Estimates "LR_uc", "LR_uc p-value", "LR_ind", "LR_ind p-value" and the rates after a
        violation and after none.

    Raises
    ------
    ValueError
        Values other than 0 and 1, or `nominal` outside (0, 1).

    References
    ----------
    .. [1] Christoffersen (1998), Int. Econ. Rev. 39, 841-862. doi:10.2307/2527341

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> clustered = np.tile(np.repeat([0, 1], [90, 10]), 5)  # the right rate, all at once
    >>> stats.kupiec(clustered, nominal=0.1).rejects(alpha=0.05)
    False
    >>> stats.christoffersen(clustered, nominal=0.1).rejects(alpha=0.05)
    True
    """
    hit = _violations(violations, nominal, "christoffersen")
    unconditional = kupiec(hit, nominal=nominal)
    before, after = hit[:-1], hit[1:]
    n01 = int(((before == 0) & (after == 1)).sum())
    n00 = int(((before == 0) & (after == 0)).sum())
    n11 = int(((before == 1) & (after == 1)).sum())
    n10 = int(((before == 1) & (after == 0)).sum())
    pooled = (n01 + n11) / (hit.size - 1)
    # A state that never occurs says nothing about what follows it.
    calm = n01 / (n00 + n01) if n00 + n01 else math.nan
    tense = n11 / (n10 + n11) if n10 + n11 else math.nan
    free = (_log_likelihood(n01, n00, calm) if n00 + n01 else 0.0) + (
        _log_likelihood(n11, n10, tense) if n10 + n11 else 0.0
    )
    independence = max(2 * (free - _log_likelihood(n01 + n11, n00 + n10, pooled)), 0.0)
    statistic = unconditional.statistic + independence
    return ForecastResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(2, statistic)),
        names=(),
        test="Christoffersen's test of conditional coverage",
        df=(2.0,),
        n_used=hit.size,
        null=f"violations are independent and occur at the rate {nominal:g}",
        estimates=(
            ("rate", unconditional.estimate("rate")),
            ("LR_uc", unconditional.statistic),
            ("LR_uc p-value", unconditional.pvalue),
            ("LR_ind", independence),
            ("LR_ind p-value", float(scipy.special.chdtrc(1, independence))),
            ("rate after none", calm),
            ("rate after a violation", tense),
        ),
    )


def pit_uniformity(
    pit: npt.ArrayLike, *, method: Literal["chi2", "ks"] = "chi2", n_bins: int = 10
) -> ForecastResult:
    """Test that probability integral transforms are uniform.

    Null hypothesis: F_t(y_t), the forecast distribution at the outcome, is uniform on [0, 1], as
    it is when the forecast distributions are right. Look at the histogram beside it: a U says too
    narrow, a hump too wide, a slope biased.

    Assumes one-step forecasts, whose transforms are independent; for longer horizons it rejects
    too often.

    Parameters
    ----------
    pit : array_like, shape (n_times,)
        Values in [0, 1].
    method : {"chi2", "ks"}
        Pearson's chi-square over equal bins, which sees any shape, or the exact
        Kolmogorov-Smirnov test, which needs no bins and sees shifts best.
    n_bins : int, default 10
        Used by "chi2".

    Returns
    -------
    ForecastResult
        With "chi2" `estimate("largest excess")` is how far the share of the fullest bin is above
        1/n_bins; with "ks" `estimate("at")` is where the distance is largest.

    Raises
    ------
    ValueError
        Values outside [0, 1], or fewer than 5 expected in a bin.

    References
    ----------
    .. [1] Diebold, Gunther, Tay (1998), Int. Econ. Rev. 39, 863-883. doi:10.2307/2527342

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> stats.pit_uniformity(np.linspace(0.3, 0.7, 100)).rejects(alpha=0.05)  # too wide
    True
    """
    choice(method, ("chi2", "ks"), name="method")
    u = vector("pit", pit)
    if u.min() < 0 or u.max() > 1:
        raise ValueError(f"pit must lie in [0, 1], got values from {u.min()} to {u.max()}")
    if method == "ks":
        return _kolmogorov_smirnov(u)
    if n_bins < 2 or u.size < 5 * n_bins:
        raise OptionError(
            f"n_bins must be at least 2 with at least 5 values expected in each, got n_bins="
            f"{n_bins} for {u.size} values"
        )
    counts, _ = np.histogram(u, bins=n_bins, range=(0, 1))
    expected = u.size / n_bins
    statistic = float(((counts - expected) ** 2).sum() / expected)
    return ForecastResult(
        statistic=statistic,
        pvalue=float(scipy.special.chdtrc(n_bins - 1, statistic)),
        names=(),
        test="the chi-square test of uniform probability integral transforms",
        df=(float(n_bins - 1),),
        n_used=u.size,
        null="the transforms are uniform",
        estimates=(("largest excess", float((counts / u.size - 1 / n_bins).max())),),
    )


def _kolmogorov_smirnov(u: FloatArray) -> ForecastResult:
    from scipy.stats import kstwo

    n = u.size
    ordered = np.sort(u)
    above = np.arange(1, n + 1) / n - ordered
    below = ordered - np.arange(n) / n
    distance = np.maximum(above, below)
    largest = int(distance.argmax())
    return ForecastResult(
        statistic=float(distance[largest]),
        pvalue=float(kstwo.sf(distance[largest], n)),
        names=(),
        test="the Kolmogorov-Smirnov test of uniform probability integral transforms",
        df=(),
        n_used=n,
        null="the transforms are uniform",
        estimates=(("at", float(ordered[largest])),),
    )
