"""A list, declared once: what it shows, what may be asked of it, in which orders, and how it is read."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, TypeVar

import orjson
from fastapi import Query, Request, Response
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import ColumnElement, Integer, Select, bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.lists import cursors, sorting
from greenroom.kit.lists.cursors import Cursor, ForeignCursorError
from greenroom.kit.lists.filters import BOUND, Filter, containing, parameters, search_parameter
from greenroom.kit.lists.query import CursorQuery, PageRequest, query_model
from greenroom.kit.lists.selection import Columns, Condition, DeclarationError, Entity, Nested, Selection, plain
from greenroom.kit.lists.sorting import Key, Sort
from greenroom.kit.lists.values import STORED, bound_type, value_type
from greenroom.kit.problems import FieldError, NotFound

T = TypeVar("T", bound=BaseModel)

_PLANS: Final = 256
_SCOPE: Final = "scope_"
_NOTHING: Final[Mapping[str, Any]] = {}

HEADERS: Final = {
    "Link": {"description": "The pages beside this one, rel next and prev (RFC 8288).", "schema": {"type": "string"}},
    "Total-Count": {"description": "How many there are, where total=true was asked.", "schema": {"type": "integer", "minimum": 0}},
}


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page, and the cursors of those beside it."""

    items: list[T]
    next: str | None = None
    previous: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The form of a request: what decides the text of the statement, without the values that are bound."""

    conditions: tuple[tuple[str, Any], ...]
    sort: str
    backward: bool = False
    nulls: tuple[bool, ...] | None = None
    """Which of the cursor's values are NULL; None without a cursor."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is ready for all requests of one form."""

    page: Select[Any]
    count: Select[Any]
    places: tuple[int, ...]
    """Where in a row the values of the sort keys stand."""


