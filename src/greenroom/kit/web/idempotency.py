"""Creating once, however often the request is sent: the ``Idempotency-Key`` header (draft-ietf-httpapi-idempotency-key-header-07).

The key and the answer are stored in the transaction of the write, so there is never one without the other. Of requests with one key
that overlap the first does the work; the others wait for the end of its transaction, and get its answer, or do the work if it failed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import Header, Request, Response
from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, Column, DateTime, LargeBinary, MetaData, Row, SmallInteger, String, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from greenroom.kit import clock
from greenroom.kit.actors import Actor
from greenroom.kit.problems import Conflict, FieldError, Invalid
from greenroom.kit.web import routes

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"

_CHUNK: Final = 65_536

PATTERN: Final = r'^(?:"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}"|[\x21\x23-\x5b\x5d-\x7e]{1,255})$'
_IS_KEY = re.compile(PATTERN).match

Result = TypeVar("Result")


class Idempotency:
    """Where keys are kept: a table in ``metadata`` (so in its migrations), for ``keep`` from the first request.

    It is a dependency: ``Once = Annotated[Attempt, Depends(IDEMPOTENCY)]``, and in a route ``await once.run(session, actor, work)``.
    """

    def __init__(self, metadata: MetaData, *, keep: timedelta = timedelta(days=1), table: str = "idempotency_key") -> None:
        self.keep = keep
        self.table = Table(
            table,
            metadata,
            Column("owner", LargeBinary(32), primary_key=True),
            Column("key", String(255), primary_key=True),
            Column("fingerprint", LargeBinary(32), nullable=False),
            Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
            Column("status", SmallInteger),
            Column("headers", JSON),
            Column("answer", JSON(none_as_null=False)),
        )

    async def __call__(
        self,
        request: Request,
        response: Response,
        idempotency_key: Annotated[
            str | None,
            Header(description="Send the same again to get the same answer.", json_schema_extra={"pattern": PATTERN, "maxLength": 257}),
        ] = None,
    ) -> Attempt:
        """Read the header. Raises ``Invalid``."""
        if idempotency_key is not None and not _IS_KEY(idempotency_key):
            raise Invalid(errors=[_fault("Give 1 to 255 printable characters of ASCII, without quotes and backslashes", "pattern")])
        key = idempotency_key.strip('"') if idempotency_key is not None else None
        return Attempt(self, key, request, response)

    async def forget(self, connection: AsyncConnection) -> int:
        """Delete the keys that have expired, and return their number: for scheduled work."""
        return (await connection.execute(delete(self.table).where(self.table.c.expires_at <= clock.now()))).rowcount


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that may have been sent before."""

    idempotency: Idempotency
    key: str | None
    request: Request
    response: Response

    async def run(self, session: AsyncSession, actor: Actor, work: Callable[[], Awaitable[Result]]) -> Result | Any:  # noqa: ANN401  # JSON
        """Return what ``work`` returns, or what it returned for this actor and key before, as JSON, with its status and headers.

        ``work`` is to set status and headers on the route's ``Response`` and to return what the response model takes. Raises ``Invalid``
        where the key was used for another request. An error is not kept: the transaction takes the key back, and another try is new.
        """
        if self.key is None:
            return await work()
        owner = hashlib.sha256(f"{actor.issuer}\0{actor.id}".encode()).digest()
        fingerprint = await self._fingerprint()
        connection = await session.connection()
        if not await self._claim(connection, owner, fingerprint):
            return self._replay(await self._stored(connection, owner), fingerprint)
        result = await work()
        await session.flush()
        await self._store(connection, owner, result)
        return result

    async def _fingerprint(self) -> bytes:
        body = await self._fields() if routes.reads_form(self.request.scope) else await self._content()
        url = self.request.url
        return hashlib.sha256(b"\0".join((self.request.method.encode(), url.path.encode(), url.query.encode(), body))).digest()

    async def _content(self) -> bytes:
        body = await self.request.body()
        with suppress(ValueError):  # where it is no JSON, the bytes count
            body = json.dumps(json.loads(body), sort_keys=True).encode()
        return body

    async def _fields(self) -> bytes:
        """Return the fields of a form, of files their content's hash: FastAPI has read it, and keeps no bytes of it."""
        fields: list[tuple[str, ...]] = []
        for name, value in (await self.request.form()).multi_items():
            if isinstance(value, str):
                fields.append((name, value))
                continue
            await value.seek(0)
            digest = hashlib.sha256()
            while chunk := await value.read(_CHUNK):
                digest.update(chunk)
            await value.seek(0)
            fields.append((name, value.filename or "", value.content_type or "", digest.hexdigest()))
        return json.dumps(fields).encode()

    async def _claim(self, connection: AsyncConnection, owner: bytes, fingerprint: bytes) -> bool:
        table = self.idempotency.table
        now = clock.now()
        values = {"fingerprint": fingerprint, "expires_at": now + self.idempotency.keep, "status": None, "headers": None, "answer": None}
        statement = insert(table).values(owner=owner, key=self.key, **values)
        # A key that has expired is as good as none.
        claim = statement.on_conflict_do_update(
            index_elements=[table.c.owner, table.c.key], set_=values, where=table.c.expires_at <= now
        ).returning(table.c.key)
        return (await connection.execute(claim)).one_or_none() is not None

    async def _stored(self, connection: AsyncConnection, owner: bytes) -> Row[Any]:
        table = self.idempotency.table
        return (await connection.execute(select(table).where(table.c.owner == owner, table.c.key == self.key))).one()

    async def _store(self, connection: AsyncConnection, owner: bytes, result: object) -> None:
        table = self.idempotency.table
        await connection.execute(
            update(table)
            .where(table.c.owner == owner, table.c.key == self.key)
            .values(
                status=self.response.status_code,
                # Pairs: a header may be there several times.
                headers=self.response.headers.items(),
                answer=to_jsonable_python(result),
            )
        )

    def _replay(self, row: Row[Any], fingerprint: bytes) -> Any:  # noqa: ANN401  # JSON
        if row.fingerprint != fingerprint:
            raise Invalid(errors=[_fault("The key was used for another request", "reused")])
        if row.headers is None:
            raise Conflict("The first request with this key has left no answer")
        if row.status is not None:
            self.response.status_code = row.status
        for name in {name for name, _ in row.headers}:
            del self.response.headers[name]
        for name, value in row.headers:
            self.response.headers.append(name, value)
        self.response.headers[REPLAYED] = "true"
        return row.answer


def _fault(detail: str, code: str) -> FieldError:
    return FieldError("header", HEADER.lower(), detail, code)
