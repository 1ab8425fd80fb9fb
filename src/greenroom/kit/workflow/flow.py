"""A workflow: the table of one column of one model, and the compare-and-set that is its only way to move."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Table, select, update
from sqlalchemy import inspect as mapping_of
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.orm.attributes import set_committed_value

from greenroom.kit import clock
from greenroom.kit.problems import Conflict, NotFound
from greenroom.kit.workflow.table import Firing, State, Transition, WorkflowError, faults, faults_of_effects

Model = TypeVar("Model")

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Workflow(Generic[State, Model]):
    """The states of ``model.column`` and the ways between them.

    Raises ``WorkflowError`` at once, with all faults in one message: states that no row leaves and that are not ``final``, states that
    cannot be reached from an ``initial`` one, rows of which two fit, effects on columns that are not there.
    """

    def __init__(
        self,
        model: type[Model],
        states: type[State],
        rows: Sequence[Transition[State]],
        *,
        initial: Collection[State],
        final: Collection[State] = (),
        column: str = "status",
    ) -> None:
        self.model = model
        self.states = states
        self.rows = tuple(rows)
        self.initial = frozenset(initial)
        self.final = frozenset(final)
        self.column = column
        mapper: Mapper[Any] | None = mapping_of(model, raiseerr=False)
        if mapper is None:
            raise WorkflowError(f"{model.__name__} is not mapped to a table")
        self._mapper = mapper
        self.table: Table = mapper.local_table  # type: ignore[assignment]  # the model is of one table
        # Not `column_attrs`, which would configure the mappers before all models are imported.
        self._columns: dict[str, Column[Any]] = {
            key: column for key, column in mapper.columns.items() if self.table.c.contains_column(column)
        }
        self._refuse_faults()
        self._by_target = {(source, row.target): row for row in self.rows for source in row.sources}
        self._by_name = {(source, row.name): row for row in self.rows for source in row.sources}
        self._allowed = {state: tuple(target for target in states if (state, target) in self._by_target) for state in states}

    def _refuse_faults(self) -> None:
        found = [*faults(self.states, self.rows, self.initial, self.final)]
        if self.column not in self._columns:
            found.append(f"the model has no column {self.column!r}")
        found += faults_of_effects(self.rows, self._columns, self._own)
        if found:
            raise WorkflowError(f"the workflow of {self.model.__name__}.{self.column}: {'; '.join(found)}")

    @property
    def state_column(self) -> Column[Any]:
        """The column that holds the state."""
        return self._columns[self.column]

    @property
    def _own(self) -> set[str]:
        """Return the attributes that only the workflow sets: state, identity and version."""
        version = self._mapper.version_id_col
        return {key for key, column in self._columns.items() if key == self.column or column.primary_key or column is version}

    def allowed(self, state: State) -> tuple[State, ...]:
        """Return the states that rows lead to from one, in the order in which they are declared."""
        return self._allowed[state]

    def row(self, state: State, *, to: State | None = None, name: str | None = None) -> Transition[State] | None:
        """Return the row for a transition, by its target or its name, or None where the table has none.

        Raises ``WorkflowError`` for a name that no row has, and unless exactly one of the two is given.
        """
        if (to is None) == (name is None):
            raise WorkflowError("give either the target or the name of a transition")
        if to is not None:
            return self._by_target.get((state, to))
        if name not in {row.name for row in self.rows}:
            raise WorkflowError(f"no row is named {name!r}; there are {', '.join(sorted({row.name for row in self.rows}))}")
        return self._by_name.get((state, name))

    async def fire(
        self,
        session: AsyncSession,
        record: Model,
        *,
        to: State | None = None,
        name: str | None = None,
        values: Mapping[str, object] = _NOTHING,
        by: object = None,
    ) -> Transition[State]:
        """Move a record on, within the transaction of the session, and return the row that allowed it.

        What is pending in the session is flushed; then one UPDATE compares state and version with what the record was read as. Of
        several that overlap, one wins. The record holds afterwards what the row holds: nothing is expired.

        ``values`` are columns to set in the same statement; ``by`` is handed to the guard. Raises ``Conflict`` where the table or the
        guard says no, and where somebody else was first: its ``extensions`` are the current ``state`` and the states ``allowed`` from
        it. Raises ``NotFound`` where the record is gone.
        """
        await session.flush()
        await self._read_again(session, record)
        state = self.states(getattr(record, self.column))
        row = self.row(state, to=to, name=name)
        if row is None:
            asked = to if to is not None else name
            raise self._conflict(
                f"From {state} there is no way to {asked}" if to is not None else f"{asked} is not possible in {state}", state
            )
        assignments = self._assignments(row, record, values)
        if row.guard is not None:
            reason = row.guard(Firing(session, record, values, by))
            if inspect.isawaitable(reason):
                reason = await reason
            if reason is not None:
                raise self._conflict(reason, state, but=row.target)
        await self._compare_and_set(session, record, assignments)
        return row

    async def _read_again(self, session: AsyncSession, record: Model) -> None:
        """Load what has expired, as a savepoint that is taken back does. Raises ``NotFound``."""
        held: InstanceState[Model] = mapping_of(record)
        if self._own.isdisjoint(held.unloaded):
            return
        if held.identity is None or await session.get(self.model, held.identity, populate_existing=True) is None:
            raise NotFound

    def _assignments(self, row: Transition[State], record: Model, values: Mapping[str, object]) -> dict[str, object]:
        moment = clock.now()
        effects = {effect.column: effect.value(self._columns[effect.column], moment) for effect in row.effects}
        if wrong := sorted(name for name in values if name not in self._columns or name in effects or name in self._own):
            raise WorkflowError(f"{row.name!r} cannot take {', '.join(wrong)}: no column, or set by the workflow itself")
        assignments = {**effects, **values, self.column: row.target}
        version = self._mapper.version_id_col
        if version is not None and self._mapper.version_id_generator:
            key = self._mapper.get_property_by_column(version).key
            assignments[key] = self._mapper.version_id_generator(getattr(record, key))
        return assignments

    async def _compare_and_set(self, session: AsyncSession, record: Model, assignments: Mapping[str, object]) -> None:
        as_read = [self._columns[key] == getattr(record, key) for key in sorted(self._own)]
        # A deferred column stays as it is, unless it was set.
        kept = {key for key, attribute in self._mapper.column_attrs.items() if not attribute.deferred or key in assignments}
        returned = {key: column for key, column in self._columns.items() if key in kept}
        nested = session.in_nested_transaction()
        statement = (
            update(self.model if nested else self.table)
            .where(*as_read)
            .values({self._columns[key]: value for key, value in assignments.items()})
            .returning(*returned.values())
        )
        if nested:
            # So the session knows that the record has changed: a savepoint that is taken back expires what it knows of, and no more.
            result = await session.execute(statement, execution_options={"synchronize_session": "fetch"})
        else:
            # Takes two thirds of the time.
            result = await (await session.connection()).execute(statement)
        found = result.one_or_none()
        if found is None:
            raise await self._lost(session, record)
        for key, value in zip(returned, found, strict=True):
            set_committed_value(record, key, value)

    async def _lost(self, session: AsyncSession, record: Model) -> Conflict | NotFound:
        """Return what to tell one who came too late: with READ COMMITTED a new statement sees what the winner has committed."""
        identity = [self._columns[key] == getattr(record, key) for key, column in self._columns.items() if column.primary_key]
        connection = await session.connection()
        current = (await connection.execute(select(self._columns[self.column]).where(*identity))).scalar_one_or_none()
        if current is None:
            return NotFound()
        return self._conflict("Somebody else has changed it meanwhile", self.states(current))

    def _conflict(self, detail: str, state: State, *, but: StrEnum | None = None) -> Conflict:
        allowed = [str(target) for target in self.allowed(state) if target != but]
        return Conflict(detail, extensions={"state": str(state), "allowed": allowed})
