"""P-values adjusted for how many were looked at."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from stats.errors import OptionError, ScoresError, ScoresTypeError, choice, level
from stats.scores import BoolArray, FloatArray

__all__ = [
    "METHODS",
    "adjusted",
    "bergmann_hommel",
    "bh",
    "bonferroni",
    "by",
    "exhaustive_counts",
    "finner",
    "hochberg",
    "holland",
    "holm",
    "hommel",
    "li",
    "rom",
    "shaffer",
    "sidak",
]

MOST_MODELS_BERGMANN = 10
"""Set partitions of more models than this (115,975 of 10) are too many to look at."""

MOST_PVALUES_ROM = 1000
"""Rom's recursion is quadratic in the number of p-values, and differs from Hochberg's little."""


def _checked(pvalues: ArrayLike) -> FloatArray:
    p = np.asarray(pvalues)
    if p.dtype.kind not in "biuf":
        raise ScoresTypeError(f"p-values have dtype {p.dtype}; numbers are needed")
    if p.ndim != 1:
        raise ScoresError(
            f"p-values must be one-dimensional, got shape {p.shape}; a result of all pairs has "
            ".adjusted(method), or give matrix[np.triu_indices(k, 1)]"
        )
    if p.size == 0:
        raise ScoresError("no p-values were given; at least one is needed")
    p = p.astype(np.float64)
    bad = ~((p >= 0) & (p <= 1))
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise ScoresError(
            f"p-value {at} is {p[at]}; p-values lie in [0, 1], and undefined ones must be left "
            "out of the family by the caller"
        )
    return p


def _step(
    p: FloatArray, formula: Callable[[FloatArray, FloatArray], FloatArray], up: bool
) -> FloatArray:
    """Apply `formula(sorted p, rank 1..m)`, then the running extreme that keeps the order."""
    order = np.argsort(p, kind="stable")
    ordered = p[order]
    with np.errstate(divide="ignore"):
        value = formula(ordered, np.arange(1.0, p.size + 1))
    if up:
        value = np.minimum.accumulate(value[::-1])[::-1]
    else:
        # The running maximum is the stop: after the first acceptance nothing is rejected.
        value = np.maximum.accumulate(value)
    result = np.empty_like(p)
    result[order] = np.clip(value, ordered, 1.0)
    return result


def bonferroni(pvalues: ArrayLike) -> FloatArray:
    """Each p-value times their number.

    Null: each hypothesis; controls the family-wise error under any dependence. `holm` does
    the same and is never less powerful.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Reject where it is at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    holm

    References
    ----------
    .. [1] Dunn (1961), J. Am. Stat. Assoc. 56(293), 52-64, doi:10.1080/01621459.1961.10482090.

    Examples
    --------
    >>> import stats
    >>> stats.bonferroni([0.01, 0.04, 0.5])
    array([0.03, 0.12, 1.  ])
    """
    p = _checked(pvalues)
    return np.minimum(p * p.size, 1.0)


def sidak(pvalues: ArrayLike) -> FloatArray:
    """1 - (1 - p)^m: exact for independent tests.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    holland : stepwise, never weaker.

    References
    ----------
    .. [1] Šidák (1967), J. Am. Stat. Assoc. 62(318), 626-633,
       doi:10.1080/01621459.1967.10482935.

    Examples
    --------
    >>> import stats
    >>> stats.sidak([0.01, 0.04]).round(4)
    array([0.0199, 0.0784])
    """
    p = _checked(pvalues)
    with np.errstate(divide="ignore"):
        result: FloatArray = np.maximum(-np.expm1(p.size * np.log1p(-p)), p)
    return result


def holm(pvalues: ArrayLike) -> FloatArray:
    """Holm's step-down: the default where nothing is known about dependence.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values, at least the raw ones and at most 1.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    hommel : more powerful under independence or positive dependence.
    shaffer : more powerful for all pairs of models.

    References
    ----------
    .. [1] Holm (1979), Scand. J. Statist. 6(2), 65-70.

    Examples
    --------
    The stop matters: .045 is above .05 / 2, so everything after it stays.

    >>> import stats
    >>> stats.holm([0.03, 0.04, 0.045])
    array([0.09, 0.09, 0.09])
    """
    p = _checked(pvalues)
    return _step(p, lambda q, i: (p.size - i + 1) * q, up=False)


def holland(pvalues: ArrayLike) -> FloatArray:
    """Holm's step-down with Šidák's bound (Holland and Copenhaver), for independent tests.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    holm, finner

    References
    ----------
    .. [1] Holland and Copenhaver (1987), Biometrics 43(2), 417-423, doi:10.2307/2531823.

    Examples
    --------
    >>> import stats
    >>> stats.holland([0.01, 0.04, 0.5]).round(4)
    array([0.0297, 0.0784, 0.5   ])
    """
    p = _checked(pvalues)
    return _step(p, lambda q, i: -np.expm1((p.size - i + 1) * np.log1p(-q)), up=False)


def finner(pvalues: ArrayLike) -> FloatArray:
    """Finner's step-down 1 - (1 - p)^(m / i), for independent or positively dependent tests.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    holm, holland

    References
    ----------
    .. [1] Finner (1993), J. Am. Stat. Assoc. 88(423), 920-923, doi:10.2307/2290782.

    Examples
    --------
    >>> import stats
    >>> stats.finner([0.01, 0.04, 0.5]).round(4)
    array([0.0297, 0.0594, 0.5   ])
    """
    p = _checked(pvalues)
    return _step(p, lambda q, i: -np.expm1(p.size / i * np.log1p(-q)), up=False)


def hochberg(pvalues: ArrayLike) -> FloatArray:
    """Hochberg's step-up, valid where Simes' inequality holds.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    hommel : at least as powerful.
    holm : under any dependence.

    References
    ----------
    .. [1] Hochberg (1988), Biometrika 75(4), 800-802, doi:10.1093/biomet/75.4.800.

    Examples
    --------
    >>> import stats
    >>> stats.hochberg([0.03, 0.04, 0.045])
    array([0.045, 0.045, 0.045])
    """
    p = _checked(pvalues)
    return _step(p, lambda q, i: (p.size - i + 1) * q, up=True)


def hommel(pvalues: ArrayLike) -> FloatArray:
    """Hommel's procedure: the closure of Simes' test, at least as powerful as Hochberg's.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    hochberg, holm

    References
    ----------
    .. [1] Hommel (1988), Biometrika 75(2), 383-386, doi:10.1093/biomet/75.2.383.
    .. [2] Wright (1992), Biometrics 48(4), 1005-1013, doi:10.2307/2532694.

    Examples
    --------
    >>> import stats
    >>> stats.hommel([0.01, 0.02, 0.03, 0.5]).round(3)
    array([0.04 , 0.045, 0.06 , 0.5  ])
    """
    p = _checked(pvalues)
    m = p.size
    order = np.argsort(p, kind="stable")
    ordered = p[order]
    ranks = np.arange(1.0, m + 1)
    # cap[j]: Simes' value of the j - 1 largest, the bound that both halves share at size j.
    cap = np.full(m + 1, np.inf)
    cap[m] = float(np.min(m * ordered[1:] / ranks[1:])) if m > 1 else float(ordered[0])
    for j in range(2, m):
        cap[j] = j * float(np.min(ordered[m - j + 1 :] / ranks[1:j]))
    result = np.maximum(ordered, float(np.min(m * ordered / ranks)))
    if m > 2:
        sizes = np.arange(2, m)
        # A hypothesis of rank i is in the upper half from size m - i + 2 on, where its value
        # is that of rank m - j + 1; running maxima from the large sizes give all of these.
        upper = np.minimum(sizes * ordered[m - sizes], cap[2:m])
        best = np.maximum.accumulate(upper[::-1])[::-1]
        for i in range(1, m + 1):
            last = m - i + 1  # sizes up to here hold rank i in the lower half
            value = 0.0
            if last >= 2:
                low = sizes[: min(last, m - 1) - 1]
                value = float(np.max(np.minimum(low * ordered[i - 1], cap[2 : low[-1] + 1])))
            first = max(last + 1, 2)
            if first <= m - 1:
                value = max(value, float(best[first - 2]))
            result[i - 1] = max(result[i - 1], value)
    adjusted_p = np.empty_like(p)
    adjusted_p[order] = np.minimum(result, 1.0)
    return adjusted_p


def li(pvalues: ArrayLike) -> FloatArray:
    """Li's two-step procedure p / (p + 1 - p_max), strong where the largest p-value is small.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    finner, holm

    References
    ----------
    .. [1] Li (2008), J. Stat. Plan. Inference 138(6), 1521-1527,
       doi:10.1016/j.jspi.2007.04.032.

    Examples
    --------
    >>> import stats
    >>> stats.li([0.01, 0.04, 0.5]).round(4)
    array([0.0196, 0.0741, 0.5   ])
    """
    p = _checked(pvalues)
    spare = 1.0 - p.max()
    below = p + spare
    # 0 / 0 only for p = 0 beside p = 1, where the threshold (1 - p_max) a / (1 - a) is 0.
    result: FloatArray = np.divide(p, below, out=np.zeros_like(p), where=below > 0)
    return result


@lru_cache(maxsize=64)
def _log_binomials(j: int) -> FloatArray:
    table = np.array(
        [math.lgamma(j + 1) - math.lgamma(i + 1) - math.lgamma(j - i + 1) for i in range(j + 1)]
    )
    table.setflags(write=False)
    return table


def _rom_levels(alpha: FloatArray, m: int) -> FloatArray:
    """Rom's critical values, shape (m, len(alpha)); row j - 1 is for the j-th largest p-value."""
    levels = np.empty((m, alpha.size))
    levels[0] = alpha
    if m > 1:
        levels[1] = alpha / 2.0
    powers = alpha.copy()
    geometric = alpha.copy()
    log_levels = np.zeros_like(levels)
    log_levels[: min(m, 2)] = np.log(levels[: min(m, 2)])
    for j in range(3, m + 1):
        powers = powers * alpha
        geometric = geometric + powers  # alpha + ... + alpha^(j - 1)
        choose = _log_binomials(j)
        inner = np.arange(1, j - 1)
        terms = np.exp(choose[inner, None] + (j - inner)[:, None] * log_levels[inner])
        levels[j - 1] = (geometric - terms.sum(axis=0)) / j
        log_levels[j - 1] = np.log(levels[j - 1])
    return levels


