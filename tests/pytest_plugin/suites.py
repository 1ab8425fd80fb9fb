"""Suites of tests for a real application, run by a pytest of their own."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass

import pytest

from greenroom.trace import Trace, from_json

APPLICATION = '''
"""An application on Starlette and SQLAlchemy, with hazards."""

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.pool import StaticPool
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
factory = async_sessionmaker(engine)


async def prepare():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


async def add(name="Ada"):
    """Fails: the commit expires what is read after it."""
    await prepare()
    async with factory() as session:
        user = User(name=name)
        session.add(user)
        await session.commit()
        return user.name


async def add_safely(name="Ada"):
    """Swallows the failure."""
    try:
        return await add(name)
    except Exception:
        return None


async def works(name="Ada"):
    await prepare()
    async with factory() as session:
        session.add(User(name=name))
        await session.commit()
        return len((await session.scalars(select(User))).all())


async def read_user(request):
    await prepare()
    async with factory() as session:
        session.add(User(name=request.path_params["name"]))
        await session.commit()
    async with factory() as session:
        user = (await session.scalars(select(User))).first()
        return JSONResponse(len(user.posts))


app = Starlette(routes=[Route("/users/{name}", read_user)])
'''

CLIENT = """
import httpx
import application

async def get(path):
    transport = httpx.ASGITransport(application.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)
"""

_ASYNCIO = ["-p", "pytest_asyncio.plugin", "-o", "asyncio_default_fixture_loop_scope=function"]
RUNNERS = {
    "asyncio, auto": ([*_ASYNCIO, "--asyncio-mode=auto"], ""),
    "asyncio, strict": ([*_ASYNCIO, "--asyncio-mode=strict"], "import pytest\npytestmark = pytest.mark.asyncio\n"),
    "asyncio, one loop": (
        [*_ASYNCIO, "--asyncio-mode=strict"],
        "import pytest\npytestmark = pytest.mark.asyncio(loop_scope='module')\n",
    ),
    "anyio": (
        ["-p", "anyio.pytest_plugin"],
        "import pytest\npytestmark = pytest.mark.anyio\n@pytest.fixture(scope='module')\ndef anyio_backend():\n    return 'asyncio'\n",
    ),
}
"""How coroutines are run as tests: arguments of pytest, and what stands in front of a module of tests."""


@dataclass
class Suite:
    """A folder with the application, in which tests are written and run."""

    pytester: pytest.Pytester
    runner: str = "asyncio, auto"

    def write(self, source: str, name: str = "test_it") -> None:
        """Write a module of tests."""
        self.pytester.makepyfile(**{name: RUNNERS[self.runner][1] + CLIENT + textwrap.dedent(source)})

    def run(self, *arguments: str, watched: bool = True) -> pytest.RunResult:
        """Run the tests in a process of their own."""
        plugins = ["-p", "greenroom.pytest.plugin", *RUNNERS[self.runner][0]]
        watch = ["--greenroom"] if watched and not any(one.startswith("--greenroom=") for one in arguments) else []
        return self.pytester.runpytest_subprocess(*plugins, *watch, *arguments)

    def trace(self, path: str = ".greenroom/trace.json") -> Trace:
        """Return the trace that the last run has written."""
        return from_json(json.loads((self.pytester.path / path).read_text(encoding="utf-8")))
