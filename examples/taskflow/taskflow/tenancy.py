"""Tenants: every row belongs to one, and no statement reaches beyond it."""

from __future__ import annotations

from typing import Annotated

from sqlmodel import Field

from greenroom.kit.actors import Actor
from greenroom.kit.models import Line

CLAIM = "tenant_id"
DEFAULT = "default"
"""The tenant of those whose token names none."""

TenantId = Annotated[str, Line(100)]


def tenant_field() -> str:
    """Return the column that says to which tenant a row belongs; indexes begin with it where lists do."""
    return Field(max_length=100)  # type: ignore[no-any-return]  # what SQLModel's Field returns


def tenant_of(actor: Actor) -> str:
    """Return the tenant for which a token speaks."""
    named = actor.claims.get(CLAIM)
    return named if isinstance(named, str) and 0 < len(named) <= 100 else DEFAULT
