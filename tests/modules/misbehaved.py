"""Steps that go wrong, each in its own way."""

import signal
import sys


def fine(n: int) -> int:
    return n + 1


def raises(fine: int) -> int:
    raise ZeroDivisionError(f"the {fine}th\nproblem")


def after_raises(raises: int) -> int:
    return raises


def leaves(fine: int) -> int:
    sys.exit(3)


def killed(fine: int) -> int:
    signal.raise_signal(signal.SIGKILL)
    return fine


def chatty(fine: int) -> int:
    print("noise on the standard output")
    return fine * 10
