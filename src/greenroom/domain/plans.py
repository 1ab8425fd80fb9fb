"""Loader options as values: which attributes a query loads, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Plan:
    """Loader options for one entity: a strategy and a sub-plan for relationships, and what to do about columns.

    ``wildcard`` is the strategy of ``lazyload("*")`` and its kin, for relationships that are not named.
    """

    relationships: Mapping[str, tuple[str, Plan]] = field(default_factory=dict)
    only: frozenset[str] | None = None
    """``load_only``: just these columns (and the primary key)."""
    deferred: frozenset[str] = frozenset()
    undeferred: frozenset[str] = frozenset()
    """``undefer``; ``"*"`` stands for all columns."""
    raising: frozenset[str] = frozenset()
    """Columns that raise instead of loading; ``"*"`` stands for all that are left out."""
    wildcard: str | None = None
    everywhere: bool = False
    """Whether the wildcard goes on for entities further down, as that of an option without a class does."""
    polymorphic: bool = False
    """Whether columns of subclasses are loaded too."""
    expressions: frozenset[str] = frozenset()
    """``with_expression``."""

    def merge(self, other: Plan) -> Plan:
        """Both sets of options; ``other`` came later and wins."""
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        relationships = dict(self.relationships)
        for name, (strategy, child) in other.relationships.items():
            if name in relationships:
                old_strategy, old_child = relationships[name]
                relationships[name] = (old_strategy if strategy == "default" else strategy, old_child.merge(child))
            else:
                relationships[name] = (strategy, child)
        only = self.only if other.only is None else (other.only if self.only is None else self.only | other.only)
        return Plan(
            relationships,
            only,
            self.deferred | other.deferred,
            self.undeferred | other.undeferred,
            self.raising | other.raising,
            other.wildcard or self.wildcard,
            self.everywhere or other.everywhere,
            self.polymorphic or other.polymorphic,
            self.expressions | other.expressions,
        )


NOTHING = Plan()
