"""Per-origin losses are paired by origin, pooled over folds in time order."""

import numpy as np
import pandas as pd
import pytest

from reports.losses import LossTable, loss_name

PRIMARY = {"continuous": "rmse", "binary": "log_loss", "ordinal": "rps"}
HOUR = np.timedelta64(1, "h")
START = np.datetime64("2013-07-01", "ns")


def predictions(cell, first, errors, scale=2.0):
    origins = START + np.arange(first, first + len(errors)) * HOUR
    errors = np.asarray(errors, dtype=float)
    return pd.DataFrame(
        {
            "cell_id": cell,
            "origin": origins,
            "y_true": 10.0 + errors * scale,
            "y_pred": 10.0,
            "scale": scale,
        }
    )


def runs(task, *cells):
    return pd.DataFrame({"cell_id": cells, "task": task})


def test_continuous_losses_are_squared_errors_in_units_of_the_scale():
    table = LossTable(predictions("a", 0, [1.0, -2.0]), runs("continuous", "a"), PRIMARY)
    assert table.paired({"m": [(0, "a")]})[1].ravel() == pytest.approx([1.0, 4.0])


def test_a_primary_metric_of_absolute_errors_takes_absolute_losses():
    table = LossTable(
        predictions("a", 0, [1.0, -2.0]), runs("continuous", "a"), {"continuous": "mae"}
    )
    assert table.paired({"m": [(0, "a")]})[1].ravel() == pytest.approx([1.0, 2.0])


def test_folds_are_pooled_in_time_order_whatever_the_order_of_rows():
    frame = pd.concat(
        [
            predictions("b1", 3, [4.0, 5.0]),
            predictions("a0", 0, [1.0, 2.0, 3.0]),
            predictions("a1", 3, [4.0, 5.0]),
            predictions("b0", 0, [1.0, 2.0, 3.0]),
        ]
    )
    shuffled = frame.sample(frac=1.0, random_state=3).reset_index(drop=True)
    cells = {"a": [(0, "a0"), (1, "a1")], "b": [(1, "b1"), (0, "b0")]}
    for rows in (frame.reset_index(drop=True), shuffled):
        table = LossTable(rows, runs("continuous", "a0", "a1", "b0", "b1"), PRIMARY).paired(cells)[
            1
        ]
        assert table[:, 0] == pytest.approx([1.0, 4.0, 9.0, 16.0, 25.0])
        assert table[:, 1] == pytest.approx([1.0, 4.0, 9.0, 16.0, 25.0])


def test_models_are_paired_on_common_origins_only():
    frame = pd.concat([predictions("a", 0, [1, 2, 3, 4]), predictions("b", 1, [20, 30])])
    table = LossTable(frame.reset_index(drop=True), runs("continuous", "a", "b"), PRIMARY)
    assert table.paired({"a": [(0, "a")], "b": [(0, "b")]})[1].tolist() == [
        [4.0, 400.0],
        [9.0, 900.0],
    ]


def test_a_missing_prediction_keeps_its_place_in_time():
    frame = pd.concat([predictions("a", 0, [1, 2, 3]), predictions("b", 0, [1, 2, 3])])
    frame = frame.reset_index(drop=True)
    frame.loc[1, "y_pred"] = np.nan
    table = LossTable(frame, runs("continuous", "a", "b"), PRIMARY)
    paired = table.paired({"a": [(0, "a")], "b": [(0, "b")]})[1]
    assert np.isnan(paired[:, 0]).tolist() == [False, True, False]


def test_class_probabilities_are_scored_by_what_happened():
    frame = pd.DataFrame(
        {
            "cell_id": ["b", "b", "o"],
            "origin": [START, START + HOUR, START],
            "y_true": [1.0, 0.0, 2.0],
            "y_pred": [1.0, 1.0, 2.0],
            "scale": 1.0,
            "p_0": [0.2, 0.4, 0.0],
            "p_1": [0.8, 0.6, 0.5],
            "p_2": [np.nan, np.nan, 0.5],
        }
    )
    cells = pd.DataFrame({"cell_id": ["b", "o"], "task": ["binary", "ordinal"]})
    table = LossTable(frame, cells, PRIMARY)
    assert table.paired({"m": [(0, "b")]})[1].ravel() == pytest.approx(-np.log([0.8, 0.4]))
    # cumulative 0, .5 against 0, 0: mean over the two thresholds
    assert table.paired({"m": [(0, "o")]})[1].ravel() == pytest.approx([0.125])


def test_seeds_of_one_fold_are_averaged():
    frame = pd.concat([predictions("s1", 0, [1.0, 1.0]), predictions("s2", 0, [3.0, 1.0])])
    table = LossTable(frame.reset_index(drop=True), runs("continuous", "s1", "s2"), PRIMARY)
    assert table.paired({"m": [(0, "s1"), (0, "s2")]})[1].ravel() == pytest.approx([5.0, 1.0])


def test_the_later_of_overlapping_folds_counts():
    frame = pd.concat([predictions("f0", 0, [1, 2, 3]), predictions("f1", 2, [10, 20])])
    table = LossTable(frame.reset_index(drop=True), runs("continuous", "f0", "f1"), PRIMARY)
    assert table.paired({"m": [(0, "f0"), (1, "f1")]})[1].ravel() == pytest.approx([1, 4, 100, 400])


def test_an_unknown_cell_has_no_losses():
    table = LossTable(predictions("a", 0, [1.0]), runs("continuous", "a"), PRIMARY)
    assert table.paired({"m": [(0, "nowhere")]})[1].shape == (0, 1)


@pytest.mark.parametrize(
    ("task", "metric", "name"),
    [
        ("continuous", "mase", "absolute error in units of the scale"),
        ("multiclass", "macro_f1", "log loss"),
        ("ordinal", "rps", "ranked probability score"),
    ],
)
def test_losses_have_names(task, metric, name):
    assert loss_name(task, metric) == name
