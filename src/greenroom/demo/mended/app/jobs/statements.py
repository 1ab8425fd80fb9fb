"""Figures of the reporting database, through the pooler that all services share."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.settings import settings

engine = create_async_engine(settings.reporting_url, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})


async def growth() -> list[int]:
    """Return how many tables there are before and after a look at the views."""
    async with engine.connect() as tables, engine.connect() as views:
        before = await tables.scalar(text("SELECT count(*) FROM pg_tables"))
        await tables.commit()
        await views.scalar(text("SELECT count(*) FROM pg_views"))
        after = await tables.scalar(text("SELECT count(*) FROM pg_tables"))
        return [after - before]
