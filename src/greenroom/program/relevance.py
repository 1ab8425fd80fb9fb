"""Which files are worth parsing, decided from bytes alone."""

from __future__ import annotations

from collections.abc import Iterable

from greenroom.source.discover import Tree
from greenroom.source.file import SourceFile

_MENTIONS = (
    b"sqlalchemy",
    b"sqlmodel",
    b"AsyncSession",
    b".commit(",
    b".flush(",
    b".refresh(",
    b".rollback(",
    b".expire",
    b"advanced_alchemy",
    b"awaitable_attrs",
)


class Relevance:
    """A filter that never parses: substring tests first, import statements for what is found out later."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def relevant(self, files: Iterable[SourceFile]) -> list[SourceFile]:
        """Return the files whose text mentions SQLAlchemy, a session or an operation of a session."""
        return [file for file in files if is_relevant(file.data)]

    def importers_of(self, modules: set[str], names: set[str], files: Iterable[SourceFile]) -> list[SourceFile]:
        """Return the files that import one of ``modules``, something from it, or one of ``names`` from anywhere."""
        return [file for file in files if self._imports_any(file, modules, names)]

    def _imports_any(self, file: SourceFile, modules: set[str], names: set[str]) -> bool:
        for module, imported in file.imports:
            if not names.isdisjoint(imported):
                return True
            if modules and not modules.isdisjoint(self._mentioned(file, module, imported)):
                return True
        return False

    def _mentioned(self, file: SourceFile, module: str, imported: tuple[str, ...]) -> list[str]:
        """Return the modules that an import statement may mean: its own and, for ``from``, submodules of it."""
        absolute = _absolute(file, module) if module.startswith(".") else module
        place = self._tree.locate(absolute, file) if absolute else None
        bases = {absolute} if place is None else {absolute, place.module}
        return [*bases, *(f"{base}.{name}" if base else name for base in bases for name in imported)]


def is_relevant(data: bytes) -> bool:
    """Whether the text of a file mentions anything that may lead to implicit IO."""
    return any(mention in data for mention in _MENTIONS)


def _absolute(file: SourceFile, module: str) -> str:
    name = module.lstrip(".")
    parts = file.module.split(".")
    kept = len(parts) - (len(module) - len(name)) + file.is_package
    base = ".".join(parts[: max(kept, 0)])
    return f"{base}.{name}" if base and name else base or name
