"""A table of scores from a file: one row a block, one column a model."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING

from reports.evidence import EvidenceError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENDINGS", "read_scores"]

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
ENDINGS = (*_SEPARATORS, ".parquet")


def read_scores(path: str | Path) -> pd.DataFrame:
    """The table in a CSV, TSV or Parquet file: blocks in the first column, then one for each model.

    Empty cells, ``NA`` and ``NaN`` are missing scores. Blocks of several rows are not averaged.

    Raises
    ------
    EvidenceError : no such file, not a table, or a cell that is not a number; one line says where
    """
    import pandas as pd

    file = Path(path)
    if file.suffix.lower() not in ENDINGS:
        raise EvidenceError(f"{file} is no table of scores; it has to end in {', '.join(ENDINGS)}")
    if not file.is_file():
        raise EvidenceError(f"no file {file}")
    if file.suffix.lower() == ".parquet":
        import pyarrow as pa

        try:
            frame = pd.read_parquet(file)
        except (OSError, ValueError, pa.ArrowException) as cause:
            raise EvidenceError(f"{file} cannot be read as Parquet: {cause}") from cause
        if not isinstance(frame.index, pd.RangeIndex):
            frame = frame.reset_index()
        head, rows = [str(name) for name in frame.columns], frame.to_numpy().tolist()
        places = [f"row {at + 1}" for at in range(len(rows))]
    else:
        head, rows, places = _separated(file)
    if len(head) < 3:
        raise EvidenceError(
            f"{file} has {len(head)} column{'s'[: len(head) != 1]} ({', '.join(head)}); needed are "
            f"one that names the blocks and at least two models, separated by "
            f"{'commas' if file.suffix.lower() == '.csv' else 'tabs'}"
        )
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise EvidenceError(f"{file} has two columns named {twice[0]!r}; each model needs its own")
    if not rows:
        raise EvidenceError(f"{file} has a head and no row")
    values = [
        [
            _number(cell, f"{file}, {place}, column {name!r}")
            for cell, name in zip(row[1:], head[1:], strict=True)
        ]
        for row, place in zip(rows, places, strict=True)
    ]
    blocks = [str(row[0]) for row in rows]
    if all(_fraction(block) for block in blocks):
        raise EvidenceError(
            f"{file}: the first column, {head[0]!r}, names the blocks, and here it holds numbers "
            "with decimals; put a column of names before the scores"
        )
    again = sorted({block for block in blocks if blocks.count(block) > 1})
    if again:
        raise EvidenceError(
            f"{file} has two rows for the block {again[0]!r}; average them or name them apart"
        )
    return pd.DataFrame(values, index=pd.Index(blocks, name=head[0]), columns=head[1:], dtype=float)


def _separated(file: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """Head, rows and where each row stands; empty lines are passed over."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=_SEPARATORS[file.suffix.lower()], strict=True)
            found = [(row, reader.line_num) for row in reader if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        raise EvidenceError(f"{file} cannot be read as a table: {cause}") from cause
    if not found:
        raise EvidenceError(f"{file} is empty")
    head = [cell.strip() for cell in found[0][0]]
    for row, line in found[1:]:
        if len(row) != len(head):
            raise EvidenceError(
                f"{file}, line {line}: {len(row)} cells, and the head has {len(head)}"
            )
    rows = [[cell.strip() for cell in row] for row, _ in found[1:]]
    return head, rows, [f"line {line}" for _, line in found[1:]]


def _number(cell: object, place: str) -> float:
    if cell is None or (isinstance(cell, str) and cell.casefold() in ("", "na", "nan")):
        return math.nan
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise EvidenceError(
            f"{place}: {str(cell)[:60]!r} is not a number; write a score, or nothing where it is "
            "missing"
        ) from None
    if math.isinf(value):
        raise EvidenceError(f"{place}: an infinite score cannot be compared")
    return value


def _fraction(text: str) -> bool:
    try:
        return not float(text).is_integer()
    except ValueError:
        return False
