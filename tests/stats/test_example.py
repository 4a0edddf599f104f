"""The worked example goes from scores to a paper in under 15 lines."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "paper_from_scores.py"


def test_example_writes_table_diagram_and_methods(tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "10.23" in done.stdout  # Demsar's 9.28, corrected for ties
    assert "Nemenyi" in done.stdout.splitlines()[-1]
    assert r"\toprule" in (tmp_path / "comparison.tex").read_text()
    assert (tmp_path / "comparison.pdf").read_bytes().startswith(b"%PDF")


def test_example_is_short():
    code = [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")]
    assert len(code) < 15
