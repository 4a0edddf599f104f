"""Metrics, one number for a whole test set; where a metric has no value it says so.

A metric that does not exist for the data at hand (the area under the curve of one class, a
correlation with a constant) raises `stats.errors.UndefinedError` instead of returning 0, 0.5 or
nan, so that the caller can record that it is undefined and why.
"""

import numpy as np
import numpy.typing as npt

from stats import losses
from stats.arrays import codes, paired, probabilities
from stats.errors import UndefinedError
from stats.scores import FloatArray

__all__ = [
    "accuracy",
    "auc",
    "balanced_accuracy",
    "brier",
    "coverage",
    "crps_ensemble",
    "f1",
    "log_loss",
    "macro_f1",
    "mae",
    "mase",
    "mcc",
    "mse",
    "naive_scale",
    "pinball",
    "qlike",
    "quadratic_kappa",
    "r2",
    "rank_mae",
    "rmse",
    "rmsse",
    "rps",
    "skill",
    "smape",
]


def mae(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Mean absolute error; lower is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.mae([1.0, 2.0], [1.5, 0.0])
    1.25
    """
    return float(losses.absolute(y_true, y_pred).mean())


def mse(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Mean squared error; lower is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.mse([1.0, 2.0], [1.5, 0.0])
    2.125
    """
    return float(losses.squared(y_true, y_pred).mean())


def rmse(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Root of the mean squared error; lower is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.rmse([1.0, 2.0], [4.0, 6.0])
    3.5355339059327378
    """
    return float(np.sqrt(losses.squared(y_true, y_pred).mean()))


def naive_scale(y_train: npt.ArrayLike, *, season_length: int = 1, power: int = 1) -> float:
    """Size of the one-step errors of the seasonal naive forecast in the training data.

    The denominator of `mase` (``power=1``: mean absolute difference) and `rmsse` (``power=2``:
    root mean squared difference). Gaps (nan) are left out pair by pair.

    Parameters
    ----------
    y_train : array_like, shape (n,)
        The training series in time order; it must not contain the test window.
    season_length : int, default 1
    power : {1, 2}, default 1

    Returns
    -------
    float

    Raises
    ------
    UndefinedError
        The differences are all zero (a constant or exactly seasonal series).
    ValueError
        Fewer than `season_length` + 1 values, or no two of them a season apart.

    References
    ----------
    .. [1] Hyndman, Koehler (2006), Int. J. Forecasting 22, 679-688.
       doi:10.1016/j.ijforecast.2006.03.001

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.naive_scale([1.0, 3.0, 2.0, 6.0], season_length=2)
    2.0
    """
    if power not in (1, 2):
        raise ValueError(f"power must be 1 (mase) or 2 (rmsse), got {power}")
    if season_length < 1:
        raise ValueError(f"season_length must be at least 1, got {season_length}")
    y = np.asarray(y_train)
    if y.dtype.kind not in "biuf" or y.ndim != 1:
        raise TypeError(
            f"y_train must be one-dimensional numbers, got {y.dtype} with shape {y.shape}"
        )
    steps = np.abs(y[season_length:].astype(np.float64) - y[:-season_length])
    steps = steps[~np.isnan(steps)]
    if steps.size == 0:
        raise ValueError(
            f"y_train ({y.size} values) has no two values {season_length} steps apart; "
            "use a longer training series or a shorter season_length"
        )
    if not np.isfinite(steps).all():
        raise ValueError("y_train holds infinite values")
    scale = float(np.mean(steps**power) ** (1 / power))
    if scale == 0:
        raise UndefinedError(
            f"the naive forecast with season_length={season_length} makes no error in y_train, "
            "so errors cannot be scaled by it"
        )
    return scale


def _positive_scale(scale: float) -> float:
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"scale must be positive and finite, got {scale}; see naive_scale")
    return scale


def mase(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, scale: float) -> float:
    """Mean absolute scaled error: `mae` over the naive scale of the training data.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
    scale : float
        ``naive_scale(y_train, season_length=m)``: learned from training data alone.

    Returns
    -------
    float
        Lower is better.

    References
    ----------
    .. [1] Hyndman, Koehler (2006), Int. J. Forecasting 22, 679-688.
       doi:10.1016/j.ijforecast.2006.03.001

    Examples
    --------
    >>> from stats import metrics
    >>> scale = metrics.naive_scale([1.0, 3.0, 2.0, 6.0], season_length=2)
    >>> metrics.mase([5.0, 5.0], [4.0, 6.0], scale=scale)
    0.5
    """
    return mae(y_true, y_pred) / _positive_scale(scale)


def rmsse(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, scale: float) -> float:
    """Root mean squared scaled error: `rmse` over the naive scale of the training data.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
    scale : float
        ``naive_scale(y_train, season_length=m, power=2)``.

    Returns
    -------
    float
        Lower is better.

    References
    ----------
    .. [1] Makridakis, Spiliotis, Assimakopoulos (2022), Int. J. Forecasting 38, 1346-1364.
       doi:10.1016/j.ijforecast.2021.11.013

    Examples
    --------
    >>> from stats import metrics
    >>> scale = metrics.naive_scale([0.0, 3.0, 3.0, -1.0, -1.0, -1.0], power=2)
    >>> round(metrics.rmsse([5.0, 5.0], [4.0, 6.0], scale=scale), 4)
    0.4472
    """
    return rmse(y_true, y_pred) / _positive_scale(scale)


def smape(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Symmetric mean absolute percentage error 200 |y - f| / (|y| + |f|), as in M3 and M4.

    In per cent, 0 to 200; lower is better. A forecast of 0 for a value of 0 counts 0. It is not
    a proper way to choose between forecasts; prefer `mase` or `rmsse`.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.smape([100.0, 0.0], [300.0, 0.0])
    50.0
    """
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    size = np.abs(y) + np.abs(f)
    ratio = np.divide(np.abs(y - f), size, out=np.zeros_like(size), where=size > 0)
    return float(200 * ratio.mean())


def r2(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Coefficient of determination against the mean of the test values; higher is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    float

    Raises
    ------
    UndefinedError
        `y_true` is constant.

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.r2([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    0.5
    """
    y, f = paired("y_true", y_true, "y_pred", y_pred)
    if np.ptp(y) == 0:
        raise UndefinedError(f"r2 needs values that vary, y_true is {y[0]} {y.size} times")
    total = np.sum((y - y.mean()) ** 2)
    return float(1 - np.sum((y - f) ** 2) / total)


def skill(score: float, reference: float) -> float:
    """Skill 1 - score / reference: 1 is perfect, 0 as good as the reference, below 0 worse.

    Parameters
    ----------
    score, reference : float
        The same lower-is-better metric, with 0 as its best value, of the model and of the
        reference forecast (persistence, climatology) on the same observations.

    Returns
    -------
    float

    Raises
    ------
    UndefinedError
        The reference is perfect, so that nothing can be gained.
    ValueError
        A negative, missing or infinite score.

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.skill(0.75, 1.0)
    0.25
    """
    for name, value in (("score", score), ("reference", reference)):
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"skill needs {name} finite and at least 0, got {value}")
    if reference == 0:
        raise UndefinedError("skill against a perfect reference (score 0) has no value")
    return float(1 - score / reference)


def pinball(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, quantile: float) -> float:
    """Mean of `stats.losses.pinball`; lower is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
    quantile : float
        The level that `y_pred` forecasts, strictly between 0 and 1.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.pinball([10.0, 10.0], [8.0, 12.0], quantile=0.9)
    1.0
    """
    return float(losses.pinball(y_true, y_pred, quantile=quantile).mean())


def coverage(y_true: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike) -> float:
    """Share of the outcomes inside their intervals, ends included; nominal is best.

    Parameters
    ----------
    y_true, lower, upper : array_like, shape (n,)

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A lower end above its upper end.

    See Also
    --------
    stats.kupiec : whether the share differs from the nominal one by more than chance.

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.coverage([1.0, 2.0], [0.0, 3.0], [1.0, 4.0])
    0.5
    """
    y, a = paired("y_true", y_true, "lower", lower)
    _, b = paired("y_true", y_true, "upper", upper)
    crossed = np.flatnonzero(a > b)
    if crossed.size:
        row = int(crossed[0])
        raise ValueError(f"lower {a[row]} is above upper {b[row]} at {row}")
    return float(((a <= y) & (y <= b)).mean())


def crps_ensemble(y_true: npt.ArrayLike, ensemble: npt.ArrayLike, *, fair: bool = False) -> float:
    """Mean of `stats.losses.crps_ensemble`; lower is better.

    Parameters
    ----------
    y_true : array_like, shape (n,)
    ensemble : array_like, shape (n, n_members)
    fair : bool, default False
        Unbiased for the distribution that the members were drawn from.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.crps_ensemble([0.0, 0.0], [[-1.0, 1.0], [0.0, 0.0]])
    0.25
    """
    return float(losses.crps_ensemble(y_true, ensemble, fair=fair).mean())


def qlike(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Mean of `stats.losses.qlike`; lower is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> round(metrics.qlike([1.0, 2.0], [1.0, 1.0]), 4)
    0.1534
    """
    return float(losses.qlike(y_true, y_pred).mean())


def log_loss(
    y_true: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    floor: float = float(np.finfo(np.float64).eps),
) -> float:
    """Mean of `stats.losses.log_loss`; lower is better.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Class codes 0, 1, ..., n_classes - 1.
    proba : array_like, shape (n,) or (n, n_classes)
        Class probabilities; one dimension means the probability of class 1 of two.
    floor : float, default 2.2e-16
        Probabilities below it count as it.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> round(metrics.log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    """
    return float(losses.log_loss(y_true, proba, floor=floor).mean())


def brier(y_true: npt.ArrayLike, proba: npt.ArrayLike) -> float:
    """Mean of `stats.losses.brier`; lower is better.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Class codes 0, 1, ..., n_classes - 1.
    proba : array_like, shape (n,) or (n, n_classes)
        Class probabilities; one dimension means the probability of class 1 of two.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.brier([1, 0], [0.5, 0.5])
    0.25
    """
    return float(losses.brier(y_true, proba).mean())


def rps(y_true: npt.ArrayLike, proba: npt.ArrayLike) -> float:
    """Mean of `stats.losses.rps`; lower is better.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Class codes 0, 1, ..., n_classes - 1, in their order.
    proba : array_like, shape (n,) or (n, n_classes)
        Class probabilities; one dimension means the probability of class 1 of two.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.rps([2, 0], [[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    0.375
    """
    return float(losses.rps(y_true, proba).mean())


def _midranks(values: FloatArray) -> FloatArray:
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    middle: FloatArray = last - (size - 1) / 2
    return middle[group]


def auc(y_true: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Area under the ROC curve of two classes: P(score of a 1 > score of a 0), ties half.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        0 or 1.
    score : array_like, shape (n,) or (n, 2)
        Anything that orders, such as the probability of class 1; two columns are the
        probabilities of both classes.

    Returns
    -------
    float
        Higher is better; 0.5 orders nothing.

    Raises
    ------
    UndefinedError
        Only one class in `y_true`.
    ValueError
        A third class: use `log_loss`, `macro_f1` or `rps` there.

    References
    ----------
    .. [1] Hanley, McNeil (1982), Radiology 143, 29-36. doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.auc([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4])
    0.875
    """
    if np.ndim(np.asarray(score)) == 2:
        _, matrix = probabilities("y_true", y_true, "score", score)
        if matrix.shape[1] != 2:
            raise ValueError(
                f"auc compares 2 classes, score has {matrix.shape[1]} columns; for more use "
                "log_loss or macro_f1"
            )
        score = matrix[:, 1]
    _, s = paired("y_true", y_true, "score", score)
    label = codes("y_true", y_true)
    if label.max() > 1:
        raise ValueError(
            f"auc compares the classes 0 and 1, y_true holds {label.max()}; for more classes "
            "use log_loss or macro_f1"
        )
    n_ones = int(label.sum())
    n_zeros = label.size - n_ones
    if n_ones == 0 or n_zeros == 0:
        raise UndefinedError(
            f"auc needs both classes, y_true is {label[0]} in all {label.size} observations"
        )
    rank_sum = _midranks(s)[label == 1].sum()
    return float((rank_sum - n_ones * (n_ones + 1) / 2) / (n_ones * n_zeros))


def _confusion(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> FloatArray:
    """Counts of (true, predicted), shape (n_classes, n_classes)."""
    paired("y_true", y_true, "y_pred", y_pred)
    t, p = codes("y_true", y_true), codes("y_pred", y_pred)
    # Codes are compressed first: one stray code of a million must not ask for a terabyte.
    seen, flat = np.unique(np.concatenate([t, p]), return_inverse=True)
    k = seen.size
    counts = np.bincount(flat[: t.size] * k + flat[t.size :], minlength=k * k)
    return counts.reshape(k, k).astype(np.float64)


def accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Share of class codes that were right; higher is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.accuracy([0, 1, 2, 2], [0, 1, 2, 0])
    0.75
    """
    confusion = _confusion(y_true, y_pred)
    return float(np.trace(confusion) / confusion.sum())


def balanced_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Mean, over the classes that occur in `y_true`, of the share that was found.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes.

    Returns
    -------
    float
        Higher is better.

    Raises
    ------
    UndefinedError
        Only one class in `y_true`, where it would be plain accuracy under another name.

    References
    ----------
    .. [1] Brodersen, Ong, Stephan, Buhmann (2010), ICPR, 3121-3124. doi:10.1109/ICPR.2010.764

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    confusion = _confusion(y_true, y_pred)
    n_true = confusion.sum(axis=1)
    occurs = n_true > 0
    if occurs.sum() < 2:
        raise UndefinedError(
            "balanced_accuracy needs at least 2 classes in y_true, got 1; use accuracy"
        )
    return float((np.diag(confusion)[occurs] / n_true[occurs]).mean())


def mcc(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Matthews correlation of true and predicted classes (Gorodkin's R_k for more than two).

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes.

    Returns
    -------
    float
        From -1 to 1; higher is better, 0 is no association.

    Raises
    ------
    UndefinedError
        One class only in `y_true` or in `y_pred`.

    References
    ----------
    .. [1] Matthews (1975), BBA Protein Structure 405, 442-451.
       doi:10.1016/0005-2795(75)90109-9
    .. [2] Gorodkin (2004), Comput. Biol. Chem. 28, 367-374.
       doi:10.1016/j.compbiolchem.2004.09.006

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.mcc([0, 0, 1, 1], [0, 1, 1, 1])
    0.5773502691896258
    """
    confusion = _confusion(y_true, y_pred)
    n = confusion.sum()
    t, p = confusion.sum(axis=1), confusion.sum(axis=0)
    spread_true, spread_pred = n**2 - t @ t, n**2 - p @ p
    for name, spread in (("y_true", spread_true), ("y_pred", spread_pred)):
        if spread == 0:
            raise UndefinedError(f"mcc is a correlation and {name} holds one class only")
    return float((np.trace(confusion) * n - t @ p) / np.sqrt(spread_true * spread_pred))


def f1(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, positive: int = 1) -> float:
    """Harmonic mean of precision and recall of one class; higher is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes.
    positive : int, default 1
        The class that counts.

    Returns
    -------
    float

    Raises
    ------
    UndefinedError
        The class neither occurs nor is predicted.

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.f1([0, 1, 1], [0, 0, 1])
    0.6666666666666666
    """
    paired("y_true", y_true, "y_pred", y_pred)
    t, p = codes("y_true", y_true) == positive, codes("y_pred", y_pred) == positive
    size = int(t.sum() + p.sum())
    if size == 0:
        raise UndefinedError(f"f1: class {positive} neither occurs nor is predicted")
    return float(2 * (t & p).sum() / size)


def macro_f1(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Mean of `f1` over the classes that occur or are predicted; higher is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.macro_f1([0, 0, 1, 2], [0, 0, 1, 1])
    0.5555555555555555
    """
    confusion = _confusion(y_true, y_pred)
    size = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * np.diag(confusion) / size).mean())


def quadratic_kappa(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Cohen's kappa of ordered classes with quadratic weights; higher is better.

    One minus the mean squared distance of the codes over the distance expected if they were
    paired at random. The number of classes cancels out, so classes that do not occur change
    nothing.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes in their order.

    Returns
    -------
    float

    Raises
    ------
    UndefinedError
        Both hold one and the same class only.

    References
    ----------
    .. [1] Cohen (1968), Psychological Bulletin 70, 213-220. doi:10.1037/h0026256

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.quadratic_kappa([0, 1, 2, 2], [0, 1, 1, 2])
    0.8
    """
    paired("y_true", y_true, "y_pred", y_pred)
    t = codes("y_true", y_true).astype(np.float64)
    p = codes("y_pred", y_pred).astype(np.float64)
    # E (T - P')^2 for P' independent of T, without the k x k table.
    expected = t.var() + p.var() + (t.mean() - p.mean()) ** 2
    if expected == 0:
        raise UndefinedError(f"quadratic_kappa: y_true and y_pred are class {int(t[0])} everywhere")
    return float(1 - ((t - p) ** 2).mean() / expected)


def rank_mae(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """Mean number of classes between the predicted and the true one; lower is better.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Class codes in their order.

    Returns
    -------
    float

    Examples
    --------
    >>> from stats import metrics
    >>> metrics.rank_mae([0, 1, 4], [0, 2, 1])
    1.3333333333333333
    """
    paired("y_true", y_true, "y_pred", y_pred)
    return float(np.abs(codes("y_true", y_true) - codes("y_pred", y_pred)).mean())
