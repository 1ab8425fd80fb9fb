"""The trail of who did what."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import AuditEntry


async def record(db: AsyncSession, organisation_id: int, actor_id: int, action: str, **detail: str) -> None:
    """Write one entry together with everything that is pending, and make both durable."""
    db.add(AuditEntry(organisation_id=organisation_id, actor_id=actor_id, action=action, detail=detail))
    await db.commit()
