"""Bootstrap draws: their shape, their blocks, their lengths."""

import numpy as np
import pytest

from stats.bootstrap import BOOTSTRAPS, Draws, bootstrap_indices, drawn_means, settled_indices


@pytest.mark.parametrize("method", BOOTSTRAPS)
@pytest.mark.parametrize("length", [1, 4, 7, 20])
def test_draws_are_made_of_blocks(method, length):
    rng = np.random.default_rng(1)
    rows = bootstrap_indices(20, block_length=length, n_draws=300, method=method, rng=rng)
    assert rows.shape == (300, 20)
    assert rows.min() >= 0
    assert rows.max() <= 19
    continued = (rows[:, 1:] - rows[:, :-1]) % 20 == 1
    if method != "stationary":
        inside = np.arange(1, 20) % length != 0
        assert continued[:, inside].all()
    if method == "moving":
        assert ((rows[:, 1:] > rows[:, :-1]) | ~inside).all()


def test_stationary_blocks_have_the_mean_length_and_every_time_the_same_chance():
    rng = np.random.default_rng(2)
    rows = bootstrap_indices(200, block_length=5, n_draws=2000, rng=rng)
    breaks = ((rows[:, 1:] - rows[:, :-1]) % 200 != 1).mean()
    assert breaks == pytest.approx(1 / 5 * (1 - 1 / 200), abs=0.003)
    share = np.bincount(rows.ravel(), minlength=200) / rows.size
    assert share == pytest.approx(np.full(200, 1 / 200), rel=0.15)


def test_counting_gives_the_means_of_the_draws():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 4))
    rows = bootstrap_indices(50, block_length=3, n_draws=20, rng=rng)
    assert drawn_means(x, Draws(rows)) == pytest.approx(x[rows].mean(axis=1))


def settled(**changes):
    options = {
        "indices": None,
        "block_length": None,
        "n_draws": 10,
        "method": "stationary",
        "rng": np.random.default_rng(1),
    }
    return settled_indices(9, **{**options, **changes})


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"rng": None}, "needs rng="),
        ({"rng": 5}, "got int"),
        ({"n_draws": 0}, "n_draws"),
        ({"block_length": 0.5}, "between 1 and the number of times"),
        ({"block_length": 10}, r"\(9\), got 10"),
        ({"block_length": 2.5, "method": "moving"}, "must be whole"),
        ({"method": "iid"}, "method must be one of"),
        ({"indices": [[0.5] * 9]}, "whole numbers of shape"),
        ({"indices": [[0] * 8]}, r"shape \(n_draws, 9\)"),
        ({"indices": [[9] * 9]}, "between 0 and 8"),
    ],
)
def test_bad_input_is_named(changes, match):
    with pytest.raises(ValueError, match=match):
        settled(**changes)
