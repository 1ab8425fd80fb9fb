"""How two mapped classes are joined: the direction of a relationship and the columns that hold its key."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from greenroom.facts.expression import Expression
from greenroom.facts.keys import ColumnName, column_name, column_names, opened
from greenroom.facts.records import Direction, Inheritance, MappedClass
from greenroom.facts.relationships import RelationshipDraft


class Join(NamedTuple):
    """What joins two classes."""

    direction: Direction | None
    foreign: tuple[str, ...] = ()
    """Attributes of the class that holds the key: the declaring class for many-to-one, the target for one-to-many."""


REVERSED = {
    Direction.MANY_TO_ONE: Direction.ONE_TO_MANY,
    Direction.ONE_TO_MANY: Direction.MANY_TO_ONE,
    Direction.MANY_TO_MANY: Direction.MANY_TO_MANY,
}


class _Given(NamedTuple):
    """The columns that the arguments of a relationship name."""

    foreign: list[ColumnName]
    remote: list[ColumnName]
    mentioned: list[ColumnName]
    """All columns of the ``primaryjoin``."""


def find_join(draft: RelationshipDraft, source: MappedClass, target: MappedClass | None) -> Join:
    """Return the direction that SQLAlchemy would determine from keys and join arguments."""
    if draft.secondary is not None:
        return Join(Direction.MANY_TO_MANY)
    if target is None:
        return _guess(draft, source)
    given = _given(draft, source, target)
    local = _keys(source, target, given)
    distant = _keys(target, source, given)
    if given.foreign and not local and not distant:
        return _unkeyed(given, source, target)
    both = [name for name in local if name in distant]
    if both and _self_referential(both, source, target):
        names = {source.columns[name].column_name for name in both} | set(both)
        backwards = any(item.attribute in names for item in given.remote) if given.remote else True
        return Join(Direction.ONE_TO_MANY if backwards else Direction.MANY_TO_ONE, tuple(both))
    if local and not (distant and draft.is_plural and not given.foreign):
        return Join(Direction.MANY_TO_ONE, tuple(local))
    return Join(Direction.ONE_TO_MANY, tuple(distant)) if distant else _guess(draft, source)


def _keys(holder: MappedClass, goal: MappedClass, given: _Given) -> list[str]:
    """Return the attributes of ``holder`` whose keys lead to ``goal``, those that the arguments name when they name any."""
    tables = set(_table_names(goal))
    found = [name for name in holder.columns if any(target in tables for target in _targets(holder, name))]
    if holder.inheritance is Inheritance.JOINED:
        # The key that joins a subclass to its parent's table is not a reference to another object.
        own = [name for name in found if not (holder.columns[name].primary_key and _leads_to_parent(holder, name))]
        found = own or found
    wanted = given.foreign or given.mentioned
    if not wanted:
        return found
    chosen = [name for name in found if _named(name, holder, wanted)]
    return chosen if chosen or given.foreign else found


def _targets(holder: MappedClass, name: str) -> Iterator[str]:
    """Yield the tables that a column's foreign keys lead to; a target without a table is the own table."""
    for text in holder.columns[name].foreign_keys:
        parts = text.split(".")
        if len(parts) > 1:
            yield parts[-2]
        elif holder.table is not None:
            yield holder.table


def _leads_to_parent(holder: MappedClass, name: str) -> bool:
    return holder.parent is not None and any(target in set(_table_names(holder.parent)) for target in _targets(holder, name))


def _self_referential(names: list[str], source: MappedClass, target: MappedClass) -> bool:
    """Whether both ends of the keys lie in tables that both classes have."""
    return all(_owner(source, name) in set(_line(target)) for name in names)


def _owner(mapped: MappedClass, name: str) -> MappedClass:
    """Return the ancestor in whose table a column lies."""
    return next((item for item in reversed(list(_line(mapped))) if name in item.columns), mapped)


def _given(draft: RelationshipDraft, source: MappedClass, target: MappedClass) -> _Given:
    foreign = column_names(draft.keywords["foreign_keys"]) if "foreign_keys" in draft.keywords else []
    remote = column_names(draft.keywords["remote_side"]) if "remote_side" in draft.keywords else []
    mentioned: list[ColumnName] = []
    marked: list[ColumnName] = []
    for left, right in _pairs(opened(draft.keywords["primaryjoin"])) if "primaryjoin" in draft.keywords else ():
        for side, other in ((left, right), (right, left)):
            name = column_name(side)
            if name is None:
                continue
            mentioned.append(name)
            marks = _marks(side)
            if "foreign" in marks or ("foreign" not in _marks(other) and _references(name, column_name(other), source, target)):
                marked.append(name)
            if "remote" in marks:
                remote.append(name)
    return _Given(foreign or marked, remote, mentioned)


