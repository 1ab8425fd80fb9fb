"""Whether the trail is as the database wrote it: every hash is computed again, here, from the rows as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail.following import Following, Verdict

# The text of the values is PostgreSQL's own: reading jsonb into Python and printing it again would lose how numbers were written.
_ROWS: Final = text(
    """
    SELECT entry.id AS id, at, transaction_id, entity, entity_id, entry.seq AS seq, change, operation, actor_kind, actor_id, actor_issuer,
        actor_name, on_behalf_of, request_id, reason, scope::text AS scope, changes::text AS changes, previous, entry.hash AS hash,
        head.seq AS head_seq, head.hash AS head_hash
    FROM greenroom_trail.entry FULL JOIN greenroom_trail.head AS head USING (entity, entity_id)
    WHERE (CAST(:entity AS text) IS NULL OR entity = :entity) AND (CAST(:entity_id AS text) IS NULL OR entity_id = :entity_id)
    ORDER BY entity COLLATE "C", entity_id COLLATE "C", entry.seq
    """
)
_CHECKPOINTS: Final = text("SELECT id, at, snapshot, last_id, heads, digest, previous, hash FROM greenroom_trail.checkpoint ORDER BY id")
_CHECKPOINT: Final = text("SELECT hash FROM greenroom_trail.checkpoint()")
_BATCH: Final = 1000


async def checkpoint(connection: AsyncConnection) -> bytes:
    """Make a checkpoint over all heads and return its hash: publish it where the database's administrators cannot reach.

    It is a transaction's only statement; two at once come one after the other, and nobody who writes waits for it.
    """
    made: bytes = (await connection.execute(_CHECKPOINT)).scalar_one()
    return made


async def verify(connection: AsyncConnection, *, published: Collection[bytes] = (), recompute: int = 10, most_breaks: int = 100) -> Verdict:
    """Read the whole trail and tell where it is not what was written; at most ``most_breaks`` places.

    ``published`` are hashes of checkpoints that were kept elsewhere: one that is not there any more is a break. Against somebody who may
    write everything in the database only these help, for such a one can compute all hashes anew. Their digests, and those of the last
    ``recompute`` checkpoints, are computed again from the rows.

    The trail may be written meanwhile: the rows and their heads come from one statement, and a checkpoint only speaks of rows that it saw.
    It needs a connection with transactions (of ``db.engine``), holds a few thousand rows in memory, whatever the size of the trail, and
    takes time in proportion to it.
    """
    following = Following(await checkpoints(connection), published, recompute)
    async for row in rows_of(connection):
        following.take(row)
    return following.end(most_breaks)


async def checkpoints(connection: AsyncConnection) -> list[Any]:
    """Return all checkpoints, first to last."""
    return list((await connection.execute(_CHECKPOINTS)).all())


async def rows_of(connection: AsyncConnection, entity: str | None = None, entity_id: str | None = None) -> AsyncIterator[Any]:
    """Yield rows with the heads of their entities, in the order in which a chain is followed."""
    given = {"entity": entity, "entity_id": entity_id}
    async with connection.stream(_ROWS, given, execution_options={"yield_per": _BATCH}) as stream:
        async for row in stream:
            yield row
