"""Tests of two models on resamples or cases of one data set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
from numpy.typing import ArrayLike

from stats.errors import OptionError, ScoresError, ScoresTypeError, choice, level
from stats.results import Result, Table, format_number, format_pvalue
from stats.scores import FloatArray, Scores, ScoresLike

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = [
    "TwoModelResult",
    "contingency",
    "corrected_resampled_t",
    "five_by_two_cv_f",
    "five_by_two_cv_t",
    "mcnemar",
]

MCNEMAR = ("exact", "midp", "chi2", "chi2_corrected")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TwoModelResult(Result):
    """One test of two models.

    Parameters
    ----------
    estimate : float
        The difference that the test looks at, first model minus second.
    standard_error : float
        Of the estimate, where the statistic is their ratio; nan for the other tests.
    df : tuple of float
        Degrees of freedom; empty for exact tests.
    n : int
        Resamples or cases used.
    """

    statistic: float
    pvalue: float
    estimate: float
    standard_error: float
    df: tuple[float, ...]
    n: int

    def confidence_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bounds of the difference, for tests whose statistic is a t."""
        confidence = level(confidence, name="confidence")
        if math.isnan(self.standard_error) or len(self.df) != 1:
            raise OptionError(
                f"{self.test} has no interval of the difference; use corrected_resampled_t, or "
                "bootstrap_interval"
            )
        half = (
            float(scipy.special.stdtrit(self.df[0], (1.0 + confidence) / 2.0)) * self.standard_error
        )
        return self.estimate - half, self.estimate + half

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """The p-value on a logarithmic scale, the difference in words."""
        from stats.figures import pvalue_scale

        told = [("difference", self.estimate), ("statistic", self.statistic)]
        if not math.isnan(self.standard_error):
            told.insert(1, ("standard error", self.standard_error))
        return pvalue_scale(
            [f"{self.names[0]} and {self.names[1]}"],
            [self.pvalue],
            estimates=told,
            alpha=level(alpha),
            null="both models are alike",
            width=width,
            title=self.test,
            caption=f"{self._head()}, alpha = {alpha:g}",
        )

    def _head(self) -> str:
        df = ", ".join(f"{d:g}" for d in self.df)
        told = f" on {df} df" if self.df else ""
        return (
            f"{self.test}: {self.names[0]} minus {self.names[1]} = "
            f"{format_number(self.estimate)}, statistic {format_number(self.statistic)}{told}, "
            f"p {format_pvalue(self.pvalue)} (n = {self.n})"
        )

    def _table(self) -> Table:
        return {
            "first": [self.names[0]],
            "second": [self.names[1]],
            "difference": [self.estimate],
            "statistic": [self.statistic],
            "pvalue": [self.pvalue],
        }

    def _sentences(self) -> list[str]:
        df = ", ".join(f"{d:g}" for d in self.df)
        told = f", df {df}" if self.df else ""
        return [
            f"{self.names[0]} and {self.names[1]} were compared with {self.test} (n = {self.n}, "
            f"statistic {format_number(self.statistic)}{told}, p = {format_pvalue(self.pvalue)})."
        ]


def _pair(scores: ScoresLike, caller: str, higher_is_better: bool | None) -> Scores:
    table = Scores.of(scores, higher_is_better=higher_is_better, blocks="rows").complete()
    if table.n_models != 2:
        raise ScoresError(
            f"{caller} compares exactly 2 models (columns), got {table.n_models}; choose two with "
            "Scores.select, or compare all on several data sets with stats.friedman"
        )
    return table.require(caller)


