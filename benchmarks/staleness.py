"""Which edits a cache sees: ours, joblib.Memory, Hamilton's code version; and a plain rerun.

Run as ``python benchmarks/staleness.py``. The table is that of ``tests/bench/cache/edits.py``. Each
flow is hashed and run in a fresh process, edited in place, and hashed and run in another. An edit
that changes the result and leaves the name is *stale*; one that leaves the result and changes the
name is *needless* work. Rows that a peer cannot take at all are counted beside.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
ROOT = Path(__file__).resolve().parents[1]
# A script's own folder comes first, and a neighbour called `stats` would hide the package.
sys.path[0] = str(ROOT)

from tests.bench.cache.edit_child import forget, loaded  # noqa: E402 - the path comes first
from tests.bench.cache.edits import EDITS  # noqa: E402

CACHES = ("crossfold", "joblib.Memory", "Hamilton", "plain rerun")


def nodes_of(module):
    """Return the steps above `node` in a Hamilton graph."""
    import hamilton.plugins.pandas_extensions  # noqa: F401
    from hamilton import driver

    built = driver.Builder().with_modules(module).with_config({"task": "b"}).build()
    above = built.graph.get_upstream_nodes(["node"])[0]
    found = {node.name: node for node in above if node.callable is not None}
    return built, {name: found[name] for name in sorted(found)}


def ours(module, graph, folder):
    """Return the name our cache gives."""
    from bench.cache.codehash import code_hash

    if graph:
        return "".join(code_hash(node.callable) for node in nodes_of(module)[1].values())
    return code_hash(module.node)


def joblibs(module, graph, folder):
    """Return whether joblib would serve the call, after making it once."""
    import joblib

    memory = joblib.Memory(folder / "joblib", verbose=0)
    function = memory.cache(module.node)
    known = function.check_call_in_cache(3)
    function(3)
    return "served" if known else "computed"


def hamiltons(module, graph, folder):
    """Return the code version that Hamilton's cache keys the steps by."""
    from hamilton import graph_types

    if graph:
        made = (graph_types.HamiltonNode.from_node(n) for n in nodes_of(module)[1].values())
        return "".join(str(node.version) for node in made)
    return graph_types.hash_source_code(module.node, strip=True)


def plainly(module, graph, folder):
    """Return that without a cache everything is computed."""
    return "computed"


def result_of(module, graph):
    """Return what the flow gives."""
    if graph:
        return repr(nodes_of(module)[0].execute(["node"], inputs={"x": 3})["node"])
    return repr(module.node(3))


def child(root):
    """Hash and run every flow below a folder; print JSON."""
    rows = []
    for number, edit in enumerate(EDITS):
        folder = root / f"{number:03d}"
        module = loaded(folder)
        row = {}
        for name, of in zip(CACHES, (ours, joblibs, hamiltons, plainly), strict=True):
            try:
                row[name] = of(module, edit.graph, folder)
            except Exception as error:
                row[name] = None
                row[f"{name} error"] = f"{type(error).__name__}: {error}"[:80]
        row["result"] = result_of(module, edit.graph)
        rows.append(row)
        forget(folder)
    print(json.dumps(rows))


def versions():
    """Return the rows of both versions."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for edited in (False, True):
            for number, edit in enumerate(EDITS):
                for name, text in edit.files(edited=edited).items():
                    path = Path(folder) / f"{number:03d}" / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
            done = subprocess.run(
                [sys.executable, __file__, "--child", folder],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)},
            )
            found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def verdict(name, edit, before, after):
    """Return what a cache did with an edit."""
    if before[name] is None or after[name] is None:
        return "cannot"
    tells = name in ("joblib.Memory", "plain rerun")
    seen = after[name] == "computed" if tells else before[name] != after[name]
    if edit.counts:
        return "seen" if seen else "STALE"
    return "needless" if seen else "kept"


def main():
    """Print the table and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", type=Path)
    chosen = parser.parse_args()
    if chosen.child is not None:
        child(chosen.child)
        return
    first, second = versions()
    counts = {name: {} for name in CACHES}
    print(f"{'edit':58}" + "".join(f"{name:>15}" for name in CACHES))
    for edit, before, after in zip(EDITS, first, second, strict=True):
        assert (before["result"] != after["result"]) == edit.counts, edit.name
        told = [verdict(name, edit, before, after) for name in CACHES]
        for name, word in zip(CACHES, told, strict=True):
            counts[name][word] = counts[name].get(word, 0) + 1
        print(f"{edit.name:58}" + "".join(f"{word:>15}" for word in told))
    print()
    for word in ("STALE", "seen", "needless", "kept", "cannot"):
        print(f"{word:58}" + "".join(f"{counts[name].get(word, 0):>15}" for name in CACHES))


if __name__ == "__main__":
    main()
