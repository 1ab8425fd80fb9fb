"""The statements of a class body that may declare a mapped attribute."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenroom.facts.annotation import MAPPED, Annotation, read_annotation
from greenroom.facts.calls import Call, library_call
from greenroom.facts.expression import Expression, Scope, returned
from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Module, Variable

_DECLARED = {"declared_attr", "directive", "cascading"}


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """One name bound in a class body, with its annotation and the library call that makes its value."""

    name: str
    owner: Class
    node: ast.AST
    annotation: Annotation | None
    value: Expression | None
    call: Call | None
    function: Function | None = None
    """The method itself, when it is one."""
    by_method: bool = False
    """Whether a ``declared_attr`` method makes the value."""

    @property
    def construct(self) -> str:
        """The name of the library constructor (``mapped_column``, ``relationship``), empty without one."""
        return self.call.name if self.call is not None else ""

    @property
    def is_mapped_annotation(self) -> bool:
        """Whether the annotation alone makes it a mapped attribute."""
        return self.annotation is not None and self.annotation.container in MAPPED


class Bodies:
    """The declarations of class bodies, each body read once: many classes inherit from the same few."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._read: dict[Class, tuple[Declaration, ...]] = {}

    def of(self, cls: Class) -> tuple[Declaration, ...]:
        """Return what the body of ``cls`` binds, one declaration per name, in source order."""
        if cls not in self._read:
            self._read[cls] = tuple(_declarations(self.program, cls))
        return self._read[cls]


def later_declarations(program: Program, modules: Iterable[Module]) -> dict[Class, list[Declaration]]:
    """Return what module level statements such as ``User.posts = relationship(...)`` add to classes."""
    found: dict[Class, list[Declaration]] = {}
    for module in modules:
        scope = Scope(program, module)
        for statement in module.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name() as holder, attr=name)], value=ast.Call() as value):
                    owner = scope.resolve(holder)
                    call = library_call(Expression(value, scope))
                    if isinstance(owner, Class) and call is not None:
                        made = Declaration(name, owner, statement, None, Expression(value, scope), call)
                        found.setdefault(owner, []).append(made)
    return found


def declared_value(program: Program, cls: Class, name: str) -> Expression | None:
    """Return the value of a class-level setting (``__mapper_args__``) in the body of ``cls`` itself."""
    for member in reversed(cls.members.get(name, [])):
        if isinstance(member, Variable) and member.value is not None:
            return Expression(member.value, Scope.of_class(program, cls))
        if isinstance(member, Function):
            return returned(member, program)
    return None


def _declarations(program: Program, cls: Class) -> Iterator[Declaration]:
    for name, members in cls.members.items():
        chosen: Declaration | None = None
        for member in members:
            if isinstance(member, Class):
                continue
            found = _read(program, cls, name, member)
            # Under `if TYPE_CHECKING` a name is declared twice: the one with a construct is real. Accessors of a
            # hybrid follow its getter, so the first method stays.
            if chosen is None or found.call is not None or (found.is_mapped_annotation and chosen.call is None):
                chosen = found
        if chosen is not None:
            yield chosen


def is_declared_attr(function: Function, program: Program) -> bool:
    """Whether a method is a ``declared_attr``, in any of its spellings."""
    scope = Scope.of_class(program, function.owner) if function.owner else Scope(program, function.module)
    for decorator in function.decorators:
        expression = Expression(decorator.func if isinstance(decorator, ast.Call) else decorator, scope)
        if expression.spelled() in _DECLARED or expression.name() in _DECLARED:
            return True
    return False


def _read(program: Program, cls: Class, name: str, member: Variable | Function) -> Declaration:
    scope = Scope.of_class(program, cls)
    if isinstance(member, Variable):
        annotation = read_annotation(Expression(member.annotation, scope)) if member.annotation is not None else None
        value = Expression(member.value, scope) if member.value is not None else None
        call = library_call(value) if value is not None and isinstance(value.node, (ast.Call, ast.Name, ast.Attribute)) else None
        return Declaration(name, cls, member.node, annotation, value, call)
    if not is_declared_attr(member, program):
        return Declaration(name, cls, member.node, None, None, None, function=member)
    returns = None if isinstance(member.node, ast.Lambda) else member.node.returns
    annotation = read_annotation(Expression(returns, scope)) if returns is not None else None
    value = returned(member, program)
    call = library_call(value) if value is not None else None
    return Declaration(name, cls, member.node, annotation, value, call, function=member, by_method=True)
