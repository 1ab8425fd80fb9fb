"""The tables of the trail, to read from: the database lets nobody write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

Change = Literal["insert", "update", "delete"]

SCHEMA = "greenroom_trail"


class _Base(SQLModel, registry=registry(metadata=MetaData(schema=SCHEMA))):
    """Tables that the trail's own migrations make, apart from those of the application."""


class TrailRow(_Base, table=True):
    """One change of one row of a table.

    ``changes`` maps each column that changed to ``[before, after]``; an insert has null before, a delete null after, and both have all
    columns. ``scope`` holds the columns that place the entity (its project, its tenant), so that its history is found when it is gone.
    ``seq`` counts the changes of an entity from 1; ``hash`` is over this row and ``previous``.
    """

    __tablename__ = "entry"

    id: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime
    transaction_id: int = Field(sa_type=BigInteger)
    entity: str
    entity_id: str
    seq: int
    change: str
    operation: str | None
    actor_kind: str
    actor_id: str
    actor_issuer: str
    actor_name: str | None
    on_behalf_of: str | None
    request_id: str | None
    reason: str | None
    scope: dict[str, Any] = Field(sa_type=JSONB)
    changes: dict[str, list[Any]] = Field(sa_type=JSONB)
    previous: bytes
    hash: bytes


class TrailHead(_Base, table=True):
    """The last row of the trail of each entity."""

    __tablename__ = "head"

    entity: str = Field(primary_key=True)
    entity_id: str = Field(primary_key=True)
    seq: int
    hash: bytes


class TrailCheckpoint(_Base, table=True):
    """A digest over all heads at one time, linked to the one before.

    It speaks of the rows up to ``last_id`` whose transactions ``snapshot`` sees.
    """

    __tablename__ = "checkpoint"

    id: int = Field(primary_key=True)
    at: datetime
    snapshot: str
    last_id: int = Field(sa_type=BigInteger)
    heads: int = Field(sa_type=BigInteger)
    digest: bytes
    previous: bytes
    hash: bytes
