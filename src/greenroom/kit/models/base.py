"""The base of tables: an identity, two timestamps and a version, all known to Python without reading the row back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, Identity, MetaData, text
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel
from sqlmodel._compat import finish_init  # whether SQLModel makes an object in steps (`model_validate`), which nothing public tells

from greenroom.kit.clock import now
from greenroom.kit.models.making import fill

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Every constraint has a name that says what it is on: errors can be told apart by it, and Alembic can drop it.

https://docs.sqlalchemy.org/en/21/core/constraints.html#constraint-naming-conventions
"""


def own_registry() -> registry:
    """Return a registry of its own, with the naming convention: for a second database, or for the tables of one test module."""
    return registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))


class Record(SQLModel, registry=own_registry()):
    """What each table has. ``class Task(Record, table=True)``; ``Record.metadata`` is for Alembic.

    After a flush every attribute holds what the row holds, so nothing needs a refresh: PostgreSQL returns the identity with the
    INSERT, and Python has set the rest. ``id`` is an ``integer`` (up to 2147483647), ``None`` until the first flush.

    ``version`` begins at 1 and grows with every UPDATE of the row. The ORM compares it: a flush of an object that somebody else has
    changed meanwhile raises ``sqlalchemy.orm.exc.StaleDataError``.
    https://docs.sqlalchemy.org/en/21/orm/versioning.html
    """

    id: int = Field(default=None, primary_key=True, sa_column_args=(Identity(),))
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now, sa_column_kwargs={"onupdate": now})
    # The mapper counts for the ORM; the expression counts for UPDATE statements of Core.
    version: int = Field(default=1, sa_column_kwargs={"onupdate": text("version + 1")})

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # values of all columns
        """Set what is given and the defaults of the rest. Like SQLModel's for tables it validates nothing; schemas do.

        Raises ``TypeError`` for a name that the table does not have.
        """
        if not self.model_config.get("table") or not finish_init.get():
            super().__init__(**given)
        else:
            fill(self, given)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  # SQLAlchemy calls it with the class
        return {"version_id_col": cls.version}


def choices(values: type[StrEnum]) -> Enum:
    """Return the column type of a closed set of words: ``varchar`` with a CHECK, holding the values and not the names.

    ``status: Status = Field(sa_type=choices(Status))``. A migration that adds a value exchanges the CHECK and runs in a
    transaction, which ``ALTER TYPE … ADD VALUE`` followed by a use of the value does not.
    https://www.postgresql.org/docs/current/sql-altertype.html
    """
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )
