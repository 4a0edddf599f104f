"""Cells as jobs of a Hydra multirun with its joblib launcher."""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(sys.argv.pop(1))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import hydra  # noqa: E402
from hydra.core.config_store import ConfigStore  # noqa: E402

from benchmarks.tools import cells  # noqa: E402

ConfigStore.instance().store(name="cell", node={"number": 0, "folder": str(FOLDER)})


@hydra.main(version_base=None, config_name="cell")
def job(config) -> None:
    folder = Path(config.folder)
    spec = json.loads((folder / "specs.json").read_text())[config.number]
    name, digest = cells.computed(spec)
    (folder / f"{config.number}.json").write_text(json.dumps([name, digest]))


if __name__ == "__main__":
    begin = time.perf_counter()
    job()
    seconds = time.perf_counter() - begin
    found = dict(json.loads(file.read_text()) for file in FOLDER.glob("[0-9]*.json"))
    print(json.dumps({"s": seconds, "digests": found, "version": version("hydra-core")}))
