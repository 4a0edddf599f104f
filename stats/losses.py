"""Losses, one number for each observation: smaller is better, nothing is averaged here."""

import numpy as np
import numpy.typing as npt

from stats.arrays import paired, probabilities, vector
from stats.scores import FloatArray

__all__ = [
    "absolute",
    "brier",
    "crps_ensemble",
    "log_loss",
    "pinball",
    "qlike",
    "rps",
    "squared",
]


def squared(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> FloatArray:
    """Squared error (y - f)^2; the forecast it rewards is the conditional mean.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        Unequal lengths, different pandas indexes, or a missing or infinite value.

    Examples
    --------
    >>> from stats import losses
    >>> losses.squared([1.0, 2.0], [1.5, 0.0])
    array([0.25, 4.  ])
    """
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    return (y - f) ** 2


def absolute(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> FloatArray:
    """Absolute error |y - f|; the forecast it rewards is the conditional median.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        Unequal lengths, different pandas indexes, or a missing or infinite value.

    Examples
    --------
    >>> from stats import losses
    >>> losses.absolute([1.0, 2.0], [1.5, 0.0])
    array([0.5, 2. ])
    """
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    return np.abs(y - f)


def pinball(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, quantile: float) -> FloatArray:
    """Quantile loss max(q (y - f), (q - 1)(y - f)) of a forecast of the q-quantile.

    At q = 1/2 it is half the absolute error.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
    quantile : float
        The level q that `y_pred` forecasts, strictly between 0 and 1.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        `quantile` outside (0, 1), unequal lengths, or a missing or infinite value.

    References
    ----------
    .. [1] Koenker, Bassett (1978), Econometrica 46, 33-50. doi:10.2307/1913643

    Examples
    --------
    >>> from stats import losses
    >>> losses.pinball([10.0, 10.0], [8.0, 12.0], quantile=0.9)
    array([1.8, 0.2])
    """
    if not 0 < quantile < 1:
        raise ValueError(f"quantile must lie strictly between 0 and 1, got {quantile}")
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    error = y - f
    return np.maximum(quantile * error, (quantile - 1) * error)


def log_loss(
    y_true: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    floor: float = float(np.finfo(np.float64).eps),
) -> FloatArray:
    """Logarithmic score -log p(class that happened): strictly proper and local.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Class codes 0, 1, ..., n_classes - 1.
    proba : array_like, shape (n,) or (n, n_classes)
        Class probabilities; one dimension means the probability of class 1 of two.
    floor : float, default 2.2e-16
        Probabilities below it count as it, so that one forecast of 0 for what happened costs
        36 and not infinity. 0 keeps the infinity.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        Rows that do not sum to 1, values outside [0, 1], unknown classes, or `floor` outside
        [0, 0.5).

    References
    ----------
    .. [1] Good (1952), J. R. Stat. Soc. B 14, 107-114. doi:10.1111/j.2517-6161.1952.tb00104.x

    Examples
    --------
    >>> from stats import losses
    >>> losses.log_loss([1, 0], [0.5, 0.0])
    array([0.69314718, 0.        ])
    """
    if not 0 <= floor < 0.5:
        raise ValueError(f"floor must lie in [0, 0.5), got {floor}")
    code, p = probabilities("y_true", y_true, "proba", proba)
    happened = np.clip(p[np.arange(len(code)), code], floor, 1.0)
    with np.errstate(divide="ignore"):
        # 0 - x, so that a sure and right forecast costs 0.0 and not -0.0.
        return 0.0 - np.log(happened)


def brier(y_true: npt.ArrayLike, proba: npt.ArrayLike) -> FloatArray:
    """Brier score: squared distance between the probabilities and what happened.

    Two classes give (p - y)^2, in [0, 1]; more give Brier's sum over the classes, in [0, 2].

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Class codes 0, 1, ..., n_classes - 1.
    proba : array_like, shape (n,) or (n, n_classes)
        Class probabilities; one dimension means the probability of class 1 of two.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        Rows that do not sum to 1, values outside [0, 1] or unknown classes.

    References
    ----------
    .. [1] Brier (1950), Monthly Weather Review 78, 1-3.
       doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2

    Examples
    --------
    >>> from stats import losses
    >>> losses.brier([1, 0], [0.5, 0.25])
    array([0.25  , 0.0625])
    """
    code, p = probabilities("y_true", y_true, "proba", proba)
    if p.shape[1] == 2:
        return (p[:, 1] - code) ** 2
    happened = np.eye(p.shape[1])[code]
    total: FloatArray = ((p - happened) ** 2).sum(axis=1)
    return total


def rps(y_true: npt.ArrayLike, proba: npt.ArrayLike) -> FloatArray:
    """Ranked probability score of ordered classes, divided by n_classes - 1.

    The mean over the n_classes - 1 thresholds of the squared distance between the cumulative
    probabilities and the step at what happened: in [0, 1], and the Brier score when there are
    two classes. Proper, and a miss by two classes costs more than one by one class.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Class codes 0, 1, ..., n_classes - 1, in their order.
    proba : array_like, shape (n,) or (n, n_classes)
        Class probabilities; one dimension means the probability of class 1 of two.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        Rows that do not sum to 1, values outside [0, 1] or unknown classes.

    References
    ----------
    .. [1] Epstein (1969), J. Appl. Meteorology 8, 985-987.
       doi:10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2

    Examples
    --------
    >>> from stats import losses
    >>> losses.rps([2, 0], [[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    array([0.125, 0.625])
    """
    code, p = probabilities("y_true", y_true, "proba", proba)
    n_thresholds = p.shape[1] - 1
    below = np.cumsum(p, axis=1)[:, :-1]
    step = code[:, None] <= np.arange(n_thresholds)
    score: FloatArray = ((below - step) ** 2).mean(axis=1)
    return score


def crps_ensemble(
    y_true: npt.ArrayLike, ensemble: npt.ArrayLike, *, fair: bool = False
) -> FloatArray:
    """Continuous ranked probability score of an ensemble or a sample: E|X - y| - E|X - X'| / 2.

    Parameters
    ----------
    y_true : array_like, shape (n,)
    ensemble : array_like, shape (n, n_members)
    fair : bool, default False
        Divide the spread by m (m - 1) instead of m^2: unbiased for the distribution that the
        members were drawn from, where the plain form scores the step function they make.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        Unequal lengths, a missing or infinite value, or one member with ``fair=True``.

    References
    ----------
    .. [1] Gneiting, Raftery (2007), J. Am. Stat. Assoc. 102, 359-378.
       doi:10.1198/016214506000001437
    .. [2] Ferro (2014), Q. J. R. Meteorol. Soc. 140, 1917-1923. doi:10.1002/qj.2270

    Examples
    --------
    >>> from stats import losses
    >>> losses.crps_ensemble([0.0], [[-1.0, 1.0]])
    array([0.5])
    >>> losses.crps_ensemble([0.0], [[-1.0, 1.0]], fair=True)
    array([0.])
    """
    y, x = vector("y_true", y_true), vector("ensemble", ensemble, ndim=(2,))
    if len(x) != len(y):
        raise ValueError(f"y_true has {len(y)} values and ensemble {len(x)} rows; need as many")
    m = x.shape[1]
    if fair and m < 2:
        raise ValueError("fair=True needs at least 2 ensemble members, got 1")
    distance = np.abs(x - y[:, None]).mean(axis=1)
    # sum_{i,j} |x_i - x_j| from the sorted members: O(m log m) instead of O(m^2). Centring on
    # the outcome first keeps the digits when members share a large level.
    ordered = np.sort(x - y[:, None], axis=1)
    pairs = 2 * ordered @ (2 * np.arange(1, m + 1) - m - 1)
    result: FloatArray = distance - pairs / (2 * m * (m - 1 if fair else m))
    return result


def qlike(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> FloatArray:
    """QLIKE loss y/f - log(y/f) - 1 of a forecast of a variance; robust to a noisy proxy.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        The variance (or an unbiased proxy of it) and its forecast, all positive.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    TypeError
        Text or objects where numbers belong.
    ValueError
        A value that is not positive, unequal lengths, or a missing or infinite value.

    References
    ----------
    .. [1] Patton (2011), J. Econometrics 160, 246-256. doi:10.1016/j.jeconom.2010.03.034

    Examples
    --------
    >>> from stats import losses
    >>> losses.qlike([1.0, 2.0], [1.0, 1.0]).round(4)
    array([0.    , 0.3069])
    """
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    for name, values in (("y_true", y), ("y_pred", f)):
        bad = np.flatnonzero(values <= 0)
        if bad.size:
            raise ValueError(
                f"qlike needs positive variances, got {name}={values[bad[0]]} at {int(bad[0])}"
            )
    ratio = y / f
    return ratio - np.log(ratio) - 1
