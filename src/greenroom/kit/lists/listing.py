"""A list, declared once: what it shows, what may be asked of it, in which orders, and how it is read."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

import orjson
from fastapi import Query, Request, Response
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.lists import cursors
from greenroom.kit.lists.cursors import Cursor, ForeignCursorError
from greenroom.kit.lists.filters import Filter, parameters, search_parameter
from greenroom.kit.lists.plans import Plans, total_of
from greenroom.kit.lists.query import CursorQuery, PageRequest, query_model
from greenroom.kit.lists.selection import Columns, Condition, DeclarationError, Entity, Nested, Selection
from greenroom.kit.lists.sorting import Sort
from greenroom.kit.problems import FieldError, NotFound

T = TypeVar("T", bound=BaseModel)

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_HEADERS: Final = {
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


class Listing(Generic[T]):
    """A list of what ``schema`` shows of ``entity``.

    It selects the columns of the schema, and each nested object by the join that ``nested`` declares, in one statement; no ORM object is
    made, so nothing can load. ``sort`` is the default order. What is not declared cannot be asked: it answers 422. A declaration that
    cannot work raises ``DeclarationError`` at import.

    ``scope`` names columns whose values the route gives with each call, never the client: ``scope={"tenant_id": Task.tenant_id}``, then
    ``tasks.fetch(connection, page, tenant_id=...)``. A call without it is a ``TypeError``: nobody reads all tenants by mistake.
    """

    responses: ClassVar[dict[int | str, dict[str, Any]]] = {200: {"headers": _HEADERS}}
    """For the route's ``responses``: documents the headers."""

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
        orders = {name: given if isinstance(given, Sort) else Sort(given) for name, given in sorts.items()}
        if unknown := [word for word in sort.split(",") if word.removeprefix("-") not in orders]:
            raise DeclarationError(f"the default order names {', '.join(unknown)}, which is not among the sorts")
        asked = parameters(filters) | ({"search": search_parameter(search)} if search else {})
        selection = Selection(schema, entity, nested, columns)
        self._name, self._parameters, self._fold = schema.__name__, asked, selection.fold
        self._plans = Plans(selection, orders, asked, scope, offset=offset)
        self._read_one, self._read_all = TypeAdapter(schema), TypeAdapter(list[schema])  # type: ignore[valid-type]  # made at run time
        self.query = query_model(f"{self._name}Query", orders, sort, asked, offset=offset)
        self.page = _dependency(self.query)
        """What goes into ``Annotated[PageRequest, Depends(tasks.page)]``."""

    def request(self, **given: Any) -> PageRequest:  # noqa: ANN401  # the query decides
        """Return a request made in Python: ``tasks.request(limit=10, status=Status.DONE)``. Raises ``pydantic.ValidationError``."""
        return PageRequest(self.query(**given))

    async def fetch(
        self,
        connection: AsyncConnection,
        page: PageRequest,
        *,
        where: Sequence[Condition] = (),
        **scope: Any,  # noqa: ANN401  # values of columns
    ) -> list[T]:
        """Return a page, and put its links and its total into the headers of the answer.

        ``scope`` gives the declared scope its values, ``where`` what else holds for all rows whatever the client asks. One statement, and
        another where a total is asked of a page without rows. Raises ``NotFound`` for a cursor that is none of this list.
        """
        found = await self.read(connection, page, where=where, **scope)
        links = [page.link(cursor, relation) for cursor, relation in ((found.previous, "prev"), (found.next, "next")) if cursor]
        if links:
            page.headers["Link"] = ", ".join(links)
        if found.total is not None:
            page.headers["Total-Count"] = str(found.total)
        return found.items

    async def read(
        self,
        connection: AsyncConnection,
        page: PageRequest,
        *,
        where: Sequence[Condition] = (),
        **scope: Any,  # noqa: ANN401  # values of columns
    ) -> Slice[T]:
        """Return a page with the cursors of those beside it, as ``fetch`` but without a request."""
        query: Any = page.query
        given = {name: value for name in self._parameters if (value := getattr(query, name)) is not None}
        context = orjson.dumps([self._name, query.sort, sorted(given.items())], default=str)
        cursor = self._cursor(query, context)
        backward = cursor is not None and cursor.backward
        offset = getattr(query, "offset", 0)
        plan = self._plans.plan(self._plans.form(given, query.sort, cursor))
        bound = self._plans.bound(given, cursor) | self._plans.bound_scope(scope)
        statement = plan.page
        if query.total:
            statement = plan.with_total if not where else plan.page.add_columns(total_of(_and(plan.count, where)))
        # One more than asked tells whether there are more.
        rows = (await connection.execute(_and(statement, where), {**bound, "limit": query.limit + 1, "offset": offset})).all()
        more = len(rows) > query.limit
        rows = rows[query.limit - 1 :: -1] if backward else rows[: query.limit]
        total = None
        if query.total:
            # Beyond the end there is no row to tell it.
            total = rows[0][-1] if rows else (await connection.execute(_and(plan.count, where), bound)).scalar_one()

        def beside(place: int, *, backward: bool) -> str:
            return cursors.encode(Cursor(backward, tuple(rows[place][key] for key in plan.places)), context)

        fold = self._fold
        return Slice(
            items=self._read_all.validate_python([fold(row) for row in rows]),
            next=beside(-1, backward=False) if rows and (more or backward) else None,
            previous=beside(0, backward=True) if rows and (more if backward else cursor or offset) else None,
            total=total,
        )

    async def one(
        self,
        connection: AsyncConnection,
        identity: int,
        *,
        where: Sequence[Condition] = (),
        **scope: Any,  # noqa: ANN401  # values of columns
    ) -> T:
        """Return what the list would show of one row, by its identity, within the same scope. Raises ``NotFound``."""
        bound = {"identity": identity, **self._plans.bound_scope(scope)}
        row = (await connection.execute(_and(self._plans.one, where), bound)).first()
        if row is None:
            raise NotFound
        return self._read_one.validate_python(self._fold(row))

    def _cursor(self, query: Any, context: bytes) -> Cursor | None:  # noqa: ANN401  # a model made at run time
        if query.cursor is None:
            return None
        try:
            return cursors.decode(query.cursor, context, self._plans.key_types(query.sort))
        except ForeignCursorError:
            wrong = FieldError("query", "cursor", "No page of this list, order and set of filters has this cursor", "foreign_cursor")
            raise NotFound(errors=[wrong]) from None


def _dependency(query_type: type[CursorQuery]) -> Callable[..., Coroutine[Any, Any, PageRequest]]:
    async def page(request: Request, response: Response, query: CursorQuery) -> PageRequest:
        return PageRequest(query, request.scope["path"], tuple(request.query_params.multi_items()), response.headers)

    annotations = {"request": Request, "response": Response, "query": Annotated[query_type, Query()]}
    signature = inspect.signature(page)
    made = [given.replace(annotation=annotations[name]) for name, given in signature.parameters.items()]
    page.__signature__ = signature.replace(parameters=made)  # type: ignore[attr-defined]  # inspect reads it, and FastAPI through it
    return page


def _and(statement: Select[Any], where: Sequence[Any]) -> Select[Any]:
    # Unchanged, a statement keeps the key by which SQLAlchemy finds it compiled.
    return statement.where(*where) if where else statement
