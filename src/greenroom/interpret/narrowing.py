"""What a test tells about the state: truthiness, ``is None``, ``isinstance``, and facts about unknown conditions."""

from __future__ import annotations

import ast
from dataclasses import replace

from greenroom.domain.heap import PERSISTENT, Collection, Instance, OrmObject
from greenroom.domain.holding import GIVEN
from greenroom.domain.loading import DEFERRED, IS_LOADED, LAZY, Origin, absent
from greenroom.domain.provenance import Clock
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, MADE, NONE, Anything, Choice, ClassValue, Const, FunctionValue, Library, Ref, Value, atoms
from greenroom.interpret.run import Infeasible, Run
from greenroom.program.symbols import Class, External
from greenroom.program.types import Named

BOOL = Named(External("builtins.bool"), ())


def known_truth(state: State, value: Value) -> bool | None:
    """Whether a value is true; None when that is not known."""
    match value:
        case Const(constant):
            return bool(constant)
        case ClassValue() | FunctionValue() | Library():
            return True
        case Anything(_, ("error", *_)):
            return True
        case Ref(key):
            record = state.heap.get(key)
            if isinstance(record, Collection):
                if record.items is not None and record.element is None and not record.by_key:
                    return bool(record.items) if record.kind != "dict" else None
                return True if record.by_key or record.filled else None
            return record is not None or None
        case _:
            return None


def assume(run: Run, state: State, test: ast.expr, value: Value, *, truth: bool) -> None:  # noqa: C901 - one case for each form of test
    """Take ``test`` (which evaluated to ``value``) to be ``truth``; raises :class:`Infeasible` when that cannot be."""
    known = known_truth(state, value)
    if known is not None and known is not truth and not _was_nothing(state, test, truth=truth):
        raise Infeasible
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            assume(run, state, operand, ANYTHING, truth=not truth)
            return
        case ast.BoolOp(op=ast.And(), values=parts) if truth:
            for part in parts:
                assume(run, state, part, ANYTHING, truth=True)
            return
        case ast.BoolOp(op=ast.Or(), values=parts) if not truth:
            for part in parts:
                assume(run, state, part, ANYTHING, truth=False)
            return
        case ast.NamedExpr(target=target):
            _filter(state, target.id, truth=truth)
            return
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            _compare(run, state, left, operator, right, truth=truth)
            _position(state, left, operator, right, truth=truth)
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kinds]):
            _instance(run, state, name, kinds, truth=truth)
        case ast.Name(id=name):
            _filter(state, name, truth=truth)
        case _:
            pass
    key = _key(test)
    if key is not None:
        if state.facts.get(key, truth) is not truth:
            raise Infeasible
        state.facts[key] = truth


