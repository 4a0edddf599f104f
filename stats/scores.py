"""Tables that tests compare: rows are blocks or times, columns are models."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stats.errors import LossesError, OptionError, ScoresError, ScoresTypeError, StatsError, choice

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MISSING",
    "Blocks",
    "BoolArray",
    "FloatArray",
    "IntArray",
    "Losses",
    "LossesLike",
    "Scores",
    "ScoresLike",
    "label_text",
    "mid_ranks",
    "row_text",
    "tie_sums",
]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
Blocks: TypeAlias = str | Iterable[Hashable] | None

MISSING = ("raise", "drop_blocks", "impute_baseline")
"""What can be done with a hole before a test that needs complete blocks."""


def _frozen(values: FloatArray) -> FloatArray:
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.flags.writeable:
        values = values.copy()
        values.setflags(write=False)
    return values


def mid_ranks(values: FloatArray) -> FloatArray:
    """Ranks within each row, 1 = smallest, ties share their mean rank.

    Examples
    --------
    >>> mid_ranks(np.array([[0.2, 0.1, 0.2]]))
    array([[2.5, 1. , 2.5]])
    """
    n_rows, n_columns = values.shape
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    # A run starts wherever the sorted value changes; rows never share a run.
    starts = np.ones((n_rows, n_columns), dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    length = np.diff(np.append(first, n_rows * n_columns))
    rank = (first % n_columns) + (length + 1) / 2.0
    ranks = np.empty((n_rows, n_columns))
    np.put_along_axis(ranks, order, np.repeat(rank, length).reshape(n_rows, n_columns), axis=1)
    return ranks


def tie_sums(values: FloatArray) -> FloatArray:
    """Sum of t^3 - t over the tied runs of each row, shape (n_rows,)."""
    n_rows, n_columns = values.shape
    ordered = np.sort(values, axis=1)
    starts = np.ones((n_rows, n_columns), dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    length = np.diff(np.append(first, n_rows * n_columns)).astype(np.float64)
    sums = np.bincount(first // n_columns, weights=length**3 - length, minlength=n_rows)
    return sums.astype(np.float64)


def _is_frame(table: object) -> bool:
    return hasattr(table, "columns") and hasattr(table, "index") and hasattr(table, "to_numpy")


def _is_series(column: object) -> bool:
    return hasattr(column, "index") and hasattr(column, "to_numpy") and hasattr(column, "dtype")


def label_text(name: object) -> str:
    if isinstance(name, tuple):
        return " / ".join(str(part) for part in name)
    return str(name)


def row_text(label: object) -> str:
    """A row's label in a message: quoted if it is text, a bare number otherwise."""
    if isinstance(label, tuple):
        return repr(label_text(label))
    return repr(label.item() if isinstance(label, np.generic) else label)


