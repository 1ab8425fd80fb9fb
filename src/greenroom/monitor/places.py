"""Where the application was: its frames among those of libraries, across the greenlets that SQLAlchemy runs its own code in."""

from __future__ import annotations

import enum
import functools
import itertools
import os
import site
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING

from sqlalchemy.util.concurrency import greenlet_spawn

from greenroom.trace import STACK, Place

if TYPE_CHECKING:
    from greenlet import greenlet


def _no_greenlet() -> None:
    """Stand for ``greenlet.getcurrent`` where there is no greenlet: then there is no async ORM either, and nothing but threads."""


getcurrent: Callable[[], greenlet | None] = _no_greenlet
with suppress(ImportError):
    from greenlet import getcurrent

_HERE = str(Path(__file__).parent)
DEEPEST = 400
"""How many frames are looked at; an application that is further away is not found."""


def _directories(*names: str) -> set[str]:
    return {os.path.realpath(path) + os.sep for path in names if path}


_INSTALLED = _directories(*site.getsitepackages(), site.getusersitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
_STANDARD = _directories(sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))


class Role(enum.Enum):
    """Whose a source file is."""

    LIBRARY = enum.auto()
    APPLICATION = enum.auto()
    EDGE = enum.auto()
    """A library's, with functions beyond which frames have nothing to do with what runs: see `EDGES`."""


EDGES = {
    "asyncio/base_events.py": frozenset({"run_forever", "run_until_complete"}),
    "asyncio/events.py": frozenset({"_run"}),
    "asyncio/runners.py": frozenset({"run"}),
    "fastapi/applications.py": frozenset({"__call__"}),
    "greenroom/monitor/asgi.py": frozenset({"__call__"}),
    "litestar/app.py": frozenset({"__call__"}),
    "starlette/applications.py": frozenset({"__call__"}),
}
"""Where a loop runs a task, and where a server, or a test in its place, calls an application."""


def _beside_installed(path: str) -> bool:
    """Whether an installer put the file there, as ``pip install --target`` does: it leaves a ``.dist-info`` beside the package."""
    return any(_has_installed(parent) for parent in Path(path).parents)


@functools.cache
def _has_installed(directory: Path) -> bool:
    return any(True for _ in directory.glob("*.dist-info"))


_NONE: frozenset[str] = frozenset()


class Application:
    """Which source files are the application's: those outside of the standard library and of installed packages, and those it names.

    An application that is itself installed (in an image, say) has to be named: by its directory, or by the name of its package.
    """

    def __init__(self) -> None:
        self._named: tuple[str, ...] = ()
        self.known: dict[str, Role] = {}
        """What `role` has decided, by file."""

    def name(self, directories: Iterable[str | Path]) -> None:
        """Count what lies in these directories, or in packages of these names, as the application's, wherever it is installed.

        Raises:
            ValueError: There is no such directory, and no such package is imported.
        """
        found = [_directory(one) for one in directories]
        self._named = (*self._named, *(one for one in found if one not in self._named))
        self.known.clear()

    def role(self, filename: str) -> Role:
        """Return whose the file is."""
        known = self.known.get(filename)
        if known is None:
            try:
                known = self._decide(filename)
            except (OSError, ValueError):
                known = Role.LIBRARY  # code may call its file what it likes
            self.known[filename] = known
        return known

    def _decide(self, filename: str) -> Role:
        path = os.path.realpath(filename)
        if _edges(path):
            return Role.EDGE
        if filename.startswith(("<", _HERE)):
            return Role.LIBRARY  # made by exec, as the methods of dataclasses are, or by ourselves
        if any(path.startswith(directory) for directory in self._named):
            return Role.APPLICATION
        if any(path.startswith(directory) for directory in (*_INSTALLED, *_STANDARD)) or _beside_installed(path):
            return Role.LIBRARY
        return Role.APPLICATION


@functools.cache
def _edges(path: str) -> frozenset[str]:
    parts = Path(path).parts
    return EDGES.get("/".join(parts[-2:]), _NONE) or EDGES.get("/".join(parts[-3:]), _NONE)


