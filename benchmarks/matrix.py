"""The default experiment beside the same Hamilton modules in what a user would take instead.

Run as ``python benchmarks/matrix.py``: 240 trained dataflows and their baselines, cold, again,
and after four edits. ``--part small`` takes 224 of the 1,680 cells and ``--part tiny`` 14, for a
busy machine. Each contender runs in a process of its own, numerical libraries with one
thread, and gives a digest of every cell's forecasts, so that speed at other results is seen.

The bound is the sum of the seconds of all distinct steps over the cores, or their longest chain
where that is more: no schedule is quicker.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tools import cells, measure, peers, tables

__all__ = ["CONTENDERS", "EDITS", "main"]

HERE = Path(__file__).resolve().parent
# Which cells, and which with an 11th target.
PARTS = {
    "full": ("", ""),
    "small": (
        'target in ("temp_JFK", "humid_LGA") and horizon in (1, 24)',
        'target in ("temp_JFK", "humid_LGA", "dewp_LGA") and horizon in (1, 24)',
    ),
    "tiny": (
        'target = "temp_JFK" and horizon = 6 and task = "continuous"',
        'target in ("temp_JFK", "dewp_LGA") and horizon = 6 and task = "continuous"',
    ),
}
ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
}
# What is edited: a file of the project, text in it, and what is put in its place.
EDITS: Mapping[str, tuple[str, str, str]] = {
    "(a) a metric": (
        "dataflows/evaluation.py",
        '"value": np.array(values, dtype=np.float64),',
        '"value": np.array(values, dtype=np.float64).round(12),',
    ),
    "(b) a feature helper": (
        "dataflows/features/rolling.py",
        "(known - rolling.mean()).to_numpy() / scale,",
        "(known - rolling.mean()).to_numpy() / (scale + 1e-6),",
    ),
}
RATE = "models.xgboost.learning_rate=0.11"
TARGETS = (
    "matrix.target=['temp_JFK','dewp_JFK','humid_JFK','wind_speed_JFK','pressure_JFK','temp_LGA',"
    "'humid_LGA','wind_speed_LGA','humid_EWR','wind_speed_EWR','dewp_LGA']"
)


# -- what a user would take instead ---------------------------------------------------------


def in_a_loop(folder: Path, asked: Sequence[dict[str, Any]]) -> dict[str, str]:
    """One driver a dataflow, one cell after the other."""
    return dict(cells.computed(spec) for spec in asked)


def in_parallel(folder: Path, asked: Sequence[dict[str, Any]]) -> dict[str, str]:
    """joblib.Parallel over cells."""
    from joblib import Parallel, delayed

    run = Parallel(n_jobs=os.cpu_count(), batch_size=1)
    return dict(run(delayed(cells.computed)(spec) for spec in asked))


def in_forks(folder: Path, asked: Sequence[dict[str, Any]]) -> dict[str, str]:
    """joblib.Parallel over cells, with its backend that never replaces a worker."""
    from joblib import Parallel, delayed

    run = Parallel(n_jobs=os.cpu_count(), batch_size=1, backend="multiprocessing")
    return dict(run(delayed(cells.computed)(spec) for spec in asked))


def in_hamiltons_cache(folder: Path, asked: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The loop with Hamilton's own cache."""
    return dict(cells.computed(spec, str(folder / "cache")) for spec in asked)


def in_joblibs_memory(folder: Path, asked: Sequence[dict[str, Any]]) -> dict[str, str]:
    """joblib.Parallel over cells that joblib.Memory keeps."""
    from joblib import Memory, Parallel, delayed

    kept = Memory(folder / "memory", verbose=0).cache(cells.computed)
    run = Parallel(n_jobs=os.cpu_count(), batch_size=1)
    return dict(run(delayed(kept)(spec) for spec in asked))


CONTENDERS: Mapping[str, Callable[[Path, Sequence[dict[str, Any]]], dict[str, str]]] = {
    "Hamilton in a loop": in_a_loop,
    "joblib.Parallel": in_parallel,
    "joblib.Parallel, multiprocessing": in_forks,
    "Hamilton with_cache": in_hamiltons_cache,
    "joblib.Memory + Parallel": in_joblibs_memory,
}
KEEPS = ("Hamilton with_cache", "joblib.Memory + Parallel")


def _contended(name: str, folder: Path, where: str) -> dict[str, Any]:
    begin = time.perf_counter()
    found = CONTENDERS[name](folder, cells.specs(where))
    return {"s": time.perf_counter() - begin, "digests": found}


def _hydra(folder: Path, where: str) -> dict[str, Any]:
    python = peers.environment("hydra", "hydra-core", "hydra-joblib-launcher", beside_ours=True)
    asked = cells.specs(where)
    (folder / "specs.json").write_text(json.dumps(asked, default=str))
    found: dict[str, Any] = measure.in_a_process(
        HERE / "peers" / "on_hydra.py",
        folder,
        "-m",
        f"number=range(0,{len(asked)})",
        "hydra/launcher=joblib",
        f"hydra.launcher.n_jobs={os.cpu_count()}",
        f"hydra.sweep.dir={folder / 'sweep'}",
        python=python,
        env=ONE_THREAD,
        cwd=folder,
    )
    return found


