"""A slice as text: the lines that are kept, as they stand in the source, and where each of them is now."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from greenroom.program.symbols import Module
from greenroom.reduction.mentions import first_line, is_docstring
from greenroom.reduction.slicing import Kept

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a slice."""

    path: str
    """As seen from the directory that imports start from."""
    text: str
    lines: Mapping[int, int] = field(default_factory=dict)
    """Where the lines of the source are now."""


@dataclass(slots=True)
class _Writer:
    source: list[str]
    written: list[str] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)

    def copy(self, first: int, last: int, dropped: Iterable[int] = ()) -> None:
        gone = set(dropped)
        for number in range(first, last + 1):
            if number not in gone:
                self.written.append(self.source[number - 1])
                self.lines[number] = len(self.written)

    def put(self, *lines: str) -> None:
        self.written.extend(lines)


def sliced(module: Module, kept: Kept) -> Piece:
    """Return the part of a module that is kept."""
    writer = _Writer(module.source.lines)
    after = False
    for statement in module.tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            writer.put(ast.unparse(statement))
        elif statement in kept.aliases:
            writer.put(_import(statement, kept.aliases[statement]))
        elif statement in kept.statements:
            defines = isinstance(statement, _DEFINITIONS)
            if writer.written and (defines or after):
                writer.put("", "")
            after = defines
            if isinstance(statement, ast.ClassDef):
                _class(writer, statement, kept.members[statement])
            else:
                writer.copy(first_line(statement), _last_line(statement), _docstrings(statement))
    return Piece(path_of(module), "".join(f"{line}\n" for line in writer.written), writer.lines)


def whole(module: Module) -> Piece:
    """Return a module as it is."""
    lines = module.source.lines
    return Piece(path_of(module), "".join(f"{line}\n" for line in lines), {number: number for number in range(1, len(lines) + 1)})


def packages(pieces: Iterable[Piece], packages_of: Mapping[str, bool]) -> Iterator[Piece]:
    """Yield the empty files that make the directories of some pieces packages, where the project has such files."""
    there = {piece.path for piece in pieces}
    for path in sorted(there):
        for parent in PurePosixPath(path).parents:
            name = (parent / "__init__.py").as_posix()
            if name not in there and packages_of.get(name):
                there.add(name)
                yield Piece(name, "")


def path_of(module: Module) -> str:
    """Return the path of a module from the directory that its imports start from."""
    parts = module.name.split(".")
    return "/".join([*parts, "__init__.py"]) if module.is_package else "/".join(parts) + ".py"


def _import(statement: ast.stmt, names: set[str]) -> str:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        wanted = [alias for alias in statement.names if (alias.asname or alias.name.partition(".")[0]) in names or alias.name in names]
        copy = ast.Import(wanted) if isinstance(statement, ast.Import) else ast.ImportFrom(statement.module, wanted, statement.level)
        return ast.unparse(copy)
    return ast.unparse(statement)


def _class(writer: _Writer, node: ast.ClassDef, members: set[ast.stmt]) -> None:
    writer.copy(first_line(node), max(node.lineno, first_line(node.body[0]) - 1), _blank(writer, node))
    for member in node.body:
        if member in members:
            if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
                writer.put("")
            writer.copy(first_line(member), _last_line(member), _docstrings(member))
    if not members:
        writer.put(" " * node.body[0].col_offset + "pass")


def _blank(writer: _Writer, node: ast.ClassDef) -> Iterator[int]:
    """Lines without code between the head of a class and its body."""
    for number in range(node.lineno + 1, first_line(node.body[0])):
        text = writer.source[number - 1].strip()
        if not text or text.startswith("#"):
            yield number


def _docstrings(statement: ast.stmt) -> Iterator[int]:
    """The lines of docstrings that something else stands beside."""
    for node in ast.walk(statement):
        body = getattr(node, "body", None)
        if isinstance(node, _DEFINITIONS) and isinstance(body, list) and len(body) > 1:
            text = body[0]
            if is_docstring(text) and text.lineno > node.lineno and text.end_lineno < body[1].lineno:
                yield from range(text.lineno, text.end_lineno + 1)


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
