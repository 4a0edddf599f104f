"""One square of the benchmark: a model variant on a dataset, target, task, horizon and fold."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias

from blake3 import blake3

__all__ = ["JSON", "Cell", "Value", "cell_seed"]

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
Value: TypeAlias = "JSON | Path"  # a file counts by its content, so it is told apart from text


@dataclass(frozen=True, slots=True)
class Cell:
    """What one forecast evaluation is, apart from the content of its data.

    Parameters
    ----------
    parameters : tuple of (name, value) pairs
        What the experiment says about the model, sorted by name; defaults are not repeated here.
    seed : int
        Follows from the other axes but not from the parameters, so that variants of a model
        share their random numbers.
    """

    dataset: str
    target: str
    task: str
    horizon: int
    fold: int
    model: str
    variant: str
    parameters: tuple[tuple[str, JSON], ...]
    seed: int

    @property
    def id(self) -> str:
        """Digest of all fields, 16 hexadecimal digits: equal cells, equal names."""
        return blake3(_canonical(self.axes).encode()).hexdigest(length=8)

    @property
    def slug(self) -> str:
        """Name for people and for files: ``weather.temp_JFK.binary.h24.f0.xgboost``."""
        parts = (
            self.dataset,
            self.target,
            self.task,
            f"h{self.horizon}",
            f"f{self.fold}",
            self.variant,
        )
        slug = ".".join(_UNSAFE.sub("_", part).strip("_") or "_" for part in parts)
        # Different cells may fold to one text once cut or cleaned; the digest keeps them apart.
        return slug if len(slug) <= 120 else f"{slug[:103]}-{self.id}"

    @property
    def axes(self) -> Mapping[str, JSON]:
        """All fields by name, as JSON values."""
        values: dict[str, JSON] = {f.name: getattr(self, f.name) for f in fields(self)}
        values["parameters"] = dict(self.parameters)
        return values


def cell_seed(
    seed: int, *, dataset: str, target: str, task: str, horizon: int, fold: int, model: str
) -> int:
    """Return the random seed of a cell: 31 bits, the same on every machine.

    Examples
    --------
    >>> cell_seed(2013, dataset="weather", target="temp_JFK", task="binary", horizon=24, fold=0,
    ...           model="xgboost")
    722937627
    """
    text = _canonical([seed, dataset, target, task, horizon, fold, model])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 33


_UNSAFE = re.compile(r"[^\w=,+-]+")
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
