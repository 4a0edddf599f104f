"""Equal values get equal names and different ones different names."""

from pathlib import Path

import pandas as pd
import pytest

from bench.cache.datahash import UnhashableData, data_hash


def test_a_path_counts_by_its_content(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("a")
    other.write_text("a")
    assert data_hash(one) == data_hash(other)
    other.write_text("b")
    assert data_hash(one) != data_hash(other)


def test_a_renamed_column_counts() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert data_hash(frame) != data_hash(frame.rename(columns={"a": "b"}))


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(UnhashableData, match=r"no content hash for builtins\.object at \[1\]"):
        data_hash([1, object()])
