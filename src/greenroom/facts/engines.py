"""Engines that a project makes, with what their URLs and arguments say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenroom.facts.calls import Call, library_call
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.imperative import named_calls
from greenroom.facts.urls import Address, address_of
from greenroom.program.program import Program
from greenroom.program.symbols import Function, Module

ASYNCHRONOUS = frozenset({"create_async_engine", "async_engine_from_config", "create_async_pool_from_url"})
_MAKERS = {"create_engine", *ASYNCHRONOUS}
_CALL = re.compile(rb"\b(?:" + "|".join(sorted(_MAKERS)).encode() + rb")\s*\(")


@dataclass(frozen=True, slots=True)
class Engine:
    """One call that makes an engine."""

    module: Module
    function: Function | None
    """The function that makes it; None for an engine of module level."""
    node: ast.Call
    asynchronous: bool
    address: Address | None
    """What the URL says, where it can be read."""
    call: Call

    @property
    def name(self) -> str:
        """The function that makes it."""
        return self.call.name


def read_engines(program: Program, modules: Iterable[Module]) -> Iterator[Engine]:
    """Yield the engines that the modules make, in the order of the source."""
    for module in modules:
        if _CALL.search(module.source.data) is None:
            continue
        found: list[Engine] = []
        for function, node in named_calls(module, _MAKERS):
            expression = Expression(node, Scope(program, module, function=function, owner=function.owner if function is not None else None))
            call = library_call(expression)
            if call is not None and call.name in _MAKERS and call.path.partition(".")[0] in {"sqlalchemy", "sqlmodel"}:
                found.append(Engine(module, function, node, call.name in ASYNCHRONOUS, _address(call), call))
        yield from sorted(found, key=lambda engine: (engine.node.lineno, engine.node.col_offset))


def _address(call: Call) -> Address | None:
    if call.name == "async_engine_from_config":
        given = call.argument(0, "configuration")
        prefix = call.text("prefix") or "sqlalchemy."
        url = given.entries().get(f"{prefix}url") if given is not None else None
    else:
        url = call.argument(0, "url")
    return address_of(url) if url is not None else None
