"""The merged graph and its schedule: every distinct step once, and only what is needed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cache.store import Store
from bench.engine.graph import FlowSpec
from bench.engine.plan import Graph, Request, Schedule, merged, schedule
from bench.errors import UserError

MODULES = Path(__file__).resolve().parents[2] / "modules"


def flow_of(file: Path) -> FlowSpec:
    return FlowSpec((str(file),), (), str(file))


ARITHMETIC = flow_of(MODULES / "arithmetic.py")


def request(*wanted: str, **inputs: object) -> Request:
    return Request("cell", ARITHMETIC, inputs, wanted)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def names(graph: Graph, keys: tuple[str, ...]) -> list[str]:
    return [graph.instances[k].name for k in keys]


def test_steps_with_equal_recipes_are_one_step():
    graph = merged([request("seeded", a=1.0, seed=1), request("seeded", a=1.0, seed=2)])
    assert graph.calls == 2 * 5
    assert len(graph.instances) == 5 + 1  # only `seeded` sees the seed


def test_a_default_counts_like_the_same_value_given():
    graph = merged([request("left", a=1.0), request("left", a=1.0, b=2.0)])
    assert len(graph.instances) == 2


def test_an_input_that_no_step_uses_changes_no_key():
    graph = merged([request("left", a=1.0), request("left", a=1.0, fold=3)])
    assert len(graph.instances) == 2


@pytest.mark.parametrize("other", [1, True, "1.0", 1.0000000000000002])
def test_values_that_differ_in_kind_or_bits_give_other_keys(other: object):
    graph = merged([request("start", a=1.0), request("start", a=other)])
    assert len(graph.instances) == 2


def test_a_chain_is_one_chunk_and_a_shared_step_its_own(store: Store):
    graph = merged([request("seeded", a=1.0, seed=s) for s in (1, 2)])
    found = schedule(graph, store)
    assert [[names(graph, c.outputs) for c in wave] for wave in found.waves] == [
        [["joined"]],
        [["seeded"], ["seeded"]],
    ]
    assert names(graph, found.waves[0][0].members) == ["start", "right", "left", "joined"]
    assert found.to_compute == 6


def test_a_shared_value_that_cannot_be_stored_is_made_in_each_chunk(store: Store):
    graph = merged([request("first_of_pair", a=1.0), request("second_of_pair", a=1.0)])
    found = schedule(graph, store)
    last = found.waves[-1]
    assert [names(graph, c.members) for c in last] == [
        ["pair", "first_of_pair"],
        ["pair", "second_of_pair"],
    ]
    assert [names(graph, c.outputs) for c in found.waves[0]] == [["left"]]


def test_what_is_stored_is_neither_planned_nor_what_only_it_needed(store: Store):
    graph = merged([request("seeded", a=1.0, seed=1)])
    joined = next(i for i in graph.instances.values() if i.name == "joined")
    store.put(joined.key, 7.0)
    found = schedule(graph, store)
    assert found.to_compute == 1
    assert names(graph, found.waves[0][0].members) == ["seeded"]
    assert found.waves[0][0].loads == (joined.key,)
    store.put(graph.wanted[0]["seeded"], 8.0)
    assert schedule(graph, store).waves == ()


def test_a_wanted_step_inside_a_chain_is_an_output_of_its_chunk(store: Store):
    graph = merged([request("seeded", "joined", a=1.0, seed=1)])
    (chunk,) = schedule(graph, store).waves[0]
    assert set(names(graph, chunk.outputs)) == {"joined", "seeded"}


def test_a_missing_output_names_the_module_and_the_function():
    with pytest.raises(UserError, match=r"gives no 'seedet'.*did you mean \"seeded\""):
        merged([request("seedet", a=1.0, seed=1)])


def test_a_value_nobody_gives_is_named_with_the_step_that_asks():
    with pytest.raises(UserError, match=r"seeded asks for 'seed'"):
        merged([request("seeded", a=1.0)])


def test_steps_in_a_circle_are_refused(tmp_path: Path):
    file = tmp_path / "circle.py"
    file.write_text("def a(b: int) -> int:\n    return b\ndef b(a: int) -> int:\n    return a\n")
    spec = flow_of(file)
    with pytest.raises(UserError, match="in a circle through 'a'"):
        merged([Request("cell", spec, {}, ("a",))])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    edges=st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=2, max_size=8),
    wanted=st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=3), min_size=1, max_size=4),
    stored=st.sets(st.integers(0, 7)),
)
def test_any_graph_is_cut_into_chunks_that_can_run_in_their_order(
    tmp_path_factory: pytest.TempPathFactory,
    edges: list[set[int]],
    wanted: list[set[int]],
    stored: set[int],
):
    folder = tmp_path_factory.mktemp("graph")
    n = len(edges)
    lines = [
        f"def n{i}({', '.join(f'n{j}: int' for j in sorted(needs) if j < i)}) -> int:\n"
        f"    return {i} + {' + '.join(['0', *(f'n{j}' for j in sorted(needs) if j < i)])}\n"
        for i, needs in enumerate(edges)
    ]
    file = folder / "flow.py"
    file.write_text("\n".join(lines))
    spec = flow_of(file)
    graph = merged(
        [Request(str(i), spec, {}, tuple(f"n{j % n}" for j in w)) for i, w in enumerate(wanted)]
    )
    store = Store(folder / "store")
    kept = {i.key for i in graph.instances.values() if int(i.name[1:]) in stored}
    for key in kept:
        store.put(key, 0)
    found: Schedule = schedule(graph, store)
    there = set(kept)
    ran: list[str] = []
    for wave in found.waves:
        for chunk in wave:
            assert set(chunk.loads) <= there
            inside: set[str] = set()
            for key in chunk.members:
                assert {k for _, k in graph.instances[key].needs} <= inside | set(chunk.loads)
                inside.add(key)
            ran += chunk.members
        there |= {k for chunk in wave for k in chunk.outputs}
    assert len(ran) == len(set(ran)) == found.to_compute
    assert not kept & set(ran)
    assert {k for outputs in graph.wanted for k in outputs.values()} <= there