def corrected_resampled_t(
    scores: ScoresLike,
    *,
    n_train: float,
    n_test: float,
    higher_is_better: bool | None = None,
) -> TwoModelResult:
    """Nadeau and Bengio's corrected resampled t test, for one data set.

    Null: the two models have the same expected score on this data set. Resamples share training
    data, so their variance is enlarged by n_test / n_train; the plain t test rejects far too
    often. Not for several data sets: there, average and use `wilcoxon`.

    Parameters
    ----------
    scores : Scores, DataFrame, ndarray or mapping, shape (n_resamples, 2)
        Rows are train/test splits or folds (also repeated), columns the two models.
    n_train, n_test : float
        Rows (or shares) of data for training and testing in each split.
    higher_is_better : bool, optional
        Kept for the record; the difference is first minus second either way.

    Returns
    -------
    TwoModelResult
        With `confidence_interval(level)` of the difference.

    Raises
    ------
    ScoresError
        Not 2 models, fewer than 2 resamples, a missing cell, or differences without spread.

    See Also
    --------
    bayes_correlated_t, five_by_two_cv_f
    wilcoxon : for several data sets.

    References
    ----------
    .. [1] Nadeau and Bengio (2003), Mach. Learn. 52(3), 239-281, doi:10.1023/A:1024068626366.

    Examples
    --------
    >>> import stats
    >>> errors = {"naive": [0.31, 0.29, 0.33, 0.30], "lstm": [0.28, 0.27, 0.29, 0.30]}
    >>> stats.corrected_resampled_t(errors, n_train=90, n_test=10).pvalue.__round__(3)
    0.116
    """
    table = _pair(scores, "corrected_resampled_t", higher_is_better)
    for name, value in (("n_train", n_train), ("n_test", n_test)):
        if not (math.isfinite(value) and value > 0):
            raise OptionError(f"{name} must be a positive number of rows, got {value!r}")
    d = table.values[:, 0] - table.values[:, 1]
    n = d.size
    variance = float(d.var(ddof=1)) * (1.0 / n + n_test / n_train)
    if variance <= 0.0:
        raise ScoresError(
            f"corrected_resampled_t: all {n} differences are {d[0]}, so their variance is 0 and "
            "the test is undefined; are the splits copies of each other?"
        )
    mean, error = float(d.mean()), math.sqrt(variance)
    return TwoModelResult(
        statistic=mean / error,
        pvalue=float(2.0 * scipy.special.stdtr(n - 1.0, -abs(mean / error))),
        names=table.models,
        test="the corrected resampled t test",
        notes=table.notes,
        estimate=mean,
        standard_error=error,
        df=(n - 1.0,),
        n=n,
    )


def _five_by_two(first: ArrayLike, second: ArrayLike) -> FloatArray:
    arrays = []
    for name, values in (("first", first), ("second", second)):
        array = np.asarray(values)
        if array.dtype.kind not in "biuf":
            raise ScoresTypeError(f"{name} has dtype {array.dtype}; numbers are needed")
        if array.shape != (5, 2):
            raise ScoresError(
                f"{name} must have shape (5, 2): 5 repetitions of 2-fold cross-validation, got "
                f"{array.shape}; for other designs use stats.corrected_resampled_t"
            )
        if not np.isfinite(array.astype(np.float64)).all():
            raise ScoresError(f"{name} holds values that are not finite")
        arrays.append(array.astype(np.float64))
    return arrays[0] - arrays[1]


