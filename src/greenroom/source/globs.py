"""Glob patterns of files and directories, matched against text paths."""

# Text paths are several times as fast as Path objects, and discovery has a budget.
# ruff: noqa: PTH119, PTH120

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Sequence


class Globs:
    """Globs: one without a slash matches a name at any depth, one with a slash the end of a path from the directory ``top``."""

    def __init__(self, patterns: Sequence[str], top: str) -> None:
        cleaned = [pattern.replace("\\", "/").removeprefix("./").rstrip("/").removesuffix("/**") for pattern in patterns]
        cleaned = [pattern.removeprefix("**/") for pattern in cleaned]
        self._names = [re.compile(fnmatch.translate(pattern)) for pattern in cleaned if pattern and "/" not in pattern]
        self._paths = [re.compile(fnmatch.translate(f"/{pattern}".replace("//", "/"))) for pattern in cleaned if "/" in pattern]
        self._nested = [re.compile(fnmatch.translate(f"*/{pattern}")) for pattern in cleaned if "/" in pattern and pattern[0] != "/"]
        self._top = top.rstrip(os.sep) + os.sep

    def matches(self, path: str, name: str) -> bool:
        """Whether a pattern matches the absolute ``path``, whose last part is ``name``."""
        if any(pattern.match(name) for pattern in self._names):
            return True
        if not self._paths:
            return False
        relative = os.sep + path.removeprefix(self._top)
        return any(pattern.match(candidate) for pattern in (*self._paths, *self._nested) for candidate in {relative, path})

    def somewhere(self, path: str) -> bool:
        """Whether a pattern matches ``path`` or a directory between ``top`` and it."""
        while True:
            if self.matches(path, os.path.basename(path)):
                return True
            parent = os.path.dirname(path)
            if not parent.startswith(self._top) or parent == path:
                return False
            path = parent
