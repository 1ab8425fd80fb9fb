"""Lists, dicts, tuples and sets: their methods, and the loaded collections of mapped objects among them."""

from __future__ import annotations

import ast
from dataclasses import replace

from greenroom.domain.heap import Collection, OrmObject
from greenroom.domain.loading import BLANK, IS_LOADED
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, Choice, Const, DynamicQuery, Library, Ref, Rows, Value, join_values
from greenroom.interpret.attributes import adopt, grown
from greenroom.interpret.boundary import dumping
from greenroom.interpret.dynamic import dynamic_method
from greenroom.interpret.run import Diverted, Run
from greenroom.program.symbols import External

GROWING = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "extend": 0, "update": 0, "put": 0, "put_nowait": 0}
TAKING = frozenset({"pop", "popleft", "get", "get_nowait"})
"""Methods of lists, sets and queues that take an element out."""
COPYING = frozenset({"copy", "union", "intersection", "difference", "values", "reverse", "sort"})


INDEX_ERROR = External("builtins.IndexError")
COLUMN = External("sqlalchemy.Column")
"""Stands for each column of a class."""
COLUMNS = frozenset(f"sqlalchemy.{holder}" for holder in ("Table.c", "Table.columns", "Mapper.c", "Mapper.columns", "Mapper.column_attrs"))
"""What gives the columns of a class one after the other."""
CONTEXT = "context variable"
"""The kind of a record that holds what a context variable was set to."""


def make(
    run: Run, state: State, node: ast.AST, kind: str, items: tuple[Value, ...] | None, element: Value | None = None, extra: object = None
) -> Ref:
    """A new collection."""
    key = run.identity(node, ("collection", kind, extra))
    state.heap[key] = Collection(kind, items, element)
    return Ref(key)


def method(run: Run, state: State, key: int, record: Collection, name: str, args: Arguments, node: ast.AST) -> Value:
    """``collection.name(...)``."""
    if record.kind == CONTEXT:
        return _context_method(state, key, record, name, args)
    if name in GROWING:
        _grow(run, state, key, record, name, args, node)
        return NONE
    if name == "items":
        element = make(run, state, node, "tuple", (record.keys or ANYTHING, record.any() or ANYTHING), extra="pair")
        pairs = tuple(make(run, state, node, "tuple", (Const(k), v), extra=("pair", i)) for i, (k, v) in enumerate(record.by_key.items()))
        return make(run, state, node, "list", pairs if record.by_key and record.element is None else None,
                    None if record.by_key and record.element is None else element)  # fmt: skip
    if name in ("keys", "_fields"):
        return make(run, state, node, "list", None, record.keys or ANYTHING)
    if name == "values":
        exact = tuple(record.by_key.values()) if record.element is None and record.items is None else None
        return make(run, state, node, "list", exact, None if exact is not None else record.any())
    if name in ("get", "setdefault", "pop", "popitem", "popleft", "get_nowait", "__getitem__"):
        return _one(run, state, key, record, name, args, node)
    if name in COPYING:
        copied = run.identity(node, "copy")
        state.heap[copied] = replace(record, owner=None)
        return Ref(copied) if name != "sort" else NONE
    if name == "_mapping":
        return Ref(key)
    return ANYTHING


def _context_method(state: State, key: int, record: Collection, name: str, args: Arguments) -> Value:
    """``variable.set(value)`` and ``variable.get()``; until something is set, its type tells what others have set."""
    if name == "set":
        state.heap[key] = replace(record, element=args.get(0) or ANYTHING)
    if name == "get":
        return record.element or ANYTHING
    return ANYTHING


def _grow(run: Run, state: State, key: int, record: Collection, name: str, args: Arguments, node: ast.AST) -> None:
    value = args.get(GROWING[name])
    values: list[Value] = [] if value is None else [value]
    if name in ("extend", "update") and value is not None:
        other = state.record(value)
        values = elements(other) if isinstance(other, Collection) else [ANYTHING]
        if isinstance(other, Collection) and record.kind == "dict":
            by_key = {**record.by_key, **other.by_key}
            element = (
                record.element
                if other.element is None
                else other.element
                if record.element is None
                else join_values(record.element, other.element)
            )
            state.heap[key] = replace(record, by_key=by_key, element=element)
            return
    for item in values:
        current = state.heap.get(key)
        if isinstance(current, Collection):
            state.heap[key] = grown(current, item)
        if record.owner is not None:
            owner, attribute = record.owner
            _touch(run, state, owner, attribute, key, item)


def _touch(run: Run, state: State, owner: int, attribute: str, key: int, item: Value) -> None:
    """Something was put into the collection of a mapped object."""
    found = state.orm(owner)
    if found is None or attribute not in found.mapped.relationships:
        return
    if found.attributes[attribute].bits & BLANK:
        found = found.evolve(attributes={**found.attributes, attribute: IS_LOADED}, values={**found.values, attribute: Ref(key)})
    state.heap[owner] = found.evolve(dirty=found.dirty | {attribute})
    adopt(run, state, owner, found.mapped.relationships[attribute], item)


def elements(record: Collection) -> list[Value]:
    """All distinct element values."""
    found = [*(record.items or ()), *record.by_key.values()]
    if record.element is not None:
        found.append(record.element)
    return found


