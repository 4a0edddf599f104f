"""From a long table of scores, one row each, to one row per block and one column per model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stats.errors import ScoresError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["wide"]


def wide(table: pd.DataFrame, *, blocks: str, models: str, scores: str) -> pd.DataFrame:
    """One row per block and one column per model, in order of first appearance.

    Raises
    ------
    ScoresError : a column is missing, or a block has several scores of one model

    Examples
    --------
    >>> import pandas as pd
    >>> long = pd.DataFrame({"data": ["x", "x"], "method": ["b", "a"], "mae": [2.0, 1.0]})
    >>> wide(long, blocks="data", models="method", scores="mae").to_dict("list")
    {'b': [2.0], 'a': [1.0]}
    """
    for role, name in (("blocks", blocks), ("models", models), ("scores", scores)):
        if name not in table.columns:
            known = ", ".join(map(str, table.columns))
            raise ScoresError(f"{role}={name!r} is no column of the table; columns are {known}")
    for name in (blocks, models):
        if table[name].isna().any():
            raise ScoresError(f"column {name!r} has empty rows; every score needs its {name}")
    twice = table.duplicated([blocks, models])
    if twice.any():
        row = table[twice].iloc[0]
        raise ScoresError(
            f"block {row[blocks]!r} has several scores of model {row[models]!r}; average folds and "
            "seeds first, for example with frame.groupby([blocks, models]).mean()"
        )
    found = table.pivot(index=blocks, columns=models, values=scores)
    return found.reindex(index=table[blocks].unique(), columns=table[models].unique())