def _directory(named: str | Path) -> str:
    """Return the directory that a path or the name of an imported package means.

    Raises:
        ValueError: It is neither.
    """
    if os.path.isdir(named):  # noqa: PTH112  # a str is no Path yet
        return os.path.realpath(named) + os.sep
    package = sys.modules.get(str(named))
    paths = [str(path) for path in getattr(package, "__path__", [])]
    if not paths:
        raise ValueError(f"application: {str(named)!r} is neither a directory nor the name of an imported package")
    return os.path.realpath(paths[0]) + os.sep


application = Application()


_SPAWN = greenlet_spawn.__code__

awaiting: ContextVar[tuple[CodeType, int] | None] = ContextVar("greenroom_awaiting", default=None)
"""The line of the application that waits for what SQLAlchemy does in a task of its own, as it does at the end of ``async with``."""


def frames(innermost: FrameType | None) -> Iterator[tuple[FrameType, Role]]:
    """Yield frames outwards with their roles, beyond the greenlet that runs now into those that wait for it, up to an edge.

    The frames of a greenlet end at its first; those of its parent hang on ``gr_frame`` (greenlet's documentation, "Greenlets and frames").
    """
    role_of = application.role
    frame, greenlet = innermost, getcurrent()
    for _ in range(DEEPEST):
        while frame is None:
            greenlet = greenlet.parent if greenlet is not None else None
            if greenlet is None:
                return
            frame = greenlet.gr_frame
        code = frame.f_code
        role = role_of(code.co_filename)
        if role is Role.EDGE and code.co_name in _edges(code.co_filename):
            return
        yield frame, role
        frame = frame.f_back


def _runs_sqlalchemy(frame: FrameType) -> bool:
    """Whether a frame waits for a greenlet with a method of SQLAlchemy's own, and not with a function given to ``run_sync``."""
    if frame.f_code is not _SPAWN:
        return False
    return str(getattr(frame.f_locals.get("fn"), "__module__", "")).startswith("sqlalchemy.")


def innermost(frame: FrameType | None) -> tuple[CodeType, int] | None:
    """Return code and line of the first frame of the application, outwards from ``frame``."""
    # As `frames`, which is a generator: this runs for each query.
    known, greenlet, mine, edge = application.known, getcurrent(), Role.APPLICATION, Role.EDGE
    spawned = greenlet.parent.gr_frame if greenlet is not None and greenlet.parent is not None else None
    if greenlet is not None and spawned is not None and _runs_sqlalchemy(spawned):
        frame, greenlet = spawned, greenlet.parent  # nothing but SQLAlchemy's own frames lies between
    for _ in range(DEEPEST):
        while frame is None:
            greenlet = greenlet.parent if greenlet is not None else None
            if greenlet is None:
                return awaiting.get()
            frame = greenlet.gr_frame
        code = frame.f_code
        role = known.get(code.co_filename) or application.role(code.co_filename)
        if role is mine:
            return code, frame.f_lineno
        if role is edge and code.co_name in _edges(code.co_filename):
            break
        frame = frame.f_back
    return awaiting.get()


def stack(frame: FrameType | None) -> tuple[Place, ...]:
    """Return the lines of the application, innermost first, at most `STACK`."""
    found = (place(one.f_code, one.f_lineno) for one, role in frames(frame) if role is Role.APPLICATION)
    lines, waiting = tuple(itertools.islice(found, STACK)), awaiting.get()
    return lines if lines or waiting is None else (place(*waiting),)


def place(code: CodeType, line: int) -> Place:
    """Return a line of a function as an incident has it."""
    return Place(relative(code.co_filename), line, code.co_qualname)


def relative(filename: str) -> str:
    """Return a path as it is shown: relative to the working directory where it lies below it, with slashes."""
    here = os.path.realpath(os.curdir) + os.sep
    path = os.path.realpath(filename)
    return path.removeprefix(here).replace(os.sep, "/")