# -- ours -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """Seconds of all distinct steps, of the longest chain of them, and of those of 50 ms and more.

    With some cores a run takes at least the first over the cores, and at least the second.
    """

    steps: float
    chain: float
    long: float
    n_long: int


class Checkout:
    """A copy of the project that can be edited, with a store and runs of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("bench", "dataflows", "reports", "stats", "experiments"):
            shutil.copytree(measure.ROOT / name, folder / name)

    def edit(self, file: str, text: str, other: str) -> None:
        """Replace a text that occurs once."""
        path = self.folder / file
        held = path.read_text()
        assert held.count(text) == 1, f"{text!r} occurs {held.count(text)} times in {file}"
        path.write_text(held.replace(text, other))

    def run(self, where: str, *more: str, report: bool = False) -> dict[str, Any]:
        """Run ``bench run`` and return its seconds, its counts and its folder."""
        command = [sys.executable, "-m", "bench", "run", "--progress", "quiet", *more]
        command += ["-k", where] if where else []
        command += [] if report else ["--no-report"]
        with measure.spent() as spent:
            done = subprocess.run(
                command, cwd=self.folder, capture_output=True, text=True, check=False
            )
        if done.returncode not in (0, 3):
            raise RuntimeError(done.stderr.strip())
        path = (self.folder / "runs" / "latest").resolve()
        counts = json.loads((path / "manifest.json").read_text())["counts"]
        return {"s": spent.wall, "cpu": spent.cpu, "counts": counts, "path": path}

    def bound(self, path: Path) -> Bound:
        """Return what no schedule of a run's distinct steps can undercut.

        A step that another recipe gave the same inputs was not run again and counts once.
        """
        from bench.cache.store import Store
        from bench.results.recipes import read_recipes

        store, known = Store(self.folder / ".crossfold" / "store"), read_recipes(path)
        seconds: dict[str, float] = {}
        for key in known.recipes:
            record = store.record(key)
            if record is None:
                continue
            timings = record.meta.get("timings") or {}
            inside = {notes["node"]: k for k, notes in (record.meta.get("fused") or {}).items()}
            for node, k in {**inside, record.meta["node"]: key}.items():
                if node in timings:
                    seconds.setdefault(k, timings[node])
            seconds.setdefault(key, record.meta.get("seconds", 0.0))
        chain: dict[str, float] = {}
        for key, recipe in known.recipes.items():  # each after what it needs
            before = max((chain[need] for need in recipe.deps.values()), default=0.0)
            chain[key] = before + seconds.get(key, 0.0)
        long = [value for value in seconds.values() if value >= 0.05]
        return Bound(sum(seconds.values()), max(chain.values()), sum(long), len(long))


def ours(folder: Path, where: str, eleventh: str, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Add our rows; return the digests of the cold run."""
    project = Checkout(folder)
    cold = project.run(where)
    digests = cells.of_run(cold["path"])
    least = project.bound(cold["path"])
    cores = os.cpu_count() or 1
    bound = max(least.steps / cores, least.chain)

    def row(what: str, run: Mapping[str, Any]) -> None:
        counts = run["counts"]
        rows.append(
            {
                "what": f"crossfold, {what}",
                "s": run["s"],
                "CPU s": run["cpu"],
                "distinct": counts["distinct"],
                "to compute": counts["to_compute"],
                "computed": counts["computed"],
                "same forecasts": "",
            }
        )

    row("cold", cold)
    rows[-1]["same forecasts"] = f"{len(digests)} of {len(digests)}"
    print(
        f"steps: {least.steps:.1f} s, of which {least.n_long} of 50 ms and more "
        f"{least.long:.1f} s; longest chain {least.chain:.1f} s; bound on {cores} cores "
        f"{bound:.1f} s; cold run {cold['s']:.1f} s, {100 * (cold['s'] / bound - 1):.1f} % over it",
        flush=True,
    )
    again = project.run(where)
    row("again", again)
    for what, edit in EDITS.items():
        kept = (folder / edit[0]).read_text()
        project.edit(*edit)
        row(f"after {what}", project.run(where))
        (folder / edit[0]).write_text(kept)
    row("after (c) a parameter of XGBoost", project.run(where, RATE))
    row("after (d) an 11th target", project.run(eleventh, TARGETS))
    row("again, with report", project.run(where, report=True))
    row("again, report made before", project.run(where, report=True))
    return digests


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=list(PARTS), default="full")
    parser.add_argument("--contenders", nargs="*", default=[*CONTENDERS, "Hydra"])
    parser.add_argument("--one", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(_contended(chosen.one, chosen.folder, PARTS[chosen.part][0])))
        return
    print(tables.machine("apache-hamilton", "joblib", "xgboost", "torch", "pandas"), "\n")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="crossfold-matrix-") as name:
        digests = ours(Path(name), *PARTS[chosen.part], rows)
    print(f"\n{tables.markdown(rows)}\n", flush=True)
    cold = float(rows[0]["s"])
    for contender in chosen.contenders:
        with tempfile.TemporaryDirectory(prefix="crossfold-matrix-") as name:
            for again in range(2 if contender in KEEPS else 1):
                what = f"{contender}, {'again' if again else 'cold'}"
                try:
                    with measure.spent() as spent:
                        found = _contender(contender, Path(name), chosen.part)
                except RuntimeError as cause:
                    rows.append({"what": f"{what}: {cause}"})
                    break
                same = sum(digests.get(cell) == held for cell, held in found["digests"].items())
                rows.append(
                    {
                        "what": what,
                        "s": found["s"],
                        "CPU s": spent.cpu,
                        "times ours, cold": found["s"] / cold,
                        "same forecasts": f"{same} of {len(digests)}",
                    }
                )
                print(rows[-1], flush=True)
    print(f"\n{tables.markdown(rows)}")


def _contender(name: str, folder: Path, part: str) -> dict[str, Any]:
    if name == "Hydra":
        return _hydra(folder, PARTS[part][0])
    found: dict[str, Any] = measure.in_a_process(
        Path(__file__), "--part", part, "--one", name, "--folder", folder, env=ONE_THREAD
    )
    return found


if __name__ == "__main__":
    main()
