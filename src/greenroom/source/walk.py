"""Finding the Python files under the given paths, whatever the file system throws at us."""

# Text paths are several times as fast as Path objects, and discovery has a budget.
# ruff: noqa: PTH100, PTH109, PTH110, PTH112, PTH113, PTH118, PTH119, PTH120, PTH206

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.source.globs import Globs
from greenroom.source.problem import Problem

EXCLUDED = frozenset({"node_modules", "site-packages", "venv", "__pycache__", "__pypackages__"})
"""Directories that never hold the project's own code; those that begin with a dot are left out as well."""

OUTPUT = frozenset({"build", "dist"})
"""Directories that hold copies of the code unless they are packages."""


@dataclass(slots=True)
class Walk:
    """What was found: absolute paths as text, in no particular order until :func:`walk` returns."""

    files: list[str] = field(default_factory=list)
    directories: set[str] = field(default_factory=set)
    """Directories that were listed; a module that is missing there does not exist."""
    packages: set[str] = field(default_factory=set)
    """Directories that hold an ``__init__.py``."""
    starts: list[str] = field(default_factory=list)
    """The given paths that exist."""
    problems: list[Problem] = field(default_factory=list)


def walk(paths: Iterable[Path], exclude: Sequence[str] = ()) -> Walk:
    """List the files under ``paths``: each once, sorted, symbolic links followed only to places not seen otherwise.

    Default exclusions do not apply to the given paths themselves; the ``exclude`` patterns do.
    """
    walker = _Walker(Globs(exclude, os.getcwd()))
    for path in paths:
        walker.start(path)
    walker.follow_links()
    walker.found.files = sorted(set(walker.found.files), key=lambda file: file.split(os.sep))
    return walker.found


class _Walker:
    def __init__(self, excluded: Globs) -> None:
        self.found = Walk()
        self.excluded = excluded
        self.seen: set[str] = set()
        """Real paths of the listed directories and of the files that links may name again."""
        self.links: list[str] = []

    def start(self, path: Path) -> None:
        try:
            name = os.path.abspath(path)  # resolving links would rename the user's files
            if os.path.isdir(name):
                self.found.starts.append(name)
                self.list_from(name, os.path.realpath(name))
            elif os.path.isfile(name):
                self.found.starts.append(name)
                if not self.excluded.somewhere(name):
                    self.add_file(name)
            elif os.path.exists(name):
                self.complain(name, "neither a file nor a directory")
            else:
                self.complain(name, "no such file or directory")
        except (OSError, ValueError) as error:
            self.complain(str(path).replace("\0", ""), str(error))

    def add_file(self, name: str) -> None:
        self.found.files.append(name)
        if os.path.basename(name) == "__init__.py":
            self.found.packages.add(os.path.dirname(name))

    def list_from(self, name: str, real: str) -> None:
        waiting = [(name, real)]
        while waiting:
            directory, real = waiting.pop()
            if real not in self.seen:
                self.seen.add(real)
                waiting.extend(self.list_directory(directory, real))

    def list_directory(self, directory: str, real: str) -> list[tuple[str, str]]:
        subdirectories: list[tuple[str, str]] = []
        files: list[str] = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith(".") or self.excluded.matches(entry.path, name):
                        continue
                    if entry.is_symlink():
                        self.links.append(entry.path)
                    elif entry.is_dir(follow_symlinks=False):
                        if name not in EXCLUDED:
                            subdirectories.append((entry.path, os.path.join(real, name)))
                    elif name.endswith(".py") and entry.is_file(follow_symlinks=False):
                        files.append(entry.path)
                    elif name == "pyvenv.cfg" and directory not in self.found.starts:
                        return []
        except OSError as error:
            self.complain(directory, f"cannot list the directory: {error.strerror or error}")
        is_package = os.path.join(directory, "__init__.py") in files
        if os.path.basename(directory) in OUTPUT and not is_package and directory not in self.found.starts:
            return []
        self.found.directories.add(directory)
        self.found.files += files
        if is_package:
            self.found.packages.add(directory)
        return subdirectories

    def follow_links(self) -> None:
        """Follow links last, so that a real directory is never known by the name of a link to it."""
        files = {os.path.realpath(file) for file in self.found.files} if self.links else set()
        while self.links:
            pending, self.links = sorted(self.links), []
            for link in pending:
                real = os.path.realpath(link)
                if os.path.isdir(link):
                    if os.path.basename(link) not in EXCLUDED and real not in self.seen:
                        self.list_from(link, real)
                elif link.endswith(".py") and real not in files and os.path.isfile(link):
                    files.add(real)
                    self.add_file(link)

    def complain(self, path: str, message: str) -> None:
        self.found.problems.append(Problem(Path(path), 1, 1, message))
