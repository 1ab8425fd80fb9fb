"""Completes relationships once every class is declared: targets, directions, backrefs, inheritance."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from greenroom.facts.joins import REVERSED, Join, find_join
from greenroom.facts.records import Column, Direction, Inheritance, MappedClass, Relationship
from greenroom.facts.registry import Registry
from greenroom.facts.relationships import Backref, RelationshipDraft, cascades, lazy_word, read_backref
from greenroom.program.symbols import Class

_NO_DRAFTS: dict[str, RelationshipDraft] = {}


class Linker:
    """Turns the drafts of declared classes into relationships."""

    def __init__(self, registry: Registry, mapped: Callable[[Class], MappedClass | None]) -> None:
        self._registry = registry
        self._mapped = mapped
        self.drafts: dict[Class, dict[str, RelationshipDraft]] = {}
        self._linked: set[Class] = set()

    def link(self, classes: list[MappedClass]) -> None:
        """Complete the relationships of the given classes and add the backrefs they ask for."""
        todo = [mapped for mapped in classes if mapped.symbol not in self._linked]
        self._linked.update(mapped.symbol for mapped in todo)
        for mapped in todo:
            mapped.columns = {name: self._normalised(column) for name, column in mapped.columns.items()}
        backrefs: list[tuple[MappedClass, MappedClass, RelationshipDraft, Join]] = []
        for mapped in todo:
            for name, draft in self.drafts.get(mapped.symbol, _NO_DRAFTS).items():
                target = self._target(draft, mapped)
                join = find_join(draft, mapped, target)
                mapped.relationships[name] = relationship(draft, target, join)
                if target is not None and "backref" in draft.keywords:
                    backrefs.append((mapped, target, draft, join))
        for mapped, target, draft, join in backrefs:
            _add_backref(mapped, target, draft, join)
        for mapped in list(self._registry.by_class.values()):
            _inherit_relationships(mapped)
        for mapped in classes:
            self._find_mirrors(mapped)

    def _find_mirrors(self, mapped: MappedClass) -> None:
        """Note which relationships of its targets lead back to a class."""
        for name, known in mapped.relationships.items():
            target = self._registry.by_class.get(known.target) if known.target is not None and known.remote_foreign_keys else None
            if target is not None:
                mirrors = tuple(other.name for other in target.relationships.values() if _leads_back(other, known, mapped))
                mapped.relationships[name] = replace(known, mirrors=mirrors)

    def _target(self, draft: RelationshipDraft, mapped: MappedClass) -> MappedClass | None:
        if draft.target is None:
            return None
        found = self._registry.find(draft.target, mapped.symbol, annotation=draft.target_is_annotation)
        return self._mapped(found) if isinstance(found, Class) else found

    def _normalised(self, column: Column) -> Column:
        """Write foreign keys given as ``Class.attribute`` as ``table.column``."""
        if not column.foreign_keys:
            return column
        return replace(column, foreign_keys=tuple(map(self._table_column, column.foreign_keys)))

    def _table_column(self, text: str) -> str:
        holder, _, attribute = text.rpartition(".")
        named = self._registry.named(holder) if holder and holder[:1].isupper() else []
        if len(named) != 1 or named[0].table is None or any(item.table == holder for item in named):
            return text
        column = named[0].columns.get(attribute)
        return f"{named[0].table}.{(column.column_name if column else None) or attribute}"


def _leads_back(other: Relationship, known: Relationship, mapped: MappedClass) -> bool:
    """Whether a many-to-one goes the way of a one-to-many of ``mapped`` back, over the same key."""
    if other.direction is not Direction.MANY_TO_ONE or set(other.local_foreign_keys) != set(known.remote_foreign_keys):
        return False
    owner: MappedClass | None = mapped
    while owner is not None and owner.symbol is not other.target:
        owner = owner.parent
    return owner is not None


def relationship(draft: RelationshipDraft, target: MappedClass | None, join: Join) -> Relationship:
    """Return the finished relationship."""
    viewonly = draft.flag("viewonly")
    uselist = draft.uselist
    if uselist is None:
        uselist = draft.is_plural if join.direction is None else join.direction is not Direction.MANY_TO_ONE
    cascade = draft.keywords.get("cascade")
    return Relationship(
        name=draft.name,
        node=draft.node,
        target=target.symbol if target is not None else None,
        direction=join.direction,
        uselist=uselist,
        lazy=draft.lazy,
        local_foreign_keys=join.foreign if join.direction is Direction.MANY_TO_ONE else (),
        remote_foreign_keys=join.foreign if join.direction is Direction.ONE_TO_MANY else (),
        back_populates=draft.text("back_populates") or _backref_name(draft),
        secondary=draft.secondary is not None,
        viewonly=viewonly,
        cascade=cascades(cascade, viewonly=viewonly),
        single_parent=draft.flag("single_parent"),
        active_history=draft.flag("active_history"),
        collection=draft.collection,
        join_depth=_integer(draft),
        init=draft.flag("init", default=True),
        has_init_default="default" in draft.keywords,
        init_default_factory="default_factory" in draft.keywords,
        repr=draft.flag("repr", default=True),
        compare=draft.flag("compare", default=True),
        declared_in=draft.owner,
    )


def _backref_name(draft: RelationshipDraft) -> str | None:
    backref = read_backref(draft)
    return backref.name if backref is not None else None


def _integer(draft: RelationshipDraft) -> int | None:
    value = draft.keywords["join_depth"].constant() if "join_depth" in draft.keywords else None
    return value if isinstance(value, int) else None


def _add_backref(mapped: MappedClass, target: MappedClass, draft: RelationshipDraft, join: Join) -> None:
    """Make the reverse relationship on the target, unless the target declares that name itself."""
    backref = read_backref(draft)
    if backref is None or backref.name in target.relationships or backref.name in target.columns:
        return
    direction = REVERSED[join.direction] if join.direction is not None else None
    target.relationships[backref.name] = _reverse(mapped, draft, join, backref, direction)


def _reverse(mapped: MappedClass, draft: RelationshipDraft, join: Join, backref: Backref, direction: Direction | None) -> Relationship:
    keywords = backref.keywords
    viewonly = keywords["viewonly"].truth() if "viewonly" in keywords else draft.flag("viewonly")
    given = keywords["uselist"].constant() if "uselist" in keywords else None
    collection = keywords.get("collection_class")
    return Relationship(
        name=backref.name,
        node=backref.node,
        target=mapped.symbol,
        direction=direction,
        uselist=given if isinstance(given, bool) else direction is not Direction.MANY_TO_ONE,
        lazy=lazy_word(keywords.get("lazy")),
        local_foreign_keys=join.foreign if direction is Direction.MANY_TO_ONE else (),
        remote_foreign_keys=join.foreign if direction is Direction.ONE_TO_MANY else (),
        back_populates=draft.name,
        secondary=draft.secondary is not None,
        viewonly=viewonly,
        cascade=cascades(keywords.get("cascade"), viewonly=viewonly),
        single_parent=keywords["single_parent"].truth() if "single_parent" in keywords else False,
        active_history=keywords["active_history"].truth() if "active_history" in keywords else False,
        collection=collection.spelled() if collection is not None and isinstance(collection.node, ast.Name) else "list",
        declared_in=draft.owner,
    )


def _inherit_relationships(mapped: MappedClass) -> None:
    """Add the relationships of every mapped ancestor that the class does not declare itself."""
    current = mapped
    for _ in range(50):
        parent = current.parent
        if parent is None or current.inheritance is Inheritance.CONCRETE:
            return
        for name, inherited in parent.relationships.items():
            if name not in mapped.columns:
                mapped.relationships.setdefault(name, inherited)
        current = parent
