"""Sizes: how often true nulls are rejected at 5 %, by simulation with fixed seeds."""

import math
import warnings

import numpy as np
import pytest

import stats

# Share of true nulls rejected at 5 %, loss differences MA(h - 1) with equal weights.
PUBLISHED = {
    # (n_times, horizon): (rect + HLN, Bartlett(h - 1) + HLN, WPE)
    (50, 6): (0.095, 0.128, 0.071),
    (100, 12): (0.104, 0.135, 0.089),
    (200, 24): (0.103, 0.133, 0.107),
    (500, 12): (0.059, 0.114, 0.054),
}
ESTIMATORS = ("rect", "bartlett", "wpe")


def moving_sums(rng: np.random.Generator, n: int, horizon: int, draws: int) -> np.ndarray:
    """Equal-weight MA(h - 1) series, shape (n, draws)."""
    shocks = rng.normal(size=(n + horizon - 1, draws))
    total = np.concatenate([np.zeros((1, draws)), np.cumsum(shocks, axis=0)])
    return total[horizon:] - total[:-horizon]


def rejected(n: int, horizon: int, variance: str, draws: int, seed: int, **options) -> float:
    d = moving_sums(np.random.default_rng(seed), n, horizon, draws)
    cube = np.stack([d, np.zeros_like(d)], axis=1)  # every draw is a slice of its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.StatsWarning)
        result = stats.diebold_mariano(cube, horizon=horizon, variance=variance, **options)
    return float(result.rejects(0.05)[0, 1].mean())


def margin(share: float, draws: int) -> float:
    """Four standard errors of a simulated share."""
    return 4 * math.sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_size_of_diebold_mariano(estimator):
    n, horizon, draws = 100, 12, 1500
    told = PUBLISHED[n, horizon][ESTIMATORS.index(estimator)]
    share = rejected(n, horizon, estimator, draws, seed=1)
    assert share == pytest.approx(told, abs=margin(told, draws) + 0.005)


def test_the_default_holds_its_size_where_there_are_times_enough():
    share = rejected(500, 6, "auto", 1500, seed=2)
    assert share == pytest.approx(0.05, abs=margin(0.05, 1500) + 0.005)


@pytest.mark.simulation
@pytest.mark.parametrize(("n", "horizon"), PUBLISHED)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_size_table_of_diebold_mariano(n, horizon, estimator):
    told = PUBLISHED[n, horizon][ESTIMATORS.index(estimator)]
    share = rejected(n, horizon, estimator, 10_000, seed=3)
    # 0.006: the table itself comes from a simulation of some thousand draws
    assert share == pytest.approx(told, abs=margin(told, 10_000) + 0.006)


@pytest.mark.simulation
@pytest.mark.parametrize("variance", ["rect", "bartlett", "wpe", "ewc", "fixed_b"])
def test_size_one_step_ahead(variance):
    share = rejected(200, 1, variance, 6000, seed=4)
    assert share == pytest.approx(0.05, abs=margin(0.05, 6000) + 0.008)


@pytest.mark.simulation
def test_one_sided_tests_have_their_size_on_both_sides():
    for alternative in ("less", "greater"):
        share = rejected(300, 4, "wpe", 6000, seed=5, alternative=alternative)
        assert share == pytest.approx(0.05, abs=margin(0.05, 6000) + 0.008)


@pytest.mark.simulation
def test_gaps_do_not_break_the_size():
    rng = np.random.default_rng(6)
    d = moving_sums(rng, 400, 4, 1500)
    cube = np.stack([d, np.zeros_like(d)], axis=1)
    cube[rng.random(400) < 0.25] = np.nan
    result = stats.diebold_mariano(cube, horizon=4, missing="drop_times")
    share = float(result.rejects(0.05)[0, 1].mean())
    assert share == pytest.approx(0.05, abs=margin(0.05, 1500) + 0.015)


def share_of(pvalues: list[float], alpha: float = 0.05) -> float:
    return float(np.mean(np.array(pvalues) <= alpha))


@pytest.mark.simulation
@pytest.mark.parametrize("horizon", [1, 4])
def test_size_of_giacomini_white(horizon):
    rng = np.random.default_rng(7)
    pvalues = [
        stats.giacomini_white(
            np.column_stack([moving_sums(rng, 400, horizon, 1), np.zeros(400)]), horizon=horizon
        ).pvalue[0, 1]
        for _ in range(2000)
    ]
    # Bartlett weights fall short of an equal-weight moving sum beyond one step
    assert share_of(pvalues) == pytest.approx(0.05 if horizon == 1 else 0.11, abs=0.03)


@pytest.mark.simulation
def test_clark_west_rejects_about_five_percent_and_diebold_mariano_hardly_ever():
    # y is noise; the larger model estimates a coefficient that is zero on a rolling window
    rng = np.random.default_rng(8)
    n, window = 150, 60
    ours, plain = [], []
    for _ in range(1500):
        x, y = rng.normal(size=(2, n + window))
        sxy = np.cumsum(np.append(0, x * y))
        sxx = np.cumsum(np.append(0, x * x))
        slope = (sxy[window:-1] - sxy[: -window - 1]) / (sxx[window:-1] - sxx[: -window - 1])
        forecast, truth = slope * x[window:], y[window:]
        ours.append(stats.clark_west(truth, np.zeros(n), forecast).pvalue)
        errors = np.column_stack([truth**2, (truth - forecast) ** 2])
        plain.append(stats.diebold_mariano(errors, alternative="greater").pvalue[0, 1])
    # Clark and West (2007) report nominal sizes a little below 5 %
    assert 0.02 <= share_of(ours) <= 0.06
    assert share_of(plain) < 0.01


