"""A stored value tells where it comes from, and what changed since."""

import json
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cache.codehash import CodeUnit
from bench.cache.datahash import data_hash
from bench.cache.explain import diff, explain
from bench.cache.lineage import Lineage, Recipe, lineage, verify
from bench.cache.picture import to_svg
from bench.cache.provenance import prov_json
from bench.cache.store import Store
from bench.errors import UserError


def _key(letter: str) -> str:
    return letter * 32


HELPER_1 = CodeUnit("flow._scaled", "function", _key("1"), "def _scaled(v):\n    return v * 2\n")
HELPER_2 = CodeUnit("flow._scaled", "function", _key("2"), "def _scaled(v):\n    return v * 3\n")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two runs: raw -> X -> y; in the second, X's helper was edited and numpy upgraded."""
    store = Store(tmp_path / "store")
    store.put_source([HELPER_1, HELPER_2])
    node = {"module": "flow", "seconds": 0.5, "environment": "e"}
    raw = {**node, "node": "raw", "code_hash": "r", "values": {"file": _key("9")}, "inputs": {}}
    store.put(_key("a"), [1, 2], meta=raw)
    x = {**node, "node": "X", "code_hash": "x1", "deps": {"raw": _key("a")}}
    x |= {"values": {"k": _key("8")}, "inputs": {"k": 3}}
    units = {"flow.X": _key("7"), "flow._scaled": HELPER_1.digest, "numpy": "2.3.0"}
    store.put(_key("b"), [2, 4], meta={**x, "units": units})
    units = {**units, "flow._scaled": HELPER_2.digest, "numpy": "2.4.0"}
    store.put(_key("c"), [3, 6], meta={**x, "code_hash": "x2", "units": units})
    y = {**node, "node": "y", "code_hash": "y", "values": {}}
    store.put(_key("d"), 6, meta={**y, "deps": {"X": _key("b")}})
    store.put(_key("e"), 9, meta={**y, "deps": {"X": _key("c")}})
    return store


def test_the_tree_goes_down_to_the_raw_data(store: Store) -> None:
    assert list(lineage(store, _key("d")).lines()) == [
        "flow.y  dddddddddddd",
        "└─ flow.X  bbbbbbbbbbbb",
        "   ├─ k = 3",
        "   └─ flow.raw  aaaaaaaaaaaa",
        "      └─ file = content 999999999999",
    ]


def test_an_edited_helper_is_named_with_its_text(store: Store) -> None:
    told = explain(store, _key("d"), _key("e"))
    assert told.status == "changed"
    assert told.same_value is False
    assert told.lines() == [
        "flow._scaled changed (used by flow.X)",
        "    --- flow._scaled (before)",
        "    +++ flow._scaled (now)",
        "    @@ -1,2 +1,2 @@",
        "     def _scaled(v):",
        "    -    return v * 2",
        "    +    return v * 3",
        "package numpy: 2.3.0 -> 2.4.0",
    ]


def test_a_changed_input_is_named_with_its_values(store: Store) -> None:
    old = lineage(store, _key("b")).recipes[_key("b")]
    new = Recipe(
        key=_key("f"),
        node="X",
        module="flow",
        code_hash=old.code_hash,
        deps=old.deps,
        values={"k": _key("6")},
        inputs={"k": 5},
        units=old.units,
    )
    told = explain(store, _key("b"), _key("f"), planned={_key("f"): new})
    assert told.lines() == ["input k of flow.X: 3 -> 5"]
    assert told.stored is False


def test_a_parameter_that_comes_from_elsewhere_is_named(store: Store) -> None:
    new = Recipe(_key("f"), "y", "flow", "y", {}, {"X": _key("6")}, {"X": 5})
    told = explain(store, _key("d"), _key("f"), planned={_key("f"): new})
    assert told.lines() == ["X of flow.y comes from an input, before flow.X"]


def test_an_upgraded_interpreter_is_told_from_an_edit(store: Store) -> None:
    old = lineage(store, _key("b")).recipes[_key("b")]
    new = Recipe(_key("f"), "X", "flow", "other", old.deps, old.values, old.inputs, old.units)
    told = explain(store, _key("b"), _key("f"), planned={_key("f"): new})
    assert [change.kind for change in told.changes] == ["interpreter"]
    assert "another Python" in told.lines()[0]


def test_a_default_that_was_overridden_is_named(store: Store) -> None:
    old = lineage(store, _key("b")).recipes[_key("b")]
    new = Recipe(_key("f"), "X", "flow", old.code_hash, old.deps, {}, {}, old.units)
    told = explain(store, _key("b"), _key("f"), planned={_key("f"): new})
    assert told.lines() == ["input k of flow.X: 3 -> its default"]


def test_new_and_lost_code_is_told(store: Store) -> None:
    old = lineage(store, _key("b")).recipes[_key("b")]
    units = {"flow.X": old.units["flow.X"], "flow.fresh": _key("5"), "numpy": "2.3.0"}
    new = Recipe(_key("f"), "X", "flow", "other", old.deps, old.values, old.inputs, units)
    told = explain(store, _key("b"), _key("f"), planned={_key("f"): new})
    lines = [line for line in told.lines() if not line.startswith(" ")]
    assert lines == [
        "flow._scaled is gone (used by flow.X)",
        "flow.fresh is new (used by flow.X)",
    ]


def test_an_unchanged_value_is_served(store: Store) -> None:
    told = explain(store, _key("d"), _key("d"))
    assert told.lines() == ["nothing it is made of has changed; served from the store"]
    assert explain(store, None, _key("d")).status == "new"


