"""Nightly figures for the data warehouse, by a worker that knows plain functions only."""

import asyncio
from datetime import date, timedelta

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.settings import settings

engine = create_async_engine(settings.warehouse_url)
warehouse = async_sessionmaker(engine)


async def weekday(day: date) -> int:
    """Return the day of the week as the warehouse counts it."""
    async with warehouse() as session:
        return await session.scalar(select(literal(day.isoweekday()))) or 0


def nightly(since: date, days: int) -> list[int]:
    """Return the figures of some days."""
    figures = []
    for number in range(days):
        figures.append(asyncio.run(weekday(since + timedelta(days=number))))
    return figures
