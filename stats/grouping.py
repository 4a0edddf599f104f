"""Sets of models that no test separates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stats.errors import OptionError, ScoresError
from stats.scores import BoolArray, FloatArray

__all__ = ["cliques", "compact_letters"]

MOST_GROUPS = 20_000
"""Sets beyond which listing them is refused."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _checked(separated: BoolArray, order: FloatArray | Sequence[float] | None) -> list[int]:
    if separated.ndim != 2 or separated.shape[0] != separated.shape[1]:
        raise ScoresError(
            f"separated must be a square matrix (n_models, n_models), got {separated.shape}"
        )
    if not np.array_equal(separated, separated.T) or separated.diagonal().any():
        raise ScoresError(
            "separated must be symmetric with a False diagonal: [i, j] says that models i and j "
            "differ"
        )
    k = separated.shape[0]
    if order is None:
        return list(range(k))
    if len(order) != k:
        raise ScoresError(f"order has {len(order)} values for {k} models; give one per model")
    return [int(i) for i in np.argsort(np.asarray(order, dtype=np.float64), kind="stable")]


def _maximal(neighbours: list[int], most: int) -> list[int]:
    """Maximal cliques as bit sets, by Bron and Kerbosch's search with pivots."""
    found: list[int] = []
    stack: list[tuple[int, int, int]] = [(0, (1 << len(neighbours)) - 1, 0)]
    while stack:
        clique, candidates, excluded = stack.pop()
        if not candidates:
            if not excluded:
                found.append(clique)
                if len(found) > most:
                    raise OptionError(
                        f"{len(neighbours)} models fall into more than {most} maximal groups, "
                        "which nobody reads: use separated(alpha) as a matrix or stats.mcb for "
                        "the models that may be the best, or allow more groups with most="
                    )
            continue
        # The pivot with most neighbours among the candidates leaves fewest branches.
        pivot = max(
            _bits(candidates | excluded), key=lambda v: (candidates & neighbours[v]).bit_count()
        )
        for vertex in _bits(candidates & ~neighbours[pivot]):
            bit = 1 << vertex
            stack.append(
                (clique | bit, candidates & neighbours[vertex], excluded & neighbours[vertex])
            )
            candidates &= ~bit
            excluded |= bit
    return found


def _bits(mask: int) -> list[int]:
    positions = []
    while mask:
        low = mask & -mask
        positions.append(low.bit_length() - 1)
        mask ^= low
    return positions


def cliques(
    separated: BoolArray,
    *,
    order: FloatArray | Sequence[float] | None = None,
    most: int = MOST_GROUPS,
) -> tuple[tuple[int, ...], ...]:
    """Maximal sets of models in which no pair is separated.

    They are the maximal cliques of the graph of pairs that are *not* separated. They may
    overlap, and they are never forced to be neighbours in rank: a model between two others can
    differ from both while these do not differ from each other.

    Parameters
    ----------
    separated : ndarray of bool, shape (n_models, n_models)
        True where a test separates the pair; symmetric.
    order : ndarray, shape (n_models,), optional
        Mean ranks: groups and their members come best first.
    most : int
        Number of sets beyond which to stop with an error: hundreds of models can fall into
        hundreds of thousands.

    Returns
    -------
    tuple of tuple of int
        Positions of models; every model is in at least one set.

    Raises
    ------
    ScoresError
        Not square, not symmetric, or `order` of another length.
    OptionError
        More than `most` sets.

    See Also
    --------
    compact_letters : the same as letters.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> separated = np.zeros((3, 3), dtype=bool)
    >>> separated[0, 2] = separated[2, 0] = True
    >>> stats.cliques(separated)
    ((0, 1), (1, 2))
    """
    by_rank = _checked(separated, order)
    near = ~separated[np.ix_(by_rank, by_rank)]
    np.fill_diagonal(near, False)
    neighbours = [sum(1 << int(v) for v in np.flatnonzero(row)) for row in near]
    sets = [_bits(mask) for mask in _maximal(neighbours, most)] if by_rank else []
    sets.sort(key=lambda members: (members[0], members))
    return tuple(tuple(by_rank[v] for v in members) for members in sets)


def compact_letters(
    separated: BoolArray, *, order: FloatArray | Sequence[float] | None = None
) -> tuple[str, ...]:
    """Letters such that two models share one exactly when no test separates them.

    Parameters
    ----------
    separated : ndarray of bool, shape (n_models, n_models)
        True where a test separates the pair; symmetric.
    order : ndarray, shape (n_models,), optional
        Mean ranks: "a" goes to the group of the best model.

    Returns
    -------
    tuple of str
        One string per model, in the order of the matrix.

    Raises
    ------
    ScoresError
        Not square, not symmetric, or `order` of another length.

    See Also
    --------
    cliques

    References
    ----------
    .. [1] Piepho (2004), J. Comput. Graph. Stat. 13(2), 456-466, doi:10.1198/1061860043515.

    Examples
    --------
    >>> import numpy as np
    >>> import stats
    >>> separated = np.zeros((3, 3), dtype=bool)
    >>> separated[0, 2] = separated[2, 0] = True
    >>> stats.compact_letters(separated)
    ('a', 'ab', 'b')
    """
    sets = [frozenset(members) for members in cliques(separated, order=order)]
    k = separated.shape[0]
    cover = np.zeros((k, k), dtype=np.int64)
    members = [np.array(sorted(s)) for s in sets]
    for at in members:
        cover[np.ix_(at, at)] += 1
    kept = []
    # A set all of whose pairs (and members) stand together elsewhere needs no letter of its own.
    for which in range(len(sets) - 1, -1, -1):
        inside = np.ix_(members[which], members[which])
        if (cover[inside] > 1).all():
            cover[inside] -= 1
        else:
            kept.append(which)
    told = [""] * k
    for letter, which in enumerate(sorted(kept)):
        name = _ALPHABET[letter] if letter < len(_ALPHABET) else f"[{letter + 1}]"
        for model in members[which]:
            told[model] += name
    return tuple(told)
