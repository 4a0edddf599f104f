"""Runs in a process of its own: hashes and runs every flow it is pointed to, prints JSON."""

import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

os.environ["HAMILTON_AUTOLOAD_EXTENSIONS"] = "0"


def loaded(folder: Path) -> ModuleType:
    """Import ``flow.py`` as the runner does with a user's file: by path, its folder in reach."""
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("flow", folder / "flow.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["flow"] = module
    spec.loader.exec_module(module)
    return module


def forget(folder: Path) -> None:
    sys.path.remove(str(folder))
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    importlib.invalidate_caches()


def _graph(module: ModuleType) -> tuple[str, object]:
    import hamilton.plugins.pandas_extensions  # noqa: F401
    from hamilton import driver

    from bench.cache.codehash import code_hash

    built = driver.Builder().with_modules(module).with_config({"task": "b"}).build()
    names = {
        node.name: node.callable
        for node in built.graph.get_upstream_nodes(["node"])[0]
        if node.callable is not None
    }
    recipe = "".join(f"{name}={code_hash(names[name])};" for name in sorted(names))
    result = built.execute(["node"], inputs={"x": 3})
    return hashlib.sha256(recipe.encode()).hexdigest(), result["node"]


def main(root: str, graphs: list[str]) -> None:
    from bench.cache.codehash import code_hash

    rows = {}
    for folder in sorted(Path(root).iterdir()):
        module = loaded(folder)
        if folder.name in graphs:
            digest, result = _graph(module)
        else:
            digest = code_hash(module.node)
            result = module.node(3)
            # What a function did before does not change its name.
            assert code_hash(module.node) == digest, folder.name
        rows[folder.name] = (digest, repr(result))
        forget(folder)
    print(json.dumps(rows))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(","))
