"""Long-run variances: how far the mean of a dependent series can wander by chance.

The variance of sqrt(n) times the mean of a stationary series is the sum of all its
autocovariances. Every estimator here is a quadratic form in the centred series, so that one
matrix product serves all pairs of a table; each comes with the distribution that its ratio
follows under the null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy

from stats.arrays import vector
from stats.errors import LossesError, OptionError, choice
from stats.scores import FloatArray

__all__ = [
    "VARIANCES",
    "Basis",
    "FixedB",
    "GroupMeans",
    "LagWindow",
    "Normal",
    "QuadraticForm",
    "Reference",
    "Smoothing",
    "StudentT",
    "Variance",
    "fixed_b_critical_value",
    "long_run_variance",
    "smoothing",
]

Variance: TypeAlias = Literal["rect", "bartlett", "hac", "qs", "fixed_b", "wpe", "ewc", "groups"]
VARIANCES: tuple[str, ...] = get_args(Variance)

# Rows of the banded filter that one matrix product handles.
_BLOCK = 256


class Reference(Protocol):
    """The distribution of mean / standard error under the null."""

    @property
    def label(self) -> str:
        """The distribution's name in a sentence."""
        ...

    def upper(self, x: FloatArray) -> FloatArray:
        """P(statistic > x), relative accuracy kept far out."""
        ...

    def quantile(self, upper: float) -> float:
        """The value exceeded with probability `upper`."""
        ...


@dataclass(frozen=True, slots=True)
class Normal:
    """Standard normal."""

    @property
    def label(self) -> str:
        """The distribution's name in a sentence."""
        return "the standard normal distribution"

    def upper(self, x: FloatArray) -> FloatArray:
        """P(Z > x)."""
        # ndtr(-x), not 1 - ndtr(x): p-values below 1e-16 must survive.
        return np.asarray(scipy.special.ndtr(-x), dtype=np.float64)

    def quantile(self, upper: float) -> float:
        """The value exceeded with probability `upper`."""
        return float(-scipy.special.ndtri(upper))


@dataclass(frozen=True, slots=True)
class StudentT:
    """Student's t with `df` degrees of freedom."""

    df: float

    @property
    def label(self) -> str:
        """The distribution's name in a sentence."""
        return f"Student's t distribution with {self.df:g} degrees of freedom"

    def upper(self, x: FloatArray) -> FloatArray:
        """P(t > x)."""
        return np.asarray(scipy.special.stdtr(self.df, -x), dtype=np.float64)

    def quantile(self, upper: float) -> float:
        """The value exceeded with probability `upper`."""
        return float(-scipy.special.stdtrit(self.df, upper))


# Constants of the published cubics a0 + a1 b + a2 b^2 + a3 b^3, by two-sided level.
_PUBLISHED = {
    0.2: (1.2816, 1.3040, 0.5135, -0.3386),
    0.1: (1.6449, 2.1859, 0.3142, -0.3427),
    0.05: (1.9600, 2.9694, 0.4160, -0.5324),
    0.02: (2.3263, 4.1618, 0.5368, -0.9060),
}


