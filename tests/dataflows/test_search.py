"""Search spaces: draws stay inside, edges are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.training.search import Choice, Range, at_edge, drawn

SPACE = {
    "depth": Choice((3, 5, 7)),
    "rate": Range(0.01, 1.0, "log", 4),
    "share": Range(0.2, 0.8),
}


@given(seed=st.integers(0, 2**32 - 1))
def test_a_draw_lies_in_the_space_and_follows_from_the_seed(seed: int):
    point = drawn(SPACE, np.random.default_rng(seed))
    assert point == drawn(SPACE, np.random.default_rng(seed))
    assert point["depth"] in (3, 5, 7)
    assert 0.01 <= point["rate"] <= 1.0
    assert 0.2 <= point["share"] <= 0.8


def test_a_logarithmic_range_is_even_in_the_logarithm():
    rng = np.random.default_rng(0)
    values = np.log10([Range(0.01, 1.0, "log", 6).draw(rng) for _ in range(4000)])
    # uniform on (-2, 0): mean -1, standard error 2 / sqrt(12 * 4000) = .009
    assert values.mean() == pytest.approx(-1.0, abs=4 * 0.0092)


@pytest.mark.parametrize(
    ("name", "value", "edge"),
    [
        ("depth", 3, True),
        ("depth", 5, False),
        ("depth", 9, True),
        ("rate", 0.0125, True),  # log10 = -1.903, within a twentieth of 2 from -2
        ("rate", 0.0127, False),  # log10 = -1.896
        ("rate", 0.0, True),
        ("share", 0.77, True),
        ("share", 0.76, False),
    ],
)
def test_a_value_at_the_end_of_its_range_is_told(name: str, value: float, edge: bool):
    chosen = {"depth": 5, "rate": 0.1, "share": 0.5} | {name: value}
    assert at_edge(SPACE, chosen) == ([name] if edge else [])
