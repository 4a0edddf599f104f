"""Cells as datasets of a benchopt benchmark with one solver."""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

OBJECTIVE = """
from benchopt import BaseObjective

class Objective(BaseObjective):
    name = "tiny"
    sampling_strategy = "run_once"
    min_benchopt_version = "1.5"
    def set_data(self, number):
        self.number = number
    def evaluate_result(self, value):
        return dict(value=float(value))
    def get_objective(self):
        return dict(number=self.number)
    def get_one_result(self):
        return dict(value=0.0)
"""
DATASET = """
from benchopt import BaseDataset

class Dataset(BaseDataset):
    name = "numbers"
    parameters = {{"number": list(range({cells}))}}
    def get_data(self):
        return dict(number=self.number)
"""
SOLVER = """
import time
from benchopt import BaseSolver

class Solver(BaseSolver):
    name = "worker"
    sampling_strategy = "run_once"
    def set_objective(self, number):
        self.number = number
    def run(self, _):
        end = time.thread_time() + {seconds}
        while time.thread_time() < end:
            pass
        self.value = self.number * 2.0
    def get_result(self):
        return dict(value=self.value)
"""


def main(cells: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "datasets").mkdir()
        (folder / "solvers").mkdir()
        (folder / "objective.py").write_text(OBJECTIVE)
        (folder / "datasets" / "numbers.py").write_text(DATASET.format(cells=cells))
        (folder / "solvers" / "worker.py").write_text(SOLVER.format(seconds=seconds))
        command = [str(Path(sys.executable).with_name("benchopt")), "run", name, "-n", "1"]
        command += ["-r", "1", "--no-plot", "--no-html", "-j", str(os.cpu_count())]
        times = []
        for _ in range(2):  # the second time everything is in its cache
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, text=True, cwd=name)
            times.append(time.perf_counter() - begin)
    print(json.dumps({"cold": times[0], "warm": times[1], "version": version("benchopt")}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
