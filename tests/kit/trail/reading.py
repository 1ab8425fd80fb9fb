"""Look at the trail of one entity."""

from __future__ import annotations

from sqlmodel import col, select

from greenroom.kit.database import Database
from greenroom.kit.trail import TrailRow


async def trail_of(db: Database, entity: str, entity_id: object) -> list[TrailRow]:
    """Return the rows, oldest first."""
    async with db.read_session() as session:
        rows = select(TrailRow).where(col(TrailRow.entity) == entity, col(TrailRow.entity_id) == str(entity_id)).order_by(col(TrailRow.seq))
        return list((await session.exec(rows)).all())
