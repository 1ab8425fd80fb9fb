"""What a class body's annotations say about an attribute: its container, its optionality and its element."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from greenroom.facts.expression import Expression
from greenroom.program.types import AnnotatedRef, TypeRef, Union

MAPPED = {"Mapped", "WriteOnlyMapped", "DynamicMapped", "ORMDescriptor", "MappedColumn", "MappedSQLExpression"}
"""Containers around the type of a mapped attribute."""
_LISTS = ("list", "List", "Sequence", "MutableSequence", "Collection", "Iterable", "tuple", "InstrumentedList", "OrderingList")
_SETS = ("set", "Set", "MutableSet", "AbstractSet", "frozenset", "FrozenSet", "InstrumentedSet", "OrderedSet")
_DICTS = ("dict", "Dict", "Mapping", "MutableMapping", "KeyFuncDict", "MappedCollection", "InstrumentedDict", "defaultdict")
COLLECTIONS = {**dict.fromkeys(_LISTS, "list"), **dict.fromkeys(_SETS, "set"), **dict.fromkeys(_DICTS, "dict")}
"""Generic collection to the kind of collection that SQLAlchemy makes of it."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation, taken apart."""

    container: str
    """``Mapped``, ``WriteOnlyMapped``, ``DynamicMapped`` ..., empty for a bare type."""
    inner: Expression | None
    """The type inside the container; None for a bare ``Mapped``."""
    optional: bool = False
    collection: str | None = None
    """``list``, ``set`` or ``dict``."""
    element: Expression | None = None
    """The class that a relationship with this annotation leads to."""

    @property
    def is_class_variable(self) -> bool:
        """Whether it is ``ClassVar[...]``, which no framework treats as an attribute."""
        return self.container == "ClassVar"


def read_annotation(expression: Expression) -> Annotation:
    """Take an annotation apart without looking at anything but its syntax and its aliases."""
    expression = expression.unquoted()
    outer = _unwrap(expression)
    if isinstance(outer.node, ast.Subscript):
        name = outer.at(outer.node.value).name()
        if name in MAPPED:
            return _inside(name, outer.at(outer.node.slice))
        if name in ("ClassVar", "InitVar", "AssociationProxy"):
            return Annotation(name, outer.at(outer.node.slice))
    elif outer.name() in MAPPED or outer.name() == "ClassVar":
        return Annotation(outer.name(), None)
    return _inside("", expression)


def annotated_layers(reference: TypeRef) -> Iterator[AnnotatedRef]:
    """Yield the ``Annotated`` layers of a type, through unions, outermost first."""
    waiting = [reference]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Union):
            waiting.extend(item.members)
        elif isinstance(item, AnnotatedRef):
            yield item
            waiting.append(item.type)


def _inside(container: str, inner: Expression) -> Annotation:
    inner = inner.unquoted()
    optional, element = _split_optional(inner)
    collection = None
    if isinstance(element.node, ast.Subscript):
        name = element.at(element.node.value).name()
        collection = COLLECTIONS.get(name)
        if collection is not None:
            element = _unwrap(element.at(_last(element.node.slice) if collection == "dict" else _first(element.node.slice)))
        elif container in ("WriteOnlyMapped", "DynamicMapped"):
            collection = "list"
    return Annotation(container, inner, optional, collection, element)


def _split_optional(expression: Expression) -> tuple[bool, Expression]:
    """Return whether None is allowed, and the first member that is not None."""
    members = list(_members(expression))
    rest = [member for member in members if not _is_none(member)]
    return len(rest) < len(members), _unwrap(rest[0]) if rest else expression


def _members(expression: Expression) -> Iterator[Expression]:
    expression = _unwrap(expression)
    match expression.node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _members(expression.at(left))
            yield from _members(expression.at(right))
        case ast.Subscript(value=value, slice=inside) if expression.at(value).name() == "Optional":
            yield expression.at(ast.copy_location(ast.Constant(None), expression.node))
            yield from _members(expression.at(inside))
        case ast.Subscript(value=value, slice=inside) if expression.at(value).name() == "Union":
            for item in inside.elts if isinstance(inside, ast.Tuple) else [inside]:
                yield from _members(expression.at(item))
        case _:
            yield expression


def _unwrap(expression: Expression) -> Expression:
    """Remove quotes, ``Annotated`` and ``Required``-like wrappers."""
    for _ in range(8):
        expression = expression.unquoted()
        node = expression.node
        if isinstance(node, ast.Subscript) and expression.at(node.value).name() in ("Annotated", "ForwardRef", "Final"):
            expression = expression.at(_first(node.slice))
        elif isinstance(node, ast.Call) and expression.at(node.func).name() == "ForwardRef" and node.args:
            expression = expression.at(node.args[0])
        else:
            break
    return expression


def _first(node: ast.expr) -> ast.expr:
    return node.elts[0] if isinstance(node, ast.Tuple) and node.elts else node


def _last(node: ast.expr) -> ast.expr:
    return node.elts[-1] if isinstance(node, ast.Tuple) and node.elts else node


def _is_none(expression: Expression) -> bool:
    return isinstance(expression.node, ast.Constant) and expression.node.value is None