def rom(pvalues: ArrayLike, *, alpha: float | None = None) -> FloatArray:
    """Rom's step-up: Hochberg's with the exact levels for independent tests.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
    alpha : float, optional
        Left out, each adjusted p-value is the smallest level at which Rom's procedure rejects.
        Given, raw p-values are scaled by alpha over their level, which is what other programs
        print and right for decisions at this alpha only.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    OptionError
        More than 1000 p-values: use `hochberg`.

    See Also
    --------
    hochberg

    References
    ----------
    .. [1] Rom (1990), Biometrika 77(3), 663-665, doi:10.1093/biomet/77.3.663.

    Examples
    --------
    >>> import stats
    >>> stats.rom([0.01, 0.04, 0.5]).round(4)
    array([0.0298, 0.08  , 0.5   ])
    """
    p = _checked(pvalues)
    m = p.size
    if m > MOST_PVALUES_ROM:
        raise OptionError(
            f"rom is for at most {MOST_PVALUES_ROM} p-values, got {m}; use 'hochberg', whose "
            "levels are nearly the same"
        )
    if alpha is not None:
        at = np.array([level(alpha)])
        scale = alpha / _rom_levels(at, m)[:, 0]
        return _step(p, lambda q, _: np.minimum(q * scale[::-1], 1.0), up=True)

    def smallest_level(q: FloatArray, _: FloatArray) -> FloatArray:
        # Each level grows with alpha and is at most alpha: bisect, all p-values at once.
        low, high = q.copy(), np.ones(m)
        row = np.arange(m - 1, -1, -1)
        for _step_number in range(60):
            middle = np.sqrt(np.maximum(low, 1e-300) * high)
            below = _rom_levels(middle, m)[row, np.arange(m)] < q
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.where(q == 0.0, 0.0, high)

    return _step(p, smallest_level, up=True)


