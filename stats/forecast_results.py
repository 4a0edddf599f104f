"""Evidence of tests on losses over time: one pair, all pairs, one horizon, many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stats.adjust import METHODS, adjusted
from stats.errors import OptionError, choice, level
from stats.longrun import smoothing
from stats.results import (
    ControlResult,
    PairsResult,
    Result,
    Table,
    format_number,
    format_pvalue,
    square_texts,
)
from stats.scores import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from stats.figures import Figure

__all__ = ["ForecastPairsResult", "ForecastResult", "TimeControlResult", "TimePairsResult"]

_NEEDS_ALL_PAIRS = ("shaffer", "bergmann_hommel")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ForecastResult(Result):
    """One test on forecasts: one statistic, one p-value.

    Parameters
    ----------
    statistic, pvalue : float
        nan where the test is undefined; the notes say why.
    df : tuple of float
        Degrees of freedom of the reference distribution; empty for a normal or a bootstrap.
    n_used : int
        Observations that took part.
    null : str
        The hypothesis in words.
    alternative : str
        "two-sided", "less" or "greater".
    estimates : tuple of (str, float)
        What the test estimates on its way.
    """

    statistic: float
    pvalue: float
    df: tuple[float, ...]
    n_used: int
    null: str
    alternative: str = "two-sided"
    estimates: tuple[tuple[str, float], ...] = ()

    def estimate(self, name: str) -> float:
        """One of the estimates, by name."""
        told = dict(self.estimates)
        if name not in told:
            raise OptionError(f"no estimate is named {name!r}; there are {', '.join(told)}")
        return told[name]

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """The p-value on a logarithmic scale, with those of the parts of the test."""
        from stats.figures import pvalue_scale

        parts = {name: value for name, value in self.estimates if "p-value" in name}
        parts |= {name: value for name, value in self.estimates if name.startswith("pvalue_")}
        return pvalue_scale(
            ["the test", *(_part(name) for name in parts)],
            [self.pvalue, *parts.values()],
            estimates=[
                ("statistic", self.statistic),
                *((name, value) for name, value in self.estimates if name not in parts),
            ],
            alpha=level(alpha),
            null=self.null,
            width=width,
            title=self.test,
            caption=f"{self._head()}, alpha = {alpha:g}",
        )

    def _head(self) -> str:
        df = ", ".join(f"{d:g}" for d in self.df)
        on = f" on {df} df" if df else ""
        return (
            f"{self.test}: statistic {format_number(self.statistic)}{on}, "
            f"p {format_pvalue(self.pvalue)} (n = {self.n_used})"
        )

    def _table(self) -> Table:
        rows = [
            *self.estimates,
            ("statistic", self.statistic),
            ("p-value", self.pvalue),
        ]
        return {"quantity": [name for name, _ in rows], "value": [value for _, value in rows]}

    def _sentences(self) -> list[str]:
        of = f" of {' and '.join(self.names)}" if self.names else ""
        df = ", ".join(f"{d:g}" for d in self.df)
        on = f", {df} df" if df else ""
        return [
            f"{self.test}{of} tested that {self.null} ({self.alternative}; n = {self.n_used}): "
            f"statistic {format_number(self.statistic)}{on}, p = {format_pvalue(self.pvalue)}."
        ]


def _part(name: str) -> str:
    return name.removeprefix("pvalue_").replace("p-value", "").strip()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TimeControlResult(ControlResult):
    """One test for each model against one control, on losses over time.

    The fields are those of `ControlResult`; `n_blocks` counts times and `locations` are mean
    losses.
    """

    _location = "mean loss"

    @property
    def n_times(self) -> int:
        """Number of times in the table."""
        return self.n_blocks

    def _head(self) -> str:
        return super()._head().replace(f"N = {self.n_blocks} blocks", f"T = {self.n_blocks} times")

    def _sentences(self) -> list[str]:
        first, *rest = super()._sentences()
        return [first.replace(f"{self.n_blocks} blocks", f"{self.n_blocks} times"), *rest]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TimePairsResult(PairsResult):
    """One test for each pair of models, on losses over time.

    The fields are those of `PairsResult`; `n_blocks` counts times and `locations` are mean
    losses.
    """

    @property
    def n_times(self) -> int:
        """Number of times in the table."""
        return self.n_blocks

    def versus(self, control: str) -> TimeControlResult:
        """The comparisons with one model alone: a family of k - 1 tests in place of all pairs.

        Holm over all pairs of hundreds of models leaves little to find; when one model is the
        reference, ask about it alone: ``result.versus("persistence").adjusted("holm")``.
        """
        if control not in self.names:
            raise OptionError(
                f"no model is named {control!r}; models are {', '.join(self.names[:8])}"
                + (", ..." if len(self.names) > 8 else "")
            )
        if self.correction != "none":
            raise OptionError(
                f"these p-values are already adjusted ({self.correction}) over all pairs; take "
                "versus() of the raw result and adjust that"
            )
        column = self.names.index(control)
        return TimeControlResult(
            statistic=self.statistic[:, column],
            pvalue=self.pvalue[:, column],
            names=self.names,
            test=self.test,
            notes=self.notes,
            difference=self.difference[:, column],
            locations=self.locations,
            control=control,
            n_blocks=self.n_blocks,
            alternative=self.alternative,
        )

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """All pairs as a square, models in the order of their mean losses."""
        return self._square(alpha, width)

    def _head(self) -> str:
        told = {"none": "p-values not adjusted", "joint": "joint p-values"}
        correction = told.get(self.correction, f"p-values adjusted by {self.correction}")
        return (
            f"{self.test}, all pairs, {correction} (k = {len(self.names)} models, "
            f"T = {self.n_blocks} times)"
        )

    def _sentences(self) -> list[str]:
        first, *rest = super()._sentences()
        return [first.replace(f"on {self.n_blocks} blocks", f"on {self.n_blocks} times"), *rest]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ForecastPairsResult(TimePairsResult):
    """Diebold-Mariano statistics of all pairs, for one horizon or many.

    Parameters
    ----------
    statistic, pvalue, difference : ndarray, shape (k, k) or (k, k, n_horizons)
        [i, j] compares model i with model j; differences of mean losses below 0 favour i. nan
        on the diagonal and where a flag is set.
    long_run_variance : ndarray, same shape
        Of the loss differences; its negative values are kept.
    n_used : ndarray, same shape
        Times that took part.
    flat : ndarray of bool, same shape
        Loss differences without variance, or too few of them: identical models, constant
        differences.
    negative_variance : ndarray of bool, same shape
        The variance estimate is negative; no statistic exists and none is made up.
    locations : ndarray, shape (k,) or (k, n_horizons)
        Mean losses.
    horizons : tuple of int
    estimators : tuple of str
        One long-run variance estimator for each horizon.
    bandwidth : float
        The bandwidth that was asked for; nan where each estimator's rule was used.
    hln : bool
        Whether `rect` and `bartlett` were corrected for small samples.
    """

    long_run_variance: FloatArray
    flat: BoolArray
    negative_variance: BoolArray
    horizons: tuple[int, ...]
    estimators: tuple[str, ...]
    bandwidth: float
    hln: bool

    @property
    def undefined(self) -> BoolArray:
        """Pairs, off the diagonal, whose test does not exist for these data."""
        return self.flat | self.negative_variance

    @property
    def degenerate(self) -> BoolArray:
        """Pairs whose loss differences do not vary: nothing was compared."""
        return self.flat

    def at(self, horizon: int) -> ForecastPairsResult:
        """The result of one horizon, arrays of shape (k, k)."""
        if horizon not in self.horizons:
            raise OptionError(
                f"no horizon {horizon!r} in this result; there are "
                f"{', '.join(map(str, self.horizons))}"
            )
        if self.horizons.count(horizon) > 1:
            raise OptionError(
                f"{self.horizons.count(horizon)} slices have the horizon {horizon}; take the slice "
                "from the arrays, such as pvalue[:, :, 0]"
            )
        return self if self.statistic.ndim == 2 else self._slice(self.horizons.index(horizon))

    def _slice(self, where: int) -> ForecastPairsResult:
        return ForecastPairsResult(
            statistic=self.statistic[..., where],
            pvalue=self.pvalue[..., where],
            names=self.names,
            test=self.test,
            notes=self.notes,
            difference=self.difference[..., where],
            locations=self.locations[..., where],
            n_used=self.n_used[..., where],
            n_blocks=self.n_blocks,
            correction=self.correction,
            alternative=self.alternative,
            long_run_variance=self.long_run_variance[..., where],
            flat=self.flat[..., where],
            negative_variance=self.negative_variance[..., where],
            horizons=(self.horizons[where],),
            estimators=(self.estimators[where],),
            bandwidth=self.bandwidth,
            hln=self.hln,
        )

    def _one_horizon(self, wanted: str) -> None:
        if self.statistic.ndim == 3:
            raise OptionError(
                f"{wanted} are of one horizon; choose it with at(h), h one of "
                f"{', '.join(map(str, self.horizons))}"
            )

    def adjusted(self, method: str = "holm") -> ForecastPairsResult:
        """The same evidence with p-values adjusted over all pairs and all horizons.

        Undefined pairs are left out of the family and stay undefined. For a family of each
        horizon alone use ``at(h).adjusted(method)``.
        """
        if self.statistic.ndim == 2:
            result: Any = super().adjusted(method)
            return result  # type: ignore[no-any-return]
        choice(method, METHODS, name="method")
        if self.correction != "none":
            raise OptionError(
                f"these p-values are already adjusted ({self.correction}); adjust the raw result"
            )
        if method in _NEEDS_ALL_PAIRS:
            raise OptionError(
                f"{method} uses the logic of the pairs of one horizon; use "
                f"at(h).adjusted({method!r}), or 'holm' over all horizons"
            )
        k = len(self.names)
        two_sided = self.alternative == "two-sided"
        family = np.triu_indices(k, 1) if two_sided else np.nonzero(~np.eye(k, dtype=bool))
        raw = self.pvalue[family]
        keep = ~np.isnan(raw)
        new = np.full(raw.shape, np.nan)
        if keep.any():
            new[keep] = adjusted(raw[keep], method=method)
        cube = np.full(self.pvalue.shape, np.nan)
        cube[family] = new
        if two_sided:
            cube[family[1], family[0]] = new
        return self._replaced(pvalue=cube, correction=method)  # type: ignore[no-any-return]

    def separated(self, alpha: float = 0.05) -> BoolArray:
        """[i, j] is True where the pair differs at `alpha`, whichever model is better."""
        rejected = np.asarray(self.rejects(alpha))
        return np.asarray(rejected | np.swapaxes(rejected, 0, 1))

    def groups(self, alpha: float = 0.05) -> tuple[tuple[str, ...], ...]:
        """Maximal sets of models that no test separates, best first; of one horizon."""
        self._one_horizon("groups")
        return super().groups(alpha)

    def versus(self, control: str) -> TimeControlResult:
        """The comparisons with one model alone; of one horizon."""
        self._one_horizon("comparisons with a control")
        return super().versus(control)

    def figure(self, *, alpha: float = 0.05, width: float = 860.0) -> Figure:
        """All pairs as a square, one for each horizon, in the order of mean losses."""
        if self.statistic.ndim == 2:
            return self._square(alpha, width)
        from stats.figures import forecast_matrices

        parts = [self._slice(at) for at in range(len(self.horizons))]
        order = np.argsort(self.locations.mean(axis=1), kind="stable")
        square = np.ix_(order, order)
        nets = [part._net(alpha) for part in parts]
        return forecast_matrices(
            [self.names[i] for i in order],
            self.horizons,
            [net[square].tolist() for net, _ in nets],
            undefined=[part.undefined[square].tolist() for part in parts],
            texts=[square_texts(part.statistic[square]) for part in parts],
            levels=nets[0][1],
            width=width,
            caption=f"{self._head()}, alpha = {alpha:g}; order of mean losses over all horizons",
        )

    def letters(self, alpha: float = 0.05) -> dict[str, str]:
        """Compact letter display; of one horizon."""
        self._one_horizon("letters")
        return super().letters(alpha)

    def confidence_interval(self, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Two-sided intervals of the differences of mean losses, not adjusted.

        Parameters
        ----------
        confidence : float, default 0.95

        Returns
        -------
        low, high : ndarray, shape of `statistic`
        """
        tail = (1 - level(confidence, name="confidence")) / 2
        cube = self.statistic.reshape(len(self.names), len(self.names), -1)
        n_used = self.n_used.reshape(cube.shape)
        half = np.full(cube.shape, np.nan)
        bandwidth = None if math.isnan(self.bandwidth) else self.bandwidth
        for at, (horizon, estimator) in enumerate(zip(self.horizons, self.estimators, strict=True)):
            defined = ~np.isnan(cube[..., at])
            for n in np.unique(n_used[..., at][defined]):
                settled = smoothing(
                    estimator, n=int(n), horizon=horizon, bandwidth=bandwidth, hln=self.hln
                )
                here = defined & (n_used[..., at] == n)
                variance = self.long_run_variance.reshape(cube.shape)[..., at][here]
                half[..., at][here] = (
                    settled.reference.quantile(tail) * np.sqrt(variance / n) / settled.factor
                )
        around = half.reshape(self.statistic.shape)
        return self.difference - around, self.difference + around

    def _rows(self) -> tuple[IntArray, IntArray, IntArray]:
        k = len(self.names)
        if self.alternative == "two-sided":
            first, second = np.triu_indices(k, 1)
        else:
            first, second = np.nonzero(~np.eye(k, dtype=bool))
        n = len(self.horizons)
        at = np.repeat(np.arange(n), first.size)
        return np.tile(first, n), np.tile(second, n), at

    def _table(self) -> Table:
        first, second, at = self._rows()
        shape = (len(self.names), len(self.names), len(self.horizons))

        def column(values: Any) -> list[Any]:
            told: list[Any] = values.reshape(shape)[first, second, at].tolist()
            return told

        flag = np.where(
            self.negative_variance, "negative variance", np.where(self.flat, "degenerate", "")
        )
        return {
            "first": [self.names[i] for i in first],
            "second": [self.names[j] for j in second],
            "horizon": [self.horizons[h] for h in at],
            "difference": column(self.difference),
            "statistic": column(self.statistic),
            "pvalue": column(self.pvalue),
            "flag": column(flag),
        }

    def _head(self) -> str:
        steps = ", ".join(map(str, self.horizons))
        plural = "s" if len(self.horizons) > 1 else ""
        return super()._head().removesuffix(")") + f", horizon{plural} {steps})"

    def _sentences(self) -> list[str]:
        k = len(self.names)
        pairs = k * (k - 1) // (2 if self.alternative == "two-sided" else 1)
        cube = self.pvalue.reshape(k, k, -1)
        family = int((~np.isnan(cube)).sum()) // (2 if self.alternative == "two-sided" else 1)
        steps = ", ".join(map(str, self.horizons))
        correction = (
            "without adjustment for multiple testing"
            if self.correction == "none"
            else f"with p-values adjusted by {self.correction} over {family} tests"
        )
        sentences = [
            f"All {pairs} pairs of {k} models were compared on losses at {self.n_blocks} times "
            f"(horizon {steps}) with {self.test} ({self.alternative}), {correction}."
        ]
        return sentences + self._estimator_sentences()

    def _estimator_sentences(self) -> list[str]:
        bandwidth = None if math.isnan(self.bandwidth) else self.bandwidth
        told: list[str] = []
        for horizon, estimator in zip(self.horizons, self.estimators, strict=True):
            largest = self.n_used.reshape(len(self.names), len(self.names), -1).max()
            if largest <= max(horizon, 2):
                continue
            settled = smoothing(
                estimator, n=int(largest), horizon=horizon, bandwidth=bandwidth, hln=self.hln
            )
            corrected = (
                ", with the small-sample correction of Harvey, Leybourne and Newbold"
                if settled.factor != 1
                else ""
            )
            sentence = (
                f"At horizon {horizon} the long-run variance is {settled.label}{corrected}, "
                f"compared with {settled.reference.label}."
            )
            told.append(sentence)
        return told