class Listing(Generic[T]):
    """A list of what ``schema`` shows of ``entity``.

    It selects the columns of the schema, and each nested object by the join that ``nested`` declares, in one statement; no ORM object is
    made, so nothing can load. ``sort`` is the default order. What is not declared cannot be asked: it answers 422. A declaration that
    cannot work raises ``DeclarationError`` at import.

    ``scope`` names columns whose values the route gives with each call, never the client: ``scope={"tenant_id": Task.tenant_id}``, then
    ``tasks.fetch(connection, page, tenant_id=...)``. A call without it is a ``TypeError``: nobody reads all tenants by mistake.
    """

    def __init__(  # noqa: PLR0913  # the parts of a declaration
        self,
        schema: type[T],
        entity: Entity,
        *,
        sort: str,
        sorts: Mapping[str, Sort | Any],
        filters: Mapping[str, Filter] = _NOTHING,
        search: Sequence[Any] = (),
        nested: Nested = _NOTHING,
        columns: Columns = _NOTHING,
        scope: Mapping[str, Any] = _NOTHING,
        offset: bool = False,
    ) -> None:
        """Check the declaration and derive from it all that is the same for every request."""
        self._scope = dict(scope)
        self._name = schema.__name__
        self._selection = Selection(schema, entity, nested, columns)
        self._sorts = {name: given if isinstance(given, Sort) else Sort(given) for name, given in sorts.items()}
        for name, given in self._sorts.items():
            sorting.check(name, given)
        self._parameters = parameters(filters)
        if search:
            self._parameters["search"] = search_parameter(search)
        if unknown := [word for word in sort.split(",") if word.removeprefix("-") not in self._sorts]:
            raise DeclarationError(f"the default order names {', '.join(unknown)}, which is not among the sorts")
        self.query = query_model(f"{self._name}Query", self._sorts, sort, self._parameters, offset=offset)
        identity = self._selection.identity
        self._one = self._selection.select().where(identity == bindparam("identity", type_=identity.type), *self._within())
        self._read_one, self._read_all = TypeAdapter(schema), TypeAdapter(list[schema])  # type: ignore[valid-type]  # made at run time
        self._plan = lru_cache(_PLANS)(self._make_plan)
        self._keys = lru_cache(_PLANS)(self._make_keys)
        for name in self._sorts:
            self._keys(name)
        self.page = self._dependency()

    responses: Final[dict[int | str, dict[str, Any]]] = {200: {"headers": HEADERS}}
    """For the route's ``responses``: documents the headers."""

    def _dependency(self) -> Callable[..., Coroutine[Any, Any, PageRequest]]:
        """Return what goes into ``Annotated[PageRequest, Depends(tasks.page)]``."""

        async def page(request: Request, response: Response, query: CursorQuery) -> PageRequest:
            return PageRequest(query, request.scope["path"], tuple(request.query_params.multi_items()), response.headers)

        annotations = {"request": Request, "response": Response, "query": Annotated[self.query, Query()]}
        signature = inspect.signature(page)
        made = [given.replace(annotation=annotations[name]) for name, given in signature.parameters.items()]
        page.__signature__ = signature.replace(parameters=made)  # type: ignore[attr-defined]  # inspect reads it, and FastAPI through it
        return page

    def _within(self) -> list[ColumnElement[bool]]:
        columns = {name: plain(expression) for name, expression in self._scope.items()}
        return [column == bindparam(_SCOPE + name, type_=bound_type(column.type)) for name, column in columns.items()]

    def _scoped(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        if scope.keys() != self._scope.keys():
            needed, given = (", ".join(names) or "nothing" for names in (self._scope, scope))
            raise TypeError(f"the scope of the list of {self._name} is {needed}; given is {given}")
        return {_SCOPE + name: value for name, value in scope.items()}

    def request(self, **given: Any) -> PageRequest:  # noqa: ANN401  # the query decides
        """Return a request made in Python: ``tasks.request(limit=10, status=Status.DONE)``. Raises ``pydantic.ValidationError``."""
        return PageRequest(self.query(**given))

    async def fetch(self, connection: AsyncConnection, page: PageRequest, *, where: Sequence[Condition] = (), **scope: Any) -> list[T]:  # noqa: ANN401  # values of columns
        """Return a page, and put its links and its total into the headers of the answer.

        ``scope`` gives the declared scope its values, ``where`` what else holds for all rows whatever the client asks. One statement, and
        another where a total is asked. Raises ``NotFound`` for a cursor that is none of this list.
        """
        found = await self.read(connection, page, where=where, **scope)
        links = [(found.previous, "prev"), (found.next, "next")]
        if any(cursor for cursor, _ in links):
            page.headers["Link"] = ", ".join(page.link(cursor, relation) for cursor, relation in links if cursor)
        if found.total is not None:
            page.headers["Total-Count"] = str(found.total)
        return found.items

    async def read(self, connection: AsyncConnection, page: PageRequest, *, where: Sequence[Condition] = (), **scope: Any) -> Slice[T]:  # noqa: ANN401  # as above
        """Return a page with the cursors of those beside it, as ``fetch`` but without a request."""
        query: Any = page.query
        values = {name: value for name in self._parameters if (value := getattr(query, name)) is not None}
        asked, bound = self._conditions(values), self._bound(values) | self._scoped(scope)
        context = orjson.dumps([self._name, query.sort, sorted(values.items())], default=str)
        cursor = self._cursor(query, context)
        form = _Asked(asked, query.sort)
        if cursor is not None:
            form = _Asked(asked, query.sort, cursor.backward, tuple(value is None for value in cursor.values))
            bound |= {sorting.boundary(place): value for place, value in enumerate(cursor.values) if value is not None}
        plan = self._plan(form)
        offset = getattr(query, "offset", 0)
        bound |= {"limit": query.limit + 1, "offset": offset}
        rows = (await connection.execute(_and(plan.page, where), bound)).all()
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        if form.backward:
            rows = rows[::-1]
        total = None
        if query.total:
            total = (await connection.execute(_and(plan.count, where), bound)).scalar_one()

        def beside(place: int, *, backward: bool) -> str:
            return cursors.encode(Cursor(backward, tuple(rows[place][key] for key in plan.places)), context)

        fold = self._selection.fold
        return Slice(
            items=self._read_all.validate_python([fold(row) for row in rows]),
            next=beside(-1, backward=False) if rows and (more or form.backward) else None,
            previous=beside(0, backward=True) if rows and (more if form.backward else cursor or offset) else None,
            total=total,
        )

    async def one(self, connection: AsyncConnection, identity: int, *, where: Sequence[Condition] = (), **scope: Any) -> T:  # noqa: ANN401  # as above
        """Return what the list would show of one row, by its identity, within the same scope. Raises ``NotFound``."""
        row = (await connection.execute(_and(self._one, where), {"identity": identity, **self._scoped(scope)})).first()
        if row is None:
            raise NotFound
        return self._read_one.validate_python(self._selection.fold(row))

    def _conditions(self, values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
        return tuple((name, value if self._parameters[name].by_value else None) for name, value in values.items())

    def _bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        bound = {BOUND + name: value for name, value in values.items() if not self._parameters[name].by_value}
        if "search" in values:
            bound[f"{BOUND}search"] = containing(values["search"])
        return bound

    def _cursor(self, query: Any, context: bytes) -> Cursor | None:  # noqa: ANN401  # a model made at run time
        if query.cursor is None:
            return None
        try:
            return cursors.decode(query.cursor, context, self._keys(query.sort)[1])
        except ForeignCursorError:
            wrong = FieldError("query", "cursor", "No page of this list, order and set of filters has this cursor", "foreign_cursor")
            raise NotFound(errors=[wrong]) from None

    def _make_keys(self, sort: str) -> tuple[tuple[Key, ...], tuple[TypeAdapter[Any], ...]]:
        keys = sorting.parse(sort, self._sorts, self._selection.identity)
        return keys, tuple(TypeAdapter(value_type(key.expression.type, STORED, of=f"the sort by {sort}")) for key in keys)

    def _make_plan(self, asked: _Asked) -> _Plan:
        given, _ = self._keys(asked.sort)
        keys = tuple(key.reversed() for key in given) if asked.backward else given
        conditions = [*self._within(), *(self._parameters[name].condition(value) for name, value in asked.conditions)]
        columns = self._selection.columns
        more = [key.expression for key in keys if not any(key.expression is column for column in columns)]
        places = [next(place for place, column in enumerate([*columns, *more]) if column is key.expression) for key in keys]
        page = self._selection.select(*more).where(*conditions)
        if asked.nulls is not None:
            page = page.where(sorting.after(keys, asked.nulls))
        page = page.order_by(*(key.term() for key in keys)).limit(bindparam("limit", type_=Integer))
        if "offset" in self.query.model_fields:
            page = page.offset(bindparam("offset", type_=Integer))
        return _Plan(page, self._selection.count().where(*conditions), tuple(places))


def _and(statement: Select[Any], where: Sequence[Any]) -> Select[Any]:
    # Unchanged, a statement keeps the key by which SQLAlchemy finds it compiled.
    return statement.where(*where) if where else statement
