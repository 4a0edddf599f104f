"""Every test beside its peers on the same inputs in one run: blocks here, losses over time after.

Run with ``python -m benchmarks.stats``; peers that are not installed are named and left out. Times
of peers that go pair by pair are measured on some pairs and multiplied.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import itertools
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

# As a script this folder comes first on the path, where this very file would shadow `stats`.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import stats
from benchmarks import forecasts
from benchmarks.forecasts import Comparison, _seconds

__all__ = ["COMPARISONS", "import_seconds", "main"]

PEERS = ("scikit_posthocs", "autorank", "aeon", "scipy", "dieboldmariano", "arch")
TRIED_PAIRS = 60


def _table(n: int, k: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)) + np.linspace(0, 1, k) + rng.normal(size=(n, 1))


def friedman_and_nemenyi(k: int) -> Iterator[Comparison]:
    """The omnibus test and the matrix of p-values, N = 150."""
    table = _table(150, k)

    def ours() -> np.ndarray:
        stats.friedman(table)
        return stats.nemenyi(table).pvalue

    if importlib.util.find_spec("scikit_posthocs") is None:
        return
    import scikit_posthocs
    from scipy.stats import friedmanchisquare

    def theirs() -> np.ndarray:
        friedmanchisquare(*table.T)
        return scikit_posthocs.posthoc_nemenyi_friedman(table).to_numpy()

    off = ~np.eye(k, dtype=bool)
    difference = float(np.abs(theirs() - ours())[off].max())
    yield Comparison(
        f"Friedman + Nemenyi p matrix, k = {k}, N = 150",
        "scikit-posthocs",
        _seconds(theirs, repeat=3),
        _seconds(ours, repeat=7),
        difference,
    )


def conover_pairs(k: int) -> Iterator[Comparison]:
    """Conover's test of all pairs, N = 150."""
    if importlib.util.find_spec("scikit_posthocs") is None:
        return
    import scikit_posthocs

    table = _table(150, k)
    off = ~np.eye(k, dtype=bool)

    def theirs() -> np.ndarray:
        return scikit_posthocs.posthoc_conover_friedman(table).to_numpy()

    def ours() -> np.ndarray:
        return stats.conover(table).pvalue

    yield Comparison(
        f"Conover p matrix, k = {k}, N = 150",
        "scikit-posthocs",
        _seconds(theirs, repeat=2),
        _seconds(ours, repeat=7),
        float(np.abs(theirs() - ours())[off].max()),
    )


def wilcoxon_all_pairs(k: int) -> Iterator[Comparison]:
    """All pairs of models by signed ranks, N = 30, with and without ties."""
    from scipy.stats import wilcoxon

    pairs = list(itertools.combinations(range(k), 2))
    tried = pairs[:: max(1, len(pairs) // TRIED_PAIRS)]
    for ties, table in (("no ties", _table(30, k)), ("ties", np.round(_table(30, k) * 8) / 8)):
        method = "exact" if ties == "no ties" else "normal"
        named = {"exact": "exact", "normal": "approx"}[method]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy is unsure of pairs with many zeros
            start = time.perf_counter()
            answers = [
                wilcoxon(table[:, i], table[:, j], zero_method="pratt", method=named).pvalue
                for i, j in tried
            ]
            seconds = (time.perf_counter() - start) * len(pairs) / len(tried)
        mine = stats.wilcoxon(table, method=method).pvalue
        difference = max(
            abs(mine[pair] - p) for pair, p in zip(tried, answers, strict=True) if p == p
        )
        call = lambda t=table, m=method: stats.wilcoxon(t, method=m)  # noqa: E731
        yield Comparison(
            f"Wilcoxon, {len(pairs)} pairs, N = 30, {ties}",
            "scipy",
            seconds,
            _seconds(call, repeat=5),
            float(difference),
        )


def adjustments(k: int) -> Iterator[Comparison]:
    """P-values of all pairs adjusted by Holm and by Hommel."""
    if importlib.util.find_spec("statsmodels") is None:
        return
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).uniform(size=k * (k - 1) // 2) ** 3
    for method in ("holm", "hommel"):
        yield Comparison(
            f"{method.capitalize()} over {p.size} p-values",
            "statsmodels",
            _seconds(lambda m=method: multipletests(p, method=m), repeat=1),
            _seconds(lambda m=method: stats.adjusted(p, method=m), repeat=1),
            float(
                np.abs(stats.adjusted(p, method=method) - multipletests(p, method=method)[1]).max()
            ),
        )


def whole_comparison(k: int) -> Iterator[Comparison]:
    """Everything a paper prints: omnibus, pairs, groups, effect sizes; autorank does 20 models."""
    if importlib.util.find_spec("autorank") is None:
        return
    import pandas as pd
    from autorank import autorank

    few = min(k, 20)
    frame = pd.DataFrame(np.exp(_table(60, few)), columns=[f"m{i}" for i in range(few)])

    def theirs() -> object:
        # It prints its table whatever `verbose` says.
        with contextlib.redirect_stdout(io.StringIO()):
            return autorank(frame, alpha=0.05, verbose=False, order="ascending")

    def ours() -> object:
        result = stats.compare(frame)
        return result.groups(0.05), result.effects.superiority

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = _seconds(theirs, repeat=2)
    yield Comparison(
        f"compare with groups and effects, k = {few}, N = 60",
        "autorank",
        seconds,
        _seconds(ours, repeat=7),
        float("nan"),
    )


COMPARISONS: tuple[Callable[[int], Iterator[Comparison]], ...] = (
    friedman_and_nemenyi,
    conover_pairs,
    wilcoxon_all_pairs,
    adjustments,
    whole_comparison,
)


def import_seconds(code: str, *, repeat: int = 7) -> float:
    """The best time of a fresh interpreter that runs `code`."""

    def run() -> None:
        subprocess.run([sys.executable, "-c", code], check=True, cwd=sys.path[0])

    return _seconds(run, repeat=repeat)


def main() -> None:
    """Print one line for each comparison, then the time of the import."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=240)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--only", choices=("blocks", "losses"), default=None)
    options = parser.parse_args()
    print(f"{'work':50}{'peer':16}{'peer s':>10}{'ours s':>10}{'ratio':>9}{'difference':>13}")
    rows: Iterator[Comparison] = itertools.chain(
        *([c(options.models) for c in COMPARISONS] if options.only != "losses" else []),
        *(
            [c(options.models, options.times) for c in forecasts.COMPARISONS]
            if options.only != "blocks"
            else []
        ),
    )
    for row in rows:
        print(
            f"{row.work:50}{row.peer:16}{row.theirs:10.3f}{row.ours:10.4f}"
            f"{row.ratio:9.0f}{row.difference:13.1e}"
        )
    for peer in PEERS:
        if importlib.util.find_spec(peer) is None:
            print(f"{peer} is not installed; its comparisons are left out")
    bare = import_seconds("pass")
    base = import_seconds("import numpy, scipy.special") - bare
    own = import_seconds("import stats") - bare
    print(
        f"import numpy, scipy.special {base:.3f} s; import stats {own:.3f} s ({own / base:.2f} x)"
    )


if __name__ == "__main__":
    main()
