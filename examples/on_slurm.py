"""A run on Slurm through dask-jobqueue: one job for each worker, as many as the queue gives.

    python examples/on_slurm.py 200 mine.toml --mode evaluation

Start it in a folder that all nodes see; it stays until the run ends. Workers that come later join
in, and a job that ends early costs only the steps it had.
"""

import sys

from dask_jobqueue import SLURMCluster
from distributed import Client

from bench.cli import main


def run(workers: int, words: list[str]) -> int:
    """Evaluate an experiment on up to `workers` jobs."""
    with SLURMCluster(
        job_name="crossfold",
        cores=1,
        processes=1,
        memory="4GB",
        walltime="08:00:00",
        # The work is done in children of the workers: Dask's own limit would see none of it.
        worker_extra_args=["--no-dashboard", "--memory-limit", "0"],
        # What else your Slurm wants: queue="...", account="...", job_extra_directives=[...]
    ) as cluster:
        cluster.scale(jobs=workers)
        with Client(cluster) as client:
            client.wait_for_workers(1)  # the queue may take its time
        return main(["run", "--backend", "dask", "--address", cluster.scheduler_address, *words])


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
