"""The command line: reads words, makes one call, prints what it gave."""

import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence

import click

from bench import console
from bench.cli.codes import INTERNAL, INTERRUPTED, MISTAKE, OK
from bench.cli.experiments import check, config, plan, retry, run
from bench.cli.exporting import export, reproduce
from bench.cli.group import Group
from bench.cli.inquiries import compare, explain, lineage, verify
from bench.cli.listing import list_
from bench.cli.state import status
from bench.cli.store import cache
from bench.cli.writing import report
from bench.errors import BenchError, one_line

__all__ = ["cli", "main"]

# What the machine may refuse when something is written.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
_REFUSALS = ("DataError", "EvidenceError", "ScoresError", "SectionError")
# What a command makes lasts as long as it does: to look for circles every 700 objects, as Python
# does, is a sixth of a run that has nothing to compute.
_OBJECTS_BETWEEN_LOOKS = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 all went well, 1 an error of ours, 2 the asker's mistake, 3 some cells failed, 130
    interrupted (everything finished is kept).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
    try:
        code = cli.main(args=words, prog_name="bench", standalone_mode=False)
    except click.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except console.ReaderGoneError:
        return OK
    except click.ClickException as cause:
        console.complain(cause.format_message())
        return MISTAKE
    except Exception as cause:  # noqa: BLE001 - the outermost edge: whatever it is becomes one line
        return _told(cause, debug="--debug" in words)
    return code if isinstance(code, int) else OK


def _interrupted() -> int:
    console.complain("interrupted; what was finished is kept, the same command goes on from there")
    return INTERRUPTED


def _told(cause: Exception, *, debug: bool) -> int:
    if debug:
        console.say(traceback.format_exc(), stream=sys.stderr)
    if isinstance(cause, BenchError):
        console.complain(str(cause))
        return cause.exit_code
    # Errors with which dataflows, stats and reports refuse what the asker gave them.
    if type(cause).__name__ in _REFUSALS and isinstance(cause, ValueError):
        console.complain(str(cause))
        return MISTAKE
    if isinstance(cause, OSError) and cause.errno in _FULL:
        place = f" ({cause.filename})" if cause.filename else ""
        console.complain(
            f"{os.strerror(cause.errno)}{place}; what was finished is kept: make room, or name "
            "other folders with --store and --runs, and give the same command again"
        )
        return MISTAKE
    hint = "" if debug else "; the same command with --debug shows where"
    console.complain(f"{type(cause).__name__}: {one_line(cause) or 'no message'}{hint}")
    return INTERNAL


def _tell_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib import metadata

    try:
        version = metadata.version("crossfold")
    except metadata.PackageNotFoundError:
        version = "in a checkout that is not installed"
    console.say(f"crossfold {version}")
    ctx.exit()


@click.group(
    cls=Group,
    commands=[
        run,
        plan,
        check,
        list_,
        report,
        status,
        retry,
        lineage,
        explain,
        compare,
        verify,
        export,
        reproduce,
        config,
        cache,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 internal error, 2 mistake in what was asked, 3 some cells failed, "
    "130 interrupted.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Evaluate forecasting models on rolling origins, and compare them with statistics.

    An EXPERIMENT is a TOML file; without one, the weather experiment that comes with crossfold.
    Any value in it can be set for once: models.lstm.hidden=64 "matrix.horizon=[1,6]"
    """
