"""Cells as branches of a foreach in Metaflow, run locally."""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

FLOW = """
import time
from metaflow import FlowSpec, step

class Tiny(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range({cells}))
        self.next(self.cell, foreach="numbers")

    @step
    def cell(self):
        end = time.thread_time() + {seconds}
        while time.thread_time() < end:
            pass
        self.value = self.input * 2.0
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [found.value for found in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Tiny()
"""


def main(cells: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "tiny.py"
        file.write_text(FLOW.format(cells=cells, seconds=seconds))
        command = [sys.executable, str(file), "--quiet", "run"]
        command += ["--max-workers", str(os.cpu_count()), "--max-num-splits", str(cells + 1)]
        env = {**os.environ, "METAFLOW_USER": "somebody", "METAFLOW_DEFAULT_DATASTORE": "local"}
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=name, env=env)
        cold = time.perf_counter() - begin
    print(json.dumps({"cold": cold, "warm": None, "version": version("metaflow")}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
