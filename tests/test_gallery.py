"""The pictures of the manual are those that the example draws."""

import importlib.util
import re
import warnings
from pathlib import Path

import stats

ROOT = Path(__file__).resolve().parents[1]


def test_every_picture_of_the_manual_is_drawn_by_the_example():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "examples" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.StatsWarning)
        drawn = module.gallery()
    shown = set(re.findall(r"\(figures/([\w-]+)\.svg\)", (ROOT / "docs/figures.md").read_text()))
    there = {path.stem for path in (ROOT / "docs" / "figures").glob("*.svg")}
    assert shown == there == set(drawn)
    kinds = {kind for figure in drawn.values() for kind in figure.kind.split("+")}
    assert len(kinds) == 14
