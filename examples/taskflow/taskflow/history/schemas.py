"""What leaves about the past."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime

from greenroom.kit.actors import ActorKind
from greenroom.kit.models import Output


class AuditRead(Output):
    """One change, as the API shows it."""

    id: int
    entity_type: str
    entity_id: str
    action: str | None
    """The operation that made the change."""
    change: Literal["insert", "update", "delete"]
    actor_id: str
    """The subject of the tokens of whoever did it."""
    actor_handle: str | None
    actor_type: ActorKind
    on_behalf_of: str | None
    reason: str | None
    request_id: str | None
    details: dict[str, list[Any]]
    """Each column that changed: before and after."""
    created_at: AwareDatetime