def bh(pvalues: ArrayLike) -> FloatArray:
    """Benjamini and Hochberg's false discovery rate, for independent or positive dependence.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    by : under any dependence.
    holm : no false rejection at all, with probability 1 - alpha.

    References
    ----------
    .. [1] Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57(1), 289-300,
       doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> import stats
    >>> stats.bh([0.01, 0.04, 0.5]).round(2)
    array([0.03, 0.06, 0.5 ])
    """
    p = _checked(pvalues)
    return _step(p, lambda q, i: p.size / i * q, up=True)


def by(pvalues: ArrayLike) -> FloatArray:
    """Benjamini and Yekutieli's false discovery rate, valid under any dependence.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.

    See Also
    --------
    bh

    References
    ----------
    .. [1] Benjamini and Yekutieli (2001), Ann. Statist. 29(4), 1165-1188,
       doi:10.1214/aos/1013699998.

    Examples
    --------
    >>> import stats
    >>> stats.by([0.01, 0.04, 0.5]).round(3)
    array([0.055, 0.11 , 0.917])
    """
    p = _checked(pvalues)
    harmonic = float(np.sum(1.0 / np.arange(1.0, p.size + 1)))
    return _step(p, lambda q, i: harmonic * p.size / i * q, up=True)


def _models(n_pairs: int, method: str) -> int:
    k = (1 + math.isqrt(1 + 8 * n_pairs)) // 2
    if k * (k - 1) // 2 != n_pairs:
        raise ScoresError(
            f"{method} adjusts the k (k - 1) / 2 p-values of all pairs; {n_pairs} is no such "
            "number. For any other family use 'holm'"
        )
    return k


