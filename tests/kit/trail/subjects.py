"""The tables whose trail the tests look at."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Numeric, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.models import Record, own_registry
from greenroom.kit.trail import Context, Trail, Trailed


class Base(Record, registry=own_registry()):
    """Tables of these tests only."""


class Shelf(Base, table=True):
    name: str


class Book(Base, table=True):
    shelf_id: int | None = Field(default=None, foreign_key="shelf.id", ondelete="CASCADE")
    title: str
    pages: int = 0
    price: Decimal | None = Field(default=None, sa_type=Numeric)
    code: UUID | None = None
    printed: datetime | None = None
    words: list[str] = Field(default_factory=list, sa_type=ARRAY(String))
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    token: str | None = None


class Lending(Base, table=True):
    """A key of two columns, in place of the identity."""

    __tablename__ = "lending"

    id: int = Field(primary_key=True)
    reader: str = Field(primary_key=True)
    note: str | None = None


TRAIL = Trail({Shelf: Trailed("shelf"), Book: Trailed("book", scope=("shelf_id",), secrets=("token",)), Lending: Trailed("lending")})
ANN = Actor(ActorKind.HUMAN, "ann", "https://issuer.test", name="Ann")
BOT = Actor(ActorKind.AGENT, "bot", "https://issuer.test", name="Bot", on_behalf_of="ann")


def by(actor: Actor = ANN, **more: str) -> dict[str, Context]:
    """Return the ``info`` of a unit of work of an actor."""
    return {"trail": Context(actor, **more)}
