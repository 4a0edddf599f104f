"""The range of independent standard normals: tail probability and critical value."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import scipy

from stats.errors import OptionError, level
from stats.scores import FloatArray

__all__ = ["critical_range", "critical_value_control", "many_to_one_sf", "range_sf"]

LARGEST = 54.0
"""Beyond this range the tail probability is below the smallest double for any k in use."""

_PANEL = 0.5
_NODES = 14
_LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)


def _log_sf(q: FloatArray, k: int) -> FloatArray:
    """log P(range of k > q) by the trapezoid rule, in logarithms from end to end.

    sf(q) = k int phi(z) Phi(z)^(k-1) [1 - (1 - Phi(z - q)/Phi(z))^(k-1)] dz, where z is the
    largest of the k. The integrand is analytic and falls like a normal density, so the plain
    trapezoid rule converges exponentially.
    """
    top = math.sqrt(float(q.max()) ** 2 / 2.0 + 80.0) + 1.0
    z = np.arange(-9.0, top, 0.04)
    log_cdf = scipy.special.log_ndtr(z)
    log_weight = -0.5 * z * z - _LOG_ROOT_2PI + (k - 1) * log_cdf + math.log(0.04 * k)
    # The maximum of k falls below -9 with probability Phi(-9)^k: nothing is lost there.
    keep = log_weight > -0.5 * float(q.max()) ** 2 / 2.0 - 60.0 - 5.0 * math.log(k + 1.0)
    z, log_cdf, log_weight = z[keep], log_cdf[keep], log_weight[keep]
    ratio = np.exp(np.minimum(scipy.special.log_ndtr(z - q[:, None]) - log_cdf, 0.0))
    with np.errstate(divide="ignore"):
        inside = -np.expm1((k - 1) * np.log1p(-ratio))
        term = log_weight + np.log(inside)
    peak = term.max(axis=1)
    total: FloatArray = peak + np.log(np.exp(term - peak[:, None]).sum(axis=1))
    return np.minimum(total, 0.0)


@lru_cache(maxsize=4096)
def _panel(k: int, panel: int) -> FloatArray:
    """Chebyshev coefficients of log sf on [panel, panel + 1] * _PANEL."""
    angle = (np.arange(_NODES) + 0.5) * np.pi / _NODES
    q = _PANEL * (panel + 0.5 + 0.5 * np.cos(angle))
    value = _log_sf(q, k)
    degree = np.arange(_NODES)
    coefficients: FloatArray = 2.0 / _NODES * (np.cos(np.outer(degree, angle)) @ value)
    coefficients[0] /= 2.0
    coefficients.setflags(write=False)
    return coefficients


def range_sf(q: FloatArray | float, k: int) -> FloatArray:
    """P(range of k independent standard normals > q), accurate in its relative error.

    The studentized range with infinite degrees of freedom. log sf is tabulated once per k as
    piecewise Chebyshev polynomials, so a matrix of 28,680 pairs costs a few milliseconds.

    Parameters
    ----------
    q : float or ndarray
        Not below 0; nan stays nan.
    k : int
        Number of normals, at least 2.

    Returns
    -------
    ndarray
        Of the shape of `q`.

    Examples
    --------
    >>> float(range_sf(12.0, 5).round(24))
    2.15196904e-16
    """
    if k < 2:
        raise OptionError(f"a range needs at least 2 variables, got k = {k}")
    points = np.asarray(q, dtype=np.float64)
    if (points < 0).any():
        raise OptionError("a range is never negative: give the absolute difference")
    flat = points.ravel()
    result = np.full(flat.shape, np.nan)
    result[flat > LARGEST] = 0.0
    result[flat == 0.0] = 1.0
    inside = np.flatnonzero((flat > 0.0) & (flat <= LARGEST))
    if inside.size:
        at = flat[inside] / _PANEL
        panel = np.minimum(at.astype(np.int64), math.ceil(LARGEST / _PANEL) - 1)
        used, which = np.unique(panel, return_inverse=True)
        table = np.stack([_panel(k, int(p)) for p in used], axis=1)  # (nodes, panels)
        x = 2.0 * (at - panel) - 1.0
        # Clenshaw's recurrence, every point with the coefficients of its own panel.
        upper = np.zeros_like(x)
        upmost = np.zeros_like(x)
        for coefficients in table[:0:-1]:
            upper, upmost = coefficients[which] + 2.0 * x * upper - upmost, upper
        result[inside] = np.exp(np.minimum(table[0][which] + x * upper - upmost, 0.0))
    return result.reshape(points.shape)


@lru_cache(maxsize=1024)
def critical_range(alpha: float, k: int) -> float:
    """The q with P(range of k > q) = alpha.

    Examples
    --------
    >>> round(critical_range(0.05, 4) / 2**0.5, 3)  # Demsar (2006), Table 5(a)
    2.569
    """
    alpha = level(alpha)
    target = math.log(alpha)
    low, high = 0.0, 1.0
    while float(_log_sf(np.array([high]), k)[0]) > target:
        low, high = high, 2.0 * high
    at_low = float(_log_sf(np.array([low]), k)[0]) - target if low else -target
    at_high = float(_log_sf(np.array([high]), k)[0]) - target
    # Regula falsi with Illinois' halving: the bracket never opens, convergence is superlinear.
    for _ in range(200):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = float(_log_sf(np.array([middle]), k)[0]) - target
        if value == 0.0 or high - low < 1e-14 * high:
            return middle
        if value > 0.0:
            low, at_low = middle, value
            at_high /= 2.0
        else:
            high, at_high = middle, value
            at_low /= 2.0
        if abs(value) < 1e-14:
            return middle
    return 0.5 * (low + high)


def critical_value_control(alpha: float, k: int) -> float:
    """Two-sided Bonferroni-Dunn value for k - 1 comparisons with a control.

    Examples
    --------
    >>> round(critical_value_control(0.05, 9), 3)  # Table 5(b) of Demsar (2006) misprints 2.724
    2.734
    """
    if k < 2:
        raise OptionError(f"a comparison with a control needs at least 2 models, got k = {k}")
    return float(-scipy.special.ndtri(level(alpha) / (2.0 * (k - 1))))


def many_to_one_sf(t: FloatArray | float, k: int) -> FloatArray:
    """P(max of k - 1 normals with correlation 1/2 > t): Dunnett's one-sided tail.

    The differences of k - 1 independent normals to a k-th one, each divided by the square root
    of 2, have pairwise correlation 1/2; given the k-th, they are independent.

    Examples
    --------
    >>> round(float(many_to_one_sf(1.644853626951, 2)), 6)
    0.05
    """
    points = np.atleast_1d(np.asarray(t, dtype=np.float64))
    z = np.arange(-9.0, 9.0 + 1e-9, 0.04)
    log_density = -0.5 * z * z - _LOG_ROOT_2PI + math.log(0.04)
    argument = points.ravel()[:, None] * math.sqrt(2.0) + z
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = -np.expm1((k - 1) * scipy.special.log_ndtr(argument))
    result: FloatArray = (np.exp(log_density) * inside).sum(axis=1)
    result = np.where(np.isnan(points.ravel()), np.nan, np.clip(result, 0.0, 1.0))
    return result.reshape(np.shape(t))
