"""One server for several processes: the first one starts it, the last one stops it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL

from greenroom.kit.database.server.cluster import Cluster, unusable

_Use = TypeVar("_Use")


@contextmanager
def using(cluster: Cluster, prepare: Callable[[URL], _Use], *, delete: bool = False) -> Iterator[_Use]:
    """Run the server for the block, and give what ``prepare`` makes of the superuser's URL, one process at a time.

    Whoever leaves last stops the server, and deletes its folder with ``delete``. A process that died counts as gone.
    Raises ``NoPostgresError`` or ``ServerError``.
    """
    with _locked(cluster.folder):
        mark = _users(cluster.folder) / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            use = prepare(cluster.start())
            mark.parent.mkdir(exist_ok=True)
            mark.touch()
        except BaseException:
            _leave(cluster, delete=delete)
            raise
    try:
        yield use
    finally:
        with _locked(cluster.folder):
            mark.unlink(missing_ok=True)
            _leave(cluster, delete=delete)


def _leave(cluster: Cluster, *, delete: bool) -> None:
    if any(_is_alive(mark) for mark in _users(cluster.folder).glob("*")):
        return
    if delete:
        cluster.remove()
    else:
        cluster.stop()


def _users(folder: Path) -> Path:
    return folder / "users"


def _is_alive(mark: Path) -> bool:
    try:
        os.kill(int(mark.name.partition("-")[0]), 0)
    except ProcessLookupError:
        mark.unlink(missing_ok=True)
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep the other processes out; the folder, and with it the lock, may be deleted while one waits for it."""
    import fcntl  # noqa: PLC0415  # not on Windows, where no server is started

    path = folder / "lock"
    while True:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = path.open("w")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unusable(folder, error) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                is_current = os.fstat(file.fileno()).st_ino == path.stat().st_ino
            except FileNotFoundError:
                is_current = False
            if is_current:
                yield
                return
