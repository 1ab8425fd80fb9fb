"""The plan of a test: everything that it holds, before it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from greenroom.facts.calls import library_call
from greenroom.facts.collect import Backend
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.records import MappedClass
from greenroom.program.symbols import Class, External, Function, Module, Variable
from greenroom.prove.choices import Choices, Underivable
from greenroom.prove.claim import IN_RESPONSES, Claim
from greenroom.prove.entries import Entry, mentioned
from greenroom.prove.injection import Injection, Request
from greenroom.prove.inputs import Inputs
from greenroom.prove.rows import Rows
from greenroom.prove.sessions import OwnEngine, Sessions, engines, session_symbol, sessions
from greenroom.prove.values import Made, json_value

TYPES = {
    "ARRAY": "JSON", "BIT": "VARCHAR", "BYTEA": "BLOB", "CIDR": "VARCHAR", "CITEXT": "VARCHAR", "DATERANGE": "VARCHAR", "ENUM": "VARCHAR",
    "HSTORE": "JSON", "INET": "VARCHAR", "INT4RANGE": "VARCHAR", "INT8RANGE": "VARCHAR", "INTERVAL": "DATETIME", "JSONB": "JSON",
    "JSON": "JSON", "MACADDR": "VARCHAR", "MONEY": "NUMERIC", "NUMRANGE": "VARCHAR", "OID": "INTEGER", "TSRANGE": "VARCHAR",
    "TSTZRANGE": "VARCHAR", "TSVECTOR": "VARCHAR",
}  # fmt: skip
"""PostgreSQL's types that SQLite has no DDL for, and what the columns are made as there."""


FUNCTIONS = {"gen_random_uuid": 0, "uuid_generate_v4": 0, "now": 0, "timezone": 2}
"""PostgreSQL's functions that defaults of columns call, and the number of their arguments."""
_CAST = re.compile(rb"""(?:server_default|text)\s*[=(]\s*(?:\w+\()?["'][^\n]*::""")


@dataclass(frozen=True, slots=True)
class Call:
    """A function that is called as it stands."""

    function: Function
    receiver: Made | Class | None
    arguments: tuple[tuple[str, object], ...]
    needs_session: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A route that is asked over HTTP, inside the process."""

    function: Function
    holder: Variable
    is_app: bool
    request: Request
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A test, before it is written."""

    claim: Claim
    entry: Entry
    sessions: Sessions
    rows: tuple[tuple[MappedClass, list[dict[str, object]]], ...]
    modules: tuple[str, ...]
    """Modules that declare classes which the mapper has to find."""
    types: tuple[str, ...]
    """PostgreSQL's types among the columns."""
    functions: tuple[str, ...]
    """PostgreSQL's functions among the defaults of columns."""
    has_casts: bool
    """Whether defaults of columns are cast as PostgreSQL writes it."""
    has_schemas: bool
    act: Call | Ask
    engines: tuple[OwnEngine, ...]
    """The project's own engines that the code names."""
    answered: Class | External | None
    """The error with which the code answers where the finding is mended."""


def plan(claim: Claim, entry: Entry, backend: Backend, choices: Choices, *, asks: bool = True) -> Plan:
    """Derive a test for a claim; ``asks`` says whether there is an HTTP client, without which endpoints are called as functions.

    Raises:
        Underivable: Something that it needs cannot be made.
    """
    way = mentioned(claim.finding, entry.way, backend)
    rows = Rows(backend, choices)
    _need(rows, claim, way, backend)
    inputs = Inputs(backend, rows, choices, way)
    made = sessions(backend, choices, _session_class(way, backend))
    act: Call | Ask
    if entry.route is not None and (asks or claim.finding.rule == IN_RESPONSES):
        if not asks:
            raise Underivable("the project's interpreter has no httpx, with which the route is asked for its response; install it there")
        act = _ask(entry, inputs, made)
    else:
        act = _call(entry, inputs)
    modules = _modules(rows, backend)
    return Plan(
        claim,
        entry,
        made,
        tuple(rows.statements()),
        tuple(module.name for module in modules),
        tuple(sorted({name for module in modules for name in _dialect_types(module)})),
        tuple(name for name in FUNCTIONS if any(_names_function(module, name) for module in modules)),
        any(_CAST.search(module.source.data) is not None for module in modules),
        any(b"schema" in module.source.data for module in modules),
        act,
        engines([*way, *(act.request.providers if isinstance(act, Ask) else ())], backend),
        _answer(claim, way, backend),
    )


def _need(rows: Rows, claim: Claim, way: list[Function], backend: Backend) -> None:
    """Have rows of every class that the functions on the way name, and of what they read through relationships."""
    named: dict[Class, MappedClass] = {}
    words: set[str] = {claim.finding.attribute or ""}
    for function in way:
        for node in ast.walk(function.node):
            if isinstance(node, ast.Attribute):
                words.add(node.attr)
            symbol = backend.program.resolve(function.module, node) if isinstance(node, (ast.Name, ast.Attribute)) else None
            if isinstance(symbol, Class) and (mapped := rows.need(symbol)) is not None:
                named[symbol] = mapped
    claimed = backend.mapped_by_name(claim.finding.model) if claim.finding.model else None
    if claimed is not None and rows.need(claimed.symbol) is not None:
        named[claimed.symbol] = claimed
    rows.words |= words
    for mapped in list(named.values()):
        for name, relationship in mapped.relationships.items():
            if name in words and relationship.target is not None:
                rows.need(relationship.target)