def test_what_is_gone_is_said_to_be_gone(store: Store) -> None:
    (store.root / "ac" / "bb" / _key("b")).unlink()
    found = lineage(store, _key("d"))
    assert found.unknown == (_key("b"),)
    assert list(found.lines())[1] == "└─ X: not stored  bbbbbbbbbbbb"
    told = explain(store, _key("d"), _key("e"))
    assert told.lines() == ["flow.X of flow.X differs; its recipe is no longer stored"]


def test_nothing_is_known_under_a_key_nobody_wrote(store: Store) -> None:
    with pytest.raises(UserError, match="knows nothing under 0000"):
        lineage(store, _key("0"))


def test_steps_that_were_not_kept_are_in_the_notes_of_what_was(store: Store) -> None:
    inner = {"node": "z", "module": "flow", "code_hash": "z", "deps": {"raw": _key("a")}}
    outer = {"node": "w", "module": "flow", "deps": {"z": _key("5")}, "fused": {_key("5"): inner}}
    store.put(_key("4"), 1, meta=outer)
    found = lineage(store, _key("4"))
    assert [recipe.node for recipe in found.recipes.values()] == ["w", "z", "raw"]
    assert found.unknown == ()


def test_two_runs_are_set_apart(store: Store) -> None:
    before = {"cell": {"X": _key("b"), "y": _key("d")}, "gone": {"y": _key("d")}}
    after = {"cell": {"X": _key("b"), "y": _key("e")}, "new": {"y": _key("e")}}
    told = diff(store, before, after)
    assert (told.only_before, told.only_after, told.same) == (("gone",), ("new",), 1)
    assert told.changed == {"cell": ("y",)}
    assert [change.name for change in told.causes] == ["flow._scaled", "numpy"]


def test_equal_values_of_other_recipes_are_counted_as_equal(store: Store) -> None:
    record = store.record(_key("d"))
    assert record is not None
    store.link(_key("f"), record, meta={**record.meta, "code_hash": "other"})
    told = diff(store, {"cell": {"y": _key("d")}}, {"cell": {"y": _key("f")}})
    assert (told.equal, told.changed) == (1, {})


def test_verify_names_what_does_not_come_out_again(store: Store) -> None:
    records = [store.record(_key("a")), store.record(_key("b"))]
    values: dict[str, object] = {_key("a"): [1, 2], _key("b"): [2, 5]}
    kept = [record for record in records if record is not None]
    found = verify(store, kept, lambda record: values[record.key])
    assert [(m.node, m.stored, m.computed) for m in found] == [
        ("X", data_hash([2, 4]), data_hash([2, 5]))
    ]


def test_the_graph_can_be_had_as_dot_and_prov(store: Store) -> None:
    found = lineage(store, _key("d"))
    dot = found.to_dot()
    assert f'"{_key("a")}" -> "{_key("b")}" [label="raw"];' in dot
    assert dot.count("{") == dot.count("}")
    document = prov_json(found)
    assert len(document["activity"]) == 3
    for relation in document["used"].values():
        assert relation["prov:entity"] in document["entity"]
        assert relation["prov:activity"] in document["activity"]
    assert {r["prov:generatedEntity"] for r in document["wasDerivedFrom"].values()} <= set(
        document["entity"]
    )
    assert [recipe["node"] for recipe in found.to_dict()["recipes"]] == ["y", "X", "raw"]


def test_the_units_of_a_step_are_those_of_its_code_hash(store: Store) -> None:
    store.put_units(_key("6"), [HELPER_1])
    node = {"node": "w", "module": "flow", "code_hash": _key("6")}
    store.put(_key("4"), 1, meta=node)
    assert lineage(store, _key("4")).recipes[_key("4")].units == {"flow._scaled": HELPER_1.digest}


def _boxes(picture: str) -> list[tuple[float, float, float, float]]:
    found = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}rect")
    return [tuple(float(box.attrib[n]) for n in ("x", "y", "width", "height")) for box in found]  # type: ignore[misc]


def test_the_graph_can_be_had_as_a_picture_whose_boxes_lie_apart(store: Store) -> None:
    picture = to_svg(lineage(store, _key("d")))
    boxes = _boxes(picture)
    assert len(boxes) == 3
    assert picture.count('class="edge"') == 2
    for name in ("raw", "X", "y", "k = 3", "file = 999999999999"):
        assert f">{name}</text>" in picture
    assert boxes == sorted(boxes, key=lambda box: box[1]), "the data are above"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=14))
def test_boxes_of_any_graph_lie_apart_and_below_what_they_need(needs: list[list[int]]) -> None:
    recipes = {
        str(number): Recipe(
            str(number),
            f"step{number}" * (1 + number % 3),
            deps={f"p{d}": str(d % number) for d in deps} if number else {},
        )
        for number, deps in enumerate(needs)
    }
    root = str(len(needs) - 1)
    found = Lineage(root, {root: recipes[root], **recipes}, ())
    boxes = _boxes(to_svg(found))
    assert len(boxes) == len(needs)
    for (x, y, width, height), (x2, y2, width2, height2) in combinations(boxes, 2):
        apart = x + width < x2 or x2 + width2 < x or y + height < y2 or y2 + height2 < y
        assert apart
    assert all(x > 0 and y > 0 for x, y, *_ in boxes)


def test_another_program_reads_the_prov(store: Store) -> None:
    model = pytest.importorskip("prov.model", reason="nox -s crates installs it")
    content = json.dumps(prov_json(lineage(store, _key("d"))))
    document = model.ProvDocument.deserialize(content=content, format="json")
    assert len(list(document.get_records(model.ProvActivity))) == 3
    assert len(list(document.get_records(model.ProvDerivation))) == 2
