"""An experiment of slow steps, for faults that come while it runs."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.clusters import Hosts

EXPERIMENT = """
name = "far"
seed = 7
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = ["a", "b"]
task = "continuous"
horizon = [1, 3]
[protocol]
n_folds = 2
first_train = 200
test_size = 40
[models.persistence]
[models.mine]
module = "mymodel.py"
[models.mine.grid]
weight = [0.1, 0.2, 0.3, 0.4, 0.5]
"""
MODEL = """
import time
import pandas as pd

TASKS = ("continuous",)

def shrunk(base: pd.DataFrame, weight: float = 0.5) -> pd.Series:
    time.sleep(SECONDS)
    return base["z_now"] * weight

def prediction(shrunk: pd.Series, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"y_pred": shrunk.loc[test_origins].to_numpy()}, index=test_origins)
"""


@pytest.fixture
def shared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the experiment `far.toml`; its parameter says how long a fit takes."""
    seconds = getattr(request, "param", 4)
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        np.cumsum(rng.normal(size=(320, 2)), axis=0).round(4),
        columns=["a", "b"],
        index=pd.date_range("2020-01-01", periods=320, freq="D", name="day"),
    )
    table.to_csv(tmp_path / "walk.csv")
    (tmp_path / "mymodel.py").write_text(MODEL.replace("SECONDS", str(seconds)))
    (tmp_path / "far.toml").write_text(EXPERIMENT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """Give two hosts beside this one, each with a network of its own."""
    if shutil.which("ip") is None:
        pytest.skip("needs iproute2")
    found = Hosts("one", "two")
    try:
        found.up()
    except subprocess.CalledProcessError as cause:
        found.down()
        pytest.skip(f"network namespaces are not permitted here: {cause.stderr.decode().strip()}")
    yield found
    found.down()