def _call(entry: Entry, inputs: Inputs) -> Call:
    function = entry.function
    if isinstance(function.node, ast.Lambda) or function.parent is not None:
        raise Underivable(f"`{function.qualname}` is made inside another function, so that a test cannot call it")
    if function.is_generator:
        raise Underivable(f"`{function.qualname}` is a generator: what consumes it decides what it does")
    if function.module.is_test:
        raise Underivable(f"`{function.qualname}` is a test already: run it")
    receiver: Made | Class | None = None
    bound = function.owner is not None and function.kind != "staticmethod"
    if function.owner is not None:
        receiver = function.owner
        if function.kind not in ("staticmethod", "classmethod"):
            made = inputs.instance(function.owner, "self")
            if not isinstance(made, Made):
                raise Underivable(f"`{function.qualname}` is a method of a session or a mapped class")
            receiver = made
    arguments = tuple(inputs.arguments(function, "call", bound=bound))
    return Call(function, receiver, arguments, inputs.uses_session)


def _ask(entry: Entry, inputs: Inputs, made: Sessions) -> Ask:
    route = entry.route
    if route is None or not isinstance(route.node, ast.Call) or not isinstance(route.node.func, ast.Attribute):
        raise Underivable(f"the route of `{entry.function.qualname}` is not declared on a router")
    if "WEBSOCKET" in route.methods:
        raise Underivable(f"`{entry.function.qualname}` answers a websocket")
    expression = Expression(route.node.func.value, Scope(inputs.program, route.module, function=None))
    holder = expression.resolve()
    if not isinstance(holder, Variable) or holder.value is None or holder.function is not None:
        raise Underivable(f"the router of `{entry.function.qualname}` is not a variable of a module")
    maker = library_call(Expression(holder.value, Scope(inputs.program, holder.module)))
    if maker is None or not maker.path.startswith("fastapi"):
        raise Underivable(
            f"`{holder.name}` of {holder.module.name} is not a router of FastAPI; routes of other frameworks are not asked yet"
        )
    given = next((k.value.value for k in route.node.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)), None)
    request = Injection(inputs, made, route).derive()
    return Ask(entry.function, holder, maker.name == "FastAPI", request, str(given or entry.function.name))


def _session_class(way: list[Function], backend: Backend) -> Class | External | None:
    for function in way:
        for where in (function, _constructor(function, backend)):
            if where is None:
                continue
            spec = where.node.args
            for parameter in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]:
                type_ref = backend.program.type_of(where.module, parameter.annotation, function=where, owner=where.owner)
                found = session_symbol(type_ref, backend)
                if found is not None and not (isinstance(found, External) and found.name != "AsyncSession"):
                    return found
    return None


def _constructor(function: Function, backend: Backend) -> Function | None:
    init = backend.program.member(function.owner, "__init__") if function.owner is not None else None
    return init if isinstance(init, Function) else None


def _modules(rows: Rows, backend: Backend) -> list[Module]:
    """The modules of the classes that rows are made of, and of all that these lead to by relationships and foreign keys."""
    found: dict[Module, None] = {}
    seen: set[Class] = set()
    waiting = list(rows.needed.values())
    while waiting:
        mapped = waiting.pop()
        if mapped.symbol in seen:
            continue
        seen.add(mapped.symbol)
        found.setdefault(mapped.symbol.module)
        targets = [relationship.target for relationship in mapped.relationships.values() if relationship.target is not None]
        targets.extend(target[0].symbol for column in mapped.columns.values() if (target := rows.target(column)) is not None)
        waiting.extend(other for target in targets if (other := backend.mapped(target)) is not None)
    return list(found)


def _names_function(module: Module, name: str) -> bool:
    """Whether text of SQL, or ``func``, calls a function; ``func.now()`` is one that SQLAlchemy itself translates."""
    words = rb"[\"'][^\"'\n]*\b%b\s*\(" if name == "now" else rb"\b%b\s*\("
    return re.search(words % name.encode(), module.source.data) is not None


def _dialect_types(module: Module) -> list[str]:
    found: list[str] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.dialects.postgresql"):
            found.extend(alias.name for alias in node.names if alias.name in TYPES)
    if b"postgresql." in module.source.data:
        found.extend(name for name in TYPES if f"postgresql.{name}".encode() in module.source.data)
    if b"ARRAY" in module.source.data:
        found.append("ARRAY")
    return found


def _answer(claim: Claim, way: list[Function], backend: Backend) -> Class | External | None:
    """The error that is raised right after the finding, where its block ends with one."""
    for function in way:
        if str(function.module.source.path) != str(claim.finding.path):
            continue
        for node in ast.walk(function.node):
            for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
                if isinstance(block, list) and any(s.lineno <= claim.place.first <= (s.end_lineno or 0) for s in block):
                    raised = block[-1].exc if isinstance(block[-1], ast.Raise) else None
                    target = raised.func if isinstance(raised, ast.Call) else raised
                    symbol = backend.program.resolve(function.module, target) if target is not None else None
                    if isinstance(symbol, (Class, External)):
                        return symbol
    return None


def values_of(request: Request) -> Mapping[str, object]:
    """The parts of the path, as they stand in an address."""
    return {name: json_value(value) for name, value in request.path.items()}