def _check_names(names: Sequence[str], what: str, error: type[StatsError]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise error(
                f"two {what} are named {name!r}; names must differ, so rename or drop one of them"
            )
        seen.add(name)


def _from_mapping(table: Mapping[Any, Any], error: type[StatsError]) -> tuple[Any, list[str], Any]:
    names = [label_text(name) for name in table]
    columns = list(table.values())
    if not columns:
        raise error("the mapping holds no models; give one sequence of scores per model name")
    index: Any = None
    arrays = []
    for name, column in zip(names, columns, strict=True):
        if _is_series(column):
            if index is None:
                index = column.index
            elif not index.equals(column.index):
                raise error(
                    f"the index of {name!r} differs from that of {names[0]!r}; scores are "
                    "paired by row, so align them first (for example with pandas.concat(axis=1))"
                )
        array = np.asarray(column)
        if array.ndim != 1:
            raise error(f"{name!r} has {array.ndim} dimensions; each model needs one sequence")
        arrays.append(array)
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        told = ", ".join(f"{n}: {len(a)}" for n, a in zip(names, arrays, strict=True))
        raise error(f"models have different numbers of rows ({told}); scores must be paired")
    for name, array in zip(names, arrays, strict=True):
        if array.dtype.kind not in "biuf":
            raise ScoresTypeError(
                f"scores of {name!r} have dtype {array.dtype}; numbers are needed, "
                "so convert or drop them"
            )
    return np.column_stack([a.astype(np.float64) for a in arrays]), names, index


def _numbers(table: Any, error: type[StatsError]) -> tuple[FloatArray, list[str] | None, Any]:
    """Values, model names and row index of whatever the caller has."""
    if isinstance(table, Mapping):
        return _from_mapping(table, error)
    if _is_frame(table):
        for name, dtype in zip(table.columns, table.dtypes, strict=True):
            if getattr(dtype, "kind", "O") not in "biuf":
                raise ScoresTypeError(
                    f"column {label_text(name)!r} has dtype {dtype}; every column must be a model "
                    "with numbers, so set the names of blocks as index (frame.set_index) or drop it"
                )
        values = table.to_numpy(dtype=np.float64, na_value=np.nan)
        return values, [label_text(name) for name in table.columns], table.index
    if _is_series(table):
        raise ScoresTypeError(
            "a Series holds one model; give a DataFrame with one column per model"
        )
    if isinstance(table, str) or not isinstance(table, (np.ndarray, Sequence)):
        raise ScoresTypeError(
            f"a table of numbers is needed (DataFrame, ndarray, nested list or mapping of model "
            f"names to sequences); got {type(table).__name__}"
        )
    try:
        array = np.asarray(table)
    except ValueError as cause:
        raise error(f"rows have different lengths: {cause}") from cause
    if isinstance(table, np.ma.MaskedArray) and array.dtype.kind in "biuf":
        array = np.where(np.ma.getmaskarray(table), np.nan, array.astype(np.float64))
    if array.dtype.kind not in "biuf":
        raise ScoresTypeError(
            f"the array has dtype {array.dtype}; numbers are needed (floats, integers or booleans)"
        )
    return array.astype(np.float64), None, None


def _check_finite(
    values: FloatArray, rows: Sequence[object], models: Sequence[str], error: type[StatsError]
) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        where = np.argwhere(infinite)[0]
        raise error(
            f"row {row_text(rows[where[0]])}, model {models[where[1]]!r} is "
            f"{values[tuple(where)]}; scores must be finite: give nan for a missing cell and say "
            "missing=, or compare ranks of a bounded metric"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Scores of models on blocks, with names and orientation.

    Parameters
    ----------
    values : ndarray, shape (n_blocks, n_models)
        nan marks a missing cell.
    models : tuple of str
        One name per column.
    blocks : tuple of hashable
        One label per row.
    higher_is_better : bool
        False (the default) for losses and errors.
    notes : tuple of str
        What was done to the table on its way here; results repeat it.

    Examples
    --------
    >>> scores = Scores.of({"naive": [1.0, 1.2, 0.9], "linear": [0.8, 1.1, 0.7]})
    >>> scores.models, scores.n_blocks
    (('naive', 'linear'), 3)
    """

    values: FloatArray
    models: tuple[str, ...]
    blocks: tuple[Hashable, ...]
    higher_is_better: bool = False
    notes: tuple[str, ...] = ()
    # True when the caller named the blocks or said that rows are independent.
    declared: bool = field(default=False)

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.dtype.kind not in "biuf":
            raise ScoresTypeError(f"scores have dtype {values.dtype}; numbers are needed")
        if values.ndim != 2:
            raise ScoresError(
                f"scores need 2 dimensions (n_blocks, n_models), got {values.ndim}; "
                "for losses over time and horizons use stats.Losses"
            )
        object.__setattr__(self, "values", _frozen(values))
        object.__setattr__(self, "models", tuple(str(m) for m in self.models))
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if values.shape != (len(self.blocks), len(self.models)):
            raise ScoresError(
                f"scores of shape {values.shape} do not fit {len(self.blocks)} blocks x "
                f"{len(self.models)} models"
            )
        _check_names(self.models, "models", ScoresError)
        _check_finite(self.values, self.blocks, self.models, ScoresError)

    @classmethod
    def of(
        cls,
        scores: ScoresLike,
        *,
        higher_is_better: bool | None = None,
        blocks: str | Iterable[Hashable] | None = None,
    ) -> Scores:
        """Scores from a DataFrame, an array, a nested list or a mapping of columns.

        Parameters
        ----------
        scores : Scores, DataFrame, ndarray or mapping
            Rows are blocks, columns are models; the orientation is never guessed.
        higher_is_better : bool, optional
            Left out, a `Scores` keeps its own and anything else counts as losses.
        blocks : "rows", a level name, or one label per row, optional
            "rows" declares every row an independent block. Labels (or the name of a level of
            the index) say which block a row belongs to: rows of one block are averaged.
        """
        if isinstance(scores, Scores):
            table = scores
            if higher_is_better is not None and higher_is_better != scores.higher_is_better:
                raise OptionError(
                    f"these Scores say higher_is_better={scores.higher_is_better}, the call says "
                    f"{higher_is_better}; leave it out of the call"
                )
            index: Any = None
        else:
            values, names, index = _numbers(scores, ScoresError)
            if values.ndim != 2:
                raise ScoresError(
                    f"scores need 2 dimensions (n_blocks, n_models), got {values.ndim}; give one "
                    "row per block and one column per model (a pair is two columns)"
                )
            table = cls(
                values=values,
                models=tuple(names if names is not None else _numbered("m", values.shape[1])),
                blocks=tuple(index if index is not None else range(values.shape[0])),
                higher_is_better=bool(higher_is_better),
            )
        return table if blocks is None else table._blocked(blocks, index)

    def _blocked(self, blocks: str | Iterable[Hashable], index: Any) -> Scores:
        if isinstance(blocks, str):
            if blocks == "rows":
                return self._with(declared=True)
            levels = list(getattr(index, "names", None) or [])
            if blocks not in levels:
                known = ", ".join(repr(n) for n in levels if n is not None) or "none"
                raise OptionError(
                    f"blocks={blocks!r} is neither 'rows' nor a level of the index (levels: "
                    f"{known}); give 'rows', a level, or one label per row"
                )
            labels = list(index.get_level_values(blocks))
        else:
            labels = list(blocks)
        if len(labels) != self.n_blocks:
            raise ScoresError(
                f"blocks has {len(labels)} labels for {self.n_blocks} rows; give one per row"
            )
        position: dict[Hashable, int] = {}
        code = np.array([position.setdefault(label, len(position)) for label in labels])
        if len(position) == self.n_blocks:
            return self._with(blocks=tuple(position), declared=True)
        rows = np.bincount(code, minlength=len(position)).astype(np.float64)
        by_block = np.argsort(code, kind="stable")
        ends = np.cumsum(rows).astype(np.int64)
        # Exact sums: models with the same scores in another order of rows must tie, which a
        # running sum does not grant. A hole in one row makes the block's mean a hole: never a
        # mean over fewer rows.
        total = np.array(
            [
                [math.fsum(column) for column in self.values[by_block[start:end]].T.tolist()]
                for start, end in zip(np.r_[0, ends[:-1]], ends, strict=True)
            ]
        )
        note = (
            f"{self.n_blocks} rows were averaged to {len(position)} blocks "
            f"({rows.min():.0f} to {rows.max():.0f} rows a block)"
        )
        return self._with(
            values=total / rows[:, None],
            blocks=tuple(position),
            declared=True,
            notes=(*self.notes, note),
        )

    def _with(self, **changes: Any) -> Scores:
        state = {
            "values": self.values,
            "models": self.models,
            "blocks": self.blocks,
            "higher_is_better": self.higher_is_better,
            "notes": self.notes,
            "declared": self.declared,
        }
        return Scores(**{**state, **changes})

    @property
    def n_blocks(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def n_models(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    def oriented(self) -> FloatArray:
        """Values with lower = better, shape (n_blocks, n_models)."""
        return -self.values if self.higher_is_better else self.values

    def ranks(self) -> FloatArray:
        """Mid-ranks within blocks, 1 = best, shape (n_blocks, n_models)."""
        if np.isnan(self.values).any():
            raise ScoresError(
                "ranks need complete blocks; call complete(missing=...) first, or use "
                "stats.skillings_mack"
            )
        return mid_ranks(self.oriented())

    def select(self, models: Iterable[str]) -> Scores:
        """The same blocks with only these models, in this order."""
        chosen = [self.column(model) for model in models]
        return self._with(
            values=self.values[:, chosen], models=tuple(self.models[c] for c in chosen)
        )

    def column(self, model: str) -> int:
        """Position of a model, or an error that lists near names."""
        try:
            return self.models.index(model)
        except ValueError:
            shown = ", ".join(self.models[:8]) + (", ..." if self.n_models > 8 else "")
            raise OptionError(f"no model is named {model!r}; models are {shown}") from None

    def complete(self, missing: str = "raise", *, baseline: str | None = None) -> Scores:
        """Scores without holes, by a policy that is always said aloud.

        Parameters
        ----------
        missing : {"raise", "drop_blocks", "impute_baseline"}
            Stop, leave out blocks with a hole, or put the baseline's score into the hole.
        baseline : str, optional
            The model whose score fills a hole; needed by "impute_baseline".
        """
        choice(missing, MISSING, name="missing")
        if (missing == "impute_baseline") != (baseline is not None):
            raise OptionError(
                "baseline= names the model whose score fills a hole: give it with "
                f"missing='impute_baseline' and only then; got missing={missing!r}, "
                f"baseline={baseline!r}"
            )
        holes = np.isnan(self.values)
        if not holes.any():
            return self
        row, model = np.argwhere(holes)[0]
        if missing == "raise":
            raise ScoresError(
                f"{holes.sum()} of {holes.size} cells are missing, first block "
                f"{row_text(self.blocks[row])}, model {self.models[model]!r}; say "
                "missing='drop_blocks' or missing='impute_baseline', or use stats.skillings_mack"
            )
        if missing == "drop_blocks":
            keep = np.flatnonzero(~holes.any(axis=1))
            left_out = self.n_blocks - keep.size
            note = f"{left_out} of {self.n_blocks} blocks left out: a cell was missing"
            return self._with(
                values=self.values[keep],
                blocks=tuple(self.blocks[row] for row in keep),
                notes=(*self.notes, note),
            )
        assert baseline is not None
        source = self.column(baseline)
        if holes[:, source].any():
            at = self.blocks[int(np.flatnonzero(holes[:, source])[0])]
            raise ScoresError(
                f"the baseline {baseline!r} has a hole itself in block {row_text(at)}; choose "
                "a baseline without holes or missing='drop_blocks'"
            )
        note = f"{holes.sum()} of {holes.size} cells took the score of {baseline}"
        filled = np.where(holes, self.values[:, [source]], self.values)
        return self._with(values=filled, notes=(*self.notes, note))

    def require(
        self, caller: str, *, models: int = 2, blocks: int = 2, instead: str = ""
    ) -> Scores:
        """These scores if they are enough for `caller`, else an error that says what is."""
        hint = f"; {instead}" if instead else ""
        if self.n_models < models:
            raise ScoresError(
                f"{caller} compares at least {models} models (columns), got {self.n_models}{hint}"
            )
        if self.n_blocks < blocks:
            raise ScoresError(
                f"{caller} needs at least {blocks} blocks (rows), got {self.n_blocks}"
            )
        return self

    def to_frame(self) -> pd.DataFrame:
        """The table as a DataFrame; pandas is imported here."""
        import pandas as pd

        if self.blocks and all(isinstance(b, tuple) for b in self.blocks):
            index: pd.Index = pd.MultiIndex.from_tuples(
                [b for b in self.blocks if isinstance(b, tuple)]
            )
        else:
            index = pd.Index(list(self.blocks))
        return pd.DataFrame(self.values.copy(), index=index, columns=list(self.models))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scores):
            return NotImplemented
        return (
            (self.models, self.blocks, self.higher_is_better)
            == (other.models, other.blocks, other.higher_is_better)
            and self.values.shape == other.values.shape
            and bool(np.array_equal(self.values, other.values, equal_nan=True))
        )

    def __hash__(self) -> int:
        return hash((self.models, self.blocks, self.higher_is_better))

    def __repr__(self) -> str:
        better = "higher" if self.higher_is_better else "lower"
        return f"Scores({self.n_blocks} blocks x {self.n_models} models, {better} is better)"

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Pickle and copy bring arrays back writeable.
        state = {**state, "values": _frozen(state["values"])}
        self.__dict__.update(state)


@dataclass(frozen=True, eq=False, repr=False)
class Losses:
    """Losses of models over time, lower is better, with names.

    Parameters
    ----------
    values : ndarray, shape (n_times, n_models) or (n_times, n_models, n_horizons)
        nan marks a missing loss.
    models : tuple of str
        One name per column.
    times : tuple of hashable
        One label per row, strictly increasing.
    horizons : tuple of int
        One per slice of the third axis; empty for a two-dimensional table.

    Examples
    --------
    >>> losses = Losses.of(np.ones((5, 2)))
    >>> losses.n_times, losses.n_models, losses.horizons
    (5, 2, ())
    """

    values: FloatArray
    models: tuple[str, ...]
    times: tuple[Any, ...]
    horizons: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.dtype.kind not in "biuf":
            raise ScoresTypeError(f"losses have dtype {values.dtype}; numbers are needed")
        if values.ndim not in (2, 3):
            raise LossesError(
                f"losses need 2 dimensions (n_times, n_models) or 3 (.., n_horizons), "
                f"got {values.ndim}"
            )
        object.__setattr__(self, "values", _frozen(values))
        object.__setattr__(self, "models", tuple(str(m) for m in self.models))
        object.__setattr__(self, "times", tuple(self.times))
        object.__setattr__(self, "horizons", tuple(int(h) for h in self.horizons))
        if values.shape[:2] != (len(self.times), len(self.models)):
            raise LossesError(
                f"losses of shape {values.shape} do not fit {len(self.times)} times x "
                f"{len(self.models)} models"
            )
        if (values.shape[2] if values.ndim == 3 else 0) != len(self.horizons):
            raise LossesError(
                f"losses of shape {values.shape} do not fit {len(self.horizons)} horizons"
            )
        _check_names(self.models, "models", LossesError)
        if values.ndim == 2:
            _check_finite(self.values, self.times, self.models, LossesError)
        elif np.isinf(self.values).any():
            t, m, h = np.argwhere(np.isinf(self.values))[0]
            raise LossesError(
                f"time {row_text(self.times[t])}, model {self.models[m]!r}, horizon "
                f"{self.horizons[h]} is {self.values[t, m, h]}; losses must be finite: give nan "
                "for a missing one and say missing="
            )
        self._check_times()

    def _check_times(self) -> None:
        for earlier, later in zip(self.times, self.times[1:], strict=False):
            if later == earlier:
                raise LossesError(
                    f"time {row_text(later)} occurs twice; one row per time is needed: average "
                    "or drop duplicates first"
                )
            if later < earlier:
                raise LossesError(
                    f"time {row_text(later)} comes after {row_text(earlier)}; variances "
                    "are estimated from neighbours in time, so sort the rows first "
                    "(frame.sort_index())"
                )

    @classmethod
    def of(cls, losses: LossesLike, *, horizons: Iterable[int] | None = None) -> Losses:
        """Losses from a DataFrame, an array, a nested list or a mapping of columns."""
        if isinstance(losses, Losses):
            return losses
        values, names, index = _numbers(losses, LossesError)
        if values.ndim not in (2, 3):
            raise LossesError(
                f"losses need 2 dimensions (n_times, n_models) or 3 (.., n_horizons), got "
                f"{values.ndim}; a pair is two columns"
            )
        n_horizons = values.shape[2] if values.ndim == 3 else 0
        if horizons is None:
            steps = tuple(range(1, n_horizons + 1))
        else:
            steps = tuple(horizons)
        return cls(
            values=values,
            models=tuple(names if names is not None else _numbered("m", values.shape[1])),
            times=tuple(index if index is not None else range(values.shape[0])),
            horizons=steps,
        )

    @property
    def n_times(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def n_models(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    @property
    def n_horizons(self) -> int:
        """Length of the third axis; 1 for a two-dimensional table."""
        return int(self.values.shape[2]) if self.values.ndim == 3 else 1

    def column(self, model: str) -> int:
        """Position of a model, or an error that lists the names."""
        try:
            return self.models.index(model)
        except ValueError:
            shown = ", ".join(self.models[:8]) + (", ..." if self.n_models > 8 else "")
            raise OptionError(f"no model is named {model!r}; models are {shown}") from None

    def to_frame(self) -> pd.DataFrame:
        """A two-dimensional table as a DataFrame; pandas is imported here."""
        import pandas as pd

        if self.values.ndim == 3:
            raise LossesError(
                f"a DataFrame has two dimensions, these losses have {self.n_horizons} horizons; "
                "take one slice of values"
            )
        return pd.DataFrame(
            self.values.copy(), index=pd.Index(list(self.times)), columns=list(self.models)
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Losses):
            return NotImplemented
        return (
            (self.models, self.times, self.horizons) == (other.models, other.times, other.horizons)
            and self.values.shape == other.values.shape
            and bool(np.array_equal(self.values, other.values, equal_nan=True))
        )

    def __hash__(self) -> int:
        return hash((self.models, self.times, self.horizons))

    def __repr__(self) -> str:
        horizons = f" x {self.n_horizons} horizons" if self.values.ndim == 3 else ""
        return f"Losses({self.n_times} times x {self.n_models} models{horizons})"

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Pickle and copy bring arrays back writeable.
        state = {**state, "values": _frozen(state["values"])}
        self.__dict__.update(state)


def _numbered(stem: str, count: int) -> list[str]:
    return [f"{stem}{i}" for i in range(count)]


ScoresLike: TypeAlias = "Scores | pd.DataFrame | NDArray[Any] | Sequence[Any] | Mapping[Any, Any]"
LossesLike: TypeAlias = "Losses | pd.DataFrame | NDArray[Any] | Sequence[Any] | Mapping[Any, Any]"
