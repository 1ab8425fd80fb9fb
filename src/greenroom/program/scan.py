"""One pass over a tree: which names a module and its classes bind. No knowledge of other modules, no expressions visited."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from greenroom.program.symbols import Binding, Class, Function, FunctionNode, Import, Member, Module, Variable

if TYPE_CHECKING:
    from greenroom.source.file import SourceFile

_KINDS = {
    "property": "property",
    "cached_property": "property",
    "hybrid_property": "property",
    "computed_field": "property",
    "abstractproperty": "property",
    "classmethod": "classmethod",
    "abstractclassmethod": "classmethod",
    "staticmethod": "staticmethod",
    "overload": "overload",
}
ACCESSORS = frozenset({"getter", "setter", "deleter", "expression", "update_expression", "comparator"})
"""Decorators that add to a property of the same name; such a definition never stands for the property."""


def scan(source: SourceFile, tree: ast.Module) -> Module:
    """Return the module with everything its own statements bind."""
    module = Module(source.module, source, source.is_package, tree)
    for name, binding in bindings_of(tree.body, module, owner=None, function=None):
        module.bindings.setdefault(name, []).append(binding)
    return module


def function_symbol(
    node: FunctionNode | ast.Lambda, module: Module, *, owner: Class | None = None, parent: Function | None = None
) -> Function:
    """Return the symbol of a function, made when it is first asked for: those inside functions are not scanned ahead."""
    known = module.definitions.get(node)
    if isinstance(known, Function):
        return known
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    decorators = () if isinstance(node, ast.Lambda) else tuple(node.decorator_list)
    function = Function(
        name=name,
        qualname=_qualified(name, owner or parent),
        module=module,
        node=node,
        owner=owner,
        parent=parent,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        kind=_kind(name, decorators, owner) if decorators else "function",
        decorators=decorators,
    )
    module.definitions[node] = function
    return function


def class_symbol(node: ast.ClassDef, module: Module, owner: Class | Function | None) -> Class:
    """Return the symbol of a class with its members, made when it is first asked for."""
    known = module.definitions.get(node)
    if isinstance(known, Class):
        return known
    cls = Class(node.name, _qualified(node.name, owner), module, node, owner)
    module.definitions[node] = cls
    enclosing = owner
    while isinstance(enclosing, Class):
        enclosing = enclosing.owner
    for name, binding in bindings_of(node.body, module, owner=cls, function=enclosing):
        if not isinstance(binding, Import):
            members: list[Member] = cls.members.setdefault(name, [])
            members.append(binding)
    return cls


def bindings_of(
    body: Sequence[ast.stmt], module: Module, *, owner: Class | None, function: Function | None
) -> Iterator[tuple[str, Binding]]:
    """Yield the names that statements bind in source order, those under ``if``, ``try``, ``with`` and loops included.

    ``owner`` is the class whose body it is, ``function`` the function whose body it is or which encloses the class.
    """
    for node in _statements(body):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, function_symbol(node, module, owner=owner, parent=function)
            case ast.ClassDef():
                yield node.name, class_symbol(node, module, owner or function)
            case ast.Import():
                for alias in node.names:
                    binding = import_of(node, alias)
                    yield binding.bound_as, binding
            case ast.ImportFrom():
                yield from _imported(node, module, at_top=owner is None and function is None)
            case _:
                yield from _assigned(node, module, owner, function)


def import_of(node: ast.Import, alias: ast.alias) -> Import:
    """Return what one name of an ``import`` statement binds."""
    if alias.asname is not None:
        return Import(alias.asname, alias.name, None, node)
    top = alias.name.partition(".")[0]
    return Import(top, top, None, node)


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return the absolute module name of a ``from`` import; it keeps its dots when they lead out of the source root."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".") if module.name else []
    kept = len(parts) - node.level + (1 if module.is_package else 0)
    if kept < 0:
        return "." * node.level + (node.module or "")
    base = ".".join(parts[:kept])
    return f"{base}.{node.module}" if base and node.module else base or node.module or ""


def _imported(node: ast.ImportFrom, module: Module, *, at_top: bool) -> Iterator[tuple[str, Import]]:
    origin = absolute(module, node)
    for alias in node.names:
        if alias.name != "*":
            bound = alias.asname or alias.name
            yield bound, Import(bound, origin, alias.name, node)
        elif at_top:
            module.stars.append(origin)


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield simple statements and definitions, and loops and ``with`` for what they assign; a stack, for ``elif`` nests deeply."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Expr() | ast.Pass() | ast.Return() | ast.Raise():
                continue
            case ast.If() | ast.While():
                waiting += reversed(node.orelse)
                waiting += reversed(node.body)
            case ast.For() | ast.AsyncFor():
                yield node
                waiting += reversed(node.orelse)
                waiting += reversed(node.body)
            case ast.With() | ast.AsyncWith():
                yield node
                waiting += reversed(node.body)
            case ast.Try() | ast.TryStar():
                waiting += reversed(node.finalbody)
                waiting += reversed(node.orelse)
                for handler in reversed(node.handlers):
                    waiting += reversed(handler.body)
                waiting += reversed(node.body)
            case ast.Match():
                for case in reversed(node.cases):
                    waiting += reversed(case.body)
            case _:
                yield node


def _assigned(node: ast.stmt, module: Module, owner: Class | None, function: Function | None) -> Iterator[tuple[str, Variable]]:
    local = function if owner is None else None
    for name, annotation, value in _targets(node):
        yield name, Variable(name, module, annotation, value, node, owner, local)


def _targets(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Yield name, annotation and value of everything a statement assigns."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from ((name, None, part) for name, part in _unpacked(target, value))
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=given):
            yield name, annotation, given
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield from ((name, None, None) for name, _ in _unpacked(target, None))
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for variable in (item.optional_vars for item in items):
                if variable is not None:
                    yield from ((name, None, None) for name, _ in _unpacked(variable, None))
        case _ if type(node).__name__ == "TypeAlias":
            # ast.TypeAlias exists since Python 3.12; before, greenroom.source.syntax makes an assignment of it.
            fields = dict(ast.iter_fields(node))
            yield fields["name"].id, None, fields["value"]
        case _:
            return


def _unpacked(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names in an assignment target, each with its own part of a literal tuple or list where there is one."""
    waiting: list[tuple[ast.expr, ast.expr | None]] = [(target, value)]
    while waiting:
        item, part = waiting.pop()
        match item:
            case ast.Name(id=name):
                yield name, part
            case ast.Starred(value=inner):
                waiting.append((inner, None))
            case ast.Tuple(elts=names) | ast.List(elts=names):
                parts: Iterable[ast.expr | None] = [None] * len(names)
                if isinstance(part, (ast.Tuple, ast.List)) and len(part.elts) == len(names):
                    starred = any(isinstance(element, ast.Starred) for element in [*names, *part.elts])
                    parts = [None] * len(names) if starred else part.elts
                waiting += reversed(list(zip(names, parts, strict=True)))
            case _:
                continue


def _qualified(name: str, outer: Class | Function | None) -> str:
    if outer is None:
        return name
    return f"{outer.qualname}.{name}" if isinstance(outer, Class) else f"{outer.qualname}.<locals>.{name}"


def _kind(name: str, decorators: Sequence[ast.expr], owner: Class | None) -> str:
    for decorator in decorators:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute):
            if called.attr in ACCESSORS and _extends_property(called.value, name, owner):
                return called.attr
            word = called.attr
        else:
            word = called.id if isinstance(called, ast.Name) else ""
        if word in _KINDS:
            return _KINDS[word]
    return "function"


def _extends_property(node: ast.expr, name: str, owner: Class | None) -> bool:
    """Whether ``node`` in ``@node.setter`` is a property: ``x``, ``x.inplace``, or ``Base.x`` above a method ``x``."""
    if isinstance(node, ast.Attribute):
        return node.attr in {"inplace", name}
    return isinstance(node, ast.Name) and (node.id == name or (owner is not None and node.id in owner.members))
