"""Cells as output files of one Snakemake rule with Python in its `run`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

RULES = """
rule all:
    input:
        expand("cell{{number}}.json", number=range({cells}))

rule cell:
    output:
        "cell{{number}}.json"
    run:
        import json, time
        end = time.thread_time() + {seconds}
        while time.thread_time() < end:
            pass
        with open(output[0], "w") as file:
            json.dump(int(wildcards.number) * 2.0, file)
"""


def main(cells: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "Snakefile").write_text(RULES.format(cells=cells, seconds=seconds))
        command = [sys.executable, "-m", "snakemake", "--cores", str(os.cpu_count()), "--quiet"]
        times = []
        for _ in range(2):
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, text=True, cwd=name)
            times.append(time.perf_counter() - begin)
    print(json.dumps({"cold": times[0], "warm": times[1], "version": version("snakemake")}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
