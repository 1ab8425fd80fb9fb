"""Luck and design, told apart on a real ORM: what an application in files of its own reads, after a test has arranged it."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, selectinload

from greenroom.monitor import LatentHazardError, Monitor, install
from greenroom.monitor.latent.code import is_test
from greenroom.monitor.places import application
from greenroom.trace import Incident, Kind

SHOP = """
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shop"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    items: Mapped[list["Item"]] = relationship(back_populates="shop")


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    shop: Mapped[Shop] = relationship(back_populates="items", cascade="save-update, merge, delete")


sessions = async_sessionmaker()


async def names(session: AsyncSession) -> list[str]:
    shop = (await session.scalars(select(Shop))).one()
    return [item.name for item in shop.items]  # here: names


async def loaded_names(session: AsyncSession) -> list[str]:
    shop = (await session.scalars(select(Shop).options(selectinload(Shop.items)))).one()
    return [item.name for item in shop.items]


async def names_by_key(session: AsyncSession) -> list[str]:
    shop = await session.get_one(Shop, 1)
    return [item.name for item in shop.items]  # here: names_by_key


async def given_name(session: AsyncSession) -> list[str]:
    return [shop.name for shop in session.sync_session]


async def shop_of_item(session: AsyncSession) -> str:
    item = (await session.scalars(select(Item).where(Item.name == "i1"))).one()
    return item.shop.name  # here: shop_of_item


async def own_shop(session: AsyncSession) -> str:
    mine = (await session.scalars(select(Shop).where(Shop.name == "s1"))).one()
    item = (await session.scalars(select(Item).where(Item.name == "i1"))).one()
    return f"{mine.name} {item.shop.name}"  # here: own_shop


async def looked_up(session: AsyncSession) -> str:
    item = (await session.scalars(select(Item).where(Item.name == "i1"))).one()
    shop = await session.get_one(Shop, item.shop_id)
    return f"{shop.id} {item.shop.name}"


async def asked_by_key(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop).where(Shop.name == "s1"))).one()
    item = (await session.scalars(select(Item).where(Item.shop_id == shop.id))).one()
    return f"{shop.id} {item.shop.name}"


async def asked_by_keys(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop).where(Shop.name == "s1"))).one()
    item = (await session.scalars(select(Item).where(Item.shop_id.in_([shop.id])))).one()
    return f"{shop.id} {item.shop.name}"


async def back(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop).options(selectinload(Shop.items)))).one()
    return f"{shop.id} {shop.items[0].shop.name}"


async def new_item(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop))).one()
    item = Item(name="new", shop_id=shop.id)
    session.add(item)
    await session.flush()
    return item.shop.name


async def under_run_sync(session: AsyncSession) -> int:
    return await session.run_sync(total)


def total(session: object) -> int:
    return size(session.scalars(select(Shop)).one())


def size(shop: Shop) -> int:
    return len(shop.items)  # here: under_run_sync


async def written_for_run_sync(session: AsyncSession) -> int:
    return await session.run_sync(count)


def count(session: object) -> int:
    return sum(len(shop.items) for shop in session.scalars(select(Shop)))


async def by_lambda(session: AsyncSession) -> int:
    shop = (await session.scalars(select(Shop))).one()
    return len(await session.run_sync(lambda _: shop.items))


async def given_the_session(session: AsyncSession) -> int:
    return await session.run_sync(lambda sync: counted(sync, 1))


def counted(session: object, key: int) -> int:
    return len(session.get(Shop, key).items)


async def deleted(session: AsyncSession) -> str:
    mine = (await session.scalars(select(Shop).where(Shop.name == "s1"))).one()
    item = (await session.scalars(select(Item).where(Item.name == "i1"))).one()
    await session.delete(item)
    return mine.name


def own_shop_in_a_thread(session: Session) -> str:
    mine = session.scalars(select(Shop).where(Shop.name == "s1")).one()
    item = session.scalars(select(Item).where(Item.name == "i1")).one()
    return f"{mine.name} {item.shop.name}"


async def own_shop_under_run_sync(session: AsyncSession) -> str:
    return await session.run_sync(own_shop_in_a_thread)


async def awaitable(session: AsyncSession) -> int:
    class_ = Shop
    shop = (await session.scalars(select(class_))).one()
    return len(await shop.awaitable_attrs.items) if hasattr(shop, "awaitable_attrs") else 0


