"""Run experiments: from a TOML file to tables, statistics and a report.

``Experiment``, ``plan``, ``run``, ``load_run`` and ``compare`` are the whole of the command line
in Python; ``cached`` gives a Hamilton driver of one's own the same cache.
They are imported when first used, so that ``bench --help`` and worker processes start at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.comparison import compare
    from bench.notebook import cached
    from bench.runner import load_run, plan, run
    from bench.spec.experiment import Experiment

__all__ = ["Experiment", "cached", "compare", "load_run", "plan", "run"]

_HOME = {
    "Experiment": "bench.spec.experiment",
    "cached": "bench.notebook",
    "compare": "bench.comparison",
    "load_run": "bench.runner",
    "plan": "bench.runner",
    "run": "bench.runner",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'bench' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