@dataclass(frozen=True, slots=True)
class FixedB:
    """Kiefer and Vogelsang's limit of the Bartlett ratio when the bandwidth is b n.

    The ratio is W(1) / sqrt(Q) with Q a weighted sum of chi-squares independent of W(1), so by
    Craig's form of the normal tail P(|t| > c) = (2/pi) int_0^(pi/2) prod_j (1 + c^2 q_j /
    sin^2 a)^(-1/2) da: one smooth integral that keeps relative accuracy in the tail. The
    published cubics give critical values at four levels; they lie up to 1.5 % above the
    integral's. Here the argument is stretched so that both agree at those levels: a decision at
    10 or 5 % is the published one, and p-values exist everywhere.
    """

    b: float

    @property
    def label(self) -> str:
        """The distribution's name in a sentence."""
        return f"the fixed-b distribution of Kiefer and Vogelsang at b = {self.b:.3g}"

    def upper(self, x: FloatArray) -> FloatArray:
        """P(t > x)."""
        table = _fixed_b_table(self.b)
        size = np.abs(np.asarray(x, dtype=np.float64))
        at = np.arcsinh(size / np.interp(size, table.published, table.stretch))
        inside = np.interp(at, table.nodes, table.log_tail)
        # Past the table log p is linear in log c: the tail is a power law.
        beyond = table.slope * np.maximum(at - table.nodes[-1], 0)
        tail = 0.5 * np.exp(inside + beyond)
        return np.asarray(np.where(np.asarray(x) >= 0, tail, 1 - tail), dtype=np.float64)

    def quantile(self, upper: float) -> float:
        """The value exceeded with probability `upper`."""
        if upper > 0.5:
            return -self.quantile(1 - upper)
        low, high = 0.0, 1.0
        while float(self.upper(np.array(high))) > upper:
            high *= 2
        for _ in range(80):
            middle = (low + high) / 2
            if float(self.upper(np.array(middle))) > upper:
                low = middle
            else:
                high = middle
        return (low + high) / 2


@dataclass(frozen=True, slots=True, eq=False)
class _FixedBTable:
    """log P(|t| > c) at the nodes asinh(c), and the stretch to the published values."""

    nodes: FloatArray
    log_tail: FloatArray
    slope: float
    published: FloatArray
    stretch: FloatArray


@lru_cache(maxsize=64)
def _fixed_b_table(b: float) -> _FixedBTable:
    # Bartlett's form of a Brownian bridge, on a grid fine enough for 12 points in a bandwidth.
    n = int(np.clip(12 / b, 400, 1000))
    lag = np.abs(np.arange(n)[:, None] - np.arange(n))
    kernel = np.clip(1 - lag / (b * n), 0, None)
    kernel -= kernel.mean(axis=0)
    kernel -= kernel.mean(axis=1)[:, None]
    roots = np.clip(np.linalg.eigvalsh(kernel)[::-1], 0, None) / n
    # Only the sum of the small roots matters: runs of them are put together.
    edges = np.unique(np.concatenate([np.arange(64), np.geomspace(64, n, 24).astype(int)]))
    size = np.diff(edges)
    mean = np.add.reduceat(roots, edges[:-1]) / size
    angle, weight = np.polynomial.legendre.leggauss(48)
    sine2 = np.sin((angle + 1) * np.pi / 4) ** 2
    nodes = np.linspace(0, math.asinh(1e4), 1500)
    c2 = np.sinh(nodes) ** 2
    exponent = np.zeros((nodes.size, sine2.size))
    for root, count in zip(mean, size, strict=True):
        exponent -= 0.5 * count * np.log1p(root * c2[:, None] / sine2)
    log_tail = np.asarray(scipy.special.logsumexp(exponent, b=weight / 2, axis=1), dtype=np.float64)
    levels = np.array(sorted(_PUBLISHED, reverse=True))
    exact = np.sinh(np.interp(-np.log(levels), -log_tail, nodes))
    published = np.array([fixed_b_critical_value(b, alpha=float(a)) for a in levels])
    slope = float((log_tail[-1] - log_tail[-2]) / (nodes[-1] - nodes[-2]))
    return _FixedBTable(nodes, log_tail, slope, published, published / exact)


def fixed_b_critical_value(b: float, *, alpha: float = 0.05) -> float:
    """Two-sided critical value of the Bartlett fixed-b ratio, by the published cubic.

    Parameters
    ----------
    b : float
        Bandwidth over the number of observations, in (0, 1].
    alpha : {0.2, 0.1, 0.05, 0.02}, default 0.05
        The two-sided levels that were published.

    Returns
    -------
    float

    References
    ----------
    .. [1] Kiefer, Vogelsang (2005), Econometric Theory 21, 1130-1164.
       doi:10.1017/S0266466605050565

    Examples
    --------
    >>> from stats.longrun import fixed_b_critical_value
    >>> round(fixed_b_critical_value(0.1), 4)
    2.2606
    """
    if alpha not in _PUBLISHED:
        raise OptionError(
            f"alpha must be one of {', '.join(map(str, _PUBLISHED))}, the levels that Kiefer and "
            f"Vogelsang tabulated; got {alpha}; FixedB(b).quantile gives any other"
        )
    if not 0 < b <= 1:
        raise OptionError(f"b must lie in (0, 1], got {b}")
    a0, a1, a2, a3 = _PUBLISHED[alpha]
    return a0 + a1 * b + a2 * b**2 + a3 * b**3


