"""Tables in: what is accepted, what is kept, what is refused with which words."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from scipy import stats as scipy_stats

import stats
from stats.scores import mid_ranks, tie_sums

TABLE = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.5]])


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2), elements={"allow_nan": False})
)
def test_mid_ranks_are_scipys(values):
    np.testing.assert_array_equal(mid_ranks(values), scipy_stats.rankdata(values, axis=1))
    expected = [scipy_stats.tiecorrect(scipy_stats.rankdata(row)) for row in values]
    k = values.shape[1]
    if k > 1:
        np.testing.assert_allclose(1 - tie_sums(values) / (k**3 - k), expected, atol=1e-12)


@pytest.mark.parametrize(
    "given_",
    [
        TABLE,
        TABLE.tolist(),
        TABLE.astype(np.float32),
        pd.DataFrame(TABLE, columns=["m0", "m1"]),
        pd.DataFrame(TABLE, columns=["m0", "m1"]).astype("Float64"),
        {"m0": TABLE[:, 0], "m1": TABLE[:, 1].tolist()},
        {"m0": pd.Series(TABLE[:, 0]), "m1": pd.Series(TABLE[:, 1])},
        np.ma.masked_array(TABLE, mask=False),
    ],
    ids=["array", "list", "float32", "frame", "nullable", "mapping", "series", "masked"],
)
def test_every_kind_of_table_gives_the_same_scores(given_):
    scores = stats.Scores.of(given_)
    assert scores == stats.Scores(TABLE, ("m0", "m1"), (0, 1, 2))
    assert stats.Losses.of(given_) == stats.Losses(TABLE, ("m0", "m1"), (0, 1, 2))


def test_masked_and_nullable_cells_are_holes():
    masked = np.ma.masked_array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    nullable = pd.DataFrame({"m0": pd.array([1, 3], dtype="Int64"), "m1": pd.array([None, 4])})
    for table in (masked, nullable):
        np.testing.assert_array_equal(stats.Scores.of(table).values, [[1, np.nan], [3, 4]])


def test_frames_go_in_and_out():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 1)])
    for frame in (
        pd.DataFrame(TABLE, columns=["x", "y"], index=["p", "q", "r"]),
        pd.DataFrame(TABLE[:2], columns=["x", "y"], index=index),
    ):
        pd.testing.assert_frame_equal(stats.Scores.of(frame).to_frame(), frame)
    times = pd.date_range("2026-01-01", periods=3, freq="h")
    frame = pd.DataFrame(TABLE, columns=["x", "y"], index=times)
    pd.testing.assert_frame_equal(stats.Losses.of(frame).to_frame(), frame, check_freq=False)


def test_orientation_is_said_never_guessed():
    scores = stats.Scores.of(TABLE, higher_is_better=True)
    np.testing.assert_array_equal(scores.oriented(), -TABLE)
    np.testing.assert_array_equal(scores.ranks()[0], [2.0, 1.0])
    assert stats.Scores.of(scores) is scores
    with pytest.raises(ValueError, match="say higher_is_better=True, the call says False"):
        stats.Scores.of(scores, higher_is_better=False)


def test_arrays_are_copied_and_read_only_also_after_pickling():
    source = TABLE.copy()
    for table in (stats.Scores.of(source), stats.Losses.of(source)):
        source[0, 0] = 99
        assert table.values[0, 0] == 1
        for same in (
            table,
            copy.copy(table),
            copy.deepcopy(table),
            pickle.loads(pickle.dumps(table)),
        ):
            assert same == table
            assert hash(same) == hash(table)
            with pytest.raises(ValueError, match="read-only"):
                same.values[0, 0] = 0
        source[0, 0] = 1


def test_equality_is_by_value():
    scores = stats.Scores.of(TABLE)
    assert scores != stats.Scores.of(TABLE + 1)
    assert scores != stats.Scores.of(TABLE, higher_is_better=True)
    assert scores != "scores"
    assert stats.Losses.of(TABLE) != stats.Losses.of(TABLE + 1)
    holes = np.where(TABLE == 3, np.nan, TABLE)
    assert stats.Scores.of(holes) == stats.Scores.of(holes)


def test_rows_of_one_block_are_averaged():
    frame = pd.DataFrame(
        {"a": [1.0, 3.0, 5.0, 7.0], "b": [0.0, 2.0, np.nan, 4.0]},
        index=pd.MultiIndex.from_product([["wind", "temp"], [1, 2]], names=["target", "fold"]),
    )
    by_level = stats.Scores.of(frame, blocks="target")
    by_label = stats.Scores.of(frame, blocks=["wind", "wind", "temp", "temp"])
    assert by_level == by_label
    assert by_level.blocks == ("wind", "temp")
    # A failed fold makes the block a hole, never a mean over fewer folds.
    np.testing.assert_array_equal(by_level.values, [[2.0, 1.0], [6.0, np.nan]])
    assert "4 rows were averaged to 2 blocks" in by_level.notes[0]


def test_holes_are_treated_as_said():
    table = stats.Scores(
        np.array([[1.0, 2.0, 3.0], [np.nan, 1.0, 2.0], [4.0, 5.0, 6.0]]),
        ("a", "naive", "c"),
        ("x", "y", "z"),
    )
    with pytest.raises(ValueError, match=r"1 of 9 cells are missing, first block 'y', model 'a'"):
        table.complete()
    dropped = table.complete("drop_blocks")
    assert dropped.blocks == ("x", "z")
    assert dropped.notes == ("1 of 3 blocks left out: a cell was missing",)
    filled = table.complete("impute_baseline", baseline="naive")
    assert filled.values[1, 0] == 1.0
    assert filled.notes == ("1 of 9 cells took the score of naive",)
    with pytest.raises(ValueError, match="'a' has a hole itself in block 'y'"):
        table.complete("impute_baseline", baseline="a")
    with pytest.raises(ValueError, match="baseline= names the model"):
        table.complete("impute_baseline")
    with pytest.raises(ValueError, match="baseline= names the model"):
        table.complete("drop_blocks", baseline="naive")
    with pytest.raises(ValueError, match="ranks need complete blocks"):
        table.ranks()


def test_selection_keeps_the_order_asked_for():
    scores = stats.Scores.of(TABLE).select(["m1", "m0"])
    np.testing.assert_array_equal(scores.values, TABLE[:, ::-1])
    with pytest.raises(ValueError, match="no model is named 'lstm'; models are m1, m0"):
        scores.select(["lstm"])


@pytest.mark.parametrize("kind", [stats.Scores, stats.Losses])
@pytest.mark.parametrize(
    ("table", "error", "match"),
    [
        ("scores.csv", TypeError, "got str"),
        (None, TypeError, "got NoneType"),
        (3.0, TypeError, "got float"),
        (np.array([["1", "2"]]), TypeError, "numbers are needed"),
        (np.array([[None, 1.0]]), TypeError, "dtype object"),
        (np.array([[1 + 2j, 1.0]]), TypeError, "complex"),
        (pd.Series([1.0, 2.0]), TypeError, "one column per model"),
        (
            pd.DataFrame({"m": [1.0], "dataset": ["a"]}),
            TypeError,
            "'dataset' has dtype .*set_index",
        ),
        ([1.0, 2.0], ValueError, "dimensions|2 dimensions"),
        ([[1.0, 2.0], [1.0]], ValueError, "different lengths"),
        ({}, ValueError, "holds no models"),
        ({"a": [1.0], "b": [1.0, 2.0]}, ValueError, "different numbers of rows"),
        ({"a": [[1.0]]}, ValueError, "'a' has 2 dimensions"),
        ({"a": ["x"]}, TypeError, "'a' have dtype"),
        ({"a": [1.0, np.inf]}, ValueError, "1, model 'a' is inf"),
        (pd.DataFrame(TABLE, columns=["a", "a"]), ValueError, "two models are named 'a'"),
        (
            {"a": pd.Series([1.0, 2.0], index=[0, 1]), "b": pd.Series([1.0, 2.0], index=[1, 0])},
            ValueError,
            "index of 'b' differs.*align them",
        ),
    ],
)
def test_bad_tables_are_refused(kind, table, error, match):
    with pytest.raises(error, match=match):
        kind.of(table)


def test_losses_need_times_in_order():
    with pytest.raises(ValueError, match="time 1 occurs twice"):
        stats.Losses(TABLE, ("a", "b"), (0, 1, 1))
    with pytest.raises(ValueError, match=r"time 1 comes after 2.*sort the rows first"):
        stats.Losses(TABLE, ("a", "b"), (0, 2, 1))


def test_losses_have_horizons_as_third_axis():
    values = np.ones((4, 2, 3))
    losses = stats.Losses.of(values, horizons=[1, 6, 24])
    assert (losses.n_times, losses.n_models, losses.n_horizons) == (4, 2, 3)
    assert losses.horizons == (1, 6, 24)
    assert "3 horizons" in repr(losses)
    with pytest.raises(ValueError, match="do not fit 2 horizons"):
        stats.Losses.of(values, horizons=[1, 6])
    with pytest.raises(ValueError, match="have 3 horizons; take one slice"):
        losses.to_frame()
    values[1, 0, 2] = np.inf
    with pytest.raises(ValueError, match="time 1, model 'm0', horizon 24 is inf"):
        stats.Losses.of(values, horizons=[1, 6, 24])
    with pytest.raises(ValueError, match="no model is named 'x'"):
        losses.column("x")


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit 2 blocks x 2 models"):
        stats.Scores(TABLE, ("a", "b"), (0, 1))
    with pytest.raises(ValueError, match=r"for losses over time and horizons use stats.Losses"):
        stats.Scores(np.ones((2, 2, 2)), ("a", "b"), (0, 1))
    with pytest.raises(ValueError, match="do not fit 1 times"):
        stats.Losses(TABLE, ("a", "b"), (0,))
    with pytest.raises(ValueError, match=r"3 labels for 2 rows|2 labels for 3 rows"):
        stats.Scores.of(TABLE, blocks=["a", "b"])
    with pytest.raises(ValueError, match="neither 'rows' nor a level of the index"):
        stats.Scores.of(TABLE, blocks="target")