def _repetition_variances(d: FloatArray) -> FloatArray:
    variances: FloatArray = ((d - d.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    if variances.sum() == 0.0:
        raise ScoresError(
            "the two folds of every repetition differ by nothing, so the variance is 0 and the "
            "test is undefined; are the folds copies of each other?"
        )
    return variances


def five_by_two_cv_f(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str] = ("first", "second")
) -> TwoModelResult:
    """Alpaydin's combined F test on 5 repetitions of 2-fold cross-validation.

    Null: the two models have the same expected score on this data set, trained on half of it.

    Parameters
    ----------
    first, second : array_like, shape (5, 2)
        Scores of the two models; rows are repetitions, columns folds.
    names : tuple of str

    Returns
    -------
    TwoModelResult

    Raises
    ------
    ScoresError
        Another shape, a value that is not finite, or no spread.

    See Also
    --------
    corrected_resampled_t

    References
    ----------
    .. [1] Alpaydin (1999), Neural Comput. 11(8), 1885-1892, doi:10.1162/089976699300016007.

    Examples
    --------
    >>> import stats
    >>> a = [[0.94, 0.96], [0.73, 0.75], [0.70, 0.84], [0.70, 0.81], [0.80, 0.88]]
    >>> b = [[0.94, 0.94], [0.74, 0.74], [0.69, 0.82], [0.69, 0.75], [0.76, 0.84]]
    >>> stats.five_by_two_cv_f(a, b).pvalue.__round__(3)
    0.179
    """
    d = _five_by_two(first, second)
    variances = _repetition_variances(d)
    statistic = float((d**2).sum() / (2.0 * variances.sum()))
    return TwoModelResult(
        statistic=statistic,
        pvalue=float(scipy.special.fdtrc(10.0, 5.0, statistic)),
        names=tuple(names),
        test="the combined 5x2cv F test",
        estimate=float(d.mean()),
        standard_error=math.nan,
        df=(10.0, 5.0),
        n=10,
    )


def five_by_two_cv_t(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str] = ("first", "second")
) -> TwoModelResult:
    """Dietterich's t test on 5 repetitions of 2-fold cross-validation.

    Its numerator is the difference of the very first fold, so the result depends on the order of
    folds; `five_by_two_cv_f` does not.

    Parameters
    ----------
    first, second : array_like, shape (5, 2)
        Scores of the two models; rows are repetitions, columns folds.
    names : tuple of str

    Returns
    -------
    TwoModelResult

    Raises
    ------
    ScoresError
        Another shape, a value that is not finite, or no spread.

    See Also
    --------
    five_by_two_cv_f

    References
    ----------
    .. [1] Dietterich (1998), Neural Comput. 10(7), 1895-1923, doi:10.1162/089976698300017197.

    Examples
    --------
    >>> import stats
    >>> a = [[0.94, 0.96], [0.73, 0.75], [0.70, 0.84], [0.70, 0.81], [0.80, 0.88]]
    >>> b = [[0.94, 0.94], [0.74, 0.74], [0.69, 0.82], [0.69, 0.75], [0.76, 0.84]]
    >>> stats.five_by_two_cv_t(a, b).df
    (5.0,)
    """
    d = _five_by_two(first, second)
    error = math.sqrt(float(_repetition_variances(d).mean()))
    statistic = float(d[0, 0]) / error
    return TwoModelResult(
        statistic=statistic,
        pvalue=float(2.0 * scipy.special.stdtr(5.0, -abs(statistic))),
        names=tuple(names),
        test="the 5x2cv t test",
        estimate=float(d[0, 0]),
        standard_error=error,
        df=(5.0,),
        n=10,
    )


def contingency(outcomes: ScoresLike) -> FloatArray:
    """Cases that both, only the first, only the second and no model got: [[both, first], ...].

    Parameters
    ----------
    outcomes : Scores, DataFrame, ndarray or mapping, shape (n_cases, 2)
        1 (or True) where the model succeeded, else 0.

    Returns
    -------
    ndarray, shape (2, 2)
        ``[[both, only first], [only second, neither]]``: what `mcnemar` takes.

    Raises
    ------
    ScoresError
        Not 2 models, or values other than 0 and 1.

    See Also
    --------
    mcnemar

    Examples
    --------
    >>> import stats
    >>> stats.contingency({"a": [1, 1, 0, 1], "b": [1, 0, 0, 0]})
    array([[1., 2.],
           [0., 1.]])
    """
    values = _pair(outcomes, "contingency", None).values
    if not np.isin(values, (0.0, 1.0)).all():
        row, column = np.argwhere(~np.isin(values, (0.0, 1.0)))[0]
        raise ScoresError(
            f"outcomes are 0 or 1; row {row}, column {column} is {values[row, column]}"
        )
    a, b = values[:, 0] == 1.0, values[:, 1] == 1.0
    return np.array(
        [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]], dtype=np.float64
    )


