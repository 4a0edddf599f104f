"""A dataflow of numbers: a chain, a fork and a join."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pair:
    """A value that no store can keep."""

    one: float
    two: float


def start(a: float) -> float:
    return a + 1


def left(start: float, b: float = 2.0) -> float:
    return start * b


def right(start: float) -> np.ndarray:
    return np.full(3, start)


def pair(left: float) -> Pair:
    return Pair(left, -left)


def joined(left: float, right: np.ndarray) -> float:
    return left + float(right.sum())


def first_of_pair(pair: Pair) -> float:
    return pair.one


def second_of_pair(pair: Pair) -> float:
    return pair.two


def seeded(joined: float, seed: int) -> float:
    return joined + seed
