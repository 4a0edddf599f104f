"""Many stored frames read at once, one below the other.

A frame of some hundred rows costs a millisecond to make and microseconds to read: where thousands
are to be one table, those of one layout are put together before anything is made of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bench.cache.frames import ENTRY, column_from, frame_from, labels_from
from bench.cache.plain import JSON
from bench.errors import BenchError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Stack", "stacked"]

# Columns that are one Arrow array each, whose values stand alone: no categories, no pairs.
_ALONE = ({"numpy"}, {"zone", "unit"}, {"pandas"})


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames with the same columns, one below the other and with their indexes left out.

    Parameters
    ----------
    names : tuple of str
        Whose frames these are.
    rows : tuple of int
        The number of rows of each.
    frame : DataFrame
        All of them; read-only.
    """

    names: tuple[str, ...]
    rows: tuple[int, ...]
    frame: "pd.DataFrame"


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the files of like frames have in common."""

    labels: str
    columns: tuple[str, ...]


def stacked(buffers: Mapping[str, Any]) -> list[Stack]:
    """Return stored frames in as few stacks as their layouts allow, by first appearance.

    Parameters
    ----------
    buffers : mapping of name to buffer
        What `frame_bytes` returned for each.

    Raises
    ------
    BenchError
        One of them holds a series or an index.
    """
    import pyarrow as pa

    # By layout, or by name where a frame must be read alone.
    like: dict[_Layout | str, list[tuple[str, int, Any]]] = {}
    for name, buffer in buffers.items():
        reader = pa.ipc.open_file(pa.BufferReader(buffer))
        rows, layout = _layout(reader.schema.metadata[ENTRY])
        held = buffer if layout is None else reader.get_batch(0)
        like.setdefault(layout or name, []).append((name, rows, held))
    stacks = []
    for layout_or_name, members in like.items():
        names, lengths, parts = zip(*members, strict=True)
        if isinstance(layout_or_name, str):
            frame = _alone(layout_or_name, parts[0])
        else:
            frame = _together(layout_or_name, parts)
        stacks.append(Stack(names, lengths, frame))
    return stacks


def _alone(name: str, buffer: Any) -> "pd.DataFrame":
    import pandas as pd

    frame = frame_from(buffer)
    if not isinstance(frame, pd.DataFrame):
        raise BenchError(f"cell {name} gives a {type(frame).__name__} where a DataFrame belongs")
    return frame.reset_index(drop=True)


@lru_cache(maxsize=1024)
def _layout(entry: bytes) -> tuple[int, _Layout | None]:
    """Return rows and layout that a file's entry tells; no layout where it must be read alone."""
    about: dict[str, JSON] = json.loads(entry)
    columns = about.get("columns") or []
    plain = about["kind"] == "frame" and columns and all(set(c) in _ALONE for c in columns)
    if not plain or "attrs" in about or "unique" in about:
        return about["rows"], None
    labels = json.dumps(about["labels"], sort_keys=True)
    return about["rows"], _Layout(labels, tuple(json.dumps(c, sort_keys=True) for c in columns))


def _together(layout: _Layout, batches: Sequence[Any]) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow as pa

    held = {}
    for place, spec in enumerate(layout.columns):
        array = pa.concat_arrays([batch.column(place) for batch in batches])
        column = column_from(json.loads(spec), iter([array]))
        # Without its dtype told, pandas makes text of objects that are text.
        held[place] = pd.Series(column, dtype=column.dtype, copy=False)
    frame = pd.DataFrame(held, copy=False)
    frame.columns = labels_from(json.loads(layout.labels))
    return frame