def mcnemar(
    table: ArrayLike,
    *,
    method: str = "exact",
    names: tuple[str, str] = ("first", "second"),
) -> TwoModelResult:
    """McNemar's test: whether two models err equally often on the same cases.

    Null: among cases that only one model got, either is it with probability 1/2. Assumes
    independent cases, which hours of one series are not.

    Parameters
    ----------
    table : array_like, shape (2, 2)
        ``[[both, only first], [only second, neither]]``: counts, as `contingency` gives.
    method : {"exact", "midp", "chi2", "chi2_corrected"}
        Binomial, binomial counting half of the observed point, and the chi-square approximation
        without and with Edwards' correction.
    names : tuple of str

    Returns
    -------
    TwoModelResult
        `statistic` is the smaller discordant count for the binomial methods, else chi-square;
        `estimate` the difference of success rates.

    Raises
    ------
    ScoresError
        Not a 2 x 2 table of counts, or no discordant case.

    See Also
    --------
    cochran_q : for more than 2 models.

    References
    ----------
    .. [1] McNemar (1947), Psychometrika 12(2), 153-157, doi:10.1007/BF02295996.
    .. [2] Fagerland, Lydersen and Laake (2013), BMC Med. Res. Methodol. 13, 91,
       doi:10.1186/1471-2288-13-91.

    Examples
    --------
    >>> import stats
    >>> stats.mcnemar([[50, 10], [5, 30]]).pvalue.__round__(4)
    0.3018
    """
    choice(method, MCNEMAR, name="method")
    counts = np.asarray(table)
    if counts.dtype.kind not in "biuf":
        raise ScoresTypeError(f"table has dtype {counts.dtype}; counts are needed")
    if counts.shape != (2, 2):
        raise ScoresError(
            f"table must have shape (2, 2), got {counts.shape}; from outcomes per case make it "
            "with stats.contingency"
        )
    counts = counts.astype(np.float64)
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()):
        raise ScoresError(f"table must hold counts of cases, got {counts.tolist()}")
    only_first, only_second = float(counts[0, 1]), float(counts[1, 0])
    discordant = only_first + only_second
    if discordant == 0:
        raise ScoresError(
            "mcnemar: the models agree on every case, so nothing distinguishes them (both counts "
            "off the diagonal are 0)"
        )
    smaller = min(only_first, only_second)
    df: tuple[float, ...] = ()
    if method in ("exact", "midp"):
        statistic = smaller
        tail = float(scipy.special.bdtr(smaller, int(discordant), 0.5))
        pvalue = min(1.0, 2.0 * tail)
        if method == "midp":
            point = tail - (
                float(scipy.special.bdtr(smaller - 1, int(discordant), 0.5)) if smaller > 0 else 0.0
            )
            # In the middle both tails hold the observed point, so half of it is taken off once.
            pvalue = 1.0 - point / 2.0 if only_first == only_second else 2.0 * tail - point
    else:
        distance = abs(only_first - only_second)
        if method == "chi2_corrected":
            distance -= 1.0
        statistic = distance**2 / discordant
        pvalue = float(scipy.special.chdtrc(1.0, statistic))
        df = (1.0,)
    told = {
        "exact": "the exact McNemar test",
        "midp": "the mid-p McNemar test",
        "chi2": "McNemar's chi-square test",
        "chi2_corrected": "McNemar's chi-square test with continuity correction",
    }
    n = int(counts.sum())
    return TwoModelResult(
        statistic=statistic,
        pvalue=pvalue,
        names=tuple(names),
        test=told[method],
        estimate=(only_first - only_second) / n,
        standard_error=math.nan,
        df=df,
        n=n,
    )