def _was_nothing(state: State, test: ast.expr, *, truth: bool) -> bool:
    """Whether a test may find that a to-one relationship was loaded as None; the state then says so."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _was_nothing(state, operand, truth=not truth)
        case ast.Compare(left=ast.Attribute() as read, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None)]) if truth:
            pass
        case ast.Compare(left=ast.Attribute() as read, ops=[ast.IsNot() | ast.NotEq()], comparators=[ast.Constant(value=None)]) if (
            not truth
        ):
            pass
        case ast.Attribute() as read if not truth:
            pass
        case _:
            return False
    owner = state.variables.get(read.value.id) if isinstance(read.value, ast.Name) else None
    record = state.record(owner) if owner is not None else None
    if not isinstance(owner, Ref) or not isinstance(record, OrmObject) or not _can_be_nothing(record, read.attr):
        return False
    relationship = record.mapped.relationships[read.attr]
    state.heap[owner.id] = record.evolve(values={**record.values, **dict.fromkeys((read.attr, *relationship.local_foreign_keys), NONE)})
    return True


def _can_be_nothing(record: OrmObject, name: str) -> bool:
    """Whether an object that was loaded for a relationship stands for None, too: no key is known, and nothing was assigned."""
    relationship = record.mapped.relationships.get(name)
    if relationship is None or relationship.uselist or record.many or GIVEN + name in record.values:
        return False
    if record.plan.relationships.get(name, ("", None))[0] == "contains_eager" or not isinstance(record.values.get(name), Ref):
        return False
    keys = relationship.local_foreign_keys
    unknown = all(isinstance(record.values.get(key, ANYTHING), Anything) for key in keys)
    return unknown and all(column.nullable for key in keys if (column := record.mapped.columns.get(key)) is not None)


def is_last(state: State, target: ast.expr) -> bool | None:
    """Whether tests have told that the variable of a loop over a range holds its last number."""
    return state.facts.get((target.id, LAST)) if isinstance(target, ast.Name) else None


LAST = "~last"
"""The second part of the key of the fact that a variable holds the last number of its range."""


def _position(state: State, left: ast.expr, operator: ast.cmpop, right: ast.expr, *, truth: bool) -> None:
    """``attempt < limit - 1`` in a loop over ``range(limit)`` tells whether another iteration follows."""
    if not isinstance(left, ast.Name | ast.BinOp):
        return
    name, added = _linear(left)
    token = value.token if isinstance(value := state.variables.get(name), Anything) else None
    if not (isinstance(token, tuple) and token and token[0] == "range" and isinstance(token[1], ast.Call)):
        return
    if token[1].keywords or len(token[1].args) not in (1, 2):
        return
    core, limit = _linear(token[1].args[-1])
    other, offset = _linear(right)
    if core != other:
        return
    distance = offset - added - (limit - 1)

    last: bool | None = None
    match operator:
        case ast.Lt() | ast.GtE():
            smaller = truth is isinstance(operator, ast.Lt)
            last = False if smaller and distance <= 0 else True if not smaller and distance == 0 else None
        case ast.LtE() | ast.Gt():
            smaller = truth is isinstance(operator, ast.LtE)
            last = False if smaller and distance < 0 else True if not smaller and distance == -1 else None
        case ast.Eq() | ast.NotEq() if distance == 0:
            last = truth is isinstance(operator, ast.Eq)
        case _:
            pass
    if last is None:
        return
    if state.facts.get((name, LAST), last) is not last:
        raise Infeasible
    state.facts[name, LAST] = last


def _linear(node: ast.expr) -> tuple[str, int]:
    """An expression as something plus a number."""
    match node:
        case ast.Constant(value=int(number)):
            return "", number
        case ast.Name(id=name):
            return name, 0
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as operator, right=ast.Constant(value=int(number))):
            core, offset = _linear(left)
            return core, offset + number if isinstance(operator, ast.Add) else offset - number
        case _:
            return ast.dump(node), 0


def _key(test: ast.expr) -> object | None:
    """A test that means the same when it is met again: names, attributes of names and comparisons of them with constants."""
    match test:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=base), attr=attr):
            return (base, attr)
        case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=constant)]):
            inner = _key(left)
            return (inner, type(operator).__name__, constant) if inner is not None else None
        case _:
            return None


def forget(state: State, name: str) -> None:
    """A variable was assigned: what was known of tests with it is void."""
    if state.facts:
        state.facts = {key: value for key, value in state.facts.items() if not _mentions(key, name)}


def _mentions(key: object, name: str) -> bool:
    if key == name:
        return True
    return isinstance(key, tuple) and bool(key) and _mentions(key[0], name)


def _filter(state: State, name: str, *, truth: bool) -> None:
    value = state.variables.get(name)
    if not isinstance(value, Choice):
        if truth:
            _settle(state, value)
        if value is not None and (known := known_truth(state, value)) is not None and known is not truth:
            raise Infeasible
        if isinstance(value, Ref) and not truth:
            _empty(state, value.id)
        elif isinstance(value, Anything) and value.token is not None and value.type == BOOL:
            state.replace(value, Const(truth))  # whoever was given the same flag, or gave it, is told too
        return
    kept = tuple(atom for atom in value.atoms if known_truth(state, atom) in (None, truth))
    _keep(state, name, kept)


def _empty(state: State, key: int) -> None:
    """A collection that a test found empty, and what it was made of: there is nothing to go through."""
    seen: set[int] = set()
    following: int | None = key
    while following is not None and following not in seen:
        seen.add(following)
        record = state.heap.get(following)
        if not isinstance(record, Collection) or record.items is not None or record.by_key or record.owner is not None:
            return
        state.heap[following] = replace(record, items=(), element=None, source=None)
        following = record.source


def _settle(state: State, value: Value | None) -> None:
    """A collection that a test found not to be empty."""
    record = state.record(value) if isinstance(value, Ref) else None
    if isinstance(value, Ref) and isinstance(record, Collection) and record.items is None and not record.by_key and record.kind != "dict":
        state.heap[value.id] = replace(record, filled=True)


def _keep(state: State, name: str, kept: tuple[Value, ...]) -> None:
    if not kept:
        raise Infeasible
    state.variables[name] = kept[0] if len(kept) == 1 else Choice(kept)


def _compare(run: Run, state: State, left: ast.expr, operator: ast.cmpop, right: ast.expr, *, truth: bool) -> None:
    if isinstance(left, ast.NamedExpr):
        left = left.target
    if not isinstance(left, ast.Name):
        return
    value = state.variables.get(left.id)
    if value is None:
        return
    negated = isinstance(operator, ast.IsNot | ast.NotEq)
    if not isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) or not isinstance(right, ast.Constant):
        return
    wanted = truth is not negated
    constant = Const(right.value)
    parts = value.atoms if isinstance(value, Choice) else (value,)
    kept: list[Value] = []
    for atom in parts:
        same = False if constant == NONE and _is_key(state, atom) else _same(atom, constant)
        if same is None or same is wanted:
            narrowed = constant if wanted and isinstance(atom, Anything) and constant == NONE else atom
            kept.append(narrowed)
    _keep(state, left.id, tuple(kept))


def _is_key(state: State, atom: Value) -> bool:
    """Whether a value is the primary key of an object in the database, which is never None."""
    match atom:
        case Anything(_, ("attribute", int(key), str(name))):
            record = state.orm(key)
            return record is not None and record.life == PERSISTENT and name in record.mapped.primary_key
        case _:
            return False


def _same(atom: Value, constant: Const) -> bool | None:
    if isinstance(atom, Const):
        return atom.value == constant.value
    if isinstance(atom, Anything):
        return False if constant == NONE and is_made(atom) else _first_number(atom, constant)
    return False


def _first_number(atom: Anything, constant: Const) -> bool | None:
    """Whether a number of a range is its first, in the first iteration and in later ones."""
    match atom.token:
        case ("range", ast.Call(args=args), *round_) if round_ and len(args) in (1, 2):
            start = 0 if len(args) == 1 else args[0].value if isinstance(args[0], ast.Constant) else None
            return round_ == ["first"] if start is not None and constant.value == start else None
        case _:
            return None


def is_made(value: Anything) -> bool:
    """Whether a value that nothing else is known of is not None."""
    if isinstance(value.token, Clock):
        return True
    return isinstance(value.token, tuple) and bool(value.token) and value.token[0] in MADE


def is_a(run: Run, state: State, atom: Value, cls: Class) -> bool | None:
    """Whether a value is an instance of a class; None when that is not known."""
    match state.record(atom):
        case Instance(cls=own) if own is not None:
            return True if cls in run.program.mro(own) else None
        case OrmObject(mapped=mapped):
            if cls in run.program.mro(mapped.symbol):
                return True
            return None if run.backend.mapped(cls) is None or mapped.symbol in run.program.mro(cls) else False
        case Collection():
            return None if run.backend.mapped(cls) is None else False
        case _:
            if isinstance(atom, Anything) and isinstance(atom.type, Named) and isinstance(atom.type.symbol, Class):
                return True if cls in run.program.mro(atom.type.symbol) else None
            return False if atom == NONE else None


def _instance(run: Run, state: State, name: str, kinds: ast.expr, *, truth: bool) -> None:
    value = state.variables.get(name)
    assert run.module is not None
    symbol = run.program.resolve(run.module, kinds, function=run.function)
    if value is not None and truth and isinstance(symbol, External | Class) and symbol.name != "NoneType":
        _keep(state, name, tuple(atom for atom in atoms(value) if atom != NONE))
        value = state.variables[name]
    if value is None or not isinstance(symbol, Class):
        return
    _keep(state, name, tuple(atom for atom in atoms(value) if is_a(run, state, atom, symbol) in (None, truth)))
    value = state.variables[name]
    if not isinstance(value, Ref) or not truth:
        return
    record = state.orm(value.id)
    if record is None:
        return
    mapped = run.backend.mapped(symbol)
    if mapped is None or mapped is record.mapped:
        return
    ancestor = mapped.parent
    while ancestor is not None and ancestor is not record.mapped:
        ancestor = ancestor.parent
    if ancestor is None:
        return
    attributes = dict(record.attributes)
    for added in mapped.columns:
        if added not in attributes:
            origin = (
                Origin(record.loaded_at, f"selected through `{record.mapped.name}`, which leaves `{added}` of the subclass out")
                if (record.loaded_at is not None)
                else None
            )
            attributes[added] = (
                IS_LOADED if record.assumed or record.plan.polymorphic or mapped.polymorphic_load else absent(DEFERRED, origin)
            )
    for added in mapped.relationships:
        if added not in attributes:
            attributes[added] = IS_LOADED if record.assumed else absent(LAZY, None)
    state.heap[value.id] = record.evolve(mapped=mapped, attributes=attributes)
