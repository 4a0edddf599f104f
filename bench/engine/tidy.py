"""The state of a process that steps share, put back so that no step sees what another left.

Python code reaches past its own function: the working directory, environment variables, handlers,
filters, modes of libraries. A step starts from the state in which its process started, whatever ran
there before; what cannot be put back ends the process instead.
"""

from __future__ import annotations

import contextlib
import copy
import decimal
import gc
import locale
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["State"]

_Restorer = Callable[[], None]

_HANDLED = [
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGUSR1", "SIGPIPE")
    if (number := getattr(signal, name, None)) is not None
]
_TINY = sys.float_info.min  # half of it is a number only where the processor keeps small ones
_HALF = sys.float_info.epsilon / 2  # added to 1, it is lost when rounding to the nearest


class State:
    """What the process is like now, to come back to later.

    Parameters
    ----------
    descriptors : sequence of int
        Files that must still be the same ones.
    """

    def __init__(self, descriptors: Sequence[int] = (1, 2)) -> None:
        self._files = [(d, _identity(d)) for d in descriptors]
        self._threads = threading.active_count()
        self._signals = _signals()
        self._restorers = (_system(), _python(), _numbers(), _torch(), _pandas())

    def restore(self) -> None:
        """Put back what can be, before each step."""
        for restorer in self._restorers:
            restorer()

    def settle(self) -> None:
        """Put back that, and how signals are taken, at the end of a piece of work."""
        self._signals()
        self.restore()

    def spoilt(self) -> bool:
        """Return whether something is left that cannot be put back."""
        return (
            threading.active_count() > self._threads
            or any(_identity(d) != known for d, known in self._files)
            or not (_TINY / 2 > 0.0 and 1.0 + _HALF == 1.0 and -1.0 - _HALF == -1.0)
        )


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _system() -> _Restorer:
    folder, variables = os.getcwd(), dict(os.environ)  # noqa: PTH109
    mask = os.umask(0o022)
    os.umask(mask)
    words = locale.setlocale(locale.LC_ALL)
    # The mapping inside compares in a fiftieth of the time that its decoded words take.
    inside: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    encoded = dict(inside)

    def restore() -> None:
        with contextlib.suppress(OSError):
            _folder_back(folder)
        if inside != encoded:
            for name in [n for n in os.environ if n not in variables]:
                del os.environ[name]
            os.environ.update(variables)
            if hasattr(time, "tzset"):
                time.tzset()
        os.umask(mask)
        if locale.setlocale(locale.LC_ALL) != words:
            locale.setlocale(locale.LC_ALL, words)

    return restore


def _signals() -> _Restorer:
    handlers = [(number, signal.getsignal(number)) for number in _HANDLED]

    def restore() -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handlers:
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return restore


def _folder_back(folder: str) -> None:
    try:
        moved = os.getcwd() != folder  # noqa: PTH109
    except FileNotFoundError:  # the step went into a folder and removed it
        moved = True
    if moved:
        os.chdir(folder)


def _python() -> _Restorer:
    streams = sys.stdin, sys.stdout, sys.stderr
    path, depth, interval = list(sys.path), sys.getrecursionlimit(), sys.getswitchinterval()
    filters, shown = list(warnings.filters), warnings.showwarning
    collects, thresholds = gc.isenabled(), gc.get_threshold()

    def restore() -> None:
        sys.stdin, sys.stdout, sys.stderr = streams
        if sys.path != path:
            sys.path[:] = path
        if sys.getrecursionlimit() != depth:
            sys.setrecursionlimit(depth)
        sys.setswitchinterval(interval)
        sys.settrace(None)
        sys.setprofile(None)
        if warnings.filters != filters or not isinstance(warnings.filters, list):
            warnings.simplefilter("default")  # tells the interpreter that filters changed
            warnings.filters = filters.copy()
        warnings.showwarning = shown
        if gc.get_threshold() != thresholds:
            gc.set_threshold(*thresholds)
        if gc.isenabled() != collects:
            (gc.enable if collects else gc.disable)()

    return restore


def _numbers() -> _Restorer:
    import numpy as np

    exact = decimal.getcontext().copy()
    errors, call = np.geterr(), np.geterrcall()
    shown = np.get_printoptions()

    def restore() -> None:
        decimal.setcontext(exact.copy())
        if np.geterr() != errors:
            np.seterr(**errors)
        if np.geterrcall() is not call:
            np.seterrcall(call)
        if np.get_printoptions() != shown:
            np.set_printoptions(**shown)

    return restore


def _torch() -> _Restorer:
    torch = sys.modules.get("torch")
    if torch is None:
        return _nothing
    kind, threads = torch.get_default_dtype(), torch.get_num_threads()
    device = torch.get_default_device()
    exact = torch.are_deterministic_algorithms_enabled()
    precision = torch.get_float32_matmul_precision()
    learns = torch.is_grad_enabled()

    def restore() -> None:
        if torch.get_default_dtype() != kind:
            torch.set_default_dtype(kind)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if torch.get_default_device() != device:
            torch.set_default_device(device)
        if torch.are_deterministic_algorithms_enabled() != exact:
            torch.use_deterministic_algorithms(exact)
        if torch.get_float32_matmul_precision() != precision:
            torch.set_float32_matmul_precision(precision)
        if torch.is_grad_enabled() != learns:
            torch.set_grad_enabled(learns)

    return restore


def _pandas() -> _Restorer:
    if "pandas" not in sys.modules:
        return _nothing
    try:
        from pandas._config.config import (  # type: ignore[attr-defined]
            _global_config as options,
        )
    except ImportError:  # it is not public: then its options are not looked after
        return _nothing
    known = copy.deepcopy(options)

    def restore() -> None:
        if options != known:
            options.clear()
            options.update(copy.deepcopy(known))

    return restore


def _nothing() -> None:
    """Restore nothing: the library is not loaded."""
