"""Modules by name and by file, parsed when first asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from greenroom.program.scan import scan
from greenroom.program.symbols import Module
from greenroom.source.discover import Namespace, Tree
from greenroom.source.file import SourceFile

_ROOT = Path(__file__).parents[2]
_KIT = "greenroom.kit."


class Modules:
    """The parsed part of a tree. A file is one module, whatever name it is imported by."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_file: dict[SourceFile, Module | None] = {}
        self._namespaces: dict[Path, Module] = {}
        self._kit: dict[str, SourceFile | None] = {}
        self.parsed = 0

    @property
    def loaded(self) -> list[Module]:
        """The modules parsed so far and not evicted, sorted by path."""
        return sorted((module for module in self._by_file.values() if module is not None), key=lambda module: module.source.path)

    def load(self, file: SourceFile) -> Module | None:
        """Return the module in ``file``; None when it does not parse."""
        if file not in self._by_file:
            tree = file.parse()
            self.parsed += tree is not None
            self._by_file[file] = None if tree is None else scan(file, tree)
        return self._by_file[file]

    def load_all(self, files: Iterable[SourceFile]) -> list[Module]:
        """Return the modules of all ``files`` that parse."""
        return [module for module in map(self.load, files) if module is not None]

    def find(self, name: str, near: SourceFile | None = None) -> Module | None:
        """Return the module called ``name`` as seen from ``near``.

        A namespace package is an empty module whose source is a file that does not exist.
        """
        place = self._tree.locate(name, near)
        if isinstance(place, SourceFile):
            return self.load(place)
        return self._of_kit(name) if place is None else self._namespace(place)

    def is_namespace(self, module: Module) -> bool:
        """Whether the module is a directory without ``__init__.py``."""
        return self._namespaces.get(module.source.path.parent) is module

    def evict(self, files: Iterable[SourceFile]) -> None:
        """Forget the modules of ``files``; nobody may go on with their symbols."""
        for file in files:
            module = self._by_file.pop(file, None)
            if module is not None:
                module.dissolve()
            file.forget()

    def _of_kit(self, name: str) -> Module | None:
        """Return a module of greenroom's own kit: its code, which is at hand, stands for the library in projects that use it."""
        if not f"{name}.".startswith(_KIT):
            return None
        if name not in self._kit:
            below = _ROOT.joinpath(*name.split("."))
            path = next((path for path in (below / "__init__.py", below.with_suffix(".py")) if path.is_file()), None)
            self._kit[name] = None if path is None else SourceFile(path, name, _ROOT)
        file = self._kit[name]
        module = None if file is None else self.load(file)
        if module is not None:
            module.standin = True
        return module

    def _namespace(self, place: Namespace) -> Module:
        found = self._namespaces.get(place.directory)
        if found is None:
            source = SourceFile(place.directory / "__init__.py", place.module, place.root)
            found = Module(place.module, source, is_package=True, tree=ast.Module(body=[], type_ignores=[]))
            self._namespaces[place.directory] = found
        return found
