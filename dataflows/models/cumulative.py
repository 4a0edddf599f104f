"""Ordered classes from one latent value: cumulative logits with known cut-points."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_spread", "class_probabilities", "gradient", "mean_rps"]

_Floats = NDArray[np.floating[Any]]
_Codes = NDArray[np.integer[Any]]
_SMALLEST = 1e-9


def class_probabilities(latent: _Floats, edges: _Floats, spread: float) -> NDArray[np.float64]:
    """P(class k) = F((c_k - f) / spread) - F((c_(k-1) - f) / spread), F the logistic function.

    The classes are bins of z and the edges are the cut-points of the latent f, so that f is a
    forecast of z itself and only its spread is to be learned.

    Examples
    --------
    >>> class_probabilities(np.array([0.0]), np.array([0.0]), 1.0)
    array([[0.5, 0.5]])
    """
    below = _logistic((edges[None, :] - latent[:, None]) / spread)
    cumulative = np.concatenate(
        [np.zeros((len(latent), 1)), below, np.ones((len(latent), 1))], axis=1
    )
    # Two equal edges bound a class that never happened; it stays possible.
    p = np.maximum(np.diff(cumulative, axis=1), _SMALLEST)
    return np.asarray(p / p.sum(axis=1, keepdims=True), dtype=np.float64)


def gradient(
    latent: _Floats, codes: _Codes, edges: _Floats, spread: float
) -> tuple[_Floats, _Floats]:
    """First and second derivative of -log P(code) by the latent value.

    With u and l the logistic function at the upper and lower bound of the class, the first is
    (1 - u - l) / spread and the second (u (1 - u) + l (1 - l)) / spread^2: no division by P, so
    nothing overflows however wrong the latent value is.
    """
    bounds = np.concatenate([[-np.inf], edges, [np.inf]])
    upper = _logistic((bounds[codes + 1] - latent) / spread)
    lower = _logistic((bounds[codes] - latent) / spread)
    slope = (1.0 - upper - lower) / spread
    curve = (upper * (1 - upper) + lower * (1 - lower)) / spread**2
    return slope, np.maximum(curve, _SMALLEST)


def mean_rps(latent: _Floats, codes: _Codes, edges: _Floats, spread: float) -> float:
    """Mean ranked probability score of the latent forecasts."""
    below = _logistic((edges[None, :] - latent[:, None]) / spread)
    happened = codes[:, None] <= np.arange(len(edges))[None, :]
    return float(((below - happened) ** 2).sum(axis=1).mean() / len(edges))


def best_spread(
    latent: _Floats, codes: _Codes, edges: _Floats, *, near: float | None = None
) -> float:
    """Spread with the least mean ranked probability score, from .02 to 5 in steps of 12 %.

    With `near` only the two steps on either side of it are tried: between two rounds of boosting
    the best spread moves less than that.
    """
    grid = np.geomspace(0.02, 5.0, 50)
    if near is not None:
        grid = grid[np.abs(np.log(grid / near)) < 2.5 * np.log(grid[1] / grid[0])]
    return float(grid[int(np.argmin([mean_rps(latent, codes, edges, s) for s in grid]))])


def _logistic(x: _Floats) -> _Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
