"""Runs one generated test in the project's interpreter, and writes down what happened. Started as a script, never imported.

    python observer.py TEST.py REPORT.json LINES.json

Standard library only, and syntax that old interpreters know. It writes down every error that SQLAlchemy makes (also those
that the application catches), with the attribute that was being answered for, and which of the given lines were run.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import os
import sys
import threading
import traceback
from types import FrameType, ModuleType
from typing import Any

INSTRUMENTATION = ("attributes.py", "strategies.py", "collections.py")
LONGEST = 300


class Observer:
    """What one run showed."""

    def __init__(self, ranges: list[tuple[str, int, int]]) -> None:
        self.ranges = ranges
        self.files = {path for path, _, _ in ranges}
        self.hit: set[tuple[str, int]] = set()
        self.incidents: list[dict[str, Any]] = []
        self.rollbacks = 0

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ANN401, ARG002 -- the interpreter's protocol
        """Follow the functions of those files that have lines to look for."""
        return self.line if absolute(frame.f_code.co_filename) in self.files else None

    def line(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ANN401, ARG002 -- as above
        """Write down that a line was run."""
        self.hit.add((absolute(frame.f_code.co_filename), frame.f_lineno))
        return self.line

    def watch(self) -> None:
        """Write down each error that SQLAlchemy makes, where it is made, and count rollbacks."""
        base = importlib.import_module("sqlalchemy.exc").HasDescriptionCode
        original = base.__init__

        def init(error: BaseException, *arguments: object, **words: object) -> None:
            original(error, *arguments, **words)
            self.incidents.append(incident(error, frames_of(sys._getframe(1))))  # noqa: SLF001 -- there is no other way

        base.__init__ = init
        session = importlib.import_module("sqlalchemy.orm").Session
        importlib.import_module("sqlalchemy.event").listen(session, "after_soft_rollback", self.rolled_back)

    def rolled_back(self, session: object, transaction: object) -> None:  # noqa: ARG002 -- SQLAlchemy's protocol
        """Count a rollback."""
        self.rollbacks += 1

    def begin(self) -> None:
        """Forget what the set-up did, and follow what comes."""
        self.incidents.clear()
        self.rollbacks = 0
        threading.settrace(self.trace)
        sys.settrace(self.trace)

    def lines(self) -> list[bool]:
        """Which of the ranges were run."""
        return [any((path, line) in self.hit for line in range(first, last + 1)) for path, first, last in self.ranges]


def absolute(path: str) -> str:
    """A path as the report has it."""
    return os.path.abspath(path)  # noqa: PTH100 -- links keep the user's names


def incident(error: BaseException, frames: list[tuple[FrameType, int]]) -> dict[str, Any]:
    """One error, with the lines that led to it, innermost first; its text is asked for when it is complete."""
    return {
        "error": type(error).__name__,
        "message": error,
        "frames": [[absolute(f.f_code.co_filename), line, f.f_code.co_name] for f, line in frames],
        "attributes": [found for f, _ in frames for found in attribute_of(f)],
    }


def said(error: BaseException) -> str:
    """What an error says, in one line, without SQLAlchemy's statement and link."""
    try:
        return " ".join(str(error).split()).partition(" [SQL: ")[0].partition(" (Background on this error")[0][:LONGEST]
    except Exception:  # noqa: BLE001 -- an error's own text may fail
        return ""


def frames_of(frame: FrameType | None) -> list[tuple[FrameType, int]]:
    """The frames around a frame, innermost first, across greenlets."""
    found = []
    current: Any = getattr(sys.modules.get("greenlet"), "getcurrent", lambda: None)()
    while True:
        while frame is not None:
            found.append((frame, frame.f_lineno))
            frame = frame.f_back
        current = getattr(current, "parent", None)
        if current is None:
            return found
        frame = current.gr_frame


def attribute_of(frame: FrameType) -> list[tuple[list[str], str]]:
    """The attribute that a frame of SQLAlchemy's instrumentation answers for: the names of the classes, and its own."""
    if os.path.basename(frame.f_code.co_filename) not in INSTRUMENTATION:  # noqa: PTH119 -- one of many frames
        return []
    words = frame.f_locals
    owner = words.get("self")
    key = getattr(owner, "key", None)
    if not isinstance(key, str):
        return []
    cls = getattr(words.get("state"), "class_", None)
    if cls is None:
        instance = words.get("instance")
        cls = type(instance) if instance is not None else getattr(owner, "class_", None)
    return [([base.__name__ for base in getattr(cls, "__mro__", ())], key)]


def told(error: BaseException) -> list[dict[str, Any]]:
    """An error that came out, with those behind it."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        found.append(incident(one, list(traceback.walk_tb(one.__traceback__))[::-1]))
        waiting.extend([one.__cause__, one.__context__, *getattr(one, "exceptions", ())])
    return found


def response_in(error: BaseException) -> object:
    """The answer that the scenario had before it failed."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_name == "scenario"]
    return frames[0].f_locals.get("response") if frames else None


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections: a proof runs on a database in memory, and touches nothing else."""
    if event == "socket.connect" and not (os.name == "nt" and str(arguments[1][0]).startswith("127.")):
        where = arguments[1]
        raise ConnectionRefusedError(f"greenroom prove allows no network: {where[0] if isinstance(where, tuple) else where}")
    if event == "sqlite3.connect" and arguments[0] not in ("", ":memory:", b":memory:") and "mode=memory" not in str(arguments[0]):
        raise PermissionError(f"greenroom prove opens no database but its own: {arguments[0]}")


def load(test: str) -> ModuleType:
    """Import the test."""
    specification = importlib.util.spec_from_file_location("greenroom_proof", test)
    if specification is None or specification.loader is None:
        raise ImportError(test)
    module = importlib.util.module_from_spec(specification)
    sys.modules["greenroom_proof"] = module
    specification.loader.exec_module(module)
    return module


def observe(test: str, observer: Observer, report: dict[str, Any]) -> None:
    """Load the test and run its scenario."""
    observer.watch()
    module: Any = load(test)
    report["stage"] = "prepare"
    prepare = module.prepare

    async def prepared(engine: object) -> None:
        await prepare(engine)
        report["stage"] = "run"
        observer.begin()

    module.prepare = prepared
    note(report, asyncio.run(module.scenario()))
    report["stage"] = "end"


def note(report: dict[str, Any], answer: object) -> None:
    """Write down what a request was answered with."""
    report["status"] = getattr(answer, "status_code", None)
    report["answer"] = str(getattr(answer, "text", ""))[:LONGEST]


def main(test: str, output: str, wanted: str) -> None:
    """Run one test, and write the report."""
    with open(wanted, encoding="utf-8") as file:  # noqa: PTH123 -- a script of few imports
        observer = Observer(json.load(file))
    report: dict[str, Any] = {"stage": "import", "raised": [], "status": None, "answer": ""}
    sys.addaudithook(refuse)
    try:
        observe(test, observer, report)
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it is the result
        report["raised"] = told(error)
        note(report, response_in(error))
    finally:
        sys.settrace(None)
        threading.settrace(None)
    report.update(incidents=observer.incidents, lines=observer.lines(), rollbacks=observer.rollbacks)
    for found in (*report["incidents"], *report["raised"]):
        found["message"] = said(found["message"])
    with open(output, "w", encoding="utf-8") as file:  # noqa: PTH123 -- as above
        json.dump(report, file)
    os._exit(0)  # a driver's threads may outlive the engine


if __name__ == "__main__":
    main(*sys.argv[1:4])
