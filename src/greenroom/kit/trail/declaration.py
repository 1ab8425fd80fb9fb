"""Which tables have a trail, and what of each row it holds: one mapping for a project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import MetaData, Table
from sqlalchemy import inspect as mapping_of
from sqlmodel import SQLModel


@dataclass(frozen=True, slots=True)
class Trailed:
    """How the changes of one table are recorded; all but ``entity`` are names of columns.

    ``scope`` places an entity: these columns are copied to each of its rows in the trail. ``secrets`` are told to have changed, never what
    they are. ``quiet`` ones are recorded with others, and make no change by themselves.
    """

    entity: str
    scope: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ("updated_at", "version")


class Trail:
    """The trail of a project: each of its tables has one, or is named as having none."""

    def __init__(self, trailed: Mapping[type[SQLModel], Trailed], *, without: frozenset[type[SQLModel]] = frozenset()) -> None:
        """Take the declaration.

        Raises ``ValueError`` when it names a column that a table does not have, an entity twice, or a secret in a key or a scope.
        """
        self.tables: dict[Table, Trailed] = {_table(model): how for model, how in trailed.items()}
        self._without = {_table(model) for model in without}
        entities = [how.entity for how in self.tables.values()]
        if twice := {entity for entity in entities if entities.count(entity) > 1}:
            raise ValueError(f"two tables have the entity {', '.join(sorted(twice))}")
        for table, how in self.tables.items():
            if unknown := {*how.scope, *how.secrets} - set(table.columns.keys()):
                raise ValueError(f"the table {table.name} has no column {', '.join(sorted(unknown))}")
            if open_secrets := {*how.secrets} & {*how.scope, *table.primary_key.columns.keys()}:
                raise ValueError(f"{', '.join(sorted(open_secrets))} of {table.name} cannot be secret: it names or places the entity")

    def undeclared(self, metadata: MetaData) -> Iterator[Table]:
        """Yield the tables of which nobody has said whether they have a trail: for a test that nobody forgets one."""
        return (table for table in metadata.sorted_tables if table not in self.tables and table not in self._without)


def _table(model: type[SQLModel]) -> Table:
    table = mapping_of(model).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table")
    return table
