"""Whatever is killed, whenever: the next run completes with the same bytes, and nothing is left.

The short form kills a few times; with ``FAULT_ROUNDS=N`` each test goes on for N rounds.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.faults.lab import Lab, ended, family, finished, gone, long_form, parent_of, wait_for

Same = Callable[[Lab], None]


def role(member: psutil.Process, run: subprocess.Popen[str]) -> str:
    """Return what a process does: a child of the run imports, copies of it make workers."""
    parents = [member.pid]
    while parents[-1] not in (run.pid, 0) and len(parents) < 4:
        parents.append(parent_of(parents[-1]))
    return {2: "importer", 3: "template", 4: "worker"}.get(len(parents), "")


def workers(run: subprocess.Popen[str]) -> int:
    return sum(role(p, run) == "worker" for p in family(run))


def kill_later(process: subprocess.Popen[str], whom: str, moment: float) -> int:
    """Kill after some seconds, if there is somebody left; return how many were killed."""
    time.sleep(moment)
    members = family(process)
    if whom == "parent":
        victims = [process.pid]
    elif whom == "group":
        victims = [process.pid, *(p.pid for p in members)]
    else:
        victims = [p.pid for p in members if role(p, process) == whom][-1:]
    killed = 0
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
    return min(killed, 1)


@pytest.mark.parametrize("whom", ["parent", "group"])
def test_a_run_killed_again_and_again_is_completed_by_the_next(
    lab: Lab, same: Same, rounds: int, whom: str
):
    """Each round kills a run that goes on from the one before, until there is nothing to do."""
    long_form(whom == "group")
    draw = random.Random(f"{whom} {rounds}")
    killed = 0
    while killed < rounds:
        with ended(lab.start_run()) as process:
            wait_for(lambda p=process: p.poll() is not None or family(p), seconds=120)
            before = family(process)
            happened = kill_later(process, whom, draw.uniform(0.0, 2.5))
            finished(process)
            killed += happened and process.returncode != 0
            print(f"{whom}: {killed} killed", flush=True)
            assert gone([*before, *family(process)])
        if process.returncode == 0:
            same(lab)
            # Completed: the next round begins with an empty store.
            lab.forget()
    assert lab.run().code == 0
    same(lab)
    assert not lab.left_behind()


@pytest.mark.parametrize("whom", ["worker", "template", "importer"])
def test_a_run_outlives_its_workers(lab: Lab, same: Same, rounds: int, whom: str):
    """A worker killed from outside costs time; killed twice at one step, the cells of that step.

    Where that step reads the data, before any work, the command has to be given again. What
    workers are copied from runs no step: killed, as it starts or later, it costs no cell.
    """
    long_form(whom != "worker")
    draw = random.Random(f"{whom} {rounds}")
    killed = 0
    while killed < rounds:
        with ended(lab.start_run()) as process:
            wait_for(lambda p=process: p.poll() is not None or family(p), seconds=120)
            seen: list[psutil.Process] = []
            while process.poll() is None and killed < rounds:
                seen += family(process)
                most = 2.0 if whom == "worker" else 3.0
                killed += kill_later(process, whom, draw.uniform(0.05, most))
                print(f"{whom}: {killed} killed", flush=True)
            done = finished(process)
            assert done.code == 0 or (done.code in (2, 3) and whom == "worker"), done.said
            assert gone(seen)
        if done.code:
            assert "SIGKILL (killed from outside), 2 times" in done.said
        if done.code == 2:
            assert lab.run().code == 0
        if done.code == 3:
            assert lab.command("retry", "--failed", "--no-report").code == 0
        same(lab)
        assert not lab.left_behind()
        lab.forget()


def test_one_interruption_lets_work_finish_and_keeps_it(lab: Lab, same: Same):
    def logs() -> list[Path]:
        return list((lab.folder / "runs").glob("*/log.jsonl"))

    text = (lab.folder / "mymodel.py").read_text()
    (lab.folder / "mymodel.py").write_text(text.replace("nap: float = 0.02", "nap: float = 0.5"))
    with ended(lab.start_run()) as process:
        wait_for(lambda: any("wave" in p.read_text() for p in logs()), seconds=120)
        time.sleep(1.5)
        members = family(process)
        os.kill(process.pid, signal.SIGINT)
        done = finished(process)
        assert gone(members)
    assert done.code == 130, done.said
    assert "what runs is finished and kept" in done.said
    assert "Traceback" not in done.said
    assert not lab.left_behind()
    (lab.folder / "mymodel.py").write_text(text)
    assert lab.run().code == 0
    same(lab)


def test_a_second_interruption_stops_at_once(lab: Lab, same: Same):
    text = (lab.folder / "mymodel.py").read_text()
    (lab.folder / "mymodel.py").write_text(text.replace("nap: float = 0.02", "nap: float = 600"))
    with ended(lab.start_run()) as process:
        wait_for(lambda: workers(process) == 2, seconds=120)
        time.sleep(1.0)
        members = family(process)
        os.kill(process.pid, signal.SIGINT)
        time.sleep(1.0)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        begin = time.monotonic()
        done = finished(process)
        assert time.monotonic() - begin < 20
        assert gone(members)
    assert done.code == 130, done.said
    assert "Traceback" not in done.said
    assert not lab.left_behind()
    (lab.folder / "mymodel.py").write_text(text)
    assert lab.run().code == 0
    same(lab)
