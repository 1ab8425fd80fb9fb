"""Records of incidents, and what the filter finds in the records of an application, with errors that SQLAlchemy really raised."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Awaitable, Callable, Iterator

import prometheus_client
import pytest
import structlog
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import MissingGreenlet, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from greenroom.monitor import install
from greenroom.monitor.asgi import MonitorMiddleware
from greenroom.monitor.logs import NAME, IncidentFilter, log_sink
from greenroom.monitor.scopes import Scope, entered
from greenroom.trace import Incident, Kind
from tests.monitor.asking import asked
from tests.monitor.samples import FIELDS, INCIDENT


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    books: Mapped[list[Book]] = relationship()


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))


class BookOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class AuthorOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    books: list[BookOut]


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def handler() -> Iterator[Kept]:
    kept = Kept()
    root = logging.getLogger()
    root.addHandler(kept)
    yield kept
    root.removeHandler(kept)


def met(work: Callable[[AsyncSession, Author], Awaitable[object]]) -> BaseException:
    """Return what the work raises, on an author that a commit has expired."""

    async def run() -> BaseException:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            async with AsyncSession(engine) as session:
                author = Author(id=1, name="Ann")
                session.add(author)
                await session.commit()
                await work(session, author)
        except Exception as error:  # noqa: BLE001  # whatever it is
            return error
        finally:
            await engine.dispose()
        raise AssertionError("it raised nothing")

    return asyncio.run(run())


async def bare(session: AsyncSession, author: Author) -> None:
    author.name  # noqa: B018  # the read is the hazard


async def chained(session: AsyncSession, author: Author) -> None:
    try:
        author.name  # noqa: B018  # as above
    except MissingGreenlet as error:
        raise LookupError("no author") from error


async def suppressed(session: AsyncSession, author: Author) -> None:
    try:
        author.name  # noqa: B018  # as above
    except MissingGreenlet:
        raise LookupError("no author") from None


async def grouped(session: AsyncSession, author: Author) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(bare(session, author))


async def circular(session: AsyncSession, author: Author) -> None:
    try:
        author.name  # noqa: B018  # as above
    except MissingGreenlet as error:
        outer = LookupError("no author")
        outer.__cause__, error.__context__ = error, outer
        raise outer  # noqa: B904  # the circle is the test


async def validated(session: AsyncSession, author: Author) -> None:
    TypeAdapter(AuthorOut).validate_python(author)


async def validated_in_group(session: AsyncSession, author: Author) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(validated(session, author))


async def detached(session: AsyncSession, author: Author) -> None:
    session.expunge(author)
    author.name  # noqa: B018  # as above


def logged(error: BaseException, only: IncidentFilter) -> logging.LogRecord:
    record = logging.LogRecord("app", logging.ERROR, "app.py", 1, "it failed: %s", ("so",), (type(error), error, None))
    assert only.filter(record) is True
    return record


@pytest.mark.parametrize("work", [bare, chained, suppressed, grouped, circular, validated, validated_in_group])
def test_the_filter_adds_what_the_monitor_knows(work: Callable[[AsyncSession, Author], Awaitable[object]]) -> None:
    with install(), entered(Scope()):
        error = met(work)
        record = logged(error, IncidentFilter())
    assert vars(record)["greenroom.model"] == "Author"
    assert vars(record)["greenroom.attribute"] == "name"
    assert vars(record)["greenroom.cause"] == "commit"
    assert vars(record)["greenroom.kind"] == "implicit-io"
    assert vars(record)["exception.type"] == "MissingGreenlet"
    assert vars(record)["code.file.path"] == "tests/monitor/test_logs.py"
    assert record.getMessage() == "it failed: so"


def test_a_detached_object() -> None:
    with install(), entered(Scope()):
        record = logged(met(detached), IncidentFilter())
    assert vars(record)["greenroom.kind"] == "detached"
    assert vars(record)["exception.type"] == "DetachedInstanceError"


def test_a_validation_error_is_read_without_the_monitor_as_well() -> None:
    record = logged(met(validated), IncidentFilter(explain=True))
    assert vars(record)["greenroom.attribute"] == "name"
    assert vars(record)["exception.type"] == "MissingGreenlet"
    assert "greenroom.model" not in vars(record)


def test_an_error_of_sqlalchemy_is_read_without_the_monitor_as_well() -> None:
    record = logged(met(chained), IncidentFilter())
    assert vars(record)["exception.type"] == "MissingGreenlet"
    assert vars(record)["greenroom.kind"] == "implicit-io"


def test_the_explanation_follows_the_message_where_it_is_asked_for() -> None:
    with install(), entered(Scope()):
        record = logged(met(bare), IncidentFilter(explain=True))
        IncidentFilter(explain=True).filter(record)
    assert record.getMessage().count("greenroom: `Author.name`") == 1
    assert record.getMessage().startswith("it failed: so\n")


class BrokenError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    @property
    def orig(self) -> object:
        raise RuntimeError("no property either")


class BrokenValidationError(Exception):
    def errors(self) -> object:
        raise RuntimeError("no errors")


@pytest.mark.parametrize(
    "error", [BrokenError(), BrokenValidationError(), KeyError("plain"), ExceptionGroup("two", [KeyError(), BrokenError()])]
)
def test_other_errors_stay_as_they_are_whatever_is_broken_in_them(error: BaseException) -> None:
    record = logged(error, IncidentFilter(explain=True))
    assert not any(name.startswith(("greenroom.", "exception.")) for name in vars(record))


@pytest.mark.parametrize("exc_info", [None, (None, None, None), True])
def test_a_record_without_an_error(exc_info: object) -> None:
    record = logging.LogRecord("app", logging.INFO, "app.py", 1, "fine", (), exc_info)  # type: ignore[arg-type]  # what `Logger` gives in the end
    assert IncidentFilter().filter(record) is True


def test_the_sink_writes_one_record(handler: Kept) -> None:
    log_sink()(INCIDENT, None)
    (record,) = handler.records
    assert {name: value for name, value in vars(record).items() if "." in name} == FIELDS
    assert (record.name, record.levelno, record.getMessage()) == (NAME, logging.ERROR, INCIDENT.message)
    assert (record.pathname, record.lineno, record.funcName) == ("app/views.py", 34, "show")


def test_what_went_well_by_luck_is_a_warning(handler: Kept) -> None:
    log_sink()(Incident(Kind.IDENTITY_MAP, "", "by luck"), None)
    assert handler.records[0].levelno == logging.WARNING


def test_structlog_prints_the_fields() -> None:
    stream = io.StringIO()
    logger = logging.getLogger("greenroom.test")
    shown = logging.StreamHandler(stream)
    shown.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    logger.addHandler(shown)
    log_sink(logger)(INCIDENT, None)
    logger.removeHandler(shown)
    assert json.loads(stream.getvalue()) == {"event": INCIDENT.message, **FIELDS}


class OwnRecord(logging.LogRecord):
    request_id = "theirs"
    trace_id = "theirs"


def test_a_record_factory_of_the_application_is_respected(handler: Kept) -> None:
    former = logging.getLogRecordFactory()
    logging.setLogRecordFactory(OwnRecord)
    try:
        log_sink()(INCIDENT, None)
    finally:
        logging.setLogRecordFactory(former)
    (record,) = handler.records
    assert isinstance(record, OwnRecord)
    assert vars(record)["greenroom.request_id"] == "r-1"


def test_a_response_is_explained_at_its_validation_error(handler: Kept) -> None:
    app = FastAPI()

    @app.get("/authors/{author_id}", response_model=list[AuthorOut])
    async def read(author_id: int) -> list[Author]:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                session.add_all(Author(id=number, name="Ann") for number in range(50))
                await session.commit()
                return list((await session.scalars(select(Author))).all())
        finally:
            await engine.dispose()

    app.add_middleware(MonitorMiddleware)
    with install("explain", sinks=[log_sink()]), pytest.raises(Exception, match="validation error") as caught:
        asked(app, "/authors/1", headers={"x-request-id": "r-9"})
    (note,) = caught.value.__notes__
    assert "`Author.books` is not in memory" in note
    assert "GET /authors/{author_id}" in note
    ours = [record for record in handler.records if record.name == NAME]
    assert len(ours) == 1
    assert vars(ours[0])["http.route"] == "/authors/{author_id}"
    assert vars(ours[0])["greenroom.request_id"] == "r-9"
    record = logged(caught.value, IncidentFilter())  # as a server writes it, outside of the request
    assert vars(record)["greenroom.attribute"] == "books"


def test_the_modes_log_and_count_write_to_their_sinks(handler: Kept) -> None:
    registry = prometheus_client.REGISTRY
    labels = {"kind": "implicit-io", "model": "Author", "attribute": "name", "cause": "commit", "method": "", "route": ""}
    before = registry.get_sample_value("greenroom_incidents_total", labels) or 0
    with install("log", "count"), entered(Scope()):
        met(bare)
    assert [record.name for record in handler.records if record.levelno == logging.ERROR] == [NAME]
    assert registry.get_sample_value("greenroom_incidents_total", labels) == before + 1


def test_a_sink_that_fails_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(incident: Incident, error: BaseException | None) -> None:
        raise LookupError("no room")

    with install(sinks=[fail]):
        error = met(bare)
    assert isinstance(error, MissingGreenlet | StatementError)
    assert "LookupError: no room" in capsys.readouterr().err


def test_the_error_of_a_statement_is_explained_as_the_one_that_it_wraps() -> None:
    with install("explain"):
        error = met(bare)
    wrapped = error.orig if isinstance(error, StatementError) else error  # from 2.1 on it is wrapped
    assert isinstance(wrapped, MissingGreenlet)
    assert error.__notes__ == wrapped.__notes__
    assert len(error.__notes__) == 1
