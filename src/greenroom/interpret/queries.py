"""Statements and loader options under construction: ``select(User).where(...).options(selectinload(User.posts))``."""

from __future__ import annotations

from dataclasses import replace

from greenroom.domain.heap import Collection
from greenroom.domain.plans import NOTHING, Plan
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    Aliased,
    Arguments,
    Attribute,
    ClassValue,
    Const,
    Entity,
    Library,
    LoaderOption,
    SqlExpression,
    Statement,
    Value,
)
from greenroom.facts.records import MappedClass
from greenroom.interpret.run import Run
from greenroom.interpret.session.identity import mapped_of, options_in
from greenroom.semantics.options import RELATIONSHIP_OPTIONS

RESTRICTING = frozenset(
    {"where", "filter", "filter_by", "limit", "offset", "join", "having", "distinct", "group_by", "slice", "fetch", "join_from"}
)


def select(run: Run, state: State, args: Arguments) -> Statement:
    """``select(...)``."""
    core = bool(args.positional) and all(isinstance(value, Library) and value.symbol.name == "Table" for value in args.positional)
    return Statement("select", tuple(entity(run, value) for value in args.positional), textual=core)


def entity(run: Run, value: Value) -> Entity:
    """What a select argument contributes to a row."""
    if isinstance(value, ClassValue):
        return Entity(run.backend.mapped(value.symbol), value.symbol.name)
    if isinstance(value, Aliased):
        return Entity(run.backend.mapped(value.symbol), value.symbol.name, polymorphic=value.polymorphic)
    if isinstance(value, Attribute):
        return Entity(None, value.name)
    return Entity(None)


def dml(run: Run, kind: str, args: Arguments) -> Statement:
    """``update(Model)``, ``delete(Model)``, ``insert(Model)``."""
    target = args.get(0)
    mapped = run.backend.mapped(target.symbol) if isinstance(target, ClassValue) else None
    plans = ((mapped, NOTHING),) if mapped is not None else ()
    return Statement(kind, (), plans)


def method(run: Run, state: State, statement: Statement, name: str, args: Arguments) -> Value:  # noqa: C901 - one branch for each method
    """A method of a statement; unknown ones leave it as it is."""
    if name == "options":
        given = (pair for value in args.positional for pair in _options(state, value))
        return replace(statement, plans=(*statement.plans, *given))
    if name in ("where", "filter", "filter_by"):
        equal = list(statement.equal)
        for value in args.positional:
            if isinstance(value, SqlExpression):
                equal.extend(value.equal)
        first = next((e.mapped for e in statement.entities if e.mapped is not None), None)
        if first is not None:
            equal.extend((f"{first.name}.{key}", value) for key, value in args.named)
        return replace(statement, equal=tuple(equal), restricted=True)
    if name in ("values", "ordered_values"):
        assigned = (*statement.assigned, *args.named)
        record = state.record(args.positional[0]) if args.positional else None
        if isinstance(record, Collection):
            assigned = (*assigned, *((str(key), value) for key, value in record.by_key.items()))
        return replace(statement, assigned=assigned)
    if name == "returning":
        return replace(statement, entities=tuple(entity(run, value) for value in args.positional), returning=True)
    if name == "execution_options":
        populate = args.get(None, "populate_existing") == Const(value=True)
        synchronize = args.get(None, "synchronize_session") != Const(value=False)
        return replace(
            statement, populate_existing=statement.populate_existing or populate, synchronize=statement.synchronize and synchronize
        )
    if name in ("with_only_columns", "add_columns", "with_entities"):
        entities = tuple(entity(run, value) for value in args.positional)
        return replace(statement, entities=entities if name != "add_columns" else (*statement.entities, *entities))
    if name.startswith(("on_conflict", "on_duplicate")):
        return replace(statement, lenient=True)
    if name in ("subquery", "cte", "scalar_subquery", "exists", "alias", "lateral", "label", "compile"):
        return SqlExpression()
    if name == "from_statement":
        inner = args.get(0)
        only = inner.only if isinstance(inner, Statement) else None
        plans = (*statement.plans, (None, Plan(only=only))) if only is not None else statement.plans
        return replace(statement, restricted=True, plans=plans)
    return replace(statement, restricted=True) if name in RESTRICTING else statement


def _options(state: State, value: Value) -> list[tuple[MappedClass | None, Plan]]:
    return [(option.owner, option.plan) for option in options_in(state, value)]


def option(run: Run, state: State, name: str, args: Arguments, base: LoaderOption | None = None) -> Value:
    """``selectinload(...)``, ``load_only(...)`` and their kin, alone or chained onto ``base``."""
    if name == "options" and base is not None:
        result = base
        for value in args.positional:
            for inner in options_in(state, value):
                result = _extend(result, inner.plan)
        return result
    if name in RELATIONSHIP_OPTIONS:
        return _relationship_option(run, RELATIONSHIP_OPTIONS[name], args, base)
    if name == "selectin_polymorphic":
        plan = Plan(polymorphic=True)
        return _extend(base, plan) if base is not None else LoaderOption(mapped_of(run, args.get(0)), plan)
    columns = _column_plan(state, name, args)
    if columns is None:
        return base if base is not None else ANYTHING
    if base is not None:
        return _extend(base, columns)
    owner = next((value.mapped for value in args.positional if isinstance(value, Attribute)), None)
    return LoaderOption(owner, columns, (), owner)


def _relationship_option(run: Run, strategy: str, args: Arguments, base: LoaderOption | None) -> Value:
    result = base
    for value in args.positional:
        if isinstance(value, Const) and value.value == "*":
            plan = Plan(wildcard=strategy, everywhere=result is None)
            result = LoaderOption(None, plan) if result is None else _extend(result, plan)
        elif isinstance(value, Attribute):
            relationship = value.mapped.relationships.get(value.name)
            target = run.backend.mapped(relationship.target) if relationship is not None and relationship.target is not None else None
            deep = args.get(None, "recursion_depth")
            plan = Plan({value.name: (strategy if deep is None else "recursive", NOTHING)})
            if isinstance(deep, Const) and isinstance(deep.value, int) and deep.value > 0:
                plan = Plan({value.name: (strategy, NOTHING)})
                for _ in range(min(deep.value, 8)):
                    plan = Plan({value.name: (strategy, plan)})
            if result is None:
                result = LoaderOption(value.mapped, plan, (value.name,), target)
            else:
                extended = _extend(result, plan)
                result = LoaderOption(extended.owner, extended.plan, (*result.path, value.name), target)
    return result if result is not None else ANYTHING


def _extend(base: LoaderOption, plan: Plan) -> LoaderOption:
    """Add ``plan`` at the open end of an option chain."""
    for name in reversed(base.path):
        plan = Plan({name: ("default", plan)})
    return LoaderOption(base.owner, base.plan.merge(plan), base.path, base.tail)


def _column_plan(state: State, name: str, args: Arguments) -> Plan | None:
    names: set[str] = set()
    for value in args.positional:
        if isinstance(value, Attribute):
            names.add(value.name)
        elif isinstance(value, Const) and isinstance(value.value, str):
            names.add(value.value)
    raises = args.get(None, "raiseload") == Const(value=True)
    match name:
        case "load_only":
            return Plan(only=frozenset(names), raising=frozenset({"*"}) if raises else frozenset())
        case "defer":
            return Plan(deferred=frozenset(names), raising=frozenset(names) if raises else frozenset())
        case "undefer":
            return Plan(undeferred=frozenset(names))
        case "undefer_group":
            return Plan(undeferred=frozenset({"*"}))
        case "with_expression":
            return Plan(expressions=frozenset(names))
        case _:
            return None
