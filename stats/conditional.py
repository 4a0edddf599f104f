"""Whether the better of two forecasts can be told in advance: the Giacomini-White test."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import scipy

from stats.arrays import vector
from stats.errors import DegenerateWarning, LossesError, OptionError
from stats.forecast_results import TimePairsResult
from stats.scores import BoolArray, FloatArray, Losses, LossesLike

__all__ = ["giacomini_white"]


def giacomini_white(
    losses: LossesLike,
    *,
    horizon: int = 1,
    instruments: npt.ArrayLike | None = None,
) -> TimePairsResult:
    """Giacomini-White test of equal conditional predictive ability, for all pairs of models.

    Null hypothesis: given what was known when the forecasts were made, the expected losses of a
    pair are the same. It rejects when one model is better on average and also when the better one
    can be predicted, for example because it was better lately. As it compares forecasting
    methods with their estimation (on a rolling or fixed window), nested models are allowed. For
    the average alone use `diebold_mariano`; for nested models on a growing window `clark_west`.

    Assumes estimation windows that do not grow with the sample, and instruments known at the
    origin of each forecast.

    Parameters
    ----------
    losses : Losses, DataFrame, ndarray or mapping, shape (n_times, n_models)
        Complete, in time order, lower is better.
    horizon : int, default 1
        Steps ahead. The weight matrix is the uncentred second moment for 1 and adds
        autocovariances with Bartlett weights up to lag horizon - 1 beyond.
    instruments : array_like, shape (n_times, n_instruments), optional
        What was known when the forecast *for* that time was made; a constant is put before. Left
        out, it is each pair's own loss difference, `horizon` times before.

    Returns
    -------
    TimePairsResult
        Wald statistics on 1 + n_instruments degrees of freedom; `n_used` counts times.

    Raises
    ------
    LossesError
        Fewer than 2 models, too few times, missing or infinite losses.
    OptionError
        Instruments of another length, or a constant among them.

    References
    ----------
    .. [1] Giacomini, White (2006), Econometrica 74, 1545-1578.
       doi:10.1111/j.1468-0262.2006.00718.x

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> rng = np.random.default_rng(4)
    >>> regime = np.repeat([1.0, -1.0, 1.0, -1.0], 50)  # one model is better, then the other
    >>> losses = np.column_stack([2 + regime, 2 - regime]) + rng.normal(size=(200, 2))
    >>> print(stats.giacomini_white(losses).rejects(alpha=0.05)[0, 1])
    True
    >>> print(stats.diebold_mariano(losses).rejects(alpha=0.05)[0, 1])
    False
    """
    table = Losses.of(losses)
    if table.values.ndim != 2 or table.n_models < 2:
        raise LossesError(
            "giacomini_white compares at least 2 models at one horizon, got losses of shape "
            f"{table.values.shape}; give (n_times, n_models)"
        )
    if np.isnan(table.values).any():
        raise LossesError(
            f"{int(np.isnan(table.values).sum())} losses are missing; giacomini_white needs every "
            "time, so cut the table to a stretch without holes"
        )
    if isinstance(horizon, bool) or horizon != int(horizon) or horizon < 1:
        raise OptionError(f"horizon must be a whole number of at least 1, got {horizon!r}")
    known = _known(instruments, table.n_times)
    n_columns = 2 if known is None else known.shape[1]
    n = table.n_times - horizon if known is None else table.n_times
    if n < 5 * n_columns or n <= horizon:
        raise LossesError(
            f"giacomini_white with {n_columns} instruments (the constant too) and horizon "
            f"{horizon} needs at least {max(5 * n_columns, horizon + 1)} usable times, got {n}"
        )
    k = table.n_models
    statistic = np.full((k, k), np.nan)
    for i in range(k - 1):
        d = table.values[:, [i]] - table.values[:, i + 1 :]  # (n_times, n_others)
        statistic[i, i + 1 :] = statistic[i + 1 :, i] = _walds(d, known, horizon)
    flagged: BoolArray = np.isnan(statistic) & ~np.eye(k, dtype=bool)
    notes = [f"instruments: a constant and {_told(known)}"]
    if flagged.any():
        notes.append(
            f"{int(flagged.sum()) // 2} pair(s) have differences that do not vary enough for a "
            "weight matrix and no statistic"
        )
        warnings.warn(
            f"{notes[-1]}; silence this with warnings.simplefilter('ignore', "
            "stats.DegenerateWarning)",
            DegenerateWarning,
            stacklevel=2,
        )
    means = table.values.mean(axis=0)
    difference = means[:, None] - means
    np.fill_diagonal(difference, np.nan)
    return TimePairsResult(
        statistic=statistic,
        pvalue=np.asarray(scipy.special.chdtrc(n_columns, statistic), dtype=np.float64),
        names=table.models,
        test="the Giacomini-White test of conditional predictive ability",
        notes=tuple(notes),
        difference=difference,
        locations=means,
        n_used=np.full((k, k), float(n)),
        n_blocks=table.n_times,
    )


def _told(known: FloatArray | None) -> str:
    if known is None:
        return "the pair's last loss difference known at the origin"
    return f"{known.shape[1] - 1} given by the caller"


def _known(instruments: npt.ArrayLike | None, n_times: int) -> FloatArray | None:
    if instruments is None:
        return None
    given = vector("instruments", instruments, ndim=(1, 2))
    given = given[:, None] if given.ndim == 1 else given
    if len(given) != n_times:
        raise OptionError(
            f"instruments have {len(given)} rows, the losses {n_times} times; give one row for "
            "each time"
        )
    for column in range(given.shape[1]):
        if np.ptp(given[:, column]) == 0:
            raise OptionError(
                f"column {column} of instruments is constant; the constant is put in already"
            )
    return np.column_stack([np.ones(n_times), given])


def _walds(d: FloatArray, known: FloatArray | None, horizon: int) -> FloatArray:
    """n zbar' Omega^-1 zbar of each column of `d`, nan where Omega is singular."""
    if known is None:
        last = d[:-horizon]
        moments = np.stack([d[horizon:], last * d[horizon:]], axis=2)  # (n, m, q)
    else:
        moments = d[:, :, None] * known[:, None, :]
    n = len(moments)
    # Scaling leaves a Wald statistic as it is, and makes "singular" independent of the units.
    size = np.sqrt((moments**2).mean(axis=0))
    z = np.moveaxis(
        np.divide(moments, size, out=np.zeros_like(moments), where=size > 0), 1, 0
    )  # (m, n, q)
    omega = np.swapaxes(z, 1, 2) @ z / n
    for lag in range(1, horizon):
        cross = np.swapaxes(z[:, lag:], 1, 2) @ z[:, :-lag] / n
        omega += (1 - lag / horizon) * (cross + np.swapaxes(cross, 1, 2))
    mean = z.mean(axis=1)
    roots, vectors = np.linalg.eigh(omega)
    projected = np.squeeze(np.swapaxes(vectors, 1, 2) @ mean[:, :, None], axis=2)
    # A constant difference makes the two moments proportional.
    singular = (roots[:, 0] <= 1e-10 * roots[:, -1]) | (roots[:, -1] <= 0)
    safe = np.where(singular[:, None], 1.0, roots)
    return np.where(singular, np.nan, n * (projected**2 / safe).sum(axis=1))
