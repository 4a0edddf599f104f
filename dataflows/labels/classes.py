"""From numbers to class codes: the rules that training, baselines and evaluation share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bins", "directions", "quadrants"]

_Floats = NDArray[np.floating[Any]]


def directions(y: _Floats, y_before: _Floats) -> NDArray[np.float64]:
    """1 where y rose, 0 where it did not, NaN where either is missing.

    Examples
    --------
    >>> directions(np.array([2.0, 1.0, np.nan]), np.array([1.0, 1.0, 1.0]))
    array([ 1.,  0., nan])
    """
    return np.where(np.isnan(y) | np.isnan(y_before), np.nan, (y > y_before).astype(np.float64))


def quadrants(z: _Floats, direction: _Floats) -> NDArray[np.float64]:
    """Four nominal classes {z > 0} x {rose}: 0 low, falling; 1 low, rising; 2, 3 high.

    Examples
    --------
    >>> quadrants(np.array([-1.0, -1.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    array([0., 1., 2., 3.])
    """
    return np.where(np.isnan(z), np.nan, 2.0 * (z > 0) + direction)


def bins(z: _Floats, edges: _Floats) -> NDArray[np.float64]:
    """Number of edges below z; NaN where z is missing.

    Examples
    --------
    >>> bins(np.array([-1.0, 0.0, 0.5, 9.0]), np.array([0.0, 1.0]))
    array([0., 0., 1., 2.])
    """
    return np.where(np.isnan(z), np.nan, np.searchsorted(edges, z, side="left").astype(np.float64))
