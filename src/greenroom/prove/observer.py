"""Runs one generated test in the project's interpreter, and writes down what happened. Started as a script, never imported.

    python observer.py TEST.py REPORT.json LINES.json

Standard library only, and syntax that old interpreters know. It writes down every error that SQLAlchemy makes (also those
that the application catches), with the attribute that was being answered for, and which of the given lines were run.
"""

import asyncio
import importlib
import importlib.util
import json
import os
import sys
import threading
import traceback


class Observer:
    """What one run showed."""

    def __init__(self, test, ranges):  # noqa: ANN001, ANN204 -- runs under old interpreters
        self.test = os.path.abspath(test)
        self.ranges = ranges
        self.files = {path for path, _, _ in ranges}
        self.hit = set()
        self.incidents = []
        self.rollbacks = 0

    def trace(self, frame, event, argument):  # noqa: ANN001, ANN201, ARG002 -- the interpreter's protocol
        """Follow the functions of those files that have lines to look for."""
        return self.line if os.path.abspath(frame.f_code.co_filename) in self.files else None

    def line(self, frame, event, argument):  # noqa: ANN001, ANN201, ARG002 -- the interpreter's protocol
        """Write down that a line was run."""
        self.hit.add((os.path.abspath(frame.f_code.co_filename), frame.f_lineno))
        return self.line

    def watch(self):  # noqa: ANN201 -- runs under old interpreters
        """Write down each error that SQLAlchemy makes, where it is made."""
        base = importlib.import_module("sqlalchemy.exc").HasDescriptionCode
        original = base.__init__
        observer = self

        def init(error, *arguments, **words):  # noqa: ANN001, ANN002, ANN003, ANN202 -- as it comes
            original(error, *arguments, **words)
            observer.incidents.append(observer.incident(error, frames_of(sys._getframe(1))))  # noqa: SLF001 -- there is no other way

        base.__init__ = init
        orm = importlib.import_module("sqlalchemy.orm")
        importlib.import_module("sqlalchemy.event").listen(orm.Session, "after_soft_rollback", self.rolled_back)

    def rolled_back(self, session, transaction):  # noqa: ANN001, ANN201, ARG002 -- SQLAlchemy's protocol
        """Count a rollback."""
        self.rollbacks += 1

    def incident(self, error, frames):  # noqa: ANN001, ANN201 -- runs under old interpreters
        """One error, with the lines that led to it, innermost first."""
        return {
            "error": type(error).__name__,
            "message": error,
            "frames": [[os.path.abspath(f.f_code.co_filename), line, f.f_code.co_name] for f, line in frames],
            "attributes": [found for f, _ in frames for found in attribute_of(f)],
        }

    def lines(self):  # noqa: ANN201 -- runs under old interpreters
        """Which of the ranges were run."""
        return [any((path, line) in self.hit for line in range(first, last + 1)) for path, first, last in self.ranges]


def said(error):  # noqa: ANN001, ANN201 -- runs under old interpreters
    """What an error says, in one line; asked when it is complete, which it is not where it is made."""
    try:
        return " ".join(str(error).split()).partition(" [SQL: ")[0].partition(" (Background on this error")[0][:300]
    except Exception:  # noqa: BLE001 -- an error's own text may fail
        return ""


def frames_of(frame):  # noqa: ANN001, ANN201 -- runs under old interpreters
    """The frames around a frame, innermost first, across greenlets."""
    found = []
    while frame is not None:
        found.append((frame, frame.f_lineno))
        frame = frame.f_back
    current = getattr(sys.modules.get("greenlet"), "getcurrent", lambda: None)()
    while getattr(current, "parent", None) is not None:
        current = current.parent
        outer = current.gr_frame
        while outer is not None:
            found.append((outer, outer.f_lineno))
            outer = outer.f_back
    return found


