"""Crates as folders: an archive is unpacked where it cannot write beside the folder it is given."""

import lzma
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bench.cache import files
from bench.errors import UserError, one_line

__all__ = ["inside", "opened", "packed"]

MOST_FILES = 100_000
MOST_BYTES = 16 << 30
_BLOCK = 1 << 20


@contextmanager
def opened(crate: Path) -> Iterator[Path]:
    """Give the folder of a crate; that of an archive is there for the time of the block.

    Raises
    ------
    UserError
        It is neither, or something in it would lie or lead outside the folder.
    """
    if crate.is_dir():
        _check_links(crate.resolve())
        yield crate.resolve()
        return
    if not crate.is_file() or not zipfile.is_zipfile(crate):
        raise UserError(f"{crate} is no crate: give a folder or a .zip that `bench export` made")
    with tempfile.TemporaryDirectory(prefix="bench-crate-") as folder:
        target = Path(folder).resolve()
        _unpack(crate, target)
        yield target


def inside(folder: Path, name: str, *, where: str) -> Path:
    """Return the path of a file of a crate by the name it has there.

    Raises
    ------
    UserError
        The name leads outside the crate.
    """
    if not _is_plain(name):
        raise UserError(f"{where} names {one_line(name, most=80)}, which lies outside the crate")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise UserError(f"{where} names {one_line(name, most=80)}, which leads outside the crate")
    return path


def packed(folder: Path, target: Path) -> Path:
    """Write a folder as an archive; the same files give the same bytes."""
    with (
        files.partial(target) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, path.read_bytes())
    return target


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return not (
        not name
        or path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or "\0" in name
        or name.startswith("~")
        or (len(name) > 1 and name[1] == ":")
    )


def _unpack(crate: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(crate) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) > MOST_FILES or sum(info.file_size for info in members) > MOST_BYTES:
                raise UserError(
                    f"{crate} holds {len(members):,} files of "
                    f"{sum(info.file_size for info in members):,} bytes; unpack it by hand if you "
                    "trust it, and give the folder"
                )
            for info in members:
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise UserError(f"{crate} holds a link, {one_line(info.filename, most=80)}")
                path = inside(target, info.filename, where=str(crate))
                path.parent.mkdir(parents=True, exist_ok=True)
                # A name that comes twice is refused: which one was meant cannot be told.
                with archive.open(info) as source, path.open("xb") as sink:
                    while block := source.read(_BLOCK):
                        sink.write(block)
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
        *(NotImplementedError, RuntimeError, EOFError, OSError),
    ) as cause:
        raise UserError(f"{crate} cannot be unpacked: {one_line(cause)}") from cause


def _check_links(folder: Path) -> None:
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root) / name
            if path.is_symlink() and not path.resolve().is_relative_to(folder):
                raise UserError(f"{path} leads outside the crate; remove it")
