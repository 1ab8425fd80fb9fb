"""Mapped attributes that are neither columns nor relationships."""

from __future__ import annotations

import ast
from collections.abc import Callable

from greenroom.facts.annotation import Annotation, read_annotation
from greenroom.facts.calls import Call, library_call
from greenroom.facts.columns import CONSTRUCTORS, column_of_call
from greenroom.facts.declarations import Declaration
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.records import AssociationProxy, MappedClass
from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Variable
from greenroom.program.types import Named

Reader = Callable[[MappedClass, str, Call, Declaration | None], None]


def read_attribute(mapped: MappedClass, declaration: Declaration, program: Program) -> bool:
    """Add the attribute that a declaration makes; False when it makes none of these."""
    if declaration.function is not None and not declaration.by_method:
        if is_hybrid(declaration.function, program):
            mapped.hybrids[declaration.name] = declaration.function
            return True
        return False
    call = declaration.call
    return call is not None and read_construct(mapped, declaration.name, call, declaration)


def read_construct(mapped: MappedClass, name: str, call: Call, declaration: Declaration | None = None) -> bool:
    """Add the attribute ``name`` that the construct ``call`` makes."""
    reader = _READERS.get(call.name)
    if reader is None:
        return False
    reader(mapped, name, call, declaration)
    return True


def is_hybrid(function: Function, program: Program) -> bool:
    """Whether a method is the getter of a hybrid property."""
    scope = Scope.of_class(program, function.owner) if function.owner else Scope(program, function.module)
    return any(Expression(decorator, scope).name() == "hybrid_property" for decorator in function.decorators)


def _synonym(mapped: MappedClass, name: str, call: Call, _: Declaration | None) -> None:
    target = call.argument(0, "name")
    text = target.text() if target is not None else None
    if text:
        mapped.synonyms[name] = text


def _proxy(mapped: MappedClass, name: str, call: Call, _: Declaration | None) -> None:
    through, attribute = call.argument(0, "target_collection"), call.argument(1, "attr")
    mapped.proxies[name] = AssociationProxy(name, _text(through), _text(attribute))


def _text(expression: Expression | None) -> str:
    return (expression.text() or expression.spelled()) if expression is not None else ""


def _column_property(mapped: MappedClass, name: str, call: Call, _: Declaration | None) -> None:
    mapped.column_properties[name] = call.name == "deferred" or call.flag("deferred") or "group" in call.keywords


def _query_expression(mapped: MappedClass, name: str, _: Call, __: Declaration | None) -> None:
    mapped.query_expressions = mapped.query_expressions | {name}


def _composite(mapped: MappedClass, name: str, call: Call, declaration: Declaration | None) -> None:
    """A composite's columns are named, referred to, made in place, or implied by the fields of its dataclass."""
    cls = _composite_class(call, declaration)
    arguments = [argument for argument in call.positional if not _is_class(argument)]
    fields = _fields(cls, _program(call, declaration)) if cls is not None else {}
    parts: list[str] = []
    for argument, (field, annotation) in zip(arguments, [*fields.items(), *[("", None)] * len(arguments)], strict=False):
        made = library_call(argument)
        if argument.spelled() in mapped.columns or made is None or made.name not in CONSTRUCTORS:
            parts.append(argument.text() or argument.spelled())
            continue
        column = column_of_call(made, mapped.symbol, None, annotation) or column_of_call(made, mapped.symbol, field, annotation)
        if column is not None:
            mapped.columns.setdefault(column.name, column)
            parts.append(column.name)
    mapped.composites[name] = tuple(filter(None, parts or fields))


def _composite_class(call: Call, declaration: Declaration | None) -> Class | None:
    for argument in call.positional[:1]:
        symbol = argument.resolve() if isinstance(argument.node, (ast.Name, ast.Attribute)) else None
        if isinstance(symbol, Class):
            return symbol
    element = declaration.annotation.element if declaration is not None and declaration.annotation is not None else None
    reference = element.type() if element is not None else None
    return reference.symbol if isinstance(reference, Named) and isinstance(reference.symbol, Class) else None


def _program(call: Call, declaration: Declaration | None) -> Program:
    expressions = [*call.positional, *([declaration.annotation.inner] if declaration is not None and declaration.annotation else [])]
    return next(expression.scope.program for expression in expressions if expression is not None)


def _is_class(expression: Expression) -> bool:
    return isinstance(expression.node, (ast.Name, ast.Attribute)) and isinstance(expression.resolve(), Class)


def _fields(cls: Class, program: Program) -> dict[str, Annotation | None]:
    """Return the parameters of a composite class: annotated fields, or the arguments of its ``__init__``."""
    scope = Scope.of_class(program, cls)
    found: dict[str, Annotation | None] = {
        name: read_annotation(Expression(member.annotation, scope))
        for name, members in cls.members.items()
        for member in members
        if isinstance(member, Variable) and member.annotation is not None
    }
    initializers = [member for member in cls.members.get("__init__", []) if isinstance(member, Function)]
    if initializers and not found:
        for argument in initializers[0].node.args.args[1:]:
            found[argument.arg] = read_annotation(Expression(argument.annotation, scope)) if argument.annotation else None
    return found


_READERS: dict[str, Reader] = {
    "synonym": _synonym,
    "association_proxy": _proxy,
    "AssociationProxy": _proxy,
    "column_property": _column_property,
    "deferred": _column_property,
    "query_expression": _query_expression,
    "composite": _composite,
}
"""Constructor name to the function that records its attribute; columns are read before these are asked."""
