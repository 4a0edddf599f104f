"""Datasets: each module gives `series` and `season_length`."""

__all__ = ["available"]


def available() -> tuple[str, ...]:
    """Names of the datasets that come with the package; `table` reads a file of one's own.

    Examples
    --------
    >>> available()
    ('weather', 'fx', 'table')
    """
    return ("weather", "fx", "table")
