"""Who acts: one type for people, agents and the system itself, so that rights and records are the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ActorKind(StrEnum):
    """What kind of being an actor is; it says nothing about rights."""

    HUMAN = "human"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who has proved who they are.

    ``id`` is unique together with ``issuer``: two identity providers may know the same subject.
    ``on_behalf_of`` is the id of the one for whom an agent acts, where its token says so.
    ``claims`` holds what the token said, for the project's own use; it is no part of equality.
    """

    kind: ActorKind
    id: str
    issuer: str
    name: str | None = None
    email: str | None = None
    on_behalf_of: str | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def may(self, scope: str) -> bool:
        """Tell whether the actor holds a scope."""
        return scope in self.scopes


SYSTEM = Actor(ActorKind.SYSTEM, "system", "local", name="system")
"""The application itself: start-up, scheduled work, migrations."""
