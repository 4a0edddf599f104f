"""Metrics: against scikit-learn where it has them, by hand, and where they have no value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats import metrics
from stats.errors import UndefinedError
from tests.strategies import seeds


def classes(k: int, seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    p = rng.dirichlet(np.ones(k), size=n)
    return y, p.argmax(axis=1), p


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_classification_agrees_with_scikit_learn(k, seed):
    sk = pytest.importorskip("sklearn.metrics")
    y, predicted, p = classes(k, seed)
    assert metrics.accuracy(y, predicted) == pytest.approx(sk.accuracy_score(y, predicted))
    assert metrics.balanced_accuracy(y, predicted) == pytest.approx(
        sk.balanced_accuracy_score(y, predicted)
    )
    assert metrics.mcc(y, predicted) == pytest.approx(sk.matthews_corrcoef(y, predicted))
    assert metrics.macro_f1(y, predicted) == pytest.approx(
        sk.f1_score(y, predicted, average="macro")
    )
    assert metrics.f1(y, predicted) == pytest.approx(
        sk.f1_score(y, predicted, labels=[1], average=None)
    )
    assert metrics.log_loss(y, p) == pytest.approx(sk.log_loss(y, p, labels=np.arange(k)))
    assert metrics.quadratic_kappa(y, predicted) == pytest.approx(
        sk.cohen_kappa_score(y, predicted, weights="quadratic")
    )
    assert metrics.rank_mae(y, predicted) == pytest.approx(sk.mean_absolute_error(y, predicted))


@pytest.mark.parametrize("seed", range(5))
def test_binary_scores_agree_with_scikit_learn(seed):
    sk = pytest.importorskip("sklearn.metrics")
    y, _, p = classes(2, seed)
    tied = p[:, 1].round(1)  # with ties
    assert metrics.auc(y, tied) == pytest.approx(sk.roc_auc_score(y, tied))
    assert metrics.auc(y, p) == pytest.approx(sk.roc_auc_score(y, p[:, 1]))
    assert metrics.brier(y, p) == pytest.approx(sk.brier_score_loss(y, p[:, 1]))


@pytest.mark.parametrize("seed", range(5))
def test_regression_agrees_with_scikit_learn(seed):
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    y, f = rng.normal(size=(2, 60))
    assert metrics.mae(y, f) == pytest.approx(sk.mean_absolute_error(y, f))
    assert metrics.mse(y, f) == pytest.approx(sk.mean_squared_error(y, f))
    assert metrics.rmse(y, f) == pytest.approx(sk.root_mean_squared_error(y, f))
    assert metrics.r2(y, f) == pytest.approx(sk.r2_score(y, f))
    assert metrics.pinball(y, f, quantile=0.2) == pytest.approx(
        sk.mean_pinball_loss(y, f, alpha=0.2)
    )


@settings(max_examples=50)
@given(seeds)
def test_auc_follows_order_alone_and_mirrors(seed):
    y, _, p = classes(2, seed, n=25)
    score = p[:, 1].round(1)
    area = metrics.auc(y, score)
    assert metrics.auc(y, np.exp(3 * score)) == pytest.approx(area)
    assert metrics.auc(1 - y, score) == pytest.approx(1 - area)
    brute = np.subtract.outer(score[y == 1], score[y == 0])
    assert area == pytest.approx((brute > 0).mean() + (brute == 0).mean() / 2)


@settings(max_examples=50)
@given(seeds, st.permutations(range(4)))
def test_relabelling_nominal_classes_changes_no_nominal_metric(seed, permutation):
    y, predicted, _ = classes(4, seed, n=30)
    names = np.array(permutation)
    for metric in (
        metrics.mcc,
        metrics.macro_f1,
        metrics.accuracy,
        metrics.balanced_accuracy,
    ):
        assert metric(names[y], names[predicted]) == pytest.approx(metric(y, predicted))
    # reversing the order of ordinal classes changes neither ordinal metric
    assert metrics.quadratic_kappa(3 - y, 3 - predicted) == pytest.approx(
        metrics.quadratic_kappa(y, predicted)
    )
    assert metrics.rank_mae(3 - y, 3 - predicted) == metrics.rank_mae(y, predicted)


def test_scaled_errors_by_hand():
    train = [1.0, 3.0, 2.0, 6.0, np.nan, 7.0]
    # season 2: |2-1| = 1, |6-3| = 3, a gap, |7-6| = 1
    assert metrics.naive_scale(train, season_length=2) == pytest.approx(5 / 3)
    assert metrics.naive_scale(train, season_length=2, power=2) == pytest.approx(np.sqrt(11 / 3))
    assert metrics.mase([1.0, 2.0], [2.0, 4.0], scale=5 / 3) == pytest.approx(1.5 / (5 / 3))
    assert metrics.rmsse([1.0, 2.0], [2.0, 4.0], scale=2.0) == pytest.approx(np.sqrt(2.5) / 2)


def test_seasonal_naive_has_mase_one_on_its_own_training_data():
    y = np.random.default_rng(0).normal(size=100).cumsum()
    scale = metrics.naive_scale(y, season_length=4)
    assert metrics.mase(y[4:], y[:-4], scale=scale) == pytest.approx(1)
    scale = metrics.naive_scale(y, season_length=4, power=2)
    assert metrics.rmsse(y[4:], y[:-4], scale=scale) == pytest.approx(1)


def test_smape_is_two_hundred_at_worst_and_counts_exact_zeros_as_exact():
    assert metrics.smape([1.0, 2.0], [-1.0, 0.0]) == 200
    assert metrics.smape([0.0, 1.0], [0.0, 1.0]) == 0


def test_coverage_counts_the_ends():
    assert metrics.coverage([0.0, 1.0, 2.0, 3.0], [0, 0, 0, 0], [0, 1, 1, 4]) == 0.75
    with pytest.raises(ValueError, match=r"lower 2\.0 is above upper 1\.0 at 0"):
        metrics.coverage([0.0], [2.0], [1.0])


def test_kappa_does_not_depend_on_classes_that_do_not_occur():
    assert metrics.quadratic_kappa([0, 2, 4], [0, 2, 2]) == pytest.approx(
        metrics.quadratic_kappa([0, 1, 2], [0, 1, 1])
    )


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: metrics.auc([1, 1], [0.2, 0.3]), "auc needs both classes, y_true is 1 in all 2"),
        (lambda: metrics.mcc([0, 0], [0, 1]), "y_true holds one class"),
        (lambda: metrics.mcc([0, 1], [1, 1]), "y_pred holds one class"),
        (lambda: metrics.f1([0, 0], [0, 0]), "class 1 neither occurs nor"),
        (lambda: metrics.balanced_accuracy([1, 1], [0, 1]), "at least 2 classes"),
        (lambda: metrics.quadratic_kappa([1, 1], [1, 1]), "class 1 everywhere"),
        (lambda: metrics.r2([2.0, 2.0], [1.0, 2.0]), "y_true is 2.0 2 times"),
        (lambda: metrics.skill(0.0, 0.0), "perfect reference"),
        (lambda: metrics.naive_scale([1.0, 1.0, 1.0]), "makes no error"),
    ],
)
def test_a_metric_without_a_value_says_so(call, match):
    with pytest.raises(UndefinedError, match=match):
        call()


def test_a_constant_that_floats_cannot_hold_exactly_is_still_constant():
    with pytest.raises(UndefinedError):  # 0.1 summed and divided is not 0.1
        metrics.r2([0.1] * 7, [0.2] * 7)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: metrics.auc([0, 1, 2], [0.1, 0.2, 0.3]), ValueError, "y_true holds 2"),
        (lambda: metrics.auc([0, 1], np.full((2, 3), 1 / 3)), ValueError, "3 columns"),
        (lambda: metrics.mase([1.0], [1.0], scale=0.0), ValueError, "scale must be positive"),
        (lambda: metrics.mase([1.0], [1.0], scale=np.nan), ValueError, "scale must be positive"),
        (lambda: metrics.naive_scale([1.0, 2.0], season_length=2), ValueError, "2 steps apart"),
        (lambda: metrics.naive_scale([1.0, 2.0], season_length=0), ValueError, "at least 1"),
        (lambda: metrics.naive_scale([1.0, 2.0], power=3), ValueError, "power"),
        (lambda: metrics.naive_scale([1.0, np.inf]), ValueError, "infinite"),
        (lambda: metrics.naive_scale(["a", "b"]), TypeError, "one-dimensional numbers"),
        (lambda: metrics.skill(-1.0, 1.0), ValueError, "score finite and at least 0"),
        (lambda: metrics.skill(1.0, np.nan), ValueError, "reference finite"),
        (lambda: metrics.accuracy([0, 1], [0]), ValueError, "2 values and y_pred 1"),
        (lambda: metrics.macro_f1([0, 1], [0, 0.5]), ValueError, "class codes"),
        (lambda: metrics.rmse(["a"], [1.0]), TypeError, "numbers"),
    ],
)
def test_bad_input_is_named(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_a_stray_code_does_not_ask_for_a_huge_table():
    assert metrics.accuracy([0, 1, 10**9], [0, 1, 0]) == pytest.approx(2 / 3)
