"""A model that goes wrong in the way it is told to."""

import ctypes
import os
import signal
import sys
import time

import pandas as pd
from hamilton.function_modifiers import tag

TASKS = ("continuous",)


@tag(hidden="clock,files,environment,dynamic,network,random")
def mood(base: pd.DataFrame, fold: int, how: str = "fine") -> float:
    """Behaves as told in the first fold, and well in the others."""
    print(f"about to be {how}")
    if fold or how == "fine":
        return 0.5
    if how == "raise":
        raise ValueError("the matrix is singular")
    if how == "unprintable":
        raise _Unprintable
    if how == "unpicklable":
        raise _Unpicklable(lambda: None)
    if how == "segfault":
        ctypes.string_at(0)
    if how == "abort":
        os.abort()
    if how == "kill":
        signal.raise_signal(signal.SIGKILL)
    if how == "exit":
        sys.exit(3)
    if how == "hard exit":
        os._exit(0)
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "deep":
        return _deeper(0)
    if how == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            ctypes.PyDLL(None).pause()
    if how == "grow":
        held = []
        while True:
            held.append(bytearray(b"\xff" * (1 << 26)))
            time.sleep(0.001)
    if how == "too much":
        return float(len(bytearray(1 << 60)))
    if how == "secret":
        raise RuntimeError(f"cannot log in with {os.environ['CROSSFOLD_TEST_TOKEN']}")
    if how == "loud":
        for _ in range(2000):
            print("x" * 10_000)
    if how == "noise":
        os.write(1, bytes(range(256)) * 100)
        os.write(2, b"\x00" * 1000)
    if how == "eat input":
        return float(len(sys.stdin.read())) + 0.5
    return 0.5


class _Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class _Unpicklable(Exception):
    def __init__(self, held: object) -> None:
        super().__init__("holds a function")
        self.held = held


def _deeper(depth: int) -> float:
    return _deeper(depth + 1) + 1


def prediction(mood: float, base: pd.DataFrame, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    drifted = base["z_now"] * mood
    return pd.DataFrame({"y_pred": drifted.loc[test_origins].to_numpy()}, index=test_origins)
