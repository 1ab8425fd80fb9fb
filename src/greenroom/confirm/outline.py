"""Functions of one source file by line, named as Python names them at run time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from greenroom.rules.finding import Span
from greenroom.source.file import SourceFile
from greenroom.trace import digest

_INNER = re.compile(r"\.<(?:listcomp|setcomp|dictcomp|genexpr|lambda)>")
"""Code that Python runs in a frame of its own and that stands in the function around it."""


def plain_name(qualname: str) -> str:
    """Return a qualified name as `Defined` has it, without the marks for what is local."""
    return _INNER.sub("", qualname.replace(".<locals>", ""))


@dataclass(frozen=True, slots=True)
class Defined:
    """One function."""

    first: int
    last: int
    qualname: str
    parameters: tuple[str, ...]

    @property
    def stands_around(self) -> bool:
        """Whether it stands around an application as a middleware does (ASGI, "Middleware"; Starlette, "BaseHTTPMiddleware")."""
        return "call_next" in self.parameters or self.parameters[-3:] == ("scope", "receive", "send")


class Outline:
    """One file as it is now; a file that cannot be read or parsed has no functions."""

    def __init__(self, path: Path) -> None:
        self._file = SourceFile(path, "", path.parent)

    @cached_property
    def functions(self) -> tuple[Defined, ...]:
        """All functions and methods, outer ones first."""
        tree = self._file.parse()
        return tuple(_defined(tree.body, "")) if tree is not None else ()

    @cached_property
    def digest(self) -> str:
        """What traces know the file by."""
        return digest(self._file.data)

    def around(self, line: int) -> Defined | None:
        """Return the innermost function around a line."""
        around = [one for one in self.functions if one.first <= line <= one.last]
        return min(around, key=lambda one: one.last - one.first, default=None)

    def named(self, qualname: str) -> Defined | None:
        """Return the last function of a name, which is the one that counts at run time."""
        wanted = plain_name(qualname)
        return next((one for one in reversed(self.functions) if one.qualname == wanted), None)

    def words(self, span: Span) -> frozenset[str]:
        """Return the names and attributes that the code at ``span`` mentions."""
        tree = self._file.parse()
        nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))] if tree is not None else []
        return frozenset(
            node.id if isinstance(node, ast.Name) else node.attr for node in nodes if span.line <= node.lineno <= span.end_line
        )


def _defined(body: Iterable[ast.AST], prefix: str) -> Iterator[Defined]:
    for node in body:
        inside = prefix
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inside = f"{prefix}.{node.name}" if prefix else node.name
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            spec = node.args
            parameters = tuple(one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs))
            yield Defined(first, node.end_lineno or first, inside, parameters)
        yield from _defined(
            (child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case))), inside
        )
