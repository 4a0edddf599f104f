"""Runs commands in copies of itself, with everything imported: a run costs what it does itself."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path


def main() -> None:
    """Read words of a command, one JSON list a line; answer with exit code and what was said."""
    import bench.engine.child
    import bench.runner
    from bench import cli
    from bench.engine.plan import merged
    from bench.preparation import request
    from bench.spec.experiment import Experiment

    assert bench
    experiment = Experiment.load(Path(sys.argv[1]))
    # What is known of code is known to all copies.
    merged([request(experiment, cell) for cell in experiment.cells()])
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            said = io.StringIO()
            with redirect_stdout(said), redirect_stderr(said):
                code = cli.main(json.loads(line))
            with os.fdopen(writing, "w") as answer:
                json.dump([code, said.getvalue()], answer)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        print(text or json.dumps([os.waitstatus_to_exitcode(status), ""]), flush=True)


if __name__ == "__main__":
    main()