@pytest.mark.simulation
def test_size_of_encompassing_and_mincer_zarnowitz():
    rng = np.random.default_rng(9)
    encompassing, efficient = [], []
    for _ in range(2000):
        f, g, noise = rng.normal(size=(3, 200))
        y = f + noise
        encompassing.append(stats.encompassing(y, f, f + g).pvalue)
        efficient.append(stats.mincer_zarnowitz(y, f).pvalue)
    assert share_of(encompassing) == pytest.approx(0.05, abs=0.02)
    assert share_of(efficient) == pytest.approx(0.055, abs=0.02)


@pytest.mark.simulation
def test_size_of_coverage_tests():
    rng = np.random.default_rng(10)
    hits = rng.random((3000, 500)) < 0.1
    assert share_of([stats.kupiec(h, nominal=0.1).pvalue for h in hits]) == pytest.approx(
        0.05, abs=0.02
    )
    assert share_of([stats.christoffersen(h, nominal=0.1).pvalue for h in hits]) == pytest.approx(
        0.05, abs=0.025
    )
    uniform = rng.random((3000, 300))
    assert share_of([stats.pit_uniformity(u).pvalue for u in uniform]) == pytest.approx(
        0.05, abs=0.016
    )


@pytest.mark.simulation
def test_size_of_tests_over_horizons():
    rng = np.random.default_rng(11)
    average, joint = [], []
    for _ in range(400):
        # differences of neighbouring horizons go together
        d = rng.normal(size=(150, 1)) + rng.normal(size=(150, 4))
        cube = np.stack([d, np.zeros_like(d)], axis=1)
        average.append(stats.aspa(cube, n_draws=199, rng=rng).pvalue[0, 1])
        joint.append(stats.multivariate_dm(cube, horizon=1).pvalue)
    assert share_of(average) == pytest.approx(0.05, abs=margin(0.05, 400) + 0.02)
    assert share_of(joint) == pytest.approx(0.05, abs=margin(0.05, 400) + 0.02)


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("null", "advantage"), [("equal", 0), ("any", 0), ("equal", 1), ("any", 1)]
)
def test_uniform_superiority_over_its_null(null, advantage):
    # equal at one horizon; at the other two equal as well, or clearly better
    rng = np.random.default_rng(12)
    pvalues = []
    for _ in range(300):
        d = rng.normal(size=(150, 3)) + np.array([0.0, advantage, advantage])
        cube = np.stack([d, np.zeros_like(d)], axis=1)
        pvalues.append(stats.uspa(cube, null=null, n_draws=199, rng=rng).pvalue[0, 1])
    share = share_of(pvalues)
    if (null, advantage) == ("equal", 1):  # the published bootstrap is not made for this corner
        assert share > 0.25
    elif (null, advantage) == ("any", 0):  # and the safe one gives away power here
        assert share < 0.02
    else:
        assert share == pytest.approx(0.05, abs=margin(0.05, 300) + 0.02)


@pytest.mark.simulation
def test_the_confidence_set_holds_the_best_model():
    # one best model among five: it must stay in 90 % of the sets, and all equals together too
    rng = np.random.default_rng(13)
    held, all_held = [], []
    for _ in range(300):
        common = rng.normal(size=(200, 1))
        losses = (common + rng.normal(size=(200, 5))) + np.array([0, 0.1, 0.2, 0.3, 0.4])
        result = stats.model_confidence_set(losses, n_draws=300, block_length=3, rng=rng)
        held.append("m0" in result.included(0.1))
        equal = common + rng.normal(size=(200, 5))
        result = stats.model_confidence_set(equal, n_draws=300, block_length=3, rng=rng)
        all_held.append(len(result.included(0.1)) == 5)
    assert np.mean(held) >= 0.9
    assert np.mean(all_held) == pytest.approx(0.9, abs=margin(0.1, 300) + 0.02)


@pytest.mark.simulation
def test_superior_ability_and_stepwise_keep_false_winners_rare():
    rng = np.random.default_rng(14)
    whole, any_winner = [], []
    for _ in range(400):
        losses = rng.normal(size=(200, 1)) + rng.normal(size=(200, 11))
        draws = stats.bootstrap_indices(200, block_length=2, n_draws=299, rng=rng)
        whole.append(stats.spa(losses, benchmark="m0", indices=draws, block_length=2).pvalue)
        steps = stats.stepm(losses, benchmark="m0", indices=draws, block_length=2)
        any_winner.append(bool(steps.better(0.05)))
    assert share_of(whole) <= 0.05 + margin(0.05, 400) + 0.02
    assert np.mean(any_winner) <= 0.05 + margin(0.05, 400) + 0.02
    assert np.mean(any_winner) > 0.01
