"""Execution in worker processes: right values, once each, and faults that stay where they are."""

import sys
from pathlib import Path

import pytest

from bench.cache.lineage import lineage
from bench.cache.store import Store
from bench.engine import execute as execution
from bench.engine import keeper
from bench.engine.execute import Outcome, execute
from bench.engine.graph import FlowSpec
from bench.engine.plan import Chunk, Graph, Request, merged, schedule
from bench.engine.seats import WorkerNotStarted
from bench.engine.task import Answer

MODULES = Path(__file__).resolve().parents[2] / "modules"


def flow_of(file: Path) -> FlowSpec:
    return FlowSpec((str(file),), (), str(file))


def ran(graph: Graph, store: Store, jobs: int) -> tuple[Outcome, list[tuple[Chunk, Answer]]]:
    seen: list[tuple[Chunk, Answer]] = []
    outcome = Outcome()
    execute(
        graph,
        store,
        outcome,
        jobs=jobs,
        packages=lambda chunk: (),
        environment="test",
        begun=lambda wave, waves, chunks: None,
        watch=lambda chunk, answer: seen.append((chunk, answer)),
    )
    return outcome, seen


def value(graph: Graph, store: Store, request: int, name: str) -> object:
    record = store.record(graph.wanted[request][name])
    assert record is not None
    return store.load(record)


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_distinct_step_runs_once_and_gives_its_value(tmp_path: Path, jobs: int):
    store = Store(tmp_path / "store")
    spec = flow_of(MODULES / "arithmetic.py")
    graph = merged(
        [Request(f"s{s}", spec, {"a": 1.0, "seed": s}, ("seeded", "left")) for s in range(4)]
    )
    outcome, seen = ran(graph, store, jobs)
    assert not outcome.failures
    assert outcome.computed == set(graph.instances)
    assert sum(a.computed for _, a in seen) == len(graph.instances)
    # start = 2, left = 4, right = [2, 2, 2], joined = 10
    assert [value(graph, store, s, "seeded") for s in range(4)] == [10.0, 11.0, 12.0, 13.0]
    assert schedule(graph, store).to_compute == 0
    assert not list((store.root / "tmp").iterdir())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_costs_its_own_cell_only(tmp_path: Path, jobs: int):
    store = Store(tmp_path / "store")
    wanted = ["chatty", "raises", "leaves", "killed", "after_raises"]
    graph = merged(
        [
            Request(f"{name}{n}", flow_of(MODULES / "misbehaved.py"), {"n": n}, (name,))
            for n in range(3)
            for name in wanted
        ]
    )
    outcome, _ = ran(graph, store, jobs)
    failed = {
        request.name: outcome.failures[key].error_type
        for request, outputs in zip(graph.requests, graph.wanted, strict=True)
        for key in outputs.values()
        if key in outcome.failures
    }
    expected = {"raises": "ZeroDivisionError", "leaves": "SystemExit", "killed": "WorkerDied"}
    expected["after_raises"] = "ZeroDivisionError"
    assert failed == {f"{k}{n}": v for k, v in expected.items() for n in range(3)}
    assert [value(graph, store, 5 * n, "chatty") for n in range(3)] == [10, 20, 30]
    message = next(f.error_message for f in outcome.failures.values() if f.step == "raises")
    assert "\n" not in message


def test_a_machine_that_starts_no_process_stops_the_run_and_blames_no_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = Store(tmp_path / "store")
    spec = flow_of(MODULES / "arithmetic.py")
    graph = merged([Request("one", spec, {"a": 1.0, "seed": 1}, ("seeded",))])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(keeper, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(execution, "BUSY_SECONDS", 0.0)
    with pytest.raises(WorkerNotStarted, match=r"no worker process .* the same command goes on"):
        ran(graph, store, 2)
    monkeypatch.undo()
    outcome, _ = ran(graph, store, 2)
    assert outcome.computed == set(graph.instances)


def test_a_changed_recipe_with_the_same_content_is_served_not_computed(tmp_path: Path):
    file = tmp_path / "flow.py"
    file.write_text(
        "def rounded(a: float) -> int:\n    return round(a)\n"
        "def one(rounded: int) -> int:\n    return rounded + 1\n"
        "def two(rounded: int) -> int:\n    return rounded + 2\n"
    )
    store = Store(tmp_path / "store")
    spec = flow_of(file)
    first = merged([Request("one", spec, {"a": 1.1}, ("one", "two"))])
    both = [Request(n, spec, {"a": 1.1}, (n,)) for n in ("one", "two")]
    ran(merged(both), store, 1)
    other = [Request(n, spec, {"a": 1.2}, (n,)) for n in ("one", "two")]
    outcome, seen = ran(merged(other), store, 1)
    assert sorted(a.status for _, a in seen) == ["computed", "served", "served"]
    assert {merged(other).instances[k].name for k in outcome.computed} == {"rounded"}
    assert first.calls == 3


def test_a_damaged_input_is_made_again(tmp_path: Path):
    store = Store(tmp_path / "store")
    spec = flow_of(MODULES / "arithmetic.py")
    first = merged([Request(str(s), spec, {"a": 1.0, "seed": s}, ("joined",)) for s in (1, 2)])
    ran(first, store, 1)
    shared = [Request(n, spec, {"a": 1.0, "seed": 1}, (n,)) for n in ("seeded", "joined")]
    graph = merged(shared)
    for file in (store.root / "ac").rglob("*"):
        if file.is_file():
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 0x01
            file.write_bytes(bytes(data))
    outcome, _ = ran(graph, store, 1)
    assert not outcome.failures
    assert value(graph, store, 0, "seeded") == 11.0


def test_a_result_tells_the_steps_that_were_run_with_it(tmp_path: Path):
    store = Store(tmp_path / "store")
    graph = merged(
        [Request("s", flow_of(MODULES / "arithmetic.py"), {"a": 1.0, "seed": 3}, ("seeded",))]
    )
    ran(graph, store, 1)
    key = graph.wanted[0]["seeded"]
    assert len(store.keys()) == 2  # recipe and content key of the one result
    found = lineage(store, key)
    assert found.unknown == ()
    assert set(found.recipes) == set(graph.instances)
    planned = graph.recipes()
    for name, recipe in found.recipes.items():
        assert (recipe.module, recipe.deps, recipe.values) == (
            planned[name].module,
            planned[name].deps,
            planned[name].values,
        )


def test_a_served_value_tells_its_own_recipe(tmp_path: Path):
    file = tmp_path / "flow.py"
    file.write_text(
        "def rounded(a: float) -> int:\n    return round(a)\n"
        "def inner(rounded: int) -> int:\n    return rounded + 1\n"
        "def one(inner: int) -> int:\n    return inner + 1\n"
        "def two(rounded: int) -> int:\n    return rounded + 2\n"
    )
    store = Store(tmp_path / "store")
    for a in (1.1, 1.2):
        graph = merged([Request(n, flow_of(file), {"a": a}, (n,)) for n in ("one", "two")])
        _, seen = ran(graph, store, 1)
    assert sorted(answer.status for _, answer in seen) == ["computed", "served", "served"]
    for asked in graph.wanted:
        for key in asked.values():
            found = lineage(store, key)
            assert found.unknown == ()
            assert set(found.recipes) <= set(graph.instances)
            assert found.recipes[key].about["seconds"] >= 0
