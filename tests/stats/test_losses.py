"""Losses: hand-worked values, what each rewards, what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tests.strategies  # noqa: F401 (loads the settings of the house)
from stats import losses

floats = st.floats(-1e3, 1e3, allow_nan=False)
vectors = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        hnp.arrays(float, n, elements=floats), hnp.arrays(float, n, elements=floats)
    )
)


def random_probabilities(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    return rng.dirichlet(np.ones(k), size=n)


@given(vectors, st.floats(-100, 100), st.floats(0.01, 100))
def test_errors_ignore_a_shift_and_scale_with_the_unit(pair, shift, unit):
    y, f = pair
    assert losses.squared(y + shift, f + shift) == pytest.approx(losses.squared(y, f), abs=1e-6)
    assert losses.absolute(y * unit, f * unit) == pytest.approx(
        unit * losses.absolute(y, f), abs=1e-6
    )
    assert losses.squared(y, f) == pytest.approx(losses.absolute(y, f) ** 2)


@given(vectors)
def test_pinball_at_one_half_is_half_the_absolute_error(pair):
    y, f = pair
    assert losses.pinball(y, f, quantile=0.5) == pytest.approx(losses.absolute(y, f) / 2)


@given(vectors, st.floats(0.01, 0.99))
def test_pinball_of_a_level_and_of_its_mirror_sum_to_the_absolute_error(pair, level):
    y, f = pair
    both = losses.pinball(y, f, quantile=level) + losses.pinball(y, f, quantile=1 - level)
    assert both == pytest.approx(losses.absolute(y, f), abs=1e-9)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_pinball_is_least_at_the_quantile(level):
    y = np.random.default_rng(1).normal(size=4001)
    grid = np.linspace(-2, 2, 161)
    cost = [losses.pinball(y, np.full_like(y, g), quantile=level).mean() for g in grid]
    assert grid[int(np.argmin(cost))] == pytest.approx(np.quantile(y, level), abs=0.03)


def test_log_loss_of_a_certain_miss_is_finite_unless_asked():
    assert losses.log_loss([1], [0.0])[0] == pytest.approx(36.04, abs=0.01)  # -log 2.22e-16
    assert losses.log_loss([1], [0.0], floor=0)[0] == np.inf
    assert np.copysign(1, losses.log_loss([1], [1.0])[0]) == 1


def test_one_column_and_two_columns_are_the_same_forecast():
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, 50), rng.uniform(size=50)
    both = np.column_stack([1 - p, p])
    for loss in (losses.log_loss, losses.brier, losses.rps):
        assert loss(y, p) == pytest.approx(loss(y, both))
    assert losses.rps(y, p) == pytest.approx(losses.brier(y, p))


@pytest.mark.parametrize("loss", [losses.log_loss, losses.brier, losses.rps])
def test_proper_scores_are_least_at_the_truth(loss):
    truth = np.array([0.2, 0.5, 0.3])
    rng = np.random.default_rng(3)

    def expected(p):
        return sum(truth[c] * loss([c], p[None])[0] for c in range(3))

    at_truth = expected(truth)
    assert all(expected(p) > at_truth for p in random_probabilities(rng, 200, 3))


def test_rps_by_hand():  # Epstein 1969: cumulative distances, here divided by K - 1 = 2
    assert losses.rps([0], [[0.7, 0.2, 0.1]])[0] == pytest.approx(
        ((0.7 - 1) ** 2 + (0.9 - 1) ** 2) / 2
    )
    # a miss by two classes costs more than by one, with the same probability of the truth
    assert losses.rps([2], [[1.0, 0, 0]])[0] > losses.rps([2], [[0, 1.0, 0]])[0]


def test_brier_of_three_classes_by_hand():
    assert losses.brier([1], [[0.2, 0.5, 0.3]])[0] == pytest.approx(0.04 + 0.25 + 0.09)


def test_crps_equals_the_double_sum_and_the_integral():
    rng = np.random.default_rng(4)
    y, x = rng.normal(size=20), rng.normal(size=(20, 7))
    spread = np.abs(x[:, :, None] - x[:, None, :]).sum(axis=(1, 2))
    distance = np.abs(x - y[:, None]).mean(axis=1)
    assert losses.crps_ensemble(y, x) == pytest.approx(distance - spread / (2 * 49))
    assert losses.crps_ensemble(y, x, fair=True) == pytest.approx(distance - spread / (2 * 42))
    grid = np.linspace(-8, 8, 160_001)
    step = (x[0][:, None] <= grid).mean(axis=0) - (y[0] <= grid)
    assert losses.crps_ensemble(y, x)[0] == pytest.approx(np.sum(step**2) * 1e-4, abs=1e-3)


def test_crps_of_one_member_is_the_absolute_error_and_keeps_digits_at_a_high_level():
    assert losses.crps_ensemble([1.0], [[3.0]])[0] == 2.0
    x = np.array([[0.0, 1.0, 3.0]])
    assert losses.crps_ensemble([1e9], x + 1e9) == pytest.approx(
        losses.crps_ensemble([0.0], x), rel=1e-9
    )


def test_fair_crps_does_not_reward_a_narrower_ensemble():
    rng = np.random.default_rng(5)
    y = rng.normal(size=20_000)
    right, narrow = rng.normal(size=(20_000, 3)), 0.6 * rng.normal(size=(20_000, 3))
    assert losses.crps_ensemble(y, narrow).mean() < losses.crps_ensemble(y, right).mean()
    fair = [losses.crps_ensemble(y, x, fair=True).mean() for x in (narrow, right)]
    assert fair[1] < fair[0]


def test_qlike_is_zero_at_the_truth_and_punishes_underestimates_more():
    assert losses.qlike([2.0], [2.0])[0] == 0
    low, high = losses.qlike([1.0, 1.0], [0.5, 1.5])
    assert low > high > 0


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: losses.squared(["a"], [1.0]), TypeError, "y_true must be numbers, got dtype <U1"),
        (lambda: losses.squared([object()], [1.0]), TypeError, "dtype object"),
        (lambda: losses.squared([1.0, np.nan], [1.0, 2.0]), ValueError, "y_true holds 1 missing"),
        (lambda: losses.squared([1.0, 2.0], [1.0, np.inf]), ValueError, "y_pred.*at 1"),
        (lambda: losses.squared([1.0], [1.0, 2.0]), ValueError, "1 values and y_pred 2"),
        (lambda: losses.squared([], []), ValueError, "y_true is empty"),
        (lambda: losses.squared([[1.0]], [1.0]), ValueError, r"1 dimension.*\(1, 1\)"),
        (lambda: losses.pinball([1.0], [1.0], quantile=1), ValueError, "strictly between"),
        (lambda: losses.log_loss([1], [1.2]), ValueError, r"lie in \[0, 1\]"),
        (lambda: losses.log_loss([1], [0.5], floor=-1), ValueError, "floor"),
        (lambda: losses.log_loss([0.5], [0.5]), ValueError, "class codes"),
        (lambda: losses.log_loss([-1], [0.5]), ValueError, "class codes"),
        (lambda: losses.log_loss([2], [0.5]), ValueError, "holds class 2"),
        (lambda: losses.brier([0, 0], [[0.5, 0.5], [0.5, 0.4]]), ValueError, "row 1 sums to 0.9"),
        (lambda: losses.rps([0], [[1.0]]), ValueError, "one column"),
        (lambda: losses.rps([0, 1], [[0.5, 0.5]]), ValueError, "2 values and proba 1 rows"),
        (lambda: losses.crps_ensemble([0.0], [[1.0]], fair=True), ValueError, "at least 2"),
        (lambda: losses.crps_ensemble([0.0], [1.0]), ValueError, "2 dimension"),
        (lambda: losses.crps_ensemble([0.0], [[1.0], [1.0]]), ValueError, "2 rows"),
        (lambda: losses.qlike([1.0, 0.0], [1.0, 1.0]), ValueError, "y_true=0.0 at 1"),
    ],
)
def test_bad_input_is_named(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_misaligned_series_are_refused():
    pd = pytest.importorskip("pandas")
    y = pd.Series([1.0, 2.0], index=[0, 1])
    f = pd.Series([1.0, 2.0], index=[1, 0])
    with pytest.raises(ValueError, match="different indexes"):
        losses.squared(y, f)
    assert losses.squared(y, f.to_numpy()).sum() == 0
