"""The whole analysis, from paths to a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from greenroom.config import Config
from greenroom.domain.events import Event, Unreadable
from greenroom.facts.collect import Backend
from greenroom.interpret.engine import interpret
from greenroom.interpret.run import DEPTH, STEPS, Settings, Tracker
from greenroom.program.program import Program
from greenroom.report.report import Note, Report, Stats
from greenroom.rules.finding import Finding
from greenroom.rules.registry import judge
from greenroom.semantics.dialects import RETURNING_ON_INSERT
from greenroom.source.discover import Group, discover
from greenroom.source.problem import Gravity, Problem

ReportProgress = Callable[[int, int, str], None]


def check(paths: Sequence[Path], config: Config, progress: ReportProgress | None = None) -> Report:
    """Analyse the projects under ``paths``; unreadable input becomes findings, never an exception."""
    started = time.perf_counter()
    tree = discover(paths, config.exclude)
    program = Program(tree)
    findings: list[Finding] = []
    notes: list[Note] = []
    assumed: list[Note] = []
    functions = 0
    done = 0
    for group in program.groups:
        if progress is not None:
            progress(done, len(tree.files), group.roots[0].name)
        events, tracker = _interpret(program, group, config)
        findings.extend(judge(events))
        notes.extend(_bounds(tracker))
        functions += tracker.functions
        assumed.extend(_assumed(tracker))
        done += len(group.files)
        for file in group.files:  # those that cannot matter are parsed for their syntax alone
            file.parse()
            file.forget()
        program.evict(group)
    problems = tree.all_problems()
    findings.extend(judge(_unreadable(problems)))
    chosen = {finding for finding in findings if config.enabled(finding.rule) and config.admits(finding.confidence)}
    return Report(
        findings=tuple(sorted(chosen, key=lambda item: (item.path, item.span, item.rule, item.attribute or "", item.message))),
        stats=Stats(files=len(tree.files), functions=functions, seconds=time.perf_counter() - started),
        warnings=tuple(Note(problem.message, problem.path, problem.line) for problem in problems if problem.gravity is Gravity.WARNING),
        assumptions=tuple(assumed),
        not_analysed=tuple(notes),
    )


def _interpret(program: Program, group: Group, config: Config) -> tuple[list[Event], Tracker]:
    backend = Backend(program, group)
    if not program.relevant(group.files):
        return [], Tracker()
    dialects = (config.dialect,) if config.dialect is not None else backend.session_defaults().dialects
    returning = {RETURNING_ON_INSERT.get(dialect) for dialect in dialects} or {True}
    settings = Settings(
        returning=returning.pop() if len(returning) == 1 else None,
        sqlalchemy=config.sqlalchemy or _version(program, group),
    )
    events, tracker = interpret(program, backend, group, settings)
    return list(events), tracker


def _version(program: Program, group: Group) -> str:
    """The SQLAlchemy version that the project's dependency files pin; the newest where they are silent."""
    pinned = program.tree.dependencies(group).versions.get("sqlalchemy", "")
    return "2.0" if "2.0" in pinned and "2.1" not in pinned else "2.1"


def _assumed(tracker: Tracker) -> Iterator[Note]:
    notes = {
        Note(
            f"`{callee}` is not part of the project: it is taken to expire nothing, and perhaps to load", site.module.source.path, site.line
        )
        for site, callee in tracker.unknown.values()
    }
    yield from sorted(notes, key=lambda note: (str(note.path), note.line or 0, note.message))


def _bounds(tracker: Tracker) -> Iterator[Note]:
    limits = {
        "steps": f"{STEPS} steps (fewer in a project of many entry points)",
        "depth": f"{DEPTH} nested calls",
        "recursion": "the interpreter's stack",
    }
    for name, which in sorted(tracker.bounded.items()):
        if which in limits:
            yield Note(f"{name}: the bound of {limits[which]} for one entry point was reached; what lies beyond was not followed")
        else:
            yield Note(f"{name}: not followed to its end ({which}); please report this")


def _unreadable(problems: Sequence[Problem]) -> Iterator[Unreadable]:
    for problem in problems:
        if problem.gravity is Gravity.ERROR:
            yield Unreadable(problem.path, problem.line, problem.column, problem.message)