def _smooth_length(least: int) -> int:
    """Smallest number from `least` on with no prime factor above 5: transforms of it are fast."""
    size = least
    while True:
        rest = size
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return size
        size += 1


class QuadraticForm(Protocol):
    """Long-run variances of the columns of a centred table, zero where a value is missing."""

    @property
    def needs_distances(self) -> bool:
        """Whether times without values must keep their place."""
        ...

    def location(self, x: FloatArray) -> FloatArray:
        """What is divided by the standard error, (n_times, m) -> (m,)."""
        ...

    def variances(self, x: FloatArray, n: int) -> FloatArray:
        """One variance for each column of `x`, shape (n_times, m) -> (m,)."""
        ...

    def gram(self, x: FloatArray, n: int) -> FloatArray:
        """Long-run covariances of the columns of `x`, shape (m, m)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LagWindow:
    """g_0 + 2 sum_l w_l g_l, with g_l divided by n: weights of the lags 1, 2, ..."""

    weights: FloatArray

    @property
    def needs_distances(self) -> bool:
        """Whether times without values must keep their place."""
        return True

    def location(self, x: FloatArray) -> FloatArray:
        """What is divided by the standard error, (n_times, m) -> (m,)."""
        mean: FloatArray = x.mean(axis=0)
        return mean

    def variances(self, x: FloatArray, n: int) -> FloatArray:
        """One variance for each column of `x`, shape (n_times, m) -> (m,)."""
        # A transform costs what some 8 log2(n) lags cost.
        if self.weights.size > 8 * math.log2(len(x) + 1):
            return self._by_fourier(x, n)
        total = np.einsum("tj,tj->j", x, x)
        for lag, weight in enumerate(self.weights[: len(x) - 1], start=1):
            total += 2 * weight * np.einsum("tj,tj->j", x[lag:], x[:-lag])
        variance: FloatArray = total / n
        return variance

    def _by_fourier(self, x: FloatArray, n: int) -> FloatArray:
        # All autocovariances at once; padding makes the circular sum the plain one.
        size = _smooth_length(2 * len(x))
        spectrum = np.abs(np.fft.rfft(x, size, axis=0)) ** 2
        products = np.fft.irfft(spectrum, size, axis=0)[: min(len(x), self.weights.size + 1)]
        variance: FloatArray = (
            products[0] + 2 * self.weights[: len(products) - 1] @ products[1:]
        ) / n
        return variance

    def gram(self, x: FloatArray, n: int) -> FloatArray:
        """Long-run covariances of the columns of `x`, shape (m, m)."""
        n_times, m = x.shape
        weights = self.weights[: n_times - 1]
        reach = weights.size
        if reach == 0:
            return np.asarray(x.T @ x / n)
        # The filter is a banded Toeplitz matrix; block rows of it turn the sum over lags into
        # matrix products and keep one block of filtered rows in memory, never a second table.
        block = max(_BLOCK, reach)
        profile = np.concatenate([weights[::-1], [1.0], weights])
        covariance = np.zeros((m, m))
        for start in range(0, n_times, block):
            stop = min(start + block, n_times)
            low, high = max(0, start - reach), min(n_times, stop + reach)
            gap = np.arange(low, high) - np.arange(start, stop)[:, None] + reach
            inside = (gap >= 0) & (gap < profile.size)
            band = np.where(inside, profile[np.clip(gap, 0, profile.size - 1)], 0.0)
            covariance += x[start:stop].T @ (band @ x[low:high])
        # The products of two blocks round differently from their mirror images.
        return (covariance + covariance.T) / (2 * n)


@dataclass(frozen=True, slots=True)
class Basis:
    """Mean square of the first projections on waves of low frequency.

    `fourier` takes pairs of cosine and sine, the periodogram ordinates; `cosine` the cosines of
    half periods.
    """

    kind: Literal["fourier", "cosine"]
    count: int

    @property
    def needs_distances(self) -> bool:
        """Whether times without values must keep their place."""
        return True

    def location(self, x: FloatArray) -> FloatArray:
        """What is divided by the standard error, (n_times, m) -> (m,)."""
        mean: FloatArray = x.mean(axis=0)
        return mean

    def _waves(self, start: int, stop: int, n_times: int) -> FloatArray:
        """Rows of the waves, scaled so that the squares of the projections sum to n V."""
        j = np.arange(1, self.count + 1)
        t = np.arange(start, stop)[:, None]
        if self.kind == "cosine":
            half: FloatArray = np.cos(np.pi * j * (t + 0.5) / n_times)
            return half * math.sqrt(2 / self.count)
        angle = 2 * np.pi * j * t / n_times
        both: FloatArray = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        return both / math.sqrt(self.count)

    def _projections(self, x: FloatArray) -> FloatArray:
        """Shape (n_waves, m), summed over blocks of times: all waves at once may not fit."""
        n_times = len(x)
        blocks = range(0, n_times, _BLOCK * 16)
        parts = (
            self._waves(start, min(start + _BLOCK * 16, n_times), n_times).T
            @ x[start : start + _BLOCK * 16]
            for start in blocks
        )
        return np.asarray(sum(parts))

    def variances(self, x: FloatArray, n: int) -> FloatArray:
        """One variance for each column of `x`, shape (n_times, m) -> (m,)."""
        return np.asarray((self._projections(x) ** 2).sum(axis=0) / n)

    def gram(self, x: FloatArray, n: int) -> FloatArray:
        """Long-run covariances of the columns of `x`, shape (m, m)."""
        projections = self._projections(x)
        return np.asarray(projections.T @ projections / n)


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Variance of the means of consecutive groups of times, which are nearly independent."""

    count: int

    @property
    def needs_distances(self) -> bool:
        """Whether times without values must keep their place."""
        return False

    def _means(self, x: FloatArray) -> FloatArray:
        return np.stack([part.mean(axis=0) for part in np.array_split(x, self.count)])

    def location(self, x: FloatArray) -> FloatArray:
        """The mean of the group means: groups can differ in length by one."""
        mean: FloatArray = self._means(x).mean(axis=0)
        return mean

    def variances(self, x: FloatArray, n: int) -> FloatArray:
        """One variance for each column of `x`, shape (n_times, m) -> (m,)."""
        variance: FloatArray = self._means(x).var(axis=0, ddof=1) * (n / self.count)
        return variance

    def gram(self, x: FloatArray, n: int) -> FloatArray:
        """Long-run covariances of the columns of `x`, shape (m, m)."""
        means = self._means(x)
        means = means - means.mean(axis=0)
        return np.asarray(means.T @ means * (n / (self.count * (self.count - 1))))


