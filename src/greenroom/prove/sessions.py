"""The sessions of a run: the project's own factory where a test can import it, else one with the same options."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from greenroom.facts.collect import Backend
from greenroom.program.symbols import Binding, Class, External, Function, Variable
from greenroom.program.types import AnnotatedRef, Named, TypeRef, Union
from greenroom.prove.choices import Choices

_FACTORIES = frozenset({"async_sessionmaker", "sessionmaker"})
PLAIN_SESSION = External("sqlalchemy.ext.asyncio.AsyncSession")


@dataclass(frozen=True, slots=True)
class Sessions:
    """How a test makes sessions."""

    factory: Variable | None
    """The project's own factory, which is bound to the test's engine; None: the test makes one."""
    options: Mapping[str, bool]
    cls: Class | External = PLAIN_SESSION


def sessions(backend: Backend, choices: Choices, wanted: Class | External | None) -> Sessions:
    """Choose the factory of production; ``wanted`` is the class of session that the code asks for."""
    # The strictest first, so that no test is kinder than some part of production.
    made = sorted(
        (factory for factory in backend.factories() if not factory.module.is_test),
        key=lambda factory: factory.options["expire_on_commit"] is False,
    )
    known = [variable for factory in made if (variable := _variable(factory.module.bindings, factory.node)) is not None]
    defaults = backend.session_defaults()
    agreed = made[0].options if made else {"expire_on_commit": defaults.expire_on_commit, "autoflush": defaults.autoflush}
    options = {name: value for name, value in agreed.items() if value is not None}
    return choices.pick("sessions", [*(Sessions(variable, {}) for variable in known), Sessions(None, options, wanted or PLAIN_SESSION)])


def mentions(function: Function, factory: Variable | None, backend: Backend, depth: int = 3) -> bool:
    """Whether a function, or one that it calls, names the factory."""
    if factory is None or depth == 0:
        return False
    for node in ast.walk(function.node):
        if not isinstance(node, (ast.Name, ast.Attribute)):
            continue
        symbol = backend.program.resolve(function.module, node, function=function, owner=function.owner)
        if symbol is factory:
            return True
        if isinstance(symbol, Function) and symbol is not function and mentions(symbol, factory, backend, depth - 1):
            return True
    return False


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """An engine that the code names, or a function that makes and returns one: ``module.name``, as it is called there."""

    name: str
    is_function: bool


def engines(functions: Iterable[Function], backend: Backend, depth: int = 6) -> tuple[OwnEngine, ...]:
    """The engines that functions name, and those that they call."""
    made = {engine.node for engine in backend.engines()}
    makers = {engine.function for engine in backend.engines() if engine.function is not None and _gives_engine(engine.function)}
    found: dict[OwnEngine, None] = {}
    seen: set[Function] = set()
    waiting = [(function, depth) for function in functions]
    while waiting:
        function, left = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        for node in ast.walk(function.node):
            if not isinstance(node, (ast.Name, ast.Attribute)):
                continue
            symbol = backend.program.resolve(function.module, node, function=function, owner=function.owner)
            if isinstance(symbol, Function) and symbol in makers:
                found.setdefault(OwnEngine(f"{function.module.name}.{ast.unparse(node)}", is_function=True))
            elif isinstance(symbol, Function) and left:
                waiting.append((symbol, left - 1))
            elif isinstance(symbol, Variable) and symbol.function is None and symbol.owner is None and symbol.value in made:
                name = f"{function.module.name}.{node.id}" if isinstance(node, ast.Name) else f"{symbol.module.name}.{symbol.name}"
                found.setdefault(OwnEngine(name, is_function=False))
    return tuple(found)


def _gives_engine(function: Function) -> bool:
    """Whether a plain function is annotated to return an asynchronous engine."""
    returns = None if isinstance(function.node, ast.Lambda) else function.node.returns
    return returns is not None and not function.is_async and ast.unparse(returns).strip("\"'").rpartition(".")[2] == "AsyncEngine"


def session_symbol(type_ref: TypeRef | None, backend: Backend) -> Class | External | None:
    """The class of asynchronous session that a type is, or yields."""
    match type_ref:
        case AnnotatedRef(type=inner):
            return session_symbol(inner, backend)
        case Union(members=members):
            return next((found for member in members if (found := session_symbol(member, backend)) is not None), None)
        case Named(symbol=symbol, args=args):
            if backend.is_async_session(symbol):
                return symbol
            return next((found for arg in args if (found := session_symbol(arg, backend)) is not None), None)
    return None


def _variable(bindings: Mapping[str, list[Binding]], node: ast.Call) -> Variable | None:
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name not in _FACTORIES and not (isinstance(node.func, ast.Subscript)):
        return None
    for bound in bindings.values():
        for item in bound:
            if isinstance(item, Variable) and item.value is node:
                return item
    return None
