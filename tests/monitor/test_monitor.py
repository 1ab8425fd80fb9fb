"""What installing does and undoes, and what an explanation says."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, loading, mapped_column, relationship
from sqlalchemy.orm.attributes import instance_state

from greenroom.monitor import Scope, entered, install
from greenroom.monitor.errors import incident_of, incidents_of
from greenroom.monitor.hooks import WRAPS, Wrap, Wrapping
from greenroom.monitor.moments import QUERIES, history_of
from greenroom.monitor.places import stack
from greenroom.monitor.scopes import About
from greenroom.trace import Cause, Incident, Kind


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


Act = Callable[[AsyncSession], Awaitable[object]]


async def _with_author(act: Act) -> object:
    engine = create_async_engine("sqlite+aiosqlite://")
    try:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with async_sessionmaker(engine)() as session:
            session.add(Author(name="a", books=[Book()]))
            await session.flush()
            session.expunge_all()
            return await act(session)
    finally:
        await engine.dispose()


async def _read_after_commit(session: AsyncSession) -> object:
    author = (await session.scalars(select(Author))).one()
    await session.commit()
    return author.name


def test_nothing_of_sqlalchemy_is_replaced_without_a_monitor() -> None:
    before = [vars(wrap.owner)[wrap.name] for wrap in WRAPS]
    with install("explain", "raise"):
        during = [vars(wrap.owner)[wrap.name] for wrap in WRAPS]
        assert all(one is not other for one, other in zip(before, during, strict=True))
    assert all(vars(wrap.owner)[wrap.name] is original for wrap, original in zip(WRAPS, before, strict=True))
    assert not hasattr(Session.expire_all, "__wrapped__")
    assert not hasattr(loading.instances, "__wrapped__")


def test_monitors_come_and_go_independently() -> None:
    met: list[str] = []
    first = install(sinks=[lambda incident, _: met.append(f"first {incident.subject}")])
    second = install(sinks=[lambda incident, _: met.append(f"second {incident.subject}")], latent=True)
    first.uninstall()
    first.uninstall()  # a second time does nothing
    with second, pytest.raises(Exception, match="greenlet_spawn"):
        asyncio.run(_with_author(_read_after_commit))
    with pytest.raises(Exception, match="greenlet_spawn"):
        asyncio.run(_with_author(_read_after_commit))
    assert met == ["second Author.name"]


def test_an_explanation_names_attribute_cause_lines_request_and_mend() -> None:
    about = About(route="GET /authors/{id}", endpoint="app.authors:show", request_id="r-1", trace_id="t-1")
    with install("explain"), entered(Scope(about=lambda: about)) as scope, pytest.raises(Exception, match="greenlet_spawn") as caught:
        asyncio.run(_with_author(_read_after_commit))
    here = "tests/monitor/test_monitor.py"
    line = _read_after_commit.__code__.co_firstlineno
    explanation = (
        f"greenroom: `Author.name` is not in memory: the commit at {here}:{line + 2} expired it; "
        "reading it needs a query, outside of a greenlet\n"
        f"  at       {here}:{line + 3} in _read_after_commit\n"
        f"  from     {here}:{_with_author.__code__.co_firstlineno + 9} in _with_author\n"
        f"  because  {here}:{line + 2} in _read_after_commit\n"
        "  request  GET /authors/{id} (app.authors:show)\n"
        "  known as id r-1, trace t-1\n"
        "  mend     read it before the commit, refresh the object after it, or make sessions with expire_on_commit=False"
    )
    assert caught.value.__notes__ == [explanation]
    assert [one.times for one in scope.incidents.values()] == [1]


def test_what_is_met_again_in_a_scope_is_told_once_and_explained_each_time() -> None:
    met: list[Incident] = []

    async def act(session: AsyncSession) -> None:
        author = (await session.scalars(select(Author))).one()
        await session.commit()
        for _ in range(3):
            with pytest.raises(Exception, match="greenlet_spawn") as caught:
                _ = author.name
            assert len(caught.value.__notes__) == 1

    with install("explain", sinks=[lambda incident, _: met.append(incident)]), entered(Scope()) as inner:
        asyncio.run(_with_author(act))
    assert [incident.subject for incident in met] == ["Author.name"]
    assert [incident.times for incident in inner.incidents.values()] == [3]


def test_an_error_that_is_wrapped_is_one_incident() -> None:
    met: list[Incident] = []
    with install(sinks=[lambda incident, _: met.append(incident)]), pytest.raises(Exception, match="greenlet_spawn") as caught:
        asyncio.run(_with_author(_read_after_commit))
    error = RuntimeError("no")
    error.__cause__ = ExceptionGroup("several", [caught.value, ValueError("another")])
    assert len(met) == 1
    assert list(incidents_of(error)) == met


def test_a_copy_of_an_error_is_no_incident() -> None:
    met: list[Incident] = []
    with install(sinks=[lambda incident, _: met.append(incident)]):
        copy = pickle.loads(pickle.dumps(MissingGreenlet("greenlet_spawn has not been called")))  # noqa: S301  # our own
        assert incident_of(copy) is None
        assert incident_of(MissingGreenlet("made by somebody else")) is None
    assert met == []


def test_a_sink_that_fails_is_printed_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(incident: Incident, error: BaseException | None) -> None:
        raise ZeroDivisionError(incident.subject)

    with install(sinks=[broken]), pytest.raises(Exception, match="greenlet_spawn") as caught:
        asyncio.run(_with_author(_read_after_commit))
    assert not isinstance(caught.value, ZeroDivisionError)
    assert "ZeroDivisionError: Author.name" in capsys.readouterr().err


def test_a_failure_of_the_monitor_is_printed_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("greenroom.monitor.recording.why", broken)
    with install("explain"), pytest.raises(Exception, match="greenlet_spawn") as caught:
        asyncio.run(_with_author(_read_after_commit))
    assert not isinstance(caught.value, ZeroDivisionError)
    assert "ZeroDivisionError: ours" in capsys.readouterr().err


def test_history_is_bounded() -> None:
    sizes: list[int] = []

    async def act(session: AsyncSession) -> None:
        for _ in range(QUERIES + 50):
            await session.scalars(select(Author))
        sizes.append(len(history_of(session.sync_session).queries))

    with install():
        asyncio.run(_with_author(act))
    assert sizes == [QUERIES]


def test_what_is_remembered_of_an_object_is_not_pickled() -> None:
    async def act(session: AsyncSession) -> object:
        author = (await session.scalars(select(Author))).one()
        await session.refresh(author)
        session.expunge(author)
        return author

    with install():
        author = asyncio.run(_with_author(act))
        copy = pickle.loads(pickle.dumps(author))  # noqa: S301  # our own
    state = instance_state(copy)
    assert not [name for name in vars(state) if "greenroom" in name]


@pytest.mark.parametrize("reading", ["books", "author"])
def test_a_detached_object_names_what_took_it_away(reading: str) -> None:
    met: list[Incident] = []

    async def act(session: AsyncSession) -> object:
        found = (await session.scalars(select(Author if reading == "books" else Book))).one()
        session.expunge(found)  # here
        return getattr(found, reading)

    with install(sinks=[lambda incident, _: met.append(incident)]), pytest.raises(Exception, match="not bound to a Session"):
        asyncio.run(_with_author(act))
    first = act.__code__.co_firstlineno
    assert [(one.kind, one.cause, one.attribute) for one in met] == [(Kind.DETACHED, Cause.NEVER_LOADED, reading)]
    assert [one.detached.line if one.detached else 0 for one in met] == [first + 2]
    assert [one.origin.line if one.origin else 0 for one in met] == [first + 1]


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ValueError, match="mode 'loud' is none of 'explain', 'log', 'count', 'raise'"):
        install("loud")
    with pytest.raises(ValueError, match="'no_such_package' is neither a directory nor the name of an imported package"):
        install(application=["no_such_package"])


def test_an_unknown_sqlalchemy_is_refused_as_a_whole() -> None:
    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        return original

    wrapping = Wrapping((Wrap(Session, "expire_all", around), Wrap(Session, "no_longer_there", around)))
    before = Session.expire_all
    with pytest.raises(RuntimeError, match=r"does not know SQLAlchemy .*: it has no Session\.no_longer_there"):
        wrapping.attach()
    assert Session.expire_all is before


def test_an_installed_application_can_be_named(tmp_path: Path) -> None:
    from greenroom.monitor.places import Application, Role  # noqa: PLC0415  # a new one, not that of the process

    (tmp_path / "somebody-1.0.dist-info").mkdir()
    file = tmp_path / "somebody" / "models.py"
    file.parent.mkdir()
    file.touch()
    theirs = Application()
    assert theirs.role(str(file)) is Role.LIBRARY
    theirs.name([file.parent])
    assert theirs.role(str(file)) is Role.APPLICATION
    assert theirs.role("<string>") is Role.LIBRARY
    assert theirs.role("a\0b") is Role.LIBRARY


def test_the_end_of_a_block_is_known_by_the_line_that_waits_for_it() -> None:
    lines: list[int] = []

    async def act(session: AsyncSession) -> None:
        engine = session.bind
        async with AsyncSession(engine) as other:  # here
            found = (await other.scalars(select(Author))).all()
        del found
        lines.extend(line for _, line in seen)

    seen: list[tuple[Any, int]] = []

    @event.listens_for(Session, "after_transaction_end")
    def ended(session: Session, transaction: object) -> None:
        del session, transaction
        places = stack(sys._getframe(1))
        seen.extend((one, one.line) for one in places if one.function.endswith("act"))

    try:
        with install():
            asyncio.run(_with_author(act))
    finally:
        event.remove(Session, "after_transaction_end", ended)
    assert act.__code__.co_firstlineno + 2 in lines


def _found(session: Session) -> Author:
    return session.scalars(select(Author)).one()


@pytest.mark.parametrize("under_run_sync", [True, False])
def test_a_query_is_known_by_the_line_that_makes_it_within_run_sync_as_well(*, under_run_sync: bool) -> None:
    met: list[Incident] = []

    async def act(session: AsyncSession) -> object:
        author = await session.run_sync(_found) if under_run_sync else (await session.scalars(select(Author))).one()
        return author.books

    with install(sinks=[lambda incident, _: met.append(incident)]), pytest.raises(Exception, match="greenlet_spawn"):
        asyncio.run(_with_author(act))
    function = _found if under_run_sync else act
    assert [one.origin.line if one.origin else 0 for one in met] == [function.__code__.co_firstlineno + 1]