@lru_cache(maxsize=32)
def exhaustive_counts(k: int) -> tuple[int, ...]:
    """How many of the pairwise nulls of k models can be true at once: Shaffer's S(k).

    Examples
    --------
    >>> exhaustive_counts(4)
    (0, 1, 2, 3, 6)
    """
    # Bit s of sets[n] says that s hypotheses about n models can be true together.
    sets = [1, 1]
    for n in range(2, k + 1):
        reachable = 0
        for j in range(1, n + 1):
            reachable |= sets[n - j] << (j * (j - 1) // 2)
        sets.append(reachable)
    counts = sets[k]
    return tuple(s for s in range(counts.bit_length()) if counts >> s & 1)


def shaffer(pvalues: ArrayLike) -> FloatArray:
    """Shaffer's static step-down for all pairs: Holm's with the logic of equalities.

    If A = B and B = C then A = C: not every number of pairwise nulls can be true at once.
    At least as powerful as `holm`, and valid under any dependence.

    Parameters
    ----------
    pvalues : array_like, shape (n_models (n_models - 1) / 2,)
        One p-value per pair of models, in any order.

    Returns
    -------
    ndarray, shape (n_pairs,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        The number of p-values is not that of all pairs.

    See Also
    --------
    bergmann_hommel, holm

    References
    ----------
    .. [1] Shaffer (1986), J. Am. Stat. Assoc. 81(395), 826-831, doi:10.2307/2289016.

    Examples
    --------
    >>> import stats
    >>> stats.shaffer([0.01, 0.02, 0.03])
    array([0.03, 0.03, 0.03])
    """
    p = _checked(pvalues)
    counts = np.array(exhaustive_counts(_models(p.size, "shaffer")))

    def scaled(q: FloatArray, i: FloatArray) -> FloatArray:
        most = counts[np.searchsorted(counts, p.size - i + 1, side="right") - 1]
        return most * q

    return _step(p, scaled, up=False)


@lru_cache(maxsize=8)
def _exhaustive_sets(k: int) -> BoolArray:
    """One row per partition of k models, True at the pairs whose members stand together."""
    labels = np.zeros((1, 1), dtype=np.int8)
    for _ in range(1, k):
        most = labels.max(axis=1)
        repeats = most + 2
        grown = np.repeat(labels, repeats, axis=0)
        starts = np.repeat(np.cumsum(repeats) - repeats, repeats)
        new = (np.arange(len(grown)) - starts).astype(np.int8)
        labels = np.column_stack([grown, new])
    first, second = np.triu_indices(k, 1)
    sets: BoolArray = labels[:, first] == labels[:, second]
    sets.setflags(write=False)
    return sets


def bergmann_hommel(pvalues: ArrayLike) -> FloatArray:
    """Bergmann and Hommel's procedure for all pairs of at most 10 models.

    Looks at every set of pairwise nulls that can be true together; at least as powerful as
    `shaffer`. A pair is never given a smaller value than one with a smaller raw p-value, as in
    scmamp; the bare procedure can reject .0101 beside an accepted .0080.

    Parameters
    ----------
    pvalues : array_like, shape (n_models (n_models - 1) / 2,)
        One p-value per pair, in the order of ``np.triu_indices(n_models, 1)``: (0, 1), (0, 2),
        ..., because the logic needs to know which pair is which.

    Returns
    -------
    ndarray, shape (n_pairs,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    OptionError
        More than 10 models: use `shaffer`.

    See Also
    --------
    shaffer

    References
    ----------
    .. [1] Bergmann and Hommel (1988), in Multiple Hypothesenprüfung, 100-115,
       doi:10.1007/978-3-642-52307-6_8.
    .. [2] Garcia and Herrera (2008), JMLR 9, 2677-2694.

    Examples
    --------
    >>> import stats
    >>> stats.bergmann_hommel([0.01, 0.02, 0.03])
    array([0.03, 0.03, 0.03])
    """
    p = _checked(pvalues)
    k = _models(p.size, "bergmann_hommel")
    if k > MOST_MODELS_BERGMANN:
        raise OptionError(
            f"bergmann_hommel looks at every partition of the models and is for at most "
            f"{MOST_MODELS_BERGMANN}, got {k}; use 'shaffer'"
        )
    sets = _exhaustive_sets(k)
    # The partition into single models holds no pair: 2.0 stands for its missing minimum.
    smallest = np.where(sets, p, 2.0).min(axis=1)
    value = sets.sum(axis=1) * smallest
    closure = np.where(sets, value[:, None], 0.0).max(axis=0)
    order = np.argsort(p, kind="stable")
    return _step(p, lambda _q, _i: closure[order], up=False)


METHODS: dict[str, Callable[[ArrayLike], FloatArray]] = {
    "bonferroni": bonferroni,
    "sidak": sidak,
    "holm": holm,
    "holland": holland,
    "finner": finner,
    "hochberg": hochberg,
    "hommel": hommel,
    "rom": rom,
    "li": li,
    "shaffer": shaffer,
    "bergmann_hommel": bergmann_hommel,
    "bh": bh,
    "by": by,
}
"""What `adjusted` knows, by name."""


def adjusted(pvalues: ArrayLike, *, method: str = "holm") -> FloatArray:
    """P-values adjusted by a method given by name.

    Parameters
    ----------
    pvalues : array_like, shape (n_hypotheses,)
        The whole family and nothing else.
    method : str
        One of `METHODS`.

    Returns
    -------
    ndarray, shape (n_hypotheses,)
        Adjusted p-values: reject where at most alpha.

    Raises
    ------
    ScoresError
        Not one-dimensional, empty, outside [0, 1] or nan.
    OptionError
        An unknown method.

    See Also
    --------
    holm, shaffer, hommel, bh

    Examples
    --------
    >>> import stats
    >>> stats.adjusted([0.01, 0.04], method="bonferroni")
    array([0.02, 0.08])
    """
    return METHODS[choice(method, METHODS, name="method")](pvalues)
