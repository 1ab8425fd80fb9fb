"""What a module declares: plain records, no cross-module knowledge and no behaviour.

A symbol is made once, by :mod:`greenroom.program.scan`, and is compared by identity.
Everything that needs more than one module (imports, base classes, annotations) is asked of
:class:`greenroom.program.program.Program`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from greenroom.program.suites import is_test

if TYPE_CHECKING:
    from greenroom.source.file import SourceFile

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False, slots=True)
class Module:
    """One parsed source file of the project.

    ``bindings`` holds every name bound at module level, those under ``if``, ``try`` and ``with``
    included. A name bound more than once keeps all its bindings in source order.
    """

    name: str
    source: SourceFile
    is_package: bool
    tree: ast.Module
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Absolute names of the modules whose names are star-imported, in source order."""
    standin: bool = False
    """Whether it stands for a library: what happens in it happens, for the project, at the call."""
    definitions: dict[ast.AST, Class | Function] = field(default_factory=dict, repr=False)
    """The definitions known so far, by their syntax: each has one symbol, whoever asks first."""

    @property
    def is_test(self) -> bool:
        """Whether it belongs to a test suite, by the names that pytest and unittest look for."""
        return is_test(self.name)

    def dissolve(self) -> None:
        """Take the circles of references apart, so that symbols and trees go at once: finding circles costs more than making them."""
        for symbol in self.definitions.values():
            if isinstance(symbol, Class):
                symbol.members.clear()
            else:
                symbol.scope = None
        self.definitions.clear()
        self.bindings.clear()
        self.tree.body.clear()

    def __repr__(self) -> str:
        return f"<Module {self.name}>"


@dataclass(eq=False, slots=True)
class Class:
    """A ``class`` statement, at any depth."""

    name: str
    qualname: str
    module: Module
    node: ast.ClassDef
    owner: Class | Function | None = None
    members: dict[str, list[Member]] = field(default_factory=dict)
    """Names bound in the class body in source order: methods, nested classes, assignments."""

    def __repr__(self) -> str:
        return f"<Class {self.module.name}.{self.qualname}>"


@dataclass(eq=False, slots=True)
class Function:
    """A ``def``, ``async def`` or ``lambda``.

    ``owner`` is the class whose body holds the function, ``parent`` the function that encloses it.
    """

    name: str
    qualname: str
    module: Module
    node: FunctionNode | ast.Lambda
    owner: Class | None = None
    parent: Function | None = None
    is_async: bool = False
    kind: str = "function"
    """One of ``function``, ``property`` (any descriptor that calls it on attribute access:
    ``property``, ``cached_property``, ``hybrid_property``, ``computed_field``), ``classmethod``, ``staticmethod``,
    ``overload``, or the accessor of a property: ``getter``, ``setter``, ``deleter``, ``expression``,
    ``update_expression``, ``comparator``."""
    decorators: tuple[ast.expr, ...] = ()
    scope: dict[str, list[Binding]] | None = field(default=None, repr=False)
    """Names bound in the body and the parameters, once :func:`greenroom.program.scope.local_bindings` was asked."""
    generator: bool | None = field(default=None, repr=False)

    @property
    def is_generator(self) -> bool:
        """Whether the body yields; looked for when first asked, because few callers need it and it visits every expression."""
        if self.generator is None:
            first, last = self.node.lineno - 1, self.node.end_lineno
            # Most functions do not even contain the word, and text is searched a hundred times as fast as a tree.
            self.generator = "yield" in "\n".join(self.module.source.lines[first:last]) and _yields(self.node)
        return self.generator

    def __repr__(self) -> str:
        return f"<Function {self.module.name}.{self.qualname}>"


@dataclass(eq=False, slots=True)
class Variable:
    """An assignment or annotation: ``x = value``, ``x: annotation = value``, ``type x = value``.

    ``value`` is None where the statement does not give the whole value of the name (unpacking, loops, ``with``, ``del``).
    """

    name: str
    module: Module
    annotation: ast.expr | None
    value: ast.expr | None
    node: ast.stmt
    owner: Class | None = None
    function: Function | None = None
    """The function whose local variable or parameter it is."""

    def __repr__(self) -> str:
        return f"<Variable {self.module.name}.{self.name}>"


@dataclass(eq=False, slots=True)
class Import:
    """A name bound by an import statement; ``module`` is already absolute.

    ``name`` is None for ``import a.b`` (bound as ``a``, or as the alias for all of ``a.b``).
    """

    bound_as: str
    module: str
    name: str | None
    node: ast.stmt


@dataclass(frozen=True, slots=True)
class External:
    """A name that lives outside the project, by its dotted path as imported: ``sqlalchemy.orm.relationship``."""

    path: str

    @property
    def root(self) -> str:
        """The distribution's top package: ``sqlalchemy``."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """The last part of the path: ``relationship``."""
        return self.path.rpartition(".")[2]


Member: TypeAlias = Class | Function | Variable
Binding: TypeAlias = Import | Class | Function | Variable
Symbol: TypeAlias = Module | Class | Function | Variable | External


def _yields(node: FunctionNode | ast.Lambda) -> bool:
    waiting: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    while waiting:
        item = waiting.pop()
        if isinstance(item, (ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            # The body runs elsewhere; decorators run here.
            waiting.extend(item.decorator_list)
        elif not isinstance(item, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(item))
    return False
