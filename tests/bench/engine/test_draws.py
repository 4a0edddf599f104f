"""What a step draws from global generators is the same in a run, a notebook and a new process."""

import contextlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hamilton import driver

from bench import cached
from bench.cache.store import Store
from bench.engine.draws import seeded
from bench.engine.plan import Request, merged
from bench.spec.catalogue import load_module
from tests.bench.engine.test_odd_steps import flow_in, ran, value

ROOT = Path(__file__).resolve().parents[3]
FLOW = """\
import random

import numpy as np
import pandas as pd
from hamilton.function_modifiers import tag


def start(a: float) -> float:
    return a + 1


@tag(hidden="random")
def drawn(start: float, b: int = 1) -> dict:
    import torch

    return {
        "random": random.random(),
        "numpy": float(np.random.rand()),
        "pandas": int(pd.Series(range(1000)).sample(1).iloc[0]),
        "torch": float(torch.rand(1)),
        "start": start,
    }


@tag(hidden="random")
def other(start: float) -> float:
    return random.random()
"""


def _in_a_run(folder: Path, source: str, name: str = "drawn", **inputs: Any) -> Any:
    folder.mkdir()
    graph = merged([Request("a", flow_in(folder, source), inputs, ("drawn", "other"))])
    store = Store(folder / "store")
    assert not ran(graph, store).failures
    return value(graph, store, 0, name)


def _in_a_notebook(folder: Path, source: str, store: Path | None = None) -> Any:
    folder.mkdir(exist_ok=True)
    (folder / "flow.py").write_text(source)
    adapter = cached(store or folder / "store")
    module = load_module(str(folder / "flow.py"))
    dr = driver.Builder().with_modules(module).with_adapters(adapter).build()
    return dr.execute(["drawn"], inputs={"a": 1.0})["drawn"]


def test_a_notebook_draws_what_a_run_draws(tmp_path: Path) -> None:
    inside = _in_a_run(tmp_path / "run", FLOW, a=1.0)
    np.random.seed(5)
    assert _in_a_notebook(tmp_path / "one", FLOW) == inside
    assert _in_a_notebook(tmp_path / "two", FLOW) == inside


def test_a_process_that_has_no_torch_yet_draws_the_same(tmp_path: Path) -> None:
    program = (
        "import json, sys\n"
        "from hamilton import driver\n"
        "from bench import cached\n"
        "from bench.spec.catalogue import load_module\n"
        "module = load_module(sys.argv[1])\n"
        "dr = driver.Builder().with_modules(module).with_adapters(cached(sys.argv[2])).build()\n"
        "assert 'torch' not in sys.modules\n"
        "drawn = dr.execute(['drawn'], inputs={'a': 1.0})['drawn']\n"
        "print(json.dumps(drawn))"
    )
    here = _in_a_notebook(tmp_path, FLOW)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "flow.py"), str(tmp_path / "new")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HAMILTON_AUTOLOAD_EXTENSIONS": "0"},
    )
    # A fresh torch seeds itself from the system's noise.
    assert json.loads(done.stdout) == here


def test_generators_are_put_back(tmp_path: Path) -> None:
    def states() -> list[object]:
        held = np.random.get_state(legacy=False)
        return [random.getstate(), str(held), torch.get_rng_state().tolist()]

    before = states()
    _in_a_notebook(tmp_path, FLOW)
    assert states() == before
    with contextlib.suppress(RuntimeError), seeded("c", ()):
        assert states() != before
        raise RuntimeError("a step fails")
    assert states() == before


def test_steps_and_inputs_draw_apart(tmp_path: Path) -> None:
    numbers = [
        _in_a_run(tmp_path / "one", FLOW, a=1.0)["random"],
        _in_a_run(tmp_path / "two", FLOW, a=1.0, b=2)["random"],
        _in_a_run(tmp_path / "three", FLOW, name="other", a=1.0),
    ]
    assert len(set(numbers)) == 3


def test_what_is_served_is_what_would_be_computed(tmp_path: Path) -> None:
    edited = FLOW.replace("return a + 1", "return 1 + a")
    assert edited != FLOW
    store = tmp_path / "kept"
    first = _in_a_notebook(tmp_path / "before", FLOW, store)
    served = _in_a_notebook(tmp_path / "after", edited, store)
    assert served == first == _in_a_notebook(tmp_path / "fresh", edited)
    assert first == _in_a_run(tmp_path / "run", edited, a=1.0)
