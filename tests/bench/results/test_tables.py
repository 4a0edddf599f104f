"""The long tables: cells' frames below each other, the cell in front, always the same bytes."""

from pathlib import Path

import pandas as pd
import pytest

from bench.errors import BenchError
from bench.results.tables import PREDICTIONS, SCORES, joined, write_parquet


def test_frames_keep_their_rows_and_gaps_are_missing():
    table = joined(
        {
            "b": pd.DataFrame({"y_pred": [1.0, 2.0], "p_0": [0.5, 0.25]}),
            "a": pd.DataFrame({"y_pred": [3.0]}),
        },
        empty=PREDICTIONS,
    )
    assert list(table["cell_id"]) == ["b", "b", "a"]
    assert table["p_0"].isna().tolist() == [False, False, True]
    assert list(table.columns) == ["cell_id", "y_pred", "p_0"]


def test_a_value_that_is_no_frame_is_named_with_its_cell():
    with pytest.raises(BenchError, match="cell a gives a dict"):
        joined({"a": {}}, empty=SCORES)


def test_the_same_table_is_the_same_file(tmp_path: Path):
    table = joined(
        {"a": pd.DataFrame({"y": [1.0, 2.0]}), "b": pd.DataFrame({"y": [3.0]})}, empty={}
    )
    for name in ("one", "two"):
        write_parquet(table, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "one").astype({"cell_id": str}), table.astype({"cell_id": str})
    )


def test_no_frame_at_all_gives_a_table_of_the_same_columns():
    table = joined({}, empty=SCORES)
    assert list(table.columns) == ["cell_id", *SCORES]
    assert table["value"].dtype == "float64"
