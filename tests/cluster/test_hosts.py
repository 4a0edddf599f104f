"""Two hosts as network namespaces, a cable that is pulled and put back, and the right tables."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from bench.cli import main
from tests.clusters import Dask, Hosts, advanced

pytest.importorskip("ray", reason="long, as all of tests/cluster: nox -s cluster runs it")


def test_a_host_that_is_cut_off_and_comes_back_changes_no_byte(hosts: Hosts, shared: Path):
    # By default Dask misses a silent host after 30 s; it takes no less than 11.
    cluster = Dask(shared, host=hosts.address, DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP="11s")
    told: dict[str, int] = {}

    def cut() -> None:
        while advanced(shared / "far") < 12:
            time.sleep(0.1)
        hosts.cut("two")
        told["cut at"] = advanced(shared / "far")
        time.sleep(25)
        told["meanwhile"] = advanced(shared / "far")
        hosts.mend("two")
        # A worker that was long without its scheduler ends itself; what starts services starts it.
        cluster.join(on=hosts.command("two"))
        cluster.wait(2)
        told["back"] = advanced(shared / "far")

    words = ["run", "far.toml", "--no-report", "--progress", "plain"]
    try:
        for name in ("one", "two"):
            cluster.join(on=hosts.command(name))
        cluster.wait(2)
        puller = threading.Thread(target=cut, daemon=True)
        puller.start()
        far = ["--runs", "far", "--store", "far-store", "--backend", "dask"]
        begin = time.monotonic()
        assert main([*words, *far, "--address", cluster.address]) == 0
        told["seconds"] = round(time.monotonic() - begin)
        puller.join(60)
    finally:
        cluster.close()
    end = advanced(shared / "far")
    assert told["cut at"] < told["meanwhile"] <= told["back"] < end, told  # never stood still
    assert main([*words, "--runs", "near", "--store", "near-store", "-j", "2"]) == 0
    for table in ("predictions.parquet", "scores.parquet"):
        far_table, near_table = (shared / r / "latest" / table for r in ("far", "near"))
        assert far_table.read_bytes() == near_table.read_bytes()


def test_a_store_that_is_not_shared_is_told_before_work_starts(
    shared: Path, capsys: pytest.CaptureFixture[str]
):
    # A mount namespace of its own, in which another folder lies over the store.
    script = f'mount -t tmpfs none {shared}/store && exec "$@"'
    on = ["unshare", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*on[:2], "true"], check=False).returncode != 0 or os.geteuid() != 0:
        pytest.skip("mount namespaces are not permitted here")
    (shared / "store").mkdir()
    cluster = Dask(shared)
    try:
        cluster.join(on=on)
        cluster.wait(1)
        words = ["run", "far.toml", "--store", "store", "--backend", "dask"]
        assert main([*words, "--address", cluster.address]) == 2
    finally:
        cluster.close()
    error = capsys.readouterr().err.splitlines()[-1]
    assert "does not see the store" in error
    assert "must be on a file system that all hosts mount" in error
    assert not (shared / "runs").exists() or not any((shared / "runs").iterdir())
