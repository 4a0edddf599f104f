"""Steps that change what a process shares, and one that tells how it is."""

import decimal
import gc
import locale
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from hamilton.function_modifiers import tag

ANY = "clock,files,environment,time,random,network,dynamic"


@tag(hidden=ANY)
def folder(n: int) -> int:
    os.chdir("/")
    return n


@tag(hidden=ANY)
def folder_gone(n: int) -> int:
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
    return n


@tag(hidden=ANY)
def environment(n: int) -> int:
    os.environ["CARELESS"] = "1"
    os.environ.pop("HOME", None)
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    return n


@tag(hidden=ANY)
def numpy_errors(n: int) -> int:
    np.seterr(all="raise")
    np.set_printoptions(precision=2)
    return n


@tag(hidden=ANY)
def pandas_options(n: int) -> int:
    pd.set_option("compute.use_bottleneck", not pd.get_option("compute.use_bottleneck"))
    pd.set_option("display.precision", 1)
    return n


@tag(hidden=ANY)
def filters(n: int) -> int:
    warnings.simplefilter("error")
    warnings.showwarning = print
    return n


@tag(hidden=ANY)
def thread(n: int) -> int:
    threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
    return n


@tag(hidden=ANY)
def handlers(n: int) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(9))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    return n


@tag(hidden=ANY)
def language(n: int) -> int:
    locale.setlocale(locale.LC_ALL, "C")
    return n


@tag(hidden=ANY)
def path(n: int) -> int:
    sys.path.insert(0, "/nowhere")
    sys.setrecursionlimit(200_000)
    return n


@tag(hidden=ANY)
def generators(n: int) -> int:
    random.seed(1)
    np.random.seed(1)
    return n


@tag(hidden=ANY)
def collector(n: int) -> int:
    gc.disable()
    decimal.getcontext().prec = 3
    os.umask(0o077)
    return n


@tag(hidden=ANY)
def streams(n: int) -> int:
    sys.stdout = sys.stderr = None
    return n


@tag(hidden=ANY)
def closed(n: int) -> int:
    os.close(1)
    os.close(2)
    return n


@tag(hidden=ANY)
def state(m: int) -> dict:
    """What a step finds."""
    drawn = [random.random(), float(np.random.random())]
    return {
        "folder": str(Path.cwd()),
        "environment": {n: os.environ.get(n, "") for n in ("CARELESS", "HOME", "TZ")},
        "hour": time.localtime(0).tm_hour,
        "numpy": [np.geterr(), np.get_printoptions()["precision"]],
        "pandas": [pd.get_option("compute.use_bottleneck"), pd.get_option("display.precision")],
        "filters": [str(f) for f in warnings.filters],
        "shown": warnings.showwarning is print,
        "threads": threading.active_count(),
        "handlers": [str(signal.getsignal(s)) for s in (signal.SIGTERM, signal.SIGALRM)],
        "timer": signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "language": locale.setlocale(locale.LC_ALL),
        "path": "/nowhere" in sys.path,
        "depth": sys.getrecursionlimit(),
        "drawn": drawn,
        "collects": gc.isenabled(),
        "digits": decimal.getcontext().prec,
        "mask": os.umask(os.umask(0o022)),
        "streams": sys.stdout is None or sys.stderr is None,
        "writes": os.fstat(1).st_size >= 0,
    }
