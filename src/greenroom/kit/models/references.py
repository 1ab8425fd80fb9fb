"""Whether what a request refers to exists: one statement for all its references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import SQLModel, col

from greenroom.kit.problems import FieldError, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference of a request: the member or parameter ``name`` holds the ``id`` of a row of ``model``.

    ``where`` is what must hold beside: that the row is of the same tenant, say, or a member of the project.
    """

    name: str
    model: type[SQLModel]
    id: int | None
    where: ColumnElement[bool] | bool | None = None
    place: Literal["body", "path", "query"] = "body"

    def condition(self) -> ColumnElement[bool]:
        """Return the SQL of "there is such a row"."""
        found = exists().select_from(self.model).where(col(self.model.id) == self.id)  # type: ignore[attr-defined]  # every Record has one
        where: Any = self.where
        return found if where is None else found.where(where)

    def missing(self) -> FieldError:
        """Return what to tell when there is none."""
        name = f"/{self.name}" if self.place == "body" else self.name
        return FieldError(self.place, name, f"There is no such {self.model.__name__.lower()}", "not_found")


async def check(session: AsyncSession | AsyncConnection, *references: Reference) -> None:
    """Raise ``NotFound`` when a reference of the path is missing, else ``Invalid`` naming each missing one of the body or the query.

    References to None are left out. It takes one statement, or none.

    A row can be deleted after the check and before the commit: the foreign key refuses that, as an error of the database. Where a
    condition must hold until the commit, lock the row (``select(...).with_for_update(read=True)``).
    """
    given = [reference for reference in references if reference.id is not None]
    if not given:
        return
    statement = select(*(reference.condition().label(f"reference_{number}") for number, reference in enumerate(given)))
    connection = session if isinstance(session, AsyncConnection) else await session.connection()
    row = (await connection.execute(statement)).one()
    missing = [reference for reference, found in zip(given, row, strict=True) if not found]
    errors = [reference.missing() for reference in missing]
    if any(reference.place == "path" for reference in missing):
        raise NotFound(errors=errors)
    if errors:
        raise Invalid(errors=errors)
