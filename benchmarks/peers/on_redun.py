"""Cells as tasks of redun, on its local executor with processes."""

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from redun import Scheduler, task
from redun.config import Config

redun_namespace = "tiny"


@task()
def cell(number: int, seconds: float) -> float:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return number * 2.0


@task()
def cells_of(count: int, seconds: float) -> list[float]:
    return [cell(number, seconds) for number in range(count)]


def main(cells: int, seconds: float) -> None:
    times = []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(2):
            scheduler = Scheduler(
                config=Config(
                    {
                        "backend": {"db_uri": f"sqlite:///{Path(name) / 'redun.db'}"},
                        "executors.default": {
                            "type": "local",
                            "max_workers": str(os.cpu_count()),
                            "mode": "process",
                        },
                    }
                )
            )
            scheduler.load()
            begin = time.perf_counter()
            values = scheduler.run(cells_of(cells, seconds))
            times.append(time.perf_counter() - begin)
            assert values == [number * 2.0 for number in range(cells)]
    print(json.dumps({"cold": times[0], "warm": times[1], "version": version("redun")}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
