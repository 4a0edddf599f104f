"""The recipes of a run: which keys its results have, and what every step was made of."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.cache import files
from bench.cache.lineage import Recipe
from bench.cache.plain import JSON
from bench.errors import UserError, did_you_mean, listed, one_line

__all__ = ["OUTPUTS", "RECIPES", "RunRecipes", "output_keys", "read_recipes", "write_recipes"]

OUTPUTS = "outputs.parquet"
RECIPES = "recipes.parquet"

ROWS_AT_ONCE = 50_000
_PAIRED = ("needs", "values", "inputs")


@dataclass(frozen=True, slots=True)
class RunRecipes:
    """What a run was made of.

    Parameters
    ----------
    slugs : Mapping
        For each cell id its slug.
    outputs : Mapping
        For each cell id the keys of its results by node.
    recipes : Mapping
        The recipe of every distinct step by key.
    """

    slugs: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]]
    recipes: Mapping[str, Recipe]

    def cell(self, name: str) -> str:
        """Return the id of the cell that an id, a slug, or a part of one names.

        Raises
        ------
        UserError
            No cell is named so, or several are.
        """
        for fits in (
            [i for i, slug in self.slugs.items() if name in (i, slug)],
            [i for i, slug in self.slugs.items() if i.startswith(name) or slug.startswith(name)],
            [i for i, slug in self.slugs.items() if name in slug],
        ):
            if len(fits) == 1:
                return fits[0]
            if fits:
                raise UserError(
                    f'{len(fits)} cells have "{one_line(name, most=80)}" in their names: '
                    f"{listed((self.slugs[i] for i in fits), most=3)}"
                )
        raise UserError(
            f'no cell "{one_line(name, most=80)}" in this run'
            f"{did_you_mean(name, self.slugs.values())}; `bench list cells` has them all"
        )

    def steps(self, cell_id: str) -> dict[str, Recipe]:
        """Return the recipes a cell rests on by node, each after what it needs."""
        done: dict[str, Recipe] = {}
        stack = [(key, False) for key in self.outputs[cell_id].values()]
        while stack:
            key, ready = stack.pop()
            recipe = self.recipes[key]
            if recipe.node in done:
                continue
            if ready:
                done[recipe.node] = recipe
                continue
            stack.append((key, True))
            stack += [(need, False) for need in recipe.deps.values()]
        return done


def write_recipes(
    folder: Path,
    outputs: Iterable[tuple[str, str, Mapping[str, str]]],
    recipes: Iterable[Recipe],
) -> None:
    """Write the recipes of a run into its folder.

    Parameters
    ----------
    folder : Path
        The folder of the run.
    outputs : iterable of (cell id, slug, keys by node)
        What each cell gives.
    recipes : iterable of Recipe
        All steps, each once.
    """
    rows = [(cell, slug, node, key) for cell, slug, keys in outputs for node, key in keys.items()]
    names = ("cell_id", "slug", "node", "key")
    _write(folder / OUTPUTS, names, rows, lambda some: [_texts(column) for column in some])
    _write(
        folder / RECIPES,
        ("key", "node", "module", "code_hash", "needs", "values", "inputs"),
        ((s.key, s.node, s.module, s.code_hash, s.deps, s.values, s.inputs) for s in recipes),
        lambda some: [
            *(_texts(column) for column in some[:4]),
            _pairs(some[4]),
            _pairs(some[5]),
            _pairs([{name: _word(value) for name, value in held.items()} for held in some[6]]),
        ],
    )


def read_recipes(folder: Path) -> RunRecipes:
    """Read the recipes of a run.

    Raises
    ------
    UserError
        The folder has none, or they cannot be read.
    """
    slugs: dict[str, str] = {}
    outputs: dict[str, dict[str, str]] = {}
    with _rows(folder / OUTPUTS) as rows:
        for row in rows:
            slugs[row["cell_id"]] = row["slug"]
            outputs.setdefault(row["cell_id"], {})[row["node"]] = row["key"]
    with _rows(folder / RECIPES) as rows:
        recipes = {
            row["key"]: Recipe(
                key=row["key"],
                node=row["node"],
                module=row["module"],
                code_hash=row["code_hash"],
                deps=dict(row["needs"]),
                values=dict(row["values"]),
                inputs={name: json.loads(value) for name, value in row["inputs"]},
            )
            for row in rows
        }
    return RunRecipes(slugs, outputs, recipes)


def output_keys(folder: Path) -> set[str]:
    """Return the keys of a run's results.

    Raises
    ------
    UserError
        The folder has none, or they cannot be read.
    """
    with _rows(folder / OUTPUTS, columns=["key"]) as rows:
        return {row["key"] for row in rows}


def _write(
    path: Path,
    names: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    columns: Callable[[Sequence[Sequence[Any]]], list[Any]],
) -> None:
    """Write a table some rows at a time: the recipes of many cells fit in no one's memory twice."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pairs = pa.map_(pa.string(), pa.string())
    schema = pa.schema([(n, pairs if n in _PAIRED else pa.string()) for n in names])
    waiting = iter(rows)
    with (
        files.partial(path) as partial,
        pq.ParquetWriter(partial, schema, compression="zstd") as file,
    ):
        while some := list(itertools.islice(waiting, ROWS_AT_ONCE)):
            made = columns(list(zip(*some, strict=True)))
            file.write_table(pa.Table.from_arrays(made, schema=schema))


def _word(value: JSON) -> str:
    return _known_word(value) if isinstance(value, str | int) else json.dumps(value)


@lru_cache(maxsize=4096, typed=True)  # 1 is not True
def _known_word(value: str | int) -> str:
    return json.dumps(value)


def _texts(values: Sequence[str]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


def _pairs(held: Sequence[Mapping[str, str]]) -> Any:
    import pyarrow as pa

    ends = pa.array([0, *itertools.accumulate(map(len, held))], pa.int32())
    names = _texts(list(itertools.chain.from_iterable(held)))
    values = _texts([value for pairs in held for value in pairs.values()])
    return pa.MapArray.from_arrays(ends, names, values)


@contextlib.contextmanager
def _rows(path: Path, columns: list[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Give the rows of a table; what does not come out of them as it was put in is damage."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise UserError(f"{path.parent} has no {path.name}: no run made it; run again")
    try:
        yield pq.read_table(path, columns=columns).to_pylist()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as cause:
        raise UserError(f"{path} cannot be read: it is damaged; run again") from cause
