"""Loader options by name: which strategy each one sets. One row, one function of ``sqlalchemy.orm``."""

from __future__ import annotations

RELATIONSHIP_OPTIONS: dict[str, str] = {
    "selectinload": "selectin",
    "joinedload": "joined",
    "subqueryload": "subquery",
    "immediateload": "immediate",
    "contains_eager": "contains_eager",
    "lazyload": "select",
    "noload": "noload",
    "raiseload": "raise",
    "defaultload": "default",
}
COLUMN_OPTIONS = frozenset({"load_only", "defer", "undefer", "undefer_group", "with_expression", "selectin_polymorphic"})
