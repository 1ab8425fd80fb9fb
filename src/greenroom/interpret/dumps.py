"""Objects turned into data: mapped ones through their `__dict__`, schemas by their fields."""

from __future__ import annotations

import ast

from greenroom.domain.events import Dumped
from greenroom.domain.heap import Instance, OrmObject
from greenroom.domain.loading import DROPPED
from greenroom.domain.state import State
from greenroom.domain.values import Anything
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class
from greenroom.program.types import Named

VALUES_ONLY = frozenset({"context", "mode", "round_trip", "serialize_as_any", "warnings"})
"""Arguments of a dump that leave its keys as they are."""


def dumped(run: Run, record: OrmObject, node: ast.AST, how: str) -> None:
    """An object was turned into data through ``__dict__``: what is expired is missing."""
    for name, known in record.attributes.items():
        if name in record.mapped.columns and known.bits & DROPPED and known.sure & DROPPED:
            origin = known.origins[0][1] if known.origins else None
            run.emit(Dumped(run.site(node), run.call_sites(), record.mapped.name, name, origin, how), record.mapped.name)
            return


def dumped_names(run: Run, state: State, node: ast.expr) -> tuple[str, ...] | None:
    """The keys of ``schema.model_dump(exclude={...})``; None for anything else, or where they depend on the values."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="model_dump" | "dict"), args=[], keywords=keywords):
            pass
        case _:
            return None
    value = state.variables.get(name)
    record = state.record(value) if value is not None else None
    schema = record.schema if isinstance(record, Instance) else None
    if isinstance(value, Anything) and isinstance(value.type, Named) and isinstance(value.type.symbol, Class):
        schema = run.backend.schema(value.type.symbol)
    if schema is None:
        return None
    left_out: set[object] = set()
    for keyword in keywords:
        given = keyword.value
        if keyword.arg == "exclude" and isinstance(given, ast.Set | ast.List | ast.Tuple):
            left_out.update(part.value if isinstance(part, ast.Constant) else None for part in given.elts)
        elif keyword.arg not in VALUES_ONLY:
            return None
    return None if None in left_out else tuple(name for name in schema.fields if name not in left_out)
