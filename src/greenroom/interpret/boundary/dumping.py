"""Schemas turned into dictionaries: ``body.model_dump()``, with the fields that the dictionary has, and what it goes into."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from greenroom.domain.heap import Collection
from greenroom.domain.provenance import Dump, Sent
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, Const, Value, atoms
from greenroom.facts.records import Column, MappedClass
from greenroom.interpret.boundary import keys, moments, transitions
from greenroom.interpret.boundary.fields import leaf
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class
from greenroom.program.types import Named

DUMPING = frozenset({"model_dump", "dict"})
_PARTIAL = frozenset({"exclude_unset", "exclude_none", "exclude_defaults"})
_HARMLESS = frozenset({"context", "mode", "round_trip", "serialize_as_any", "warnings"})
_READING = frozenset({"copy", "keys", "values", "items", "get"})


def dump_of(value: Value) -> Dump | None:
    """The dump that a value is, or is a part of."""
    return value.token if isinstance(value, Anything) and isinstance(value.token, Dump) else None


def dump(run: Run, state: State, receiver: Anything, args: Arguments) -> Value:
    """``body.model_dump(exclude={...})`` of what the client sends; nothing that is followed of other schemas and other arguments."""
    token, type_ref = receiver.token, receiver.type
    if not isinstance(token, Sent) or not isinstance(type_ref, Named) or not isinstance(type_ref.symbol, Class):
        return ANYTHING
    schema = run.backend.schema(type_ref.symbol)
    if schema is None or args.open or args.positional:
        return ANYTHING
    without: set[str] = set()
    partial = schema.open
    for name, value in args.named:
        if name in _PARTIAL:
            partial = partial or value != Const(value=False)
        elif name in ("exclude", "include") and value != NONE:
            chosen = _constants(state, value)
            if chosen is None:
                return ANYTHING
            without |= chosen if name == "exclude" else schema.fields.keys() - chosen
        elif name not in _HARMLESS and value != Const(value=False):
            return ANYTHING
    return Anything(None, Dump(type_ref.symbol, token, frozenset(without), partial=partial))


def _constants(state: State, value: Value) -> set[str] | None:
    record = state.record(value)
    items = record.items if isinstance(record, Collection) else None
    names = [item.value for item in items or () if isinstance(item, Const)]
    texts = {name for name in names if isinstance(name, str)}
    return texts if items is not None and len(texts) == len(items) else None


def fields_of(run: Run, token: Dump) -> Iterator[tuple[str, Value]]:
    """The names and values of a dictionary."""
    schema = run.backend.schema(token.schema)
    for name, field in schema.fields.items() if schema is not None else ():
        if name not in token.without and not field.excluded:
            yield name, leaf(field.type, token.field(name))


def method(run: Run, state: State, value: Anything, token: Dump, name: str, args: Arguments) -> Value:
    """``data.items()``, ``data.pop("name")``."""
    index = args.get(0)
    if name in ("items", "keys", "copy"):
        return Anything(None, replace(token, part={"items": "items", "keys": "keys", "copy": ""}[name]))
    found = one(run, token, index) if index is not None else ANYTHING
    if name == "pop":
        change(state, value, token, _name_of(index))
    elif name == "update":
        change(state, value, token, _updated(state, args))
    elif name not in _READING:
        change(state, value, token, None)
    return found if name in ("get", "pop") else ANYTHING


def _name_of(index: Value | None) -> frozenset[str] | None:
    return frozenset({index.value}) if isinstance(index, Const) and isinstance(index.value, str) else None


def _updated(state: State, args: Arguments) -> frozenset[str] | None:
    """The names under which ``update`` puts something; None where they are not all known."""
    names = {name for name, _ in args.named}
    for given in args.positional:
        record = state.record(given)
        if not isinstance(record, Collection) or record.kind != "dict" or record.element is not None:
            return None
        names.update(map(str, record.by_key))
    return None if args.open else frozenset(names)


def one(run: Run, token: Dump, index: Value) -> Value:
    """``data["name"]``."""
    if token.part or not isinstance(index, Const):
        return ANYTHING
    return dict(fields_of(run, token)).get(str(index.value), ANYTHING)


def store(state: State, value: Anything, token: Dump, index: Value) -> None:
    """``data["name"] = ...`` and ``del data["name"]``."""
    change(state, value, token, _name_of(index))


def change(state: State, value: Anything, token: Dump, names: frozenset[str] | None) -> None:
    """What is under these names was not sent, or is there no more; None: nothing is known of the dictionary from here on."""
    state.replace(value, ANYTHING if names is None else Anything(None, replace(token, without=token.without | names)))


def iterated(token: Dump) -> tuple[tuple[Value, ...] | None, Value | None, bool]:
    """What a loop over the dictionary, its items or one of them sees."""
    if token.part == "pair":
        return tuple(Anything(None, replace(token, part=part)) for part in ("key", "value")), None, False
    return None, Anything(None, replace(token, part="pair" if token.part == "items" else "key")), False


def assigned(run: Run, mapped: MappedClass, value: Value, node: ast.AST) -> None:
    """All that a dictionary has goes into the columns of its names, or one after the other does."""
    for column, held in _columns(run, mapped, value):
        moments.stored(run, mapped, column, held, node)
        keys.stored(run, mapped, column, held, node)


def changed(run: Run, mapped: MappedClass, value: Value, node: ast.AST) -> None:
    """The same for an object that is there already."""
    for column, held in _columns(run, mapped, value):
        transitions.stored(run, mapped, column, held, node)


def _columns(run: Run, mapped: MappedClass, value: Value) -> Iterator[tuple[Column, Value]]:
    for atom in atoms(value):
        token = dump_of(atom)
        for name, held in fields_of(run, token) if token is not None and token.part in ("", "key") else ():
            column = mapped.columns.get(mapped.synonyms.get(name, name))
            if column is not None:
                yield column, held
