"""The long tables: cells' frames below each other, the cell in front, always the same bytes."""

from pathlib import Path

import pandas as pd

from bench.cache.stack import Stack
from bench.results.tables import PREDICTIONS, SCORES, joined, write_parquet


def stack(frame: pd.DataFrame, **rows: int) -> Stack:
    return Stack(tuple(rows), tuple(rows.values()), frame)


def test_frames_keep_their_rows_and_gaps_are_missing():
    classes = pd.DataFrame({"y_pred": [1.0, 2.0], "p_0": [0.5, 0.25]})
    table = joined(
        [stack(pd.DataFrame({"y_pred": [3.0]}), a=1), stack(classes, b=2)],
        ["b", "a"],
        empty=PREDICTIONS,
    )
    assert list(table["cell_id"]) == ["b", "b", "a"]
    assert table["p_0"].isna().tolist() == [False, False, True]
    assert list(table.columns) == ["cell_id", "y_pred", "p_0"]


def test_the_same_table_is_the_same_file(tmp_path: Path):
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0]})
    table = joined([stack(frame, a=2, b=1)], ["a", "b"], empty={})
    for name in ("one", "two"):
        write_parquet(table, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "one").astype({"cell_id": str}), table.astype({"cell_id": str})
    )


def test_no_frame_at_all_gives_a_table_of_the_same_columns():
    table = joined([], [], empty=SCORES)
    assert list(table.columns) == ["cell_id", *SCORES]
    assert table["value"].dtype == "float64"
