"""What a report costs with many models: numbers, page, print and tables for papers.

Run as ``python benchmarks/reports.py``; sizes with ``--models 10 100``. Scores on 60 blocks become
a report, each size in a process of its own. Processor seconds are given: they say more than
elapsed ones when others use the machine as well. The last column is the exponent of growth
between the last two sizes; pairs of models, which a report shows, grow with 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tools import measure, tables

__all__ = ["main"]

BLOCKS = 60


def report(models: int, folder: Path) -> dict[str, float]:
    """Build a report on scores of `models` models and write it in every form."""
    import numpy as np
    import pandas as pd

    import reports

    rng = np.random.default_rng(models)
    values = rng.normal(size=(BLOCKS, models)) + np.linspace(0, 2, models) + 3
    scores = pd.DataFrame(
        values,
        index=pd.Index([f"series {n}" for n in range(BLOCKS)], name="target"),
        columns=[f"model {n:04d}" for n in range(models)],
    )
    before = measure.peak_megabytes()
    with measure.spent() as building:
        document = reports.build(scores)
    with measure.spent() as page:
        document.to_html(folder / "report.html")
    with measure.spent() as printing:
        document.to_pdf(folder / "report.pdf")
    with measure.spent() as papers:
        document.to_latex(folder / "latex")
    return {
        "build, CPU s": building.cpu,
        "HTML, CPU s": page.cpu,
        "PDF, CPU s": printing.cpu,
        "LaTeX, CPU s": papers.cpu,
        "HTML, kB": (folder / "report.html").stat().st_size / 1e3,
        "PDF, kB": (folder / "report.pdf").stat().st_size / 1e3,
        "additional MB": measure.peak_megabytes() - before,
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[10, 30, 100, 240, 1000])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        with tempfile.TemporaryDirectory(prefix="crossfold-reports-") as folder:
            print(json.dumps(report(chosen.models[0], Path(folder))))
        return
    print(tables.machine("numpy", "pandas", "matplotlib", "typst", "jinja2"), "\n", flush=True)
    found = [measure.in_a_process(Path(__file__), "--one", "--models", k) for k in chosen.models]
    rows = [
        {
            f"{BLOCKS} blocks": name,
            **{f"{k:,} models": one[name] for k, one in zip(chosen.models, found, strict=True)},
            "exponent": tables.exponent(chosen.models, [one[name] for one in found]),
        }
        for name in found[0]
    ]
    print(tables.markdown(rows))


if __name__ == "__main__":
    main()