@dataclass(frozen=True, slots=True, eq=False)
class Smoothing:
    """An estimator settled for n observations: its form, its bandwidth, its distribution.

    Parameters
    ----------
    variance : str
        The estimator's short name.
    bandwidth : int or float
        Lags + 1 for lag windows, ordinates for `wpe`, cosines for `ewc`, groups for `groups`.
    form : QuadraticForm
    reference : Reference
    factor : float
        What the ratio is multiplied with (Harvey, Leybourne and Newbold's correction, or 1).
    """

    variance: str
    bandwidth: float
    form: QuadraticForm
    reference: Reference
    factor: float

    @property
    def label(self) -> str:
        """The estimator in a sentence."""
        named = {
            "rect": f"a rectangular window of {self.bandwidth - 1:g} lags",
            "bartlett": f"a Bartlett window with bandwidth {self.bandwidth:g}",
            "hac": f"a Newey-West estimate with bandwidth {self.bandwidth:g}",
            "qs": f"a quadratic-spectral estimate with bandwidth {self.bandwidth:.3g}",
            "fixed_b": f"a Bartlett estimate with bandwidth {self.bandwidth:g}",
            "wpe": f"the mean of the first {self.bandwidth:g} periodogram ordinates",
            "ewc": f"equally weighted cosines ({self.bandwidth:g} terms)",
            "groups": f"the variance of the means of {self.bandwidth:g} consecutive groups",
        }
        return named[self.variance]


