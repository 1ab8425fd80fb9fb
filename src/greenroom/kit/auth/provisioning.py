"""The row that stands for an actor: found at every request, made once at the first, whatever races."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Table, UniqueConstraint, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from greenroom.kit.actors import Actor
from greenroom.kit.problems import Conflict

Derivation = Callable[[Actor], Any]
"""How a column's value follows from the actor."""

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Account:
    """``id`` is the primary key of the row; ``is_new`` tells the one caller who made it, who may add what belongs to it."""

    id: Any
    is_new: bool


class Accounts:
    """The rows of a table that stand for actors, one for each.

    ``key`` is what tells actors apart: the columns of a unique constraint or index, always with the issuer, for two identity providers
    may know the same subject. ``values`` is what else a new row holds; columns with a default of Python's or PostgreSQL's need none.
    """

    def __init__(self, table: Table, *, key: Mapping[str, Derivation], values: Mapping[str, Derivation]) -> None:
        """Build the two statements. Raises ``ValueError`` where the table could hold two rows for one actor."""
        if not _is_unique(table, key):
            raise ValueError(
                f"{table.name} has no unique constraint or index on exactly {', '.join(sorted(key))}: racing logins would repeat"
            )
        if len(table.primary_key.columns) != 1:
            raise ValueError(f"{table.name} has no primary key of one column")
        self._key = dict(key)
        self._new = {**values, **key}
        identity: Column[Any] = next(iter(table.primary_key.columns))
        self._find = select(identity).where(*(table.c[name] == bindparam(f"key_{name}") for name in key))
        self._make = insert(table).on_conflict_do_nothing(index_elements=list(key)).returning(identity)

    async def find(self, database: AsyncConnection | AsyncSession, actor: Actor) -> Any | None:  # noqa: ANN401  # the primary key's type
        """Return the id of the actor's row, None before the first login: one statement, for reads too."""
        values = {f"key_{name}": derive(actor) for name, derive in self._key.items()}
        return (await database.execute(self._find, values)).scalar_one_or_none()

    async def ensure(self, database: AsyncConnection | AsyncSession, actor: Actor) -> Account:
        """Return the actor's row, made if need be in the transaction that is open: one statement for whoever has one.

        An INSERT waits for the transaction that it conflicts with and then does nothing, and the SELECT after it sees what that one
        committed, for READ COMMITTED takes a snapshot for each statement. At the stricter levels PostgreSQL raises a serialization
        failure instead: try the transaction again. https://www.postgresql.org/docs/current/transaction-iso.html

        Raises ``Conflict`` where the row is refused or removed each time, and what the database raises for another key that is taken.
        """
        for _ in range(_TRIES):
            found = await self.find(database, actor)
            if found is not None:
                return Account(found, is_new=False)
            values = {name: derive(actor) for name, derive in self._new.items()}
            made = (await database.execute(self._make, values)).scalar_one_or_none()
            if made is not None:
                return Account(made, is_new=True)
        raise Conflict("The account cannot be made")


def _is_unique(table: Table, key: Mapping[str, Derivation]) -> bool:
    """Tell whether PostgreSQL allows one row only for each value of these columns."""
    sets = [table.primary_key.columns]
    sets += [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    sets += [one.columns for one in table.indexes if one.unique and one.dialect_kwargs.get("postgresql_where") is None]
    return any({column.name for column in columns} == set(key) for columns in sets)
