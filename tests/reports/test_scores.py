"""Somebody's table of scores: read as it is, or refused in one line that says where."""

import pandas as pd
import pytest

import reports
from reports import EvidenceError, read_scores

GOOD = "data set,a,b,c\nx,0.1,0.2,0.3\ny,0.2,,0.1\nz,1,NA,nan\n"


@pytest.fixture
def table(tmp_path):
    def written(text, name="scores.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return written


def test_blocks_models_and_holes_are_kept(table):
    found = read_scores(table(GOOD))
    assert found.index.tolist() == ["x", "y", "z"]
    assert found.index.name == "data set"
    assert found.columns.tolist() == ["a", "b", "c"]
    assert found.isna().to_numpy().tolist() == [
        [False] * 3,
        [False, True, False],
        [False, True, True],
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (GOOD.replace(",", "\t"), "scores.tsv"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "scores.csv"),
        (GOOD.replace("\n", "\r\n\r\n"), "scores.CSV"),
    ],
)
def test_other_ways_to_write_it_read_the_same(table, text, name):
    pd.testing.assert_frame_equal(read_scores(table(text, name)), read_scores(table(GOOD)))


def test_parquet_reads_the_same_with_names_as_column_or_index(table, tmp_path):
    frame = read_scores(table(GOOD))
    frame.to_parquet(tmp_path / "one.parquet")
    frame.reset_index().to_parquet(tmp_path / "two.parquet", index=False)
    for name in ("one", "two"):
        pd.testing.assert_frame_equal(read_scores(tmp_path / f"{name}.parquet"), frame)


def test_whole_numbers_may_name_blocks(table):
    assert read_scores(table("seed,a,b\n1,0.5,0.6\n2,0.4,0.6\n")).index.tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("data,a,b\n", "no row"),
        ("data;a;b\nx;1;2\n", "separated by commas"),
        ("data,a\nx,1\n", "at least two models"),
        ("data,a,a\nx,1,2\n", "two columns named 'a'"),
        ("data,a,b\nx,1,2\nx,2,3\n", "two rows for the block 'x'"),
        ("data,a,b\nx,1\n", "line 2: 2 cells, and the head has 3"),
        ("data,a,b\n\nx,1,good\n", "line 3, column 'b': 'good' is not a number"),
        ("data,a,b\nx,1,inf\n", "line 2, column 'b': an infinite score"),
        ("a,b,c\n0.1,0.2,0.3\n0.2,0.3,0.4\n", "put a column of names before"),
        (b"data,a,b\n\xff\xfe,1,2\n", "cannot be read as a table"),
        ('data,a,b\n"x,1,2\n', "cannot be read as a table"),
    ],
)
def test_bad_tables_are_refused_where_they_are_bad(table, text, said):
    with pytest.raises(EvidenceError, match=said) as told:
        read_scores(table(text))
    assert "scores.csv" in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_no_table_at_all_is_refused(table, tmp_path):
    with pytest.raises(EvidenceError, match="no file"):
        read_scores(tmp_path / "none.csv")
    with pytest.raises(EvidenceError, match="has to end in"):
        read_scores(table(GOOD, "scores.txt"))
    with pytest.raises(EvidenceError, match="as Parquet"):
        read_scores(table(GOOD, "scores.parquet"))


def test_one_line_from_a_file_to_a_report(table, tmp_path):
    rows = "".join(f"d{i},{i},{i + 1},{i + 2.5}\n" for i in range(8))
    path = reports.build(read_scores(table("data,a,b,c\n" + rows))).to_html(tmp_path / "r.html")
    assert "Rank comparison" in path.read_text("utf-8")
