"""The long tables of a run, from what the store holds: one row a cell, an origin, a metric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from bench.cache import files
from bench.cache.stack import Stack
from bench.cache.store import Record
from bench.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PREDICTIONS",
    "RUN_COLUMNS",
    "SCORES",
    "CellResult",
    "joined",
    "runs_table",
    "to_parquet",
    "write_parquet",
]

PREDICTIONS = MappingProxyType(
    {
        "origin": "datetime64[us, UTC]",
        "target_time": "datetime64[us, UTC]",
        "y_true": "float64",
        "y_pred": "float64",
        "scale": "float64",
    }
)
SCORES = MappingProxyType(
    {"metric": "str", "value": "float64", "direction": "str", "n": "int64", "defined": "bool"}
)

RUN_COLUMNS = (
    "cell_id",
    "slug",
    "model",
    "variant",
    "dataset",
    "target",
    "task",
    "horizon",
    "fold",
    "seed",
    "status",
    "error_type",
    "error_message",
    "fit_seconds",
    "predict_seconds",
    "peak_mb",
    "nodes",
    "cached_nodes",
    "data_hash",
    "code_hash",
    "parameters",
    "environment",
    "started",
)


@dataclass(frozen=True, slots=True)
class CellResult:
    """One row of the `runs` table, in the making."""

    axes: Mapping[str, object]
    cell_id: str
    slug: str
    status: str
    error_type: str
    error_message: str
    record: Record | None  # of the predictions
    metrics: Record | None
    reports: tuple[Record, ...]  # what the dataflow tells of split and fit
    peak_mb: float
    failed_seconds: float  # that it ran until it failed
    nodes: int
    cached_nodes: int
    data_hash: str
    code_hash: str
    environment: str
    started: str
    model_steps: frozenset[str]

    def row(self) -> dict[str, object]:
        """Return the row, in the order of `RUN_COLUMNS`."""
        timings: Mapping[str, float] = {}
        if self.record is not None:
            timings = cast("Mapping[str, float]", self.record.meta.get("timings") or {})
        fits = [s for n, s in timings.items() if n in self.model_steps and n != "prediction"]
        values = {
            **self.axes,
            "cell_id": self.cell_id,
            "slug": self.slug,
            "status": self.status,
            "error_type": self.error_type or None,
            "error_message": one_line(self.error_message) if self.error_message else None,
            "fit_seconds": sum(fits) if fits else self.failed_seconds or None,
            "predict_seconds": timings.get("prediction"),
            "peak_mb": self.peak_mb or None,
            "nodes": self.nodes,
            "cached_nodes": self.cached_nodes,
            "data_hash": self.data_hash,
            "code_hash": self.code_hash,
            "parameters": json.dumps(self.axes["parameters"], sort_keys=True),
            "environment": self.environment,
            "started": self.started,
        }
        return {name: values[name] for name in RUN_COLUMNS}


def runs_table(results: Sequence[CellResult]) -> pd.DataFrame:
    """Return the `runs` table: every cell asked for, failed ones too."""
    import pandas as pd

    table = pd.DataFrame([r.row() for r in results], columns=list(RUN_COLUMNS))
    numbers = ["fit_seconds", "predict_seconds", "peak_mb"]
    table[numbers] = table[numbers].astype("float64")
    for name in ("error_type", "error_message"):
        table[name] = table[name].astype("str").where(table[name].notna(), None)
    return table


def joined(
    stacks: Sequence[Stack], cells: Sequence[str], *, empty: Mapping[str, str]
) -> pd.DataFrame:
    """Return the cells' frames one below the other, each row with its cell's id in front.

    Parameters
    ----------
    stacks : sequence of Stack
        The frames, by the ids of their cells.
    cells : sequence of str
        All of these ids, in order.
    empty : mapping of column to dtype
        The columns of the table when there is no frame at all.
    """
    import numpy as np
    import pandas as pd

    if not stacks:
        columns = {"cell_id": "str", **empty}
        return pd.DataFrame({n: pd.Series([], dtype=kind) for n, kind in columns.items()})
    table = pd.concat([s.frame for s in stacks], ignore_index=True, sort=False)
    place = {cell: number for number, cell in enumerate(cells)}
    codes = np.concatenate([np.repeat([place[n] for n in s.names], s.rows) for s in stacks])
    if len(stacks) > 1:
        order = np.argsort(codes, kind="stable")
        table, codes = table.take(order).reset_index(drop=True), codes[order]
    table = table[sorted(table.columns, key=lambda c: _place(str(c)))]
    named = pd.Categorical.from_codes(codes, categories=pd.Index(list(cells)))
    table.insert(0, "cell_id", pd.Series(named, index=table.index))
    return table


def _place(column: str) -> tuple[int, str]:
    """Where a column stands: probabilities and quantiles between the forecast and its scale."""
    fixed = ("origin", "target_time", "y_true", "y_pred", "p_", "q_", "scale")
    stem = column[:2] if column.startswith(("p_", "q_")) else column
    if stem not in fixed:
        return len(fixed), ""
    whole, _, part = column[2:].partition(".") if stem.endswith("_") else ("", "", "")
    return fixed.index(stem), f"{whole.zfill(8)}.{part}"


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, whole or not at all; the same table gives the same bytes."""
    with files.partial(path) as partial:
        to_parquet(table, partial)


def to_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, path, compression="zstd", compression_level=3)