def _unkeyed(given: _Given, source: MappedClass, target: MappedClass) -> Join:
    """Foreign columns without a foreign key in the table: whose columns they are decides."""
    here = _attributes(given.foreign, source)
    there = _attributes(given.foreign, target)
    if here and there and source is target:
        names = {item.attribute for item in given.foreign}
        backwards = any(item.attribute in names for item in given.remote) if given.remote else True
        return Join(Direction.ONE_TO_MANY if backwards else Direction.MANY_TO_ONE, here)
    if here:
        return Join(Direction.MANY_TO_ONE, here)
    return Join(Direction.ONE_TO_MANY, there)


def _attributes(names: list[ColumnName], mapped: MappedClass) -> tuple[str, ...]:
    """Return the attributes of ``mapped`` among the named columns, which may be named as in the table."""
    by_column = {column.column_name: name for name, column in mapped.columns.items() if column.column_name}
    found = [by_column.get(item.attribute, item.attribute) for item in names if _belongs(item, mapped)]
    return tuple(name for name in dict.fromkeys(found) if name in mapped.columns)


def _belongs(item: ColumnName, mapped: MappedClass) -> bool:
    if not item.holder:
        return item.attribute in mapped.columns or any(column.column_name == item.attribute for column in mapped.columns.values())
    if item.owner is not None:
        return any(item.owner is ancestor.symbol for ancestor in _line(mapped))
    return item.holder in set(_table_names(mapped))


def _named(name: str, mapped: MappedClass, mentioned: list[ColumnName]) -> bool:
    spelled = {name, mapped.columns[name].column_name}
    return any(item.attribute in spelled and _belongs(item, mapped) for item in mentioned)


def _references(name: ColumnName, other: ColumnName | None, source: MappedClass, target: MappedClass) -> bool:
    """Whether the column ``name`` has a foreign key to the column ``other``."""
    if other is None:
        return False
    for holder, goal in ((source, target), (target, source)):
        if not (_belongs(name, holder) and _belongs(other, goal)):
            continue
        column, wanted = holder.columns.get(name.attribute), goal.columns.get(other.attribute)
        names = {other.attribute, wanted.column_name if wanted else other.attribute}
        tables = set(_table_names(goal))
        if column is not None and any(target_table in tables for target_table in _targets(holder, name.attribute)):
            return any(text.rpartition(".")[2] in names for text in column.foreign_keys)
    return False


def _pairs(expression: Expression) -> Iterator[tuple[Expression, Expression]]:
    """Yield the two sides of every equality in a join condition."""
    for node in ast.walk(expression.node):
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            yield expression.at(node.left), expression.at(node.comparators[0])


def _marks(expression: Expression) -> set[str]:
    found = set()
    node: ast.expr = expression.node
    while isinstance(node, ast.Call) and node.args:
        found.add(expression.at(node.func).spelled())
        node = node.args[0]
    return found


def _guess(draft: RelationshipDraft, source: MappedClass) -> Join:
    """Without the other class, the shape of the annotation and the customary ``name_id`` column are all there is."""
    if draft.is_plural:
        return Join(Direction.ONE_TO_MANY)
    names = tuple(name for name in (f"{draft.name}_id", f"{draft.name}_pk", f"{draft.name}_uuid") if name in source.columns)
    return Join(Direction.MANY_TO_ONE if names else None, names)


def _line(mapped: MappedClass) -> Iterator[MappedClass]:
    """Yield the class and the mapped ancestors whose tables it shares."""
    current: MappedClass | None = mapped
    while current is not None:
        yield current
        current = current.parent if current.inheritance is not Inheritance.CONCRETE else None


def _table_names(mapped: MappedClass) -> Iterator[str]:
    """Yield the names by which keys may point to the class: its tables', and its own where the target was given as a class."""
    for item in _line(mapped):
        if item.table is not None:
            yield item.table
        yield item.name
