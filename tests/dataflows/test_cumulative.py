"""Cumulative logits: probabilities, derivatives, spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dataflows.models import cumulative
from stats import metrics

EDGES = np.array([-1.0, 0.0, 0.5, 2.0])
LATENT = arrays.arrays(float, st.integers(1, 20), elements=st.floats(-50, 50))


@given(latent=LATENT, spread=st.floats(0.02, 5.0))
def test_probabilities_are_a_distribution(latent: np.ndarray, spread: float) -> None:
    p = cumulative.class_probabilities(latent, EDGES, spread)
    assert p.shape == (len(latent), 5)
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_a_higher_latent_value_means_a_higher_class() -> None:
    p = cumulative.class_probabilities(np.linspace(-5, 5, 50), EDGES, 0.4)
    assert (np.diff(np.cumsum(p, axis=1)[:, :-1], axis=0) <= 1e-9).all()
    # Far from every edge the class is certain.
    assert p[0].argmax() == 0
    assert p[-1].argmax() == 4


@given(latent=st.floats(-3, 4), code=st.integers(0, 4), spread=st.floats(0.5, 3.0))
def test_the_gradient_is_the_slope_of_the_log_probability(
    latent: float, code: int, spread: float
) -> None:
    def cost(x: float) -> float:
        bounds = np.concatenate([[-np.inf], EDGES, [np.inf]])
        upper, lower = 1 / (1 + np.exp(-(bounds[[code + 1, code]] - x) / spread))
        return -float(np.log(upper - lower))

    step = 1e-4
    slope, curve = cumulative.gradient(np.array([latent]), np.array([code]), EDGES, spread)
    numeric = (cost(latent + step) - cost(latent - step)) / (2 * step)
    assert slope[0] == pytest.approx(numeric, abs=1e-4)
    numeric = (cost(latent + step) - 2 * cost(latent) + cost(latent - step)) / step**2
    assert curve[0] == pytest.approx(numeric, abs=1e-3)


def test_a_hopeless_forecast_does_not_overflow() -> None:
    slope, curve = cumulative.gradient(np.array([1e6, -1e6]), np.array([0, 4]), EDGES, 0.02)
    np.testing.assert_allclose(slope, [50.0, -50.0])
    assert (curve > 0).all()


def test_the_score_is_the_one_of_the_report() -> None:
    latent = np.array([-2.0, 0.1, 3.0])
    codes = np.array([0, 3, 1])
    p = cumulative.class_probabilities(latent, EDGES, 0.7)
    assert cumulative.mean_rps(latent, codes, EDGES, 0.7) == pytest.approx(metrics.rps(codes, p))


def test_the_spread_that_made_the_classes_is_found() -> None:
    rng = np.random.default_rng(3)
    latent = rng.normal(size=4000)
    z = latent + 0.3 * rng.logistic(size=4000)
    codes = np.searchsorted(EDGES, z)
    found = cumulative.best_spread(latent, codes, EDGES)
    assert found == pytest.approx(0.3, rel=0.15)
    # Near a spread that is close, the same; near one that is far, a step towards it.
    assert cumulative.best_spread(latent, codes, EDGES, near=found * 1.2) == found
    assert found < cumulative.best_spread(latent, codes, EDGES, near=3.0) < 3.0
