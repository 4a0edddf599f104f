"""Heads, schedulers and nodes that are lost in the middle of a run, through the command itself."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.cli import main
from tests.clusters import Dask, Ray, advanced

pytest.importorskip("ray", reason="long, as all of tests/cluster: nox -s cluster runs it")
# A cluster may be lost to the process that uses it, so each command is one of its own.
WORDS = ("run", "far.toml", "--no-report", "--progress", "plain")
MAIN = (sys.executable, "-m", "bench")
FAR = ("--runs", "far", "--store", "far-store")
quick = pytest.mark.parametrize("shared", [1], indirect=True)


@pytest.fixture
def command() -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """Give the command on a cluster for the asking."""
    started: list[subprocess.Popen[str]] = []

    def begun(backend: str, address: str) -> subprocess.Popen[str]:
        run = subprocess.Popen(
            [*MAIN, *WORDS, *FAR, "--backend", backend, "--address", address],
            env={**os.environ, **Ray.settings},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        started.append(run)
        return run

    yield begun
    for run in started:
        if run.poll() is None:
            run.kill()
            run.communicate()


def until(run: subprocess.Popen[str], chunks: int, runs: Path) -> None:
    end = time.monotonic() + 180
    while advanced(runs) < chunks:
        assert run.poll() is None, run.stderr.read() if run.stderr else ""
        assert time.monotonic() < end
        time.sleep(0.1)


def ended(run: subprocess.Popen[str]) -> tuple[int, list[str]]:
    _, errors = run.communicate(timeout=180)
    return run.returncode, errors.splitlines()


@pytest.fixture
def engine(request: pytest.FixtureRequest, shared: Path) -> Iterator[Callable[[int], Dask | Ray]]:
    """Give a cluster of two workers for the asking, at the port that is asked for."""
    started: list[Dask | Ray] = []

    def begun(port: int) -> Dask | Ray:
        cluster: Dask | Ray
        cluster = Dask(shared, port=port) if request.param == "dask" else Ray(port=port)
        started.append(cluster)
        cluster.join()
        if isinstance(cluster, Dask):
            cluster.join()
            cluster.wait(2)
        return cluster

    yield begun
    for cluster in started:
        cluster.close()


def assert_tables_of_an_undisturbed_run(shared: Path) -> None:
    words = [*WORDS, "--runs", "near", "--store", "near-store", "-j", "2"]
    assert main(words) == 0
    for table in ("predictions.parquet", "scores.parquet"):
        far, near = (shared / runs / "latest" / table for runs in ("far", "near"))
        assert far.read_bytes() == near.read_bytes()


@quick
@pytest.mark.parametrize("engine", ["dask", "ray"], indirect=True)
def test_a_lost_head_ends_the_command_and_the_same_command_goes_on(
    engine: Callable[[int], Dask | Ray],
    command: Callable[[str, str], subprocess.Popen[str]],
    shared: Path,
):
    cluster = engine(0)
    backend = type(cluster).__name__.lower()
    run = command(backend, cluster.address)
    until(run, 20, shared / "far")
    cluster.lose()
    code, errors = ended(run)
    assert code == 1, errors
    assert re.search(
        r"error: the (Dask scheduler|Ray cluster) at \S+ was lost \(.+\); what was finished is "
        "kept, and the same command goes on from there, also with another --backend",
        errors[-1],
    )
    before = advanced(shared / "far")
    assert not (shared / "far" / "latest").exists()
    engine(cluster.port)
    code, errors = ended(command(backend, cluster.address))
    assert code == 0, errors
    again = advanced(shared / "far") - before
    assert again <= 180 - 20  # chunks; what the first command did is not done again
    assert_tables_of_an_undisturbed_run(shared)


@quick
@pytest.mark.parametrize("engine", ["ray"], indirect=True)
def test_a_ray_node_that_is_killed_costs_no_cell(
    engine: Callable[[int], Ray],
    command: Callable[[str, str], subprocess.Popen[str]],
    shared: Path,
):
    cluster = engine(0)
    node = cluster.join()
    run = command("ray", cluster.address)
    until(run, 20, shared / "far")
    while not any(p.cmdline()[:1] == ["ray::_called"] for p in node.children(recursive=True)):
        assert run.poll() is None  # it has work for this node, which may still be on its way in
        time.sleep(0.1)
    cluster.kill(node)
    code, errors = ended(run)
    assert code == 0, errors
    assert_tables_of_an_undisturbed_run(shared)