def _root_floor(n: int) -> int:
    """floor(n^(1/3)) in integers: floating point says 3 for 64 and 9 for 1000."""
    m = round(math.cbrt(n))
    while m**3 > n:
        m -= 1
    while (m + 1) ** 3 <= n:
        m += 1
    return max(m, 1)


def _cosine_count(n: int) -> int:
    """floor(0.4 n^(2/3)) in integers: 125 v^3 <= 8 n^2."""
    v = round(0.4 * math.cbrt(n) ** 2)
    while 125 * v**3 > 8 * n**2:
        v -= 1
    while 125 * (v + 1) ** 3 <= 8 * n**2:
        v += 1
    return max(v, 1)


def _default_bandwidth(variance: str, n: int, horizon: int) -> float:
    if variance in ("rect", "bartlett"):
        return horizon
    if variance == "hac":  # Newey and West (1994): floor(4 (n/100)^(2/9)) lags
        return math.floor(4 * math.pow(n / 100, 2 / 9)) + 1
    if variance == "qs":
        return 1.3 * math.pow(n, 1 / 5)
    if variance == "fixed_b":  # Coroneo and Iacone (2020)
        return max(math.isqrt(n), 1)
    if variance == "groups":  # Ibragimov and Mueller (2010): few and long
        return max(2, min(4, n // 2))
    return _root_floor(n) if variance == "wpe" else _cosine_count(n)


def _check_bandwidth(variance: str, bandwidth: float, n: int) -> None:
    if not (math.isfinite(bandwidth) and bandwidth > 0):
        raise OptionError(f"bandwidth must be a positive number, got {bandwidth}")
    if variance == "qs":
        return
    largest = n if variance == "fixed_b" else n - 1
    if variance == "wpe":
        largest //= 2
    least = 2 if variance == "groups" else 1
    if bandwidth != int(bandwidth) or not least <= bandwidth <= largest:
        raise OptionError(
            f"bandwidth of {variance!r} must be a whole number from {least} to {largest} for {n} "
            f"observations, got {bandwidth}"
        )


def smoothing(
    variance: str,
    *,
    n: int,
    horizon: int = 1,
    bandwidth: float | None = None,
    hln: bool = True,
) -> Smoothing:
    """The estimator `variance` settled for `n` observations of `horizon`-step forecasts.

    Parameters
    ----------
    variance : {"rect", "bartlett", "hac", "qs", "fixed_b", "wpe", "ewc", "groups"}
    n : int
        Observations that are used.
    horizon : int, default 1
        Errors of optimal forecasts h steps ahead correlate up to lag h - 1.
    bandwidth : float, optional
        In place of the estimator's own rule.
    hln : bool, default True
        Harvey, Leybourne and Newbold's factor and t distribution, for `rect` and `bartlett`;
        the fixed-smoothing estimators bring their own distributions.

    Examples
    --------
    >>> from stats.longrun import smoothing
    >>> smoothing("wpe", n=1000).label
    'the mean of the first 10 periodogram ordinates'
    """
    choice(variance, VARIANCES, name="variance")
    if isinstance(horizon, bool) or horizon != int(horizon) or horizon < 1:
        raise OptionError(f"horizon must be a whole number of at least 1, got {horizon!r}")
    if n < 3:
        raise LossesError(f"a long-run variance needs at least 3 observations, got {n}")
    if horizon >= n:
        raise LossesError(
            f"the horizon ({horizon}) must be smaller than the number of observations ({n})"
        )
    chosen = _default_bandwidth(variance, n, horizon) if bandwidth is None else bandwidth
    _check_bandwidth(variance, chosen, n)
    reference: Reference = Normal()
    factor = 1.0
    form: QuadraticForm
    if variance in ("wpe", "ewc"):
        count = int(chosen)
        form = Basis("fourier" if variance == "wpe" else "cosine", count)
        reference = StudentT(2 * count if variance == "wpe" else count)
        return Smoothing(variance, count, form, reference, factor)
    if variance == "groups":
        form, reference = GroupMeans(int(chosen)), StudentT(int(chosen) - 1)
        return Smoothing(variance, chosen, form, reference, factor)
    lag = np.arange(1, n if variance == "qs" else int(chosen))
    if variance == "rect":
        weights = np.ones(lag.size)
    elif variance == "qs":
        angle = 1.2 * np.pi * lag / chosen
        weights = 3 / angle**2 * (np.sin(angle) / angle - np.cos(angle))
    else:
        weights = 1 - lag / chosen
    if variance == "fixed_b":
        reference = FixedB(chosen / n)
    elif variance in ("rect", "bartlett") and hln:
        h = chosen
        factor = math.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
        reference = StudentT(n - 1)
    return Smoothing(variance, chosen, LagWindow(weights), reference, factor)


def long_run_variance(
    x: npt.ArrayLike,
    *,
    variance: Variance = "wpe",
    horizon: int = 1,
    bandwidth: float | None = None,
) -> float:
    """Long-run variance of a series: n times the variance of its mean.

    Parameters
    ----------
    x : array_like, shape (n,)
        In time order, without gaps.
    variance : {"wpe", "ewc", "rect", "bartlett", "hac", "qs", "fixed_b", "groups"}
        `rect`: autocovariances up to lag horizon - 1, all with weight 1; can come out negative.
        `bartlett`: the same lags with weights 1 - l / horizon; never negative, biased down.
        `hac`: Bartlett weights, bandwidth by Newey and West's rule. `qs`: quadratic spectral.
        `fixed_b`: Bartlett weights, bandwidth floor(sqrt(n)). `wpe`: mean of the first
        floor(n^(1/3)) periodogram ordinates. `ewc`: floor(0.4 n^(2/3)) equally weighted cosines.
        `groups`: variance of the means of 4 consecutive groups.
    horizon : int, default 1
        Used by `rect` and `bartlett`.
    bandwidth : float, optional
        In place of the rule: M in the weights 1 - l / M, or the number of ordinates, cosines or
        groups.

    Returns
    -------
    float
        Negative values of `rect` and `qs` are returned as they are: they say that the
        estimator does not fit the series.

    Raises
    ------
    OptionError
        An unknown estimator or a bandwidth it cannot use.
    LossesError
        Fewer than 3 observations, or a horizon as long as the series.

    See Also
    --------
    stats.diebold_mariano : the test it is made for.

    References
    ----------
    .. [1] Newey, West (1994), Rev. Econ. Studies 61, 631-653. doi:10.2307/2297912
    .. [2] Coroneo, Iacone (2020), J. Appl. Econometrics 35, 391-409. doi:10.1002/jae.2756
    .. [3] Lazarus, Lewis, Stock, Watson (2018), J. Bus. Econ. Stat. 36, 541-559.
       doi:10.1080/07350015.2018.1506926
    .. [4] Ibragimov, Mueller (2010), J. Bus. Econ. Stat. 28, 453-468.
       doi:10.1198/jbes.2009.08046

    Examples
    --------
    >>> from stats.longrun import long_run_variance
    >>> long_run_variance([1.0, 2.0, 4.0, 3.0], variance="bartlett", horizon=2)
    1.4375
    """
    series = vector("x", x)
    settled = smoothing(variance, n=series.size, horizon=horizon, bandwidth=bandwidth)
    centred = (series - series.mean())[:, None]
    return float(settled.form.variances(centred, series.size)[0])
