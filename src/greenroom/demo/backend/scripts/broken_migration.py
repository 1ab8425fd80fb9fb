"""Move the plans of old customers; written in a hurry on the night of the release."""

import asyncio

from sqlalchemy import update

from app.db import session_factory
from app.models import Organisation, Plan


async def migrate() -> None:
    """Put everybody who pays on the team plan."""
    async with session_factory() as session:
        await session.execute(update(Organisation).where(Organisation.plan == Plan.FREE).values(plan=Plan.TEAM)
        await session.commit()


if __name__ == "__main__":
    asyncio.run(migrate())
