"""Generality: what a call is given, without what cannot change what it does to sessions and mapped objects.

Calls are followed on the general form of plain data, so that what one did fits every call that differs in plain data alone:
lists of any length and, where nothing but plain data is given, any number and any text. What steers a function stays as it is:
None, True and False, names, classes.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from greenroom.domain.heap import Collection, HeapObject, Instance
from greenroom.domain.likeness import Heap, is_plain
from greenroom.domain.provenance import Sent
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    Anything,
    Arguments,
    Attribute,
    Choice,
    ClassValue,
    Const,
    Factory,
    FunctionValue,
    Library,
    Method,
    ModuleValue,
    Ref,
    Rows,
    Value,
)
from greenroom.interpret.run import Run
from greenroom.interpret.symbolic import ITERABLES, MAPPINGS, SEQUENCES
from greenroom.program.functions import defaults
from greenroom.program.symbols import Class, Function
from greenroom.program.types import AnnotatedRef, Named, NoneRef, TypeRef, Union

_CODE = frozenset({ClassValue, Library, ModuleValue, Attribute, Factory})
"""Plain values that say which code is run."""
_NO_DATA = frozenset({"Callable", "type", "Type", "object", "Any"})
_CONTAINERS = SEQUENCES | ITERABLES | MAPPINGS
PLAIN = "plain"
NESTED = 2
"""How deep an instance or a list is looked into for what it holds."""


# What is given


def general(record: HeapObject, heap: Heap) -> HeapObject:
    """The record with plain data in its general form; the record itself where it has that form already."""
    if isinstance(record, Instance):
        attributes = {name: general_value(value, heap) for name, value in record.attributes.items()}
        changed = any(attributes[name] is not value for name, value in record.attributes.items())
        return Instance(record.cls, attributes, record.schema) if changed else record
    if isinstance(record, Collection) and record.owner is None:
        return _collection(record, heap)
    return record


def _collection(record: Collection, heap: Heap) -> HeapObject:
    if not _is_data(record, heap):
        return record
    if record.kind == "tuple" and record.items is not None:
        return Collection("tuple", tuple(general_value(value, heap) for value in record.items), record.element)
    if record.by_key:
        by_key = {key: general_value(value, heap) for key, value in record.by_key.items()}
        return Collection(record.kind, None, ANYTHING if record.element is not None else None, record.keys and ANYTHING, by_key)
    keys = None if record.keys is None else _some(record.keys)
    element = ANYTHING if record.element is None or record.items is not None else _some(record.element)
    if record.items is None and record.element == element and record.keys == keys:
        return record
    return Collection(record.kind, None, element, keys)


def _some(value: Value) -> Value:
    """Some plain value, of which only that it was sent by a client is kept."""
    return value if isinstance(value, Anything) and isinstance(value.token, Sent) else ANYTHING


def _is_data(record: Collection, heap: Heap, depth: int = NESTED) -> bool:
    """Whether a collection holds data alone: nothing tracked, no code, and at least something."""
    held = [*(record.items or ()), *record.by_key.values(), *(v for v in (record.element, record.keys) if v is not None)]
    return bool(held) and all(type(value) not in _CODE and _is_datum(value, heap, depth) for value in held)


def _is_datum(value: Value, heap: Heap, depth: int) -> bool:
    record = heap.get(value.id) if isinstance(value, Ref) else None
    if isinstance(record, Collection) and record.owner is None and depth:
        return _is_data(record, heap, depth - 1)
    return is_plain(value, heap)


def general_value(value: Value, heap: Heap) -> Value:
    """The general form of a value that is given to a call; a list stays the list that it is, since the call may put something into it."""
    match value:
        case Choice(several):
            return _choice(several, heap)
        case Method() | Rows():
            return ANYTHING if is_plain(value, heap) else value
        case _:
            return value


def _choice(several: Iterable[Value], heap: Heap) -> Value:
    kept: list[Value] = []
    plain: list[Value] = []
    for atom in several:
        form = general_value(atom, heap)
        flat = isinstance(form, Anything) or (isinstance(form, Const) and not isinstance(form.value, bool | None))
        (plain if flat else kept).append(form)
    if len(plain) > 1:
        types = {atom.type if isinstance(atom, Anything) else None for atom in plain}
        plain = [Anything(types.pop()) if len(types) == 1 else ANYTHING]
    together = [*kept, *plain]
    return together[0] if len(together) == 1 else Choice(tuple(sorted(together, key=lambda v: type(v).__name__)))


def general_arguments(args: Arguments, heap: Heap) -> Arguments:
    """The general form of what is given to a call."""
    named = tuple((name, general_value(value, heap)) for name, value in args.named)
    return Arguments(tuple(general_value(value, heap) for value in args.positional), named, args.open)


# Calls that are given plain data alone


@dataclass(frozen=True, slots=True)
class Outline:
    """A call that is given nothing but plain data, in a form that it shares with others."""

    key: Hashable
    args: Arguments


def outline(run: Run, state: State, callee: FunctionValue, args: Arguments) -> Outline | None:
    """What calls share that differ in plain data alone; None where something else is given."""
    function = callee.function
    spec = function.node.args
    if callee.captured is not None or args.open or spec.vararg is not None or spec.kwarg is not None:
        return None
    shapes: list[Hashable] = []
    if callee.receiver is not None:
        shape = _shape(callee.receiver, state.heap, NESTED)
        if shape is None:
            return None
        shapes.append(shape)
    given = dict(args.named)
    names, plain = _parameters(run, function)
    given.update(zip(names if callee.receiver is None else names[1:], args.positional, strict=False))
    values: list[tuple[str, Value]] = []
    for name in names:
        value = given.get(name)
        shape = None if value is None else _shape(value, state.heap, NESTED)
        if value is not None and shape is None:
            return None
        if name in plain and not (isinstance(value, Const) and isinstance(value.value, bool)):
            default = plain[name]
            if value is None and isinstance(default, bool):
                values.append((name, Const(default)))
                shapes.append((name, default))
            elif not (name == names[0] and callee.receiver is not None):
                values.append((name, ANYTHING))
        elif value is not None:
            values.append((name, _unnamed(general_value(value, state.heap))))
            shapes.append((name, shape))
    return Outline((function.node, tuple(shapes), circumstances(run, function)), Arguments((), tuple(values)))


def circumstances(run: Run, function: Function) -> Hashable:
    """What a call depends on beside what it is given: its own calls in progress, what is legal here, who waits, what is being handled."""
    repeats = sum(1 for active in run.calls if active.function.node is function.node)
    handling = run.handling[-1] if run.handling else None
    on_loop = function.is_async or run.coroutine is not None
    return (repeats, run.greenlet > 0, on_loop, run.silent > 0, run.schema_lenient, handling)


def _unnamed(value: Value) -> Value:
    """A constant that steers nothing is some value, though another one than other constants."""
    match value:
        case Const(None | bool()):
            return value
        case Const(constant):
            return Anything(None, ("made", "constant", type(constant), repr(constant)))
        case _:
            return value


def _parameters(run: Run, function: Function) -> tuple[list[str], dict[str, object]]:
    """The names of a function's parameters, and those that are declared as plain data, with their constant defaults."""
    known = run.tracker.parameters.get(function.node)
    if known is None:
        spec = function.node.args
        every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
        absent = defaults(function)
        plain: dict[str, object] = {}
        for parameter in every:
            if parameter.annotation is not None:
                type_ref = run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
                if _means_data(run, type_ref):
                    default = absent.get(parameter.arg)
                    plain[parameter.arg] = default.value if isinstance(default, ast.Constant) else None
        known = run.tracker.parameters[function.node] = ([p.arg for p in every], plain)
    return known


