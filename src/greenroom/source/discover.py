"""Which files belong to the analysis, what their modules are called and which projects they make up."""

# Text paths are several times as fast as Path objects, and discovery has a budget.
# ruff: noqa: PTH120, PTH206, RUF071

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from greenroom.source.dependencies import Dependencies, read_dependencies
from greenroom.source.familiar import CORE, is_familiar
from greenroom.source.file import SourceFile
from greenroom.source.problem import Problem
from greenroom.source.roots import Roots, upwards
from greenroom.source.walk import Walk, walk


@dataclass(frozen=True, slots=True)
class Group:
    """Files that import each other, directly or not: one project, analysed on its own."""

    files: tuple[SourceFile, ...]
    roots: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Namespace:
    """A directory without ``__init__.py`` that imports name as a package."""

    directory: Path
    module: str
    root: Path


def discover(paths: Iterable[Path], exclude: Sequence[str] = ()) -> Tree:
    """Find the Python files under ``paths``.

    Files may be named explicitly. Hidden directories, environments and build output are left out, unless they are
    themselves given; ``exclude`` takes globs for more. What cannot be read becomes a problem of the tree.
    """
    return Tree(walk(paths, exclude))


class Tree:
    """The files to analyse, sorted by path, and where imports lead from each of them."""

    def __init__(self, found: Walk) -> None:
        self.problems: list[Problem] = list(found.problems)
        """What went wrong with directories and dependency files; see :meth:`all_problems` for everything."""
        self._roots = Roots(found)
        self._by_path: dict[str, SourceFile] = {}
        self._directories: dict[SourceFile, str] = {}
        self._located: dict[tuple[str, str], SourceFile | Namespace | None] = {}
        self._candidates: dict[tuple[str, str], tuple[str, ...]] = {}
        self._namespaces: dict[str, Namespace] = {}
        self._dependencies: dict[str, Dependencies] = {}
        self._paths: dict[str, Path] = {}
        self.files: tuple[SourceFile, ...] = tuple(self._add(file) for file in found.files)
        self._top_level = self._index_roots()
        self._known = {part for file in self.files for part in str(file.path).removesuffix(".py").split(os.sep)}

    def locate(self, name: str, near: SourceFile | None = None) -> SourceFile | Namespace | None:
        """Return where the module called ``name`` lives, as seen from ``near``; None when it is not in the project.

        The root of ``near`` comes first, then the directories around it that the import fits, then other roots, the
        nearest first. Files outside the given paths are found as long as they belong to the same project.
        """
        directory = self._directories.get(near, "") if near is not None else ""
        key = (directory, name)
        if key not in self._located:
            self._located[key] = self._search(name, directory, near)
        return self._located[key]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The files divided into projects: roots whose files import each other are one group."""
        by_root: dict[Path, list[SourceFile]] = {}
        for file in self.files:
            by_root.setdefault(file.root, []).append(file)
        return tuple(
            Group(tuple(sorted((file for root in roots for file in by_root[root]), key=lambda file: file.path)), tuple(sorted(roots)))
            for roots in _components(list(by_root), self._links() if len(by_root) > 1 else ())
        )

    def dependencies(self, group: Group) -> Dependencies:
        """Return the distributions that the dependency files around the group's roots name."""
        found = Dependencies()
        for root in group.roots:
            key = str(root)
            if key not in self._dependencies:
                folders = upwards(key, self._roots.boundary(key))
                self._dependencies[key] = read_dependencies([Path(folder) for folder in folders], self.problems)
            found = found.merged(self._dependencies[key])
        return found

    def all_problems(self) -> list[Problem]:
        """Return the problems of the tree and of every file read so far, sorted, each once."""
        files = (problem for file in self._by_path.values() for problem in file.problems)
        return sorted({*self.problems, *files}, key=lambda problem: (problem.path, problem.line, problem.column, problem.message))

    def _add(self, path: str) -> SourceFile:
        directory, filename = os.path.split(path)
        root = self._roots.root_of(directory)
        relative = directory[len(root) :].strip(os.sep) if directory.startswith(root) else ""
        stem = filename.removesuffix(".py")
        parts = [part for part in relative.split(os.sep) if part]
        if stem != "__init__":
            parts.append(stem)
        file = SourceFile(Path(path), ".".join(parts), self._path(root))
        self._by_path[path] = file
        self._directories[file] = directory
        return file

    def _path(self, text: str) -> Path:
        found = self._paths.get(text)
        if found is None:
            found = self._paths[text] = Path(text)
        return found

    def _index_roots(self) -> dict[str, list[str]]:
        """Map each top-level name to the roots that have it."""
        index: dict[str, dict[str, None]] = {}
        for file in self.files:
            index.setdefault(file.module.partition(".")[0], {})[str(file.root)] = None
        return {name: list(roots) for name, roots in index.items()}

    def _search(self, name: str, directory: str, near: SourceFile | None) -> SourceFile | Namespace | None:
        first = name.partition(".")[0]
        if first not in self._known and not self._roots.reaches_outside:
            return None
        if not first or (first in CORE and (near is None or near.module.partition(".")[0] != first)):
            return None
        key = (directory, first)
        if key not in self._candidates:
            self._candidates[key] = tuple(self._roots_with(first, directory, near))
        namespace = None
        path = os.sep + name.replace(".", os.sep)
        for root in self._candidates[key]:
            found = self._roots.find(root + path)
            if found is not None and found.endswith(".py"):
                if self._is_plausible(found, name, root, near):
                    return self._by_path.get(found) or self._add(found)
            elif found is not None and namespace is None:
                namespace = self._namespaces.setdefault(found, Namespace(Path(found), name, self._path(root)))
        return namespace

    def _roots_with(self, first: str, directory: str, near: SourceFile | None) -> Iterable[str]:
        """Yield the directories that have something called ``first``, in order of preference."""
        roots: dict[str, None] = {}
        if near is not None:
            own = str(near.root)
            roots[own] = None
            if not is_familiar(first):
                boundary = self._roots.boundary(self._roots.bare(directory))
                above = list(upwards(directory, boundary))
                # Directories inside packages come last: only a stray __init__.py makes them roots.
                roots.update(dict.fromkeys(folder for folder in above if not self._roots.is_package(folder)))
                roots.update(dict.fromkeys(self._other_roots(first, directory)))
                roots.update(dict.fromkeys(above))
        else:
            roots.update(dict.fromkeys(self._other_roots(first, "")))
        return [root for root in roots if self._roots.find(root + os.sep + first) is not None]

    def _other_roots(self, first: str, directory: str) -> list[str]:
        def distance(root: str) -> tuple[int, str]:
            return (-len(os.path.commonprefix([root + os.sep, directory + os.sep])), root)

        return sorted(self._top_level.get(first, ()), key=distance)

    def _is_plausible(self, found: str, name: str, root: str, near: SourceFile | None) -> bool:
        """Whether a file is what the import means, rather than a namesake of a library inside a package.

        ``from celery import Celery`` in ``app/celery/tasks.py`` does not mean ``app/celery``.
        """
        if near is None or not self._roots.is_package(root) or "." in name:
            return True
        package = os.path.dirname(found) if found.endswith("__init__.py") else found
        return not str(near.path).startswith(package)

    def _links(self) -> Iterable[tuple[Path, Path]]:
        """Yield pairs of roots of which the first imports the second."""
        asked: set[tuple[str, str]] = set()
        for file in self.files:
            directory = self._directories[file]
            for module, _ in file.imports:
                first = module.partition(".")[0]
                if first and (first in self._known or self._roots.reaches_outside) and (directory, module) not in asked:
                    asked.add((directory, module))
                    target = self.locate(module, file)
                    if isinstance(target, SourceFile) and target.root != file.root:
                        yield file.root, target.root


def _components(nodes: list[Path], links: Iterable[tuple[Path, Path]]) -> list[list[Path]]:
    """Return the connected components, in the order of their first nodes."""
    leader = {node: node for node in nodes}

    def find(node: Path) -> Path:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for one, other in links:
        if other in leader:
            leader[find(other)] = find(one)
    components: dict[Path, list[Path]] = {}
    for node in nodes:
        components.setdefault(find(node), []).append(node)
    return list(components.values())
