"""The old system's database, for which there is only a plain driver."""

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.settings import settings

engine = create_engine(settings.legacy_url)


async def customers() -> list[tuple[str, str]]:
    """Return the names and slugs of the customers that are still in the old system."""
    with Session(engine) as session:
        rows = session.execute(text("SELECT name, slug FROM customers ORDER BY name"))
        return [(name, slug) for name, slug in rows]


async def left_over() -> int:
    """Return how many customers are still in the old system."""
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM customers")) or 0