def _means_data(run: Run, type_ref: TypeRef | None) -> bool:
    """Whether a type is one of plain data."""
    match type_ref:
        case AnnotatedRef(inner):
            return _means_data(run, inner)
        case NoneRef():
            return True
        case Union(members):
            return all(_means_data(run, member) for member in members)
        case Named(symbol, args):
            if isinstance(symbol, Class):
                return run.backend.mapped(symbol) is None and run.backend.schema(symbol) is not None
            known = symbol.root in ("builtins", "typing", "collections", "datetime", "uuid", "decimal", "enum", "pathlib")
            told = bool(args) or symbol.name not in _CONTAINERS  # what may be put into a bare list is not said
            return known and told and symbol.name not in _NO_DATA and all(_means_data(run, a) for a in args)
        case _:
            return False


def _shape(value: Value, heap: Heap, depth: int) -> Hashable:
    """What calls have in common that are given such a value; None for what is no plain data."""
    match value:
        case Const(None | bool()):
            return value
        case Const() | Anything():
            return PLAIN
        case Ref(key):
            return _record_shape(heap.get(key), value, heap, depth)
        case ClassValue() | Library() | ModuleValue() | Attribute() | Factory():
            return value
        case Choice(several):
            parts = frozenset(_shape(atom, heap, depth) for atom in several)
            return None if None in parts else parts
        case Method() | Rows():
            return PLAIN if is_plain(value, heap) else None
        case _:
            return None


def _record_shape(record: HeapObject | None, value: Ref, heap: Heap, depth: int) -> Hashable:
    if not is_plain(value, heap):
        return None
    if not isinstance(record, Instance):
        return PLAIN
    steering = frozenset(
        (name, _shape(held, heap, depth - 1))
        for name, held in record.attributes.items()
        if type(held) in _CODE or (depth > 0 and type(held) is Ref) or (type(held) is Const and isinstance(held.value, bool))
    )
    return (record.cls, steering)
