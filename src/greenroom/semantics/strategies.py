"""What a relationship is after its owner was loaded or inserted, by its strategy."""

from __future__ import annotations

from greenroom.domain.loading import LAZY, LOADED, RAISING

AFTER_LOAD: dict[str, int] = {
    "select": LAZY,
    "selectin": LOADED,
    "joined": LOADED,
    "subquery": LOADED,
    "immediate": LOADED,
    "contains_eager": LOADED,
    "recursive": LOADED,
    "raise": RAISING,
    "raise_on_sql": RAISING,
    "noload": LOADED,
    "write_only": LOADED,
    "dynamic": LOADED,
}
"""``lazy=`` or loader option to the load state after a SELECT of the owner."""

AFTER_INSERT: dict[str, int] = {
    "raise": RAISING,
    "raise_on_sql": RAISING,
    "noload": LOADED,
    "write_only": LOADED,
    "dynamic": LOADED,
}
"""For a relationship never given to a new object; every other strategy, the eager ones too, leaves it LAZY."""

CHAINING = frozenset({"selectin", "joined", "subquery"})
"""Eager strategies that stop at a class that the chain has met already."""
SEPARATE = frozenset({"selectin", "subquery"})
"""Those among them that a refresh of the owner carries out all the same for collections, in a query of their own."""
