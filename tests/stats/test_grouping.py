"""Groups of models: cliques of the graph of pairs not separated, and letters that show them."""

import itertools

import numpy as np
import pytest
from hypothesis import given

import stats
from tests.strategies import verdicts


def brute_force(separated):
    k = len(separated)
    free = [
        set(members)
        for size in range(1, k + 1)
        for members in itertools.combinations(range(k), size)
        if not separated[np.ix_(members, members)].any()
    ]
    return {frozenset(s) for s in free if not any(s < other for other in free)}


@given(separated=verdicts())
def test_cliques_are_all_maximal_sets_without_a_separated_pair(separated):
    found = stats.cliques(separated)
    assert {frozenset(c) for c in found} == brute_force(separated)
    assert len(found) == len(set(found))


@given(separated=verdicts())
def test_letters_say_exactly_which_pairs_are_separated(separated):
    letters = stats.compact_letters(separated)
    for i, j in itertools.combinations(range(len(separated)), 2):
        assert bool(set(letters[i]) & set(letters[j])) == (not separated[i, j])
    assert all(letters)


def test_groups_are_never_forced_to_be_contiguous():
    # Model 1 stands between 0 and 2 in rank and differs from both; 0 and 2 do not differ. Peers
    # draw one bar over all three, or none.
    separated = np.zeros((3, 3), dtype=bool)
    separated[[0, 1, 1, 2], [1, 0, 2, 1]] = True
    assert stats.cliques(separated, order=[1.0, 2.0, 3.0]) == ((0, 2), (1,))


def test_groups_come_best_first():
    separated = np.zeros((3, 3), dtype=bool)
    separated[0, 2] = separated[2, 0] = True
    assert stats.cliques(separated, order=[3.0, 2.0, 1.0]) == ((2, 1), (1, 0))
    assert stats.compact_letters(separated, order=[3.0, 2.0, 1.0]) == ("b", "ab", "a")


def test_many_letters_stay_distinct():
    separated = ~np.eye(60, dtype=bool)
    letters = stats.compact_letters(separated)
    assert len(set(letters)) == 60
    assert letters[52] == "[53]"


def test_no_pair_of_a_group_is_significant():
    table = np.random.default_rng(8).normal(size=(40, 10)) + np.arange(10) / 5
    result = stats.wilcoxon(table).adjusted("holm")
    at = {name: i for i, name in enumerate(result.names)}
    for group in result.groups(0.05):
        for one, other in itertools.combinations(group, 2):
            assert result.pvalue[at[one], at[other]] > 0.05


def test_too_many_groups_are_refused_with_a_way_out():
    separated = np.kron(np.eye(12, dtype=bool), np.array([[0, 1], [1, 0]], dtype=bool)).astype(bool)
    assert len(stats.cliques(separated)) == 2**12
    with pytest.raises(ValueError, match=r"more than 100 maximal groups.*stats.mcb"):
        stats.cliques(separated, most=100)


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (np.zeros((2, 3), dtype=bool), "square"),
        (np.array([[False, True], [False, False]]), "symmetric"),
        (np.eye(2, dtype=bool), "False diagonal"),
    ],
)
def test_bad_matrices_are_refused(bad, match):
    with pytest.raises(ValueError, match=match):
        stats.cliques(bad)
    with pytest.raises(ValueError, match=match):
        stats.compact_letters(bad)


def test_order_of_another_length_is_refused():
    with pytest.raises(ValueError, match="order has 3 values for 2 models"):
        stats.cliques(np.zeros((2, 2), dtype=bool), order=[1, 2, 3])
