"""What tests read from the trail."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlmodel import col

from greenroom.kit.database import Database
from greenroom.kit.trail import TrailRow


async def authors(db: Database) -> dict[str | None, set[str]]:
    """Return who the rows of each request say has done it."""
    found: defaultdict[str | None, set[str]] = defaultdict(set)
    async with db.read() as connection:
        for request_id, actor_id in await connection.execute(select(col(TrailRow.request_id), col(TrailRow.actor_id))):
            found[request_id].add(actor_id)
    return dict(found)
