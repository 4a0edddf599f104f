"""What benchmarks and examples take from the packages is there: nobody runs them every day."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("bench", "dataflows", "reports", "stats")
SCRIPTS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
)


def taken(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Module and name of each import, and of each use of an attribute of an imported module."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.module, alias.name
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield modules.get(node.value.id, ""), node.attr


def faults(tree: ast.Module) -> list[str]:
    found = []
    for module, name in taken(tree):
        if module.partition(".")[0] not in OURS:
            continue
        try:
            held = importlib.import_module(module)
        except ModuleNotFoundError:
            continue  # a class or function: what it has is its own
        inner = f"{module}.{name}"
        is_package = hasattr(held, "__path__")
        if not hasattr(held, name) and not (is_package and importlib.util.find_spec(inner)):
            found.append(f"{inner} is not there")
        elif name.startswith("_") and not name.startswith("__"):
            found.append(f"{inner} is private")
    return found


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_is_imported_is_there_and_public(script: str):
    assert faults(ast.parse((ROOT / script).read_text())) == []


def test_what_is_gone_or_private_is_found():
    script = "from bench import runner\nfrom bench.spec import gone\nrunner._table\nrunner.gone\n"
    assert faults(ast.parse(script)) == [
        "bench.spec.gone is not there",
        "bench.runner._table is private",
        "bench.runner.gone is not there",
    ]
