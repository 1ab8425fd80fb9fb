"""Files that are replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def replace(path: Path, lines: Iterable[str], encoding: str) -> None:
    """Write lines to ``path``: all of them or, when that fails, nothing; what the encoding lacks is written as an escape.

    Raises:
        OSError: The file cannot be written; what was there is untouched.
        ValueError: The path cannot be one.
    """
    target = _target(path)
    if target.exists() and not target.is_file():
        with target.open("w", encoding=encoding, errors="backslashreplace") as stream:
            stream.writelines(f"{line}\n" for line in lines)
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("x", encoding=encoding, errors="backslashreplace", newline="\n") as stream:
            stream.writelines(f"{line}\n" for line in lines)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileNotFoundError):
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def demand_writable(path: Path) -> None:
    """Refuse a place where no file can be written, before long work is done for nothing.

    Raises:
        OSError: The folder of ``path`` is missing or may not be written to, or ``path`` is a folder.
        ValueError: The path cannot be one.
    """
    target = _target(path)
    if not stat.S_ISDIR(target.parent.stat().st_mode):
        raise NotADirectoryError(20, "Not a directory")
    special = target.exists() and not target.is_file()
    if not (os.access(target, os.W_OK) if special else os.access(target.parent, os.W_OK | os.X_OK)):
        raise PermissionError(13, "Permission denied")


def _target(path: Path) -> Path:
    """Where links lead: they stay. What is no file, such as a device or a pipe, cannot be replaced and is written to."""
    if path.is_dir():
        raise IsADirectoryError(21, "Is a directory")
    return path if path.exists() and not path.is_file() else Path(os.path.realpath(path))
