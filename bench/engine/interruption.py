"""Ctrl-C: the first lets what runs finish, the second ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

__all__ = ["Interruption"]


class Interruption:
    """Listens for Ctrl-C for the time of the block.

    Parameters
    ----------
    kill : callable
        Ends what runs; called at the second Ctrl-C, before `KeyboardInterrupt` is raised.
    tell : callable (text)
        Called at the first.

    Attributes
    ----------
    asked : bool
        Whether no more work should begin.
    """

    def __init__(self, kill: Callable[[], None], tell: Callable[[str], None]) -> None:
        self.asked = False
        self._kill, self._tell = kill, tell
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            self._kill()
            raise KeyboardInterrupt
        self.asked = True
        self._tell("interrupted: what runs is finished and kept; Ctrl-C again stops at once")
