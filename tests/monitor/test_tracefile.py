"""The trace of a running application is one that ``check --observed`` reads, whole at every moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from greenroom.monitor.tracefile import BOUND, TraceFile
from greenroom.trace import Incident, Kind, Place, Trace, from_json

ONE = Incident(
    Kind.IMPLICIT_IO, "MissingGreenlet", "`User.name` ...", model="User", attribute="name", place=Place("app.py", 3, "show"), request_id="r"
)


def _read(path: Path) -> Trace:
    return from_json(json.loads(path.read_text(encoding="utf-8")))


def test_what_differs_only_in_its_request_is_one_incident(tmp_path: Path) -> None:
    sink = TraceFile(tmp_path / "traces" / "{pid}.json")
    for number in range(3):
        sink(replace(ONE, request_id=str(number)), None)
    sink(replace(ONE, attribute="email", times=2), None)
    sink.write()
    assert sink.path.name == f"{os.getpid()}.json"
    assert [(one.subject, one.times, one.request_id) for one in _read(sink.path).incidents] == [
        ("User.name", 3, None),
        ("User.email", 2, None),
    ]


def test_it_is_written_in_the_background(tmp_path: Path) -> None:
    sink = TraceFile(tmp_path / "trace.json", every=0.05)
    for number in range(2):
        sink(replace(ONE, attribute=f"a{number}"), None)
        deadline = time.monotonic() + 20
        while not (sink.path.exists() and len(_read(sink.path).incidents) == number + 1):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_threads_lose_nothing_and_the_number_is_bounded(tmp_path: Path) -> None:
    sink = TraceFile(tmp_path / "trace.json", every=1000)

    def work() -> None:
        for number in range(BOUND + 10):
            sink(replace(ONE, attribute=f"a{number}"), None)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.write()
    incidents = _read(sink.path).incidents
    assert len(incidents) == BOUND
    assert {one.times for one in incidents} == {4}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system that does not fork")
def test_a_forked_worker_writes_what_it_met_itself(tmp_path: Path) -> None:
    source = f"""
        import os, sys
        from greenroom.monitor.tracefile import TraceFile
        from greenroom.trace import Incident, Kind
        sink = TraceFile({str(tmp_path / "{pid}.json")!r})
        sink(Incident(Kind.DETACHED, "", "before"), None)
        worker = os.fork()
        if not worker:
            sink(Incident(Kind.DETACHED, "", "within"), None)
            sys.exit()
        os.waitpid(worker, 0)
        """
    subprocess.run([sys.executable, "-P", "-c", textwrap.dedent(source)], check=True, capture_output=True)
    assert sorted([one.message for one in _read(path).incidents] for path in tmp_path.iterdir()) == [["before"], ["within"]]


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        TraceFile(tmp_path / "file" / "trace.json")


def test_an_application_leaves_a_trace_that_confirms_a_finding(tmp_path: Path) -> None:
    source = """
        import asyncio
        from contextlib import suppress

        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        from greenroom.monitor import install
        from greenroom.monitor.tracefile import TraceFile


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]


        async def show(session: AsyncSession) -> str:
            user = User(name="new")
            session.add(user)
            await session.commit()
            return user.name


        async def main() -> None:
            engine = create_async_engine("sqlite+aiosqlite://")
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            for _ in range(2):
                async with async_sessionmaker(engine)() as session:
                    with suppress(Exception):
                        await show(session)
            await engine.dispose()


        if __name__ == "__main__":
            install(sinks=[TraceFile("trace.json")])
            asyncio.run(main())
        """
    (tmp_path / "app.py").write_text(textwrap.dedent(source), encoding="utf-8")
    subprocess.run([sys.executable, "app.py"], cwd=tmp_path, check=True, capture_output=True)
    words = ["check", "app.py", "--observed", "trace.json", "--format", "concise", "--select", "GR1"]
    told = subprocess.run([sys.executable, "-P", "-m", "greenroom", *words], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert told.returncode == 1, told.stderr
    assert "GR101" in told.stdout
    assert "observed" in told.stdout
    assert [(one.subject, one.times) for one in _read(tmp_path / "trace.json").incidents] == [("User.name", 2)]