async def after_commit(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop))).one()
    shop.name = "renamed"
    await session.commit()
    return shop.name  # here: after_commit


async def asked_again(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop))).one()
    await session.commit()
    shop = (await session.scalars(select(Shop))).one()
    return shop.name


async def refreshed(session: AsyncSession) -> str:
    shop = (await session.scalars(select(Shop))).one()
    await session.commit()
    await session.refresh(shop)
    return shop.name
"""

Act = Callable[[AsyncSession], Awaitable[object]]


class Lucky:
    """An application, a database, and what was met."""

    def __init__(self, folder: Path, engine: AsyncEngine) -> None:
        self.met: list[Incident] = []
        self.engine = engine
        self.file = folder / "shop.py"
        self.file.write_text(textwrap.dedent(SHOP), encoding="utf-8")
        self.app: Any = _imported(self.file)

    def line(self, name: str) -> int:
        lines = SHOP.splitlines()
        return next(number for number, line in enumerate(lines, start=1) if line.endswith(f"# here: {name}"))

    def kinds(self) -> list[tuple[Kind, str, int]]:
        return [(one.kind, one.subject, one.place.line if one.place is not None else 0) for one in self.met]

    async def run(self, act: str, *, arrange: Act | None = None, kinder: bool = False) -> object:
        async with self.engine.begin() as connection:
            await connection.run_sync(self.app.Base.metadata.create_all)
        make = async_sessionmaker(self.engine, expire_on_commit=not kinder)
        async with make() as session:
            session.add(self.app.Shop(name="s1", items=[self.app.Item(name="i1")]))
            await session.commit()
        async with make() as session:
            held = await arrange(session) if arrange is not None else None
            result = await getattr(self.app, act)(session)
            del held
            return result


def _imported(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("lucky_shop", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["lucky_shop"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def lucky(tmp_path: Path) -> Iterator[Lucky]:
    folder = tmp_path / "application"
    folder.mkdir()
    met: list[Incident] = []
    with install(sinks=[lambda incident, _: met.append(incident)], latent=True):
        application.name([folder])
        engine = create_async_engine("sqlite+aiosqlite://")
        made = Lucky(folder, engine)
        made.met = met
        yield made
        asyncio.run(engine.dispose())
        made.app.Base.registry.dispose()


async def _all(lucky: Lucky, session: AsyncSession) -> object:
    return (await session.scalars(select(lucky.app.Shop).options(selectinload(lucky.app.Shop.items)))).all()


def test_what_a_test_loaded_is_luck(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        return await _all(lucky, session)

    assert asyncio.run(lucky.run("names", arrange=arrange)) == ["i1"]
    assert lucky.kinds() == [(Kind.LEFT_OVER, "Shop.items", lucky.line("names"))]
    assert lucky.met[0].origin is not None
    assert lucky.met[0].origin.path.endswith("test_latent.py")
    assert lucky.met[0].origin.function == "_all"


def test_get_answered_by_what_a_test_loaded_is_luck(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        return await _all(lucky, session)

    asyncio.run(lucky.run("names_by_key", arrange=arrange))
    assert lucky.kinds() == [(Kind.LEFT_OVER, "Shop.items", lucky.line("names_by_key"))]


def test_what_a_test_inserted_is_luck(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        await session.execute(delete(lucky.app.Item))
        await session.execute(delete(lucky.app.Shop))
        shop = lucky.app.Shop(name="s2", items=[lucky.app.Item(name="i2")])
        session.add(shop)
        await session.flush()
        return shop

    assert asyncio.run(lucky.run("names", arrange=arrange)) == ["i2"]
    assert lucky.kinds() == [(Kind.LEFT_OVER, "Shop.items", lucky.line("names"))]


@pytest.mark.parametrize(
    "act",
    [
        *("loaded_names", "looked_up", "asked_by_key", "asked_by_keys", "back", "new_item", "asked_again", "refreshed", "awaitable"),
        *("written_for_run_sync", "by_lambda", "given_the_session", "deleted", "own_shop_under_run_sync"),
    ],
)
def test_design_is_no_luck(lucky: Lucky, act: str) -> None:
    asyncio.run(lucky.run(act))
    assert lucky.kinds() == []


def test_what_the_query_loads_itself_is_design(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        return await _all(lucky, session)

    assert asyncio.run(lucky.run("loaded_names", arrange=arrange)) == ["i1"]
    assert lucky.kinds() == []


def test_a_target_that_a_test_put_there_is_luck(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        return (await session.scalars(select(lucky.app.Shop))).all()

    assert asyncio.run(lucky.run("shop_of_item", arrange=arrange)) == "s1"
    assert lucky.kinds() == [(Kind.IDENTITY_MAP, "Item.shop", lucky.line("shop_of_item"))]


def test_a_target_that_was_there_for_another_reason_is_luck(lucky: Lucky) -> None:
    assert asyncio.run(lucky.run("own_shop")) == "s1 s1"
    assert lucky.kinds() == [(Kind.IDENTITY_MAP, "Item.shop", lucky.line("own_shop"))]


def test_a_lazy_load_under_run_sync_is_luck(lucky: Lucky) -> None:
    assert asyncio.run(lucky.run("under_run_sync")) == 1
    assert lucky.kinds() == [(Kind.LOADED_IN_GREENLET, "Shop.items", lucky.line("under_run_sync"))]


def test_a_kinder_session_is_luck(lucky: Lucky) -> None:
    assert asyncio.run(lucky.run("after_commit", kinder=True)) == "renamed"
    assert lucky.kinds() == [(Kind.KINDER_SESSION, "Shop.name", lucky.line("after_commit"))]


@pytest.mark.parametrize("act", ["asked_again", "refreshed", "loaded_names"])
def test_what_a_kinder_session_is_asked_for_again_is_design(lucky: Lucky, act: str) -> None:
    asyncio.run(lucky.run(act, kinder=True))
    assert lucky.kinds() == []


def test_what_a_test_commits_to_arrange_things_is_no_luck(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        shop = (await session.scalars(select(lucky.app.Shop))).one()
        await session.commit()
        return shop

    asyncio.run(lucky.run("given_name", arrange=arrange, kinder=True))
    assert lucky.kinds() == []


def test_a_synchronous_session_may_load(lucky: Lucky) -> None:
    engine = create_engine("sqlite://")
    lucky.app.Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        session.add(lucky.app.Shop(name="s1", items=[lucky.app.Item(name="i1")]))
        session.commit()
        assert lucky.app.own_shop_in_a_thread(session) == "s1 s1"
        held = session.scalars(select(lucky.app.Item)).all()
        session.expunge(held[0])
        assert lucky.app.own_shop_in_a_thread(session) == "s1 s1"
    engine.dispose()
    assert lucky.kinds() == []


def test_a_session_like_the_applications_is_not_kinder(lucky: Lucky) -> None:
    lucky.file.write_text(SHOP.replace("async_sessionmaker()", "async_sessionmaker(expire_on_commit=False)"), encoding="utf-8")
    lucky.app.Base.registry.dispose()
    lucky.app = _imported(lucky.file)
    asyncio.run(lucky.run("after_commit", kinder=True))
    assert lucky.kinds() == []


def test_a_test_may_look_at_what_it_arranged(lucky: Lucky) -> None:
    async def arrange(session: AsyncSession) -> object:
        shops: Any = await _all(lucky, session)
        return [item.shop.name for item in shops[0].items]

    asyncio.run(lucky.run("loaded_names", arrange=arrange))
    assert lucky.kinds() == []


def test_raise_makes_luck_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "application"
    folder.mkdir()
    with install("raise") as monitor:
        assert isinstance(monitor, Monitor)
        application.name([folder])
        engine = create_async_engine("sqlite+aiosqlite://")
        lucky = Lucky(folder, engine)
        with asyncio.Runner() as runner:
            with pytest.raises(LatentHazardError, match=r"`Shop\.items` was loaded by reading it") as caught:
                runner.run(lucky.run("under_run_sync"))
            runner.run(engine.dispose())
        lucky.app.Base.registry.dispose()
        assert caught.value.incident.kind is Kind.LOADED_IN_GREENLET


def test_only_folders_of_the_project_make_code_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_test.cache_clear()
    project = tmp_path / "test" / "project"
    project.mkdir(parents=True)
    monkeypatch.chdir(project)
    files = [
        "app/shop.py",
        "app/latest.py",
        "app/contest/rows.py",
        "tests/helpers.py",
        "conftest.py",
        "app/test_shop.py",
        "app/shop_test.py",
    ]
    told = [is_test(str(project / file)) for file in files]
    is_test.cache_clear()
    assert told == [False, False, False, True, True, True, True]
