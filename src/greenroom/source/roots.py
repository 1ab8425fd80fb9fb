"""Source roots: the directory that must be on ``sys.path`` for a file's imports to work."""

# Text paths are several times as fast as Path objects, and discovery has a budget.
# ruff: noqa: PTH113, PTH119, PTH120, PTH123, PTH208

from __future__ import annotations

import os
from collections.abc import Iterator

from greenroom.source.familiar import is_familiar
from greenroom.source.imports import read_imports
from greenroom.source.walk import EXCLUDED, Walk

_MARKERS = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "uv.lock", "poetry.lock", "Pipfile", "alembic.ini"})
_SPOKESMEN = 10
"""How many files of a package are asked for the root; one would do where all import in the same way."""


class Roots:
    """Answers which root a directory has, from ``__init__.py`` files, ``src`` folders and the imports that are written.

    A package's root is above its topmost ``__init__.py``. Below that point a directory without one is a root, unless
    some import names it as a package: ``from app.models import User`` in ``app/`` makes the parent of ``app`` the root.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._files = set(walk.files)
        self._on_disk: dict[str, bool] = {}
        self._roots: dict[str, str] = {}
        self._marks: dict[str, tuple[str | None, str | None]] = {}
        self._bare: dict[str, str] = {}
        self._open: dict[str, bool] = {}
        self._tops = {self._top(start) for start in walk.starts}
        self._namespaces = _namespaces(walk)
        self.reaches_outside = not self._tops <= walk.directories
        """Whether modules may be found beside the given paths."""
        self._voted: set[str] = set()
        """Paths of modules and packages that some import starts with."""
        self._flat: set[str] = set()
        """Directories whose own files import each other without naming a package."""
        self._relative: set[str] = set()
        """Directories that a relative import makes packages."""
        self._count_votes()

    def root_of(self, directory: str) -> str:
        """Return the root for the files in ``directory``."""
        found = self._roots.get(directory)
        if found is None:
            found = self._roots[directory] = self._choose(self.bare(directory))
        return found

    def bare(self, directory: str) -> str:
        """Return the first directory upwards that is no package."""
        found = self._bare.get(directory)
        if found is None:
            parent = os.path.dirname(directory)
            found = self.bare(parent) if parent != directory and self.is_package(directory) else directory
            self._bare[directory] = found
        return found

    def is_package(self, directory: str) -> bool:
        """Whether the directory holds an ``__init__.py``; looks at the disk for directories that were not listed."""
        if directory in self._walk.packages:
            return True
        return directory not in self._walk.directories and self._exists(directory + os.sep + "__init__.py")

    def boundary(self, directory: str) -> str:
        """Return the outermost directory that may be a root for ``directory``: its repository, its project, or where we started."""
        repository, project = self._marked(directory)
        if repository or project:
            return repository or project or directory
        starts = [start for start in self._walk.starts if directory == start or directory.startswith(start + os.sep)]
        return os.path.dirname(max(starts, key=len)) if starts else directory

    def find(self, base: str) -> str | None:
        """Return the file of the module at ``base`` (a path without suffix), or the directory of a namespace package.

        Directories that were not listed are probed on disk as long as they belong to the project: a single file given
        on the command line still sees the models it imports.
        """
        package, module = base + os.sep + "__init__.py", base + ".py"
        if package in self._files or self._probe(base, package):
            return package
        if module in self._files or self._probe(os.path.dirname(base), module):
            return module
        return base if base in self._namespaces else None

    def _probe(self, directory: str, file: str) -> bool:
        return directory not in self._walk.directories and self._may_look_into(directory) and self._exists(file)

    def _may_look_into(self, directory: str) -> bool:
        found = self._open.get(directory)
        if found is None:
            name, parent = os.path.basename(directory), os.path.dirname(directory)
            hidden = name in EXCLUDED or name.startswith(".") or parent == directory
            found = self._open[directory] = directory in self._tops or (not hidden and self._may_look_into(parent))
        return found

    def _exists(self, file: str) -> bool:
        found = self._on_disk.get(file)
        if found is None:
            found = self._on_disk[file] = os.path.isfile(file)
        return found

    def _choose(self, bare: str) -> str:
        found = self._roots.get(bare)
        if found is None:
            found = self._roots[bare] = self._choose_for_bare(bare)
        return found

    def _choose_for_bare(self, bare: str) -> str:
        """Choose by absolute imports, then by an enclosing package, then by relative imports, then by a ``src`` folder."""
        if bare in self._flat:
            return bare
        below, package, relative, source = bare, None, None, bare if os.path.basename(bare) == "src" else None
        for candidate in upwards(os.path.dirname(bare), self.boundary(bare)):
            if not os.path.basename(below).isidentifier():
                break
            if below in self._voted:
                return candidate
            package = package or (candidate if self.is_package(candidate) else None)
            relative = relative or (candidate if below in self._relative else None)
            source = source or (candidate if os.path.basename(candidate) == "src" else None)
            below = candidate
        return (package and self.root_of(package)) or relative or source or bare

    def _top(self, start: str) -> str:
        """Return how far up the disk may be probed for modules outside a given path."""
        directory = start if start in self._walk.directories else os.path.dirname(start)
        repository, project = self._marked(directory)
        return repository or project or self.bare(directory)

    def _marked(self, directory: str) -> tuple[str | None, str | None]:
        """Return the nearest directory upwards that is a repository and the nearest that looks like a project."""
        found = self._marks.get(directory)
        if found is None:
            parent = os.path.dirname(directory)
            repository, project = self._marked(parent) if parent != directory else (None, None)
            try:
                names = set(os.listdir(directory))
            except OSError:
                names = set()
            found = (directory if ".git" in names else repository, directory if _MARKERS & names else project)
            self._marks[directory] = found
        return found

    def _count_votes(self) -> None:
        """Find the directories from which written imports resolve.

        All files outside packages are asked, and a few of each package, for packages may lie in a namespace package.
        """
        by_directory: dict[str, list[str]] = {}
        for file in self._walk.files:
            by_directory.setdefault(os.path.dirname(file), []).append(file)
        spoken: dict[str, int] = {}
        for directory, files in by_directory.items():
            bare = self.bare(directory)
            chosen = files
            if bare != directory:
                package = directory[len(bare) + 1 :].partition(os.sep)[0]
                key = bare + os.sep + package
                chosen = files[: max(0, _SPOKESMEN - spoken.get(key, 0))]
                spoken[key] = spoken.get(key, 0) + len(chosen)
            for module in {module for file in chosen for module, _ in read_imports(_read(file))}:
                self._vote(directory, bare, module)

    def _vote(self, directory: str, bare: str, module: str) -> None:
        name = module.lstrip(".")
        first = name.partition(".")[0]
        level = len(module) - len(name)
        path = os.sep + name.replace(".", os.sep)
        boundary = self.boundary(bare)
        if level:
            # A relative import says how many packages there are at least.
            folders = list(upwards(directory, boundary))
            if name and level < len(folders) and len(bare) > len(folders[level]) and self.find(folders[level - 1] + path):
                self._relative.add(folders[level - 1])
        elif first and not is_familiar(first):
            for root in upwards(bare, boundary):
                if self.find(root + path):
                    self._voted.add(root + os.sep + first)
                    if root == bare:
                        self._flat.add(bare)
                    return


def upwards(directory: str, top: str) -> Iterator[str]:
    """Yield ``directory`` and its parents up to ``top``, or up to the file system's root when ``top`` is not above it."""
    while True:
        yield directory
        parent = os.path.dirname(directory)
        if directory in {top, parent}:
            return
        directory = parent


def _namespaces(walk: Walk) -> set[str]:
    """Return every directory that has Python files below it: the given ones, and those above them that a package name can name."""
    found: set[str] = set()
    starts = set(walk.starts)
    for start in starts:
        for folder in upwards(os.path.dirname(start), os.sep):
            if not os.path.basename(folder).isidentifier():
                break
            found.add(folder)
    for directory in {os.path.dirname(file) for file in walk.files}:
        current = directory
        while current not in found:
            found.add(current)
            if current in starts:
                break
            current = os.path.dirname(current)
    return found


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read(1 << 20)
    except (OSError, ValueError):
        return b""
