"""Tests on losses over time, ours beside arch and dieboldmariano on the same inputs.

Run with ``python -m benchmarks.forecasts``; peers that are not installed are named and left out.
Times of peers that go pair by pair are measured on some pairs and multiplied.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import stats

__all__ = ["COMPARISONS", "Comparison", "main"]


@dataclass(frozen=True)
class Comparison:
    """One piece of work done twice; `difference` is the largest one between the two answers."""

    work: str
    peer: str
    theirs: float
    ours: float
    difference: float

    @property
    def ratio(self) -> float:
        """How many times longer the peer takes."""
        return self.theirs / self.ours


def _seconds(call: Callable[[], object], *, repeat: int) -> float:
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return float(best)


def _losses(n: int, k: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.chisquare(1, size=(n, k)) + 3 * rng.chisquare(1, size=(n, 1))


def diebold_mariano_all_pairs(k: int, n: int) -> Iterator[Comparison]:
    """All pairs at horizon 12, against a loop over pairs that is correct."""
    losses = _losses(n, k)
    for variance, theirs in (("rect", "acf"), ("bartlett", "bartlett")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", stats.StatsWarning)
            result = stats.diebold_mariano(losses, horizon=12, variance=variance)
            ours = _seconds(
                lambda v=variance: stats.diebold_mariano(losses, horizon=12, variance=v), repeat=5
            )
        if importlib.util.find_spec("dieboldmariano") is None:
            continue
        from dieboldmariano import dm_test

        pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
        tried = pairs[:: max(1, len(pairs) // 60)]
        zero = [0.0] * n
        columns = {c: losses[:, c].tolist() for pair in tried for c in pair}
        start = time.perf_counter()
        answers = [
            dm_test(
                zero,
                columns[i],
                columns[j],
                loss=lambda _, loss: loss,
                h=12,
                variance_estimator=theirs,
            )[0]
            for i, j in tried
        ]
        seconds = (time.perf_counter() - start) * len(pairs) / len(tried)
        mine = np.array([result.statistic[pair] for pair in tried])
        yield Comparison(
            f"DM {variance}, {len(pairs)} pairs, T = {n}, h = 12",
            "dieboldmariano",
            seconds,
            ours,
            float(np.nanmax(np.abs(mine - answers))),
        )


def confidence_set(k: int, n: int) -> Iterator[Comparison]:
    """Both procedures, 1000 draws; the answers are compared on the same draws."""
    if importlib.util.find_spec("arch") is None:
        return
    from arch.bootstrap import MCS

    losses = _losses(n, k) * np.linspace(1, 1.3, k)
    for ours_name, theirs_name in (("range", "R"), ("max", "max")):
        peer = MCS(losses, size=0.1, reps=1000, block_size=30, method=theirs_name, seed=1)
        # The draws are the peer's own, so that order and p-values must be the same.
        state = peer.bootstrap.state
        draws = np.array([data[0][0].ravel() for data in peer.bootstrap.bootstrap(1000)])
        peer.bootstrap.state = state
        start = time.perf_counter()
        peer.compute()
        theirs = time.perf_counter() - start
        call = lambda form=ours_name, at=draws: stats.model_confidence_set(  # noqa: E731
            losses, procedure=form, indices=at.astype(np.int64)
        )
        ours = _seconds(call, repeat=3)
        pvalues = peer.pvalues["Pvalue"].sort_index().to_numpy()
        yield Comparison(
            f"MCS {ours_name}, k = {k}, T = {n}, 1000 draws",
            "arch",
            theirs,
            ours,
            float(np.abs(call().pvalue - pvalues).max()),
        )


def superior_ability(k: int, n: int) -> Iterator[Comparison]:
    """SPA with 1000 draws; the p-values come from different draws."""
    if importlib.util.find_spec("arch") is None:
        return
    from arch.bootstrap import SPA

    losses = _losses(n, k)
    peer = SPA(losses[:, 0], losses[:, 1:], block_size=30, reps=1000, seed=1)
    start = time.perf_counter()
    peer.compute()
    theirs = time.perf_counter() - start

    def call() -> stats.ForecastResult:
        return stats.spa(
            losses,
            benchmark="m0",
            studentised=False,
            block_length=30,
            rng=np.random.default_rng(1),
        )

    ours = _seconds(call, repeat=3)
    difference = abs(call().pvalue - float(peer.pvalues["consistent"]))
    yield Comparison(f"SPA, k = {k}, T = {n}, 1000 draws", "arch", theirs, ours, difference)


COMPARISONS: tuple[Callable[[int, int], Iterator[Comparison]], ...] = (
    diebold_mariano_all_pairs,
    confidence_set,
    superior_ability,
)

_LARGE = """
import numpy as np, stats
losses = np.random.default_rng(0).chisquare(1, size=(10_000, 1_000))
stats.diebold_mariano(losses, horizon=12, variance={variance!r})
# VmHWM, not ru_maxrss: the latter starts from the memory of the process that forked this one.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(float(status["VmHWM"].split()[0]) / 1024)
"""


def peak_megabytes(variance: str) -> float:
    """Peak memory of a process that compares all pairs of 1,000 models at 10,000 times."""
    done = subprocess.run(
        [sys.executable, "-c", _LARGE.format(variance=variance)],
        capture_output=True,
        text=True,
        check=True,
        cwd=sys.path[0],
    )
    return float(done.stdout)


def main() -> None:
    """Print one line for each comparison, then the memory of the largest table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=240)
    parser.add_argument("--times", type=int, default=1000)
    options = parser.parse_args()
    print(f"{'work':44}{'peer':16}{'peer s':>10}{'ours s':>10}{'ratio':>9}{'difference':>13}")
    for compare in COMPARISONS:
        for row in compare(options.models, options.times):
            print(
                f"{row.work:44}{row.peer:16}{row.theirs:10.3f}{row.ours:10.4f}"
                f"{row.ratio:9.0f}{row.difference:13.1e}"
            )
    for peer in ("dieboldmariano", "arch"):
        if importlib.util.find_spec(peer) is None:
            print(f"{peer} is not installed; its comparisons are left out")
    for variance in ("wpe", "bartlett"):
        print(f"DM {variance}, k = 1000, T = 10,000: {peak_megabytes(variance):.0f} MiB at most")


if __name__ == "__main__":
    main()
