"""What a harness adds to a cell: ours beside benchopt, sktime, Metaflow, redun and Snakemake.

Run as ``python benchmarks/overhead.py``; smaller with ``--part small``, ours alone with
``--peers none``. Every cell does nothing or computes for 100 ms. Each harness runs a few cells and
more cells; what it adds to a cell is the difference between both, without what starting it takes.
The bound is what must pass at least: the seconds that steps compute, over the cores. Peers are
installed into environments of their own under ``.nox/peers``; one that does not install is told
with its error.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tools import measure, peers, tables

__all__ = ["PEERS", "main"]

HERE = Path(__file__).resolve().parent
# What to install, and the numbers of cells: a process for each cell takes a second.
PEERS = {
    "benchopt": ("benchopt", (10, 110)),
    "sktime": ("sktime", (10, 110)),
    "metaflow": ("metaflow", (4, 24)),
    "redun": ("redun", (10, 110)),
    "snakemake": ("snakemake", (10, 60)),
}
SIZES = {"full": (1_200, 12_000), "small": (120, 1_200)}


def ours(sizes: Sequence[int], seconds: float) -> Iterator[dict[str, object]]:
    """Rows of our own harness: plan, recipes, workers, store and tables."""
    cores = os.cpu_count() or 1
    found = [
        measure.in_a_process(Path(__file__), "--one", cells, "--seconds", seconds)
        for cells in sizes
    ]
    for before, one in zip([None, *found[:-1]], found, strict=True):
        bound = (one["cells"] * seconds or one["steps"]) / cores
        more = {} if before is None else before
        cells = one["cells"] - more.get("cells", 0)
        least = bound * cells / one["cells"]
        yield {
            "harness": "crossfold",
            "cells": one["cells"],
            "s": one["wall"],
            "bound, s": bound,
            "over the bound": f"{100 * (one['wall'] / bound - 1):.1f} %",
            "adds to a cell, ms": 1e3 * (one["wall"] - more.get("wall", 0) - least) / cells,
            "CPU of a cell, ms": 1e3 * (one["cpu"] - more.get("cpu", 0)) / cells,
            "again, s": one["again"],
        }


def theirs(name: str, seconds: float) -> dict[str, object]:
    """The row of a peer."""
    requirement, sizes = PEERS[name]
    python = peers.environment(name, requirement)
    # Once before: what was installed a moment ago is compiled when it is first imported.
    _, few, many = (
        measure.in_a_process(HERE / "peers" / f"on_{name}.py", n, seconds, python=python, cwd=HERE)
        for n in (sizes[0], *sizes)
    )
    bound = sizes[1] * seconds / (os.cpu_count() or 1)
    cells = sizes[1] - sizes[0]
    return {
        "harness": f"{name} {many['version']}",
        "cells": sizes[1],
        "s": many["cold"],
        "bound, s": bound,
        "over the bound": f"{100 * (many['cold'] / bound - 1):.1f} %" if bound else "",
        "adds to a cell, ms": 1e3 * (many["cold"] - few["cold"]) / cells
        - 1e3 * seconds / (os.cpu_count() or 1),
        "again, s": "" if many["warm"] is None else many["warm"],
    }


def _one(cells: int, seconds: float) -> dict[str, float]:
    from bench.engine.plan import merged, schedule
    from benchmarks.tools.tiny import computed, requests

    folder = Path(tempfile.mkdtemp(prefix="crossfold-overhead-"))
    try:
        run = computed(cells, folder, seconds=seconds)
        with measure.spent() as again:
            plan = schedule(merged(requests(cells, seconds=seconds)), run.store)
        assert plan.to_compute == 0
    finally:
        shutil.rmtree(folder)
    return {
        "cells": cells,
        "wall": run.whole.wall,
        "cpu": run.whole.cpu,
        "steps": run.in_steps,
        "again": again.wall,
    }


def main() -> None:
    """Print a table for cells that do nothing and one for cells of 100 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=list(SIZES), default="full")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), metavar="NAME")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=0.0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(_one(chosen.one, chosen.seconds)))
        return
    print(tables.machine("apache-hamilton", "joblib", "pandas", "pyarrow"), "\n", flush=True)
    for seconds in (0.0, 0.1):
        rows = list(ours(SIZES[chosen.part], seconds))
        for name in chosen.peers:
            if name not in PEERS:
                continue
            try:
                rows.append(theirs(name, seconds))
            except RuntimeError as cause:
                rows.append({"harness": f"{name}: {cause}"})
        print(f"Cells that compute for {seconds:g} s\n\n{tables.markdown(rows)}\n", flush=True)


if __name__ == "__main__":
    main()
