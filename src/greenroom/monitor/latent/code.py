"""Which code is a test's: what it arranges is not there in production."""

from __future__ import annotations

import functools
from pathlib import Path
from types import CodeType

from greenroom.monitor.moments import Moment
from greenroom.monitor.places import relative

_FOLDERS = frozenset({"test", "tests", "testing"})


@functools.cache
def is_test(filename: str) -> bool:
    """Whether a file belongs to a test suite, by the names that pytest and unittest look for, below the working directory."""
    path = Path(relative(filename))
    name = path.stem
    return name == "conftest" or name.startswith("test_") or name.endswith("_test") or not _FOLDERS.isdisjoint(path.parts[:-1])


def by_test(moment: Moment | None) -> bool:
    """Whether the line of a moment is a test's."""
    return moment is not None and moment.code is not None and is_test(moment.code.co_filename)


def by_application(found: tuple[CodeType, int] | None) -> bool:
    """Whether a line of code is the application's own."""
    return found is not None and not is_test(found[0].co_filename)
