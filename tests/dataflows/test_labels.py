"""Labels: worked by hand, and what holds for every series."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dataflows.labels.classes import bins, directions, quadrants
from dataflows.labels.outcome import outcome
from tests.dataflows.cells import answers, hourly, write

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


def test_the_outcome_by_hand() -> None:
    index = pd.date_range("2024-01-01", periods=4, freq="h", name="time")
    series = pd.DataFrame({"y": [1.0, 2.0, np.nan, 8.0]}, index=index)
    base = pd.DataFrame(
        {"y_now": [1.0, 2.0, 2.0, 8.0], "level": 4.0, "scale": 2.0, "z_now": 0.0}, index=index
    )
    seen = outcome(series, base, target="y", horizon=2, origins=index[:2])
    # Row 2 was not observed: nothing carried stands in for an outcome.
    assert np.isnan(seen["y"].iloc[0])
    assert seen.iloc[1].to_dict() == {"y": 8.0, "z": 2.0, "y_now": 2.0, "scale": 2.0}


def test_classes_by_hand() -> None:
    z = np.array([-1.0, 1.0, 1.0, np.nan])
    rose = directions(np.array([3.0, 3.0, 1.0, 2.0]), np.array([2.0, 2.0, 2.0, np.nan]))
    np.testing.assert_array_equal(rose, [1.0, 1.0, 0.0, np.nan])
    np.testing.assert_array_equal(quadrants(z, rose), [1.0, 3.0, 2.0, np.nan])
    edges = np.array([-0.5, 0.0, 0.5, 2.0])
    np.testing.assert_array_equal(bins(np.array([-1.0, 0.0, 0.4, 9.0]), edges), [0, 1, 2, 4])


def test_an_unchanged_value_did_not_rise() -> None:
    assert directions(np.array([2.0]), np.array([2.0])).tolist() == [0.0]


@given(z=arrays.arrays(float, st.integers(5, 60), elements=FLOATS))
def test_bins_are_in_the_order_of_z(z: np.ndarray) -> None:
    edges = np.quantile(z, [0.2, 0.4, 0.6, 0.8])
    codes = bins(z, edges)
    assert codes.min() >= 0
    assert codes.max() <= 4
    order = np.argsort(z, kind="stable")
    assert (np.diff(codes[order]) >= 0).all()


@given(
    y=arrays.arrays(float, 20, elements=FLOATS),
    now=arrays.arrays(float, 20, elements=FLOATS),
    level=FLOATS,
    scale=st.floats(0.1, 1e3),
)
def test_from_above_the_level_nothing_rises_to_below_it(
    y: np.ndarray, now: np.ndarray, level: float, scale: float
) -> None:
    codes = quadrants((y - level) / scale, directions(y, now))
    assert not (codes[now > level] == 1).any()
    assert not (codes[now <= level] == 2).any()


@pytest.mark.parametrize("horizon", [1, 24])
def test_quintiles_of_training_are_fifths(tmp_path, horizon: int) -> None:
    path = write(hourly(), tmp_path / "a.csv")
    cell = {"model": "persistence", "task": "ordinal", "data_file": path, "horizon": horizon}
    found = answers(["y_train", "label_edges", "n_classes"], target="b", **cell)
    shares = found["y_train"].value_counts(normalize=True)
    assert found["n_classes"] == 5
    assert len(found["label_edges"]) == 4
    np.testing.assert_allclose(shares, 0.2, atol=0.01)


def test_the_class_that_came_true_is_the_label_of_its_origin(tmp_path) -> None:
    path = write(hourly(), tmp_path / "a.csv")
    for task in ("binary", "multiclass"):
        cell = {"model": "persistence", "task": task, "data_file": path, "horizon": 6}
        found = answers(["y_train", "class_now", "series"], target="b", **cell)
        labels = found["y_train"]
        rows = found["series"].index.get_indexer(labels.index) + 6
        rose_then = found["class_now"].to_numpy()[rows] % 2
        np.testing.assert_array_equal(labels.to_numpy() % 2, rose_then)
