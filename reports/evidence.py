"""What a run left behind, read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Evidence", "EvidenceError", "read"]

_RUNS = (
    "cell_id", "model", "variant", "dataset", "target", "task", "horizon", "fold", "seed",
    "status", "error_type", "error_message", "fit_seconds", "predict_seconds", "peak_mb",
    "data_hash", "code_hash", "parameters",
)  # fmt: skip
_SCORES = ("cell_id", "metric", "value", "direction", "n", "defined")
_PREDICTIONS = ("cell_id", "origin", "y_true", "y_pred")


class EvidenceError(ValueError):
    """A run folder that a report cannot be made from."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Tables and facts of one run.

    Parameters
    ----------
    runs : DataFrame, one row per cell
    predictions : DataFrame, one row per cell and origin
    scores : DataFrame, one row per cell and metric
    manifest : the run's facts: protocol, primary metrics, datasets, environment
    checks : findings of the automatic checks
    """

    runs: pd.DataFrame
    predictions: pd.DataFrame
    scores: pd.DataFrame
    manifest: Mapping[str, Any]
    checks: tuple[Mapping[str, Any], ...]


def read(run_dir: str | Path) -> Evidence:
    """The evidence in a run folder; only columns that reports use are loaded.

    Raises
    ------
    EvidenceError : the folder or one of its tables is missing or damaged
    """
    folder = Path(run_dir)
    if folder.is_file():
        raise EvidenceError(
            f"{folder} is a file; give the folder of a run, or a table of scores read from it, "
            "such as pandas.read_csv(path, index_col=0)"
        )
    if not folder.is_dir():
        raise EvidenceError(f"no run folder at {folder}; `python -m bench run` makes one")
    runs = _table(folder / "runs.parquet", _RUNS)
    scores = _table(folder / "scores.parquet", _SCORES)
    predictions = _table(folder / "predictions.parquet", _PREDICTIONS, more=("scale", "p_"))
    manifest = _json(folder / "manifest.json", dict)
    checks = _json(folder / "checks.json", list)
    return Evidence(runs, predictions, scores, manifest, tuple(checks))


def _table(path: Path, columns: tuple[str, ...], more: tuple[str, ...] = ()) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Identifiers repeat thousands of times: as a dictionary they cost one integer a row.
        with pq.ParquetFile(path, read_dictionary=["cell_id"], memory_map=True) as file:
            present = file.schema_arrow.names
            missing = [name for name in columns if name not in present]
            if missing:
                raise EvidenceError(
                    f"{path} has no column {missing[0]!r}; columns are {', '.join(present)}"
                )
            extra = [name for name in present if name.startswith(more)] if more else []
            table = file.read(columns=[*columns, *extra])
        return table.to_pandas(split_blocks=True)  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing; the run did not finish or was moved") from None
    except EvidenceError:
        raise
    except (pa.ArrowException, OSError, ValueError) as cause:
        raise EvidenceError(f"{path} cannot be read as Parquet: {cause}") from cause


def _json(path: Path, kind: type) -> Any:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing; the run did not finish or was moved") from None
    except ValueError as cause:
        raise EvidenceError(f"{path} is not JSON: {cause}") from cause
    if not isinstance(value, kind):
        raise EvidenceError(
            f"{path} holds a {type(value).__name__}; a {kind.__name__} is needed there"
        )
    return value
