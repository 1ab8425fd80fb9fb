"""Which mapped classes are audit trails, told by their names: nothing in SQLAlchemy says so."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")
_ABOUT = frozenset({"audit", "activity", "change", "action"})
"""What a trail is about."""
_ROWS = frozenset({"audit", "entry", "event", "history", "log", "record", "row", "trail"})
"""What its rows are called: settings, webhooks and policies of an audit are no trail."""


def is_trail(name: str) -> bool:
    """Whether a class of this name is an audit trail: ``AuditLog``, ``AuditEntry``, ``ActivityLog``, ``TaskAuditTrail``."""
    words = [word.lower().removesuffix("s") for word in _WORDS.findall(name)]
    if not words or words[-1] not in _ROWS:
        return False
    return "audit" in words or (words[-1] in ("log", "trail") and not _ABOUT.isdisjoint(words))
