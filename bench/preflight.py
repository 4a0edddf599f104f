"""What can stop a run: folders, disk space, hidden packages, sections that do not work."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.errors import UserError

__all__ = ["check_folders", "check_packages", "check_sections"]

_LEAST_FREE = 200_000_000  # bytes; a small run's tables and store, with room for temporary files


def check_folders(*folders: Path, least_free: int = _LEAST_FREE) -> None:
    """Make sure that folders exist, can be written to and have space left.

    Raises
    ------
    UserError
        One line that names the folder and what is wrong with it.
    """
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except FileExistsError:
            raise UserError(f"{folder}: is a file; a folder is needed there") from None
        except NotADirectoryError:
            raise UserError(f"{folder}: a part of this path is a file, not a folder") from None
        except OSError as cause:
            raise UserError(
                f"{folder}: cannot be written to ({os.strerror(cause.errno or 0)}); "
                "choose another folder with --store and --runs"
            ) from None
        free = shutil.disk_usage(folder).free
        if free < least_free:
            raise UserError(
                f"{folder}: {free // 1_000_000} MB of disk space left, at least "
                f"{least_free // 1_000_000} MB are needed; free some or choose another folder"
            )


def check_packages() -> None:
    """Make sure that no file of the asker's hides one of crossfold's packages.

    Their names are plain words, and Python looks in the working directory first.

    Raises
    ------
    UserError
        Names the file that hides the package.
    """
    home = Path(__file__).resolve().parents[1]
    for name in ("stats", "dataflows", "reports"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent != home / name:
            where = origin or "nothing"
            raise UserError(
                f'{where} stands where crossfold\'s package "{name}" should be; rename that '
                "file or folder, or start from another directory"
            )


def check_sections(sections: Iterable[str]) -> None:
    """Run the files of the report's own sections once: mistakes in them show before any work.

    Raises
    ------
    reports.SectionError
        A file cannot be run or has no function ``section(findings)``.
    """
    files = [name for name in sections if name.endswith(".py")]
    if files:
        from reports.own import section_function

        for name in files:
            section_function(name)
