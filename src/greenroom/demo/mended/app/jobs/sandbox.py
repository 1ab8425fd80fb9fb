"""A database to try things out on, which is gone afterwards."""

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.models import Base, Organisation


async def sandbox(names: list[str]) -> int:
    """Try out whether organisations of these names could be made, and return their number."""
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine).begin() as session:
        session.add_all(Organisation(name=name, slug=name.lower()) for name in names)
    await engine.dispose()
    return len(names)
