"""What a load on behalf of one attribute needs, brings along and leaves behind."""

from __future__ import annotations

from greenroom.domain.heap import OrmObject
from greenroom.domain.loading import DEFERRED, DROPPED, EMITS, IS_LOADED, LOADED, RAISING, LoadState
from greenroom.facts.records import Direction, Relationship


def refused_key(record: OrmObject, declared: Relationship | None) -> str | None:
    """The foreign key that the loader of a many-to-one asks for first, where that is refused."""
    if declared is None or declared.direction is not Direction.MANY_TO_ONE:
        return None
    return next(
        (name for name in declared.local_foreign_keys if name in record.attributes and record.attributes[name].bits == RAISING), None
    )


def after_load(record: OrmObject, name: str) -> dict[str, LoadState]:
    """The loader of a many-to-one brings the foreign key where that was left out."""
    attributes = dict(record.attributes)
    declared = record.mapped.relationships.get(name)
    if declared is not None and declared.direction is Direction.MANY_TO_ONE:
        attributes.update({key: attributes[key].without(DEFERRED) for key in declared.local_foreign_keys if key in attributes})
    return attributes


def perhaps_left(before: OrmObject) -> dict[str, LoadState]:
    """Where an attribute may have been there, so that nothing was loaded: what is absent for certain may still be."""
    absences = [(n, s) for n, s in before.attributes.items() if s.bits & DROPPED and not s.bits & LOADED]
    return {n: s.join(IS_LOADED).unsure() for n, s in absences if n not in before.mapped.relationships}


def fails_before(record: OrmObject, declared: Relationship | None, *, detached: bool, legal: bool) -> bool:
    """Whether something else fails before it is refused to load an attribute."""
    if declared is None:
        return detached
    if declared.lazy != "raise_on_sql":
        return False
    keys = [record.attributes[key] for key in declared.local_foreign_keys if key in record.attributes]
    return detached or (not legal and any(known.bits & EMITS for known in keys))


def without_deferred(before: OrmObject, after: OrmObject) -> OrmObject:
    """A read of something else that is expired does not bring back what its class defers, whatever the options say."""
    left = {n: s for n, s in before.attributes.items() if s.bits & DROPPED and (c := before.mapped.columns.get(n)) and c.deferred}
    left = {name: known for name, known in left.items() if after.attributes[name] == IS_LOADED}
    return after.evolve(attributes={**after.attributes, **left}) if left else after