def attribute_of(frame):  # noqa: ANN001, ANN201 -- runs under old interpreters
    """The attribute that a frame of SQLAlchemy's instrumentation answers for: the names of the classes, and its own."""
    if os.path.basename(frame.f_code.co_filename) not in ("attributes.py", "strategies.py", "collections.py"):
        return []
    words = frame.f_locals
    owner = words.get("self")
    key = getattr(owner, "key", None)
    if not isinstance(key, str):
        return []
    state = words.get("state")
    cls = getattr(state, "class_", None) or (type(words["instance"]) if words.get("instance") is not None else getattr(owner, "class_", None))
    names = [base.__name__ for base in getattr(cls, "__mro__", ())]
    return [[names, key]]


def told(error, observer):  # noqa: ANN001, ANN201 -- runs under old interpreters
    """An error that came out, with those behind it."""
    found, seen = [], set()
    waiting = [error]
    while waiting:
        error = waiting.pop(0)
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        frames = [(f, line) for f, line in traceback.walk_tb(error.__traceback__)][::-1]
        found.append(observer.incident(error, frames))
        waiting.extend([error.__cause__, error.__context__, *getattr(error, "exceptions", ())])
    return found


def refuse(event, arguments):  # noqa: ANN001, ANN201 -- an audit hook
    """Refuse connections: a proof runs on a database in memory, and touches nothing else."""
    if event == "socket.connect" and not (os.name == "nt" and str(arguments[1][0]).startswith("127.")):
        where = arguments[1]
        raise ConnectionRefusedError("greenroom prove allows no network: %s" % (where[0] if isinstance(where, tuple) else where,))
    if event == "sqlite3.connect" and arguments[0] not in ("", ":memory:", b":memory:") and "mode=memory" not in str(arguments[0]):
        raise PermissionError("greenroom prove opens no database but its own: %s" % (arguments[0],))


def main(test, output, wanted):  # noqa: ANN001, ANN201 -- runs under old interpreters
    """Load the test, run its scenario, and write the report."""
    with open(wanted, encoding="utf-8") as file:  # noqa: PTH123 -- runs under old interpreters
        observer = Observer(test, json.load(file))
    report = {"stage": "import", "raised": [], "incidents": [], "lines": [], "status": None, "answer": ""}
    sys.addaudithook(refuse)
    try:
        observer.watch()
        specification = importlib.util.spec_from_file_location("greenroom_proof", test)
        module = importlib.util.module_from_spec(specification)
        sys.modules["greenroom_proof"] = module
        specification.loader.exec_module(module)
        observer.incidents.clear()
        report["stage"] = "prepare"
        prepare = module.prepare

        async def prepared(engine):  # noqa: ANN001, ANN202 -- as the test's own
            await prepare(engine)
            observer.incidents.clear()
            observer.rollbacks = 0
            report["stage"] = "run"
            threading.settrace(observer.trace)
            sys.settrace(observer.trace)

        module.prepare = prepared
        answer = asyncio.run(module.scenario())
        report["stage"] = "end"
        report["status"] = getattr(answer, "status_code", None)
        report["answer"] = str(getattr(answer, "text", ""))[:300]
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it is the result
        report["raised"] = told(error, observer)
        response = next((f.f_locals.get("response") for f, _ in traceback.walk_tb(error.__traceback__) if f.f_code.co_name == "scenario"), None)
        report["status"] = getattr(response, "status_code", None)
        report["answer"] = str(getattr(response, "text", ""))[:300]
    finally:
        sys.settrace(None)
        threading.settrace(None)
    report["incidents"] = observer.incidents
    for incident in (*report["incidents"], *report["raised"]):
        incident["message"] = said(incident["message"])
    report["lines"] = observer.lines()
    report["rollbacks"] = observer.rollbacks
    with open(output, "w", encoding="utf-8") as file:  # noqa: PTH123 -- as above
        json.dump(report, file)
    os._exit(0)  # a driver's threads may outlive the engine


if __name__ == "__main__":
    main(*sys.argv[1:4])
