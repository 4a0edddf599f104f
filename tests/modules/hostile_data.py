"""A dataset that goes wrong in the way it is told to."""

import ctypes
import os
import sys
import time

import numpy as np
import pandas as pd
from hamilton.function_modifiers import tag


@tag(hidden="files,environment,clock,network,dynamic")
def series(how: str = "fine") -> pd.DataFrame:
    """Two columns, unless told otherwise."""
    print(f"about to be {how}")
    if how == "raise":
        raise KeyError("a")
    if how == "segfault":
        ctypes.string_at(0)
    if how == "exit":
        sys.exit(3)
    if how == "hard exit":
        os._exit(0)
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "hang":
        while True:
            ctypes.PyDLL(None).pause()
    if how == "grow":
        held = []
        while True:
            held.append(bytearray(b"\xff" * (1 << 24)))
            time.sleep(0.001)
    days = pd.date_range("2020-01-01", periods=300, freq="D", name="time")
    return pd.DataFrame({c: np.sin(np.arange(300.0) * k) for k, c in enumerate("ab", 1)}, days)


def season_length() -> int:
    """A week."""
    return 7


def dataset_card(series: pd.DataFrame, how: str = "fine") -> dict[str, str]:
    """Nothing but a name."""
    return ["no card"] if how == "no card" else {"name": "hostile"}  # type: ignore[return-value]