def _one(run: Run, state: State, key: int, record: Collection, name: str, args: Arguments, node: ast.AST) -> Value:
    index = args.get(0)
    if isinstance(index, Const) and index.value in record.by_key:
        value = record.by_key[index.value]
        if name == "pop" and record.kind == "dict":
            state.heap[key] = replace(record, by_key={k: v for k, v in record.by_key.items() if k != index.value})
        return value
    if record.kind != "dict" and record.owner is None and name in TAKING:
        return _taken_out(state, key, record, index if name == "pop" else Const(0))
    default = args.get(1, "default") or NONE
    value_or_none = record.any() if record.kind == "dict" or record.items is None else (record.items[-1] if record.items else None)
    if record.kind == "dict" and name in ("get", "pop", "setdefault"):
        missing_known = record.element is None and isinstance(index, Const)
        if value_or_none is None or missing_known or run.pick(2):
            if name == "setdefault":
                store(run, state, Ref(key), index or ANYTHING, default, node)
            return default
        return value_or_none
    return value_or_none if value_or_none is not None else ANYTHING


def _taken_out(state: State, key: int, record: Collection, index: Value | None) -> Value:
    """``items.pop()`` and ``queue.get()``: what one gets is not in the collection any more."""
    if record.items and record.element is None and (index is None or isinstance(index, Const)):
        place = index.value if index is not None else -1
        if isinstance(place, int) and -len(record.items) <= place < len(record.items):
            left = list(record.items)
            value = left.pop(place)
            state.heap[key] = replace(record, items=tuple(left))
            return value
    found = record.any()
    single = state.record(found) if found is not None else None
    if isinstance(single, OrmObject) and not single.many and record.items is None:
        state.heap[key] = replace(record, items=(), element=None, filled=False)
    return found if found is not None else ANYTHING


def subscript(run: Run, state: State, value: Value, index: Value, node: ast.AST, *, is_slice: bool = False) -> Value:
    """``value[index]``."""

    def one(atom: Value, inner: State) -> Value:
        record = inner.record(atom)
        if isinstance(atom, DynamicQuery):
            return dynamic_method(run, inner, atom, "__getitem__", node)
        if not isinstance(record, Collection):
            if isinstance(atom, Rows):
                return atom.element
            token = dumping.dump_of(atom)
            return ANYTHING if token is None else dumping.one(run, token, index)
        if is_slice:
            key = run.identity(node, "slice")
            inner.heap[key] = replace(record, items=None, element=record.any(), owner=None, partial=True, filled=False)
            return Ref(key)
        if isinstance(index, Const):
            if index.value in record.by_key and not isinstance(index.value, bool):
                return record.by_key[index.value]
            if record.items is not None and isinstance(index.value, int) and -len(record.items) <= index.value < len(record.items):
                return record.items[index.value]
            if record.items == () and _never_given(inner, record):
                run.may_raise(INDEX_ERROR, inner)
                raise Diverted
        found = record.any()
        if isinstance(index, Const) and isinstance(atom, Ref) and record.element is not None and record.kind != "dict":
            inner.heap[atom.id] = replace(record, filled=True)
        return found if found is not None else ANYTHING

    return run.each(value, state, one)


def _never_given(state: State, record: Collection) -> bool:
    """Whether this is what reading a collection gave that a new object was never given."""
    if record.owner is None:
        return False
    key, name = record.owner
    owner = state.orm(key)
    return owner is not None and name in owner.attributes and owner.attributes[name].bits == BLANK


def store(run: Run, state: State, value: Value, index: Value, new: Value, node: ast.AST) -> None:
    """``value[index] = new``."""
    for atom in value.atoms if isinstance(value, Choice) else (value,):
        record = state.record(atom)
        if isinstance(record, Collection) and isinstance(atom, Ref):
            if isinstance(index, Const) and record.kind == "dict":
                state.heap[atom.id] = replace(record, by_key={**record.by_key, index.value: new})
            else:
                covered = new if record.element is None else join_values(record.element, new)
                keys = index if record.keys is None else join_values(record.keys, index)
                state.heap[atom.id] = replace(record, element=covered, keys=keys)
            if record.owner is not None:
                _touch(run, state, record.owner[0], record.owner[1], atom.id, new)
        elif isinstance(atom, Anything) and (token := dumping.dump_of(atom)) is not None:
            dumping.store(state, atom, token, index)


def iterated(run: Run, state: State, value: Value, node: ast.AST) -> tuple[tuple[Value, ...] | None, Value | None, bool]:
    """What a loop over ``value`` sees: exact items, or one value that covers all elements; and whether that is only part of them."""
    if isinstance(value, Choice):
        covered: Value | None = None
        for atom in value.atoms:
            items, element, _ = iterated(run, state, atom, node)
            for part in (*(items or ()), *((element,) if element is not None else ())):
                covered = part if covered is None else join_values(covered, part)
        return None, covered, True
    if isinstance(value, Rows):
        return None, value.element, False
    token = dumping.dump_of(value)
    if token is not None:
        return dumping.iterated(token)
    if isinstance(value, Library) and value.symbol.path in COLUMNS:
        return None, Library(COLUMN), False
    record = state.record(value)
    if isinstance(record, Collection):
        if record.kind == "dict":
            names = tuple(Const(key) for key in record.by_key)
            return (names, None, False) if record.element is None and record.keys is None else (None, record.keys or ANYTHING, False)
        if record.items is not None and record.element is None:
            return record.items, None, False
        return None, record.any(), record.partial
    if isinstance(value, Const) and isinstance(value.value, str):
        return None, ANYTHING, False
    return None, ANYTHING, False
