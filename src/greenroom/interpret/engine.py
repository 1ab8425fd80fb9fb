"""Interpretation of one project: every root, and the events that come of it."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable
from functools import partial

from greenroom.domain.events import Event, UnflushedKey
from greenroom.domain.state import State
from greenroom.domain.values import Arguments, ClassValue, FunctionValue, Ref, Value
from greenroom.facts.collect import Backend
from greenroom.interpret import calls, endpoints
from greenroom.interpret.concern import COMMON, Candidate, candidates, concerned
from greenroom.interpret.expressions import EXPRESSIONS
from greenroom.interpret.flags import agreed
from greenroom.interpret.generators import collected
from greenroom.interpret.observer import Observer
from greenroom.interpret.probe import Probe
from greenroom.interpret.roots import entries
from greenroom.interpret.run import Diverted, Infeasible, Run, Tables
from greenroom.interpret.session import history
from greenroom.interpret.session.materialise import assumed
from greenroom.interpret.session.ownership import ended_by_callees
from greenroom.interpret.session.trails import expired_to_trail, unrecorded
from greenroom.interpret.settings import Settings
from greenroom.interpret.statements import STATEMENTS, assign
from greenroom.interpret.symbolic import ambient_session, arguments_for, instance_of, session_class
from greenroom.interpret.tracker import Tracker
from greenroom.program.program import Program
from greenroom.program.symbols import External, Function, Module
from greenroom.source.discover import Group
from greenroom.source.file import SourceFile

TABLES = Tables(EXPRESSIONS, STATEMENTS, calls.call, calls.await_value, assign, collected)


def interpret(
    program: Program, backend: Backend, group: Group, settings: Settings, onlooker: Observer | Probe | None = None
) -> tuple[Iterable[Event], Tracker]:
    """Follow every root of a project; returns what was seen.

    An ``onlooker`` is told more: an observer what an audit wants to know, a probe what is known at one line.
    """
    tracker = Tracker()
    tracker.observer = onlooker if isinstance(onlooker, Observer) else None
    tracker.probe = onlooker if isinstance(onlooker, Probe) else None
    every, tracker.concerned = relevant_functions(program, backend, group)
    for route in backend.routes():
        run = Run(program, backend, TABLES, settings, tracker, route.function)
        _guarded(run, route.function, partial(endpoints.follow, run, route))
        tracker.reached.add(route.function.node)
        tracker.functions += 1
    first, rest = entries(every)
    for function in (*first, *rest):
        if function.node in tracker.reached or function.node not in tracker.concerned or _listens(program, function):
            continue
        tracker.functions += 1
        run = Run(program, backend, TABLES, settings, tracker, function)
        _guarded(run, function, partial(enter, run, function, group.files))
    tracker.functions = len(tracker.reached)
    lost = [event for place, event in tracker.lost.items() if place not in tracker.kept]
    if lost and any(b"AUTOCOMMIT" in file.data for file in group.files):
        lost = []  # what is written on such a connection needs no commit
    seen = [event for event in tracker.events.values() if not _is_there_as_well(event, tracker)]
    return [*seen, *lost, *ended_by_callees(tracker), *unrecorded(seen), *expired_to_trail(tracker)], tracker


def _is_there_as_well(event: Event, tracker: Tracker) -> bool:
    """Whether a key that no flush has given on one path is there on another one, by the same calls: which of them are possible is open."""
    return isinstance(event, UnflushedKey) and (event.site.node, tuple(id(call.node) for call in event.calls)) in tracker.keys_there


def _listens(program: Program, function: Function) -> bool:
    """Whether SQLAlchemy itself calls a function as an event listener: with synchronous sessions, where IO is legal."""
    for decorator in function.decorators:
        symbol = program.resolve(function.module, decorator.func) if isinstance(decorator, ast.Call) else None
        if isinstance(symbol, External) and symbol.root == "sqlalchemy" and symbol.name == "listens_for":
            return True
    return False


def _guarded(run: Run, function: Function, action: Callable[[], None]) -> None:
    """Follow one root; a defect of ours costs that root, not the run."""
    tracker = run.tracker
    try:
        action()
    except (Infeasible, Diverted):
        return
    except RecursionError:
        tracker.bounded[function] = "recursion"
    except Exception as error:
        if os.environ.get("GREENROOM_TRACEBACK"):
            raise
        tracker.bounded[function] = f"internal error: {type(error).__name__}: {error}"
    finally:
        tracker.spent += run.steps


def relevant_functions(program: Program, backend: Backend, group: Group) -> tuple[list[Candidate], set[object]]:
    """The functions of relevant modules and of those that import what deals with the database from them, and which of these do."""
    modules = relevant_modules(program, backend, group)
    every = candidates(program, backend, modules)
    known = {module.source for module in modules}
    while True:
        chosen = concerned(program, every)
        tops = {function.owner or function for c in every if (function := c.function).node in chosen}
        names = {top.name for top in tops} - COMMON
        found = [file for file in program.importers_of(set(), names, group.files) if file not in known]
        if not found:
            return every, chosen
        known.update(found)
        every.extend(candidates(program, backend, [module for file in found if (module := program.module_of(file)) is not None]))


def relevant_modules(program: Program, backend: Backend, group: Group) -> list[Module]:
    """Modules that mention sessions, and those that import models."""
    files = list(program.relevant(group.files))
    names = {mapped.name for mapped in backend.mapped_classes()}
    homes = {mapped.symbol.module.name for mapped in backend.mapped_classes()}
    if names:
        known = set(files)
        files.extend(file for file in program.importers_of(homes, names, group.files) if file not in known)
    found = (program.module_of(file) for file in files)
    return [module for module in found if module is not None]


def enter(run: Run, function: Function, files: Iterable[SourceFile] = ()) -> None:
    """Follow a function with symbolic arguments; ``files`` is where it may be called."""
    state = State()
    run.module = function.module
    receiver: Value | None = None
    if function.owner is not None and function.kind != "staticmethod":
        owner = function.owner
        mapped = run.backend.mapped(owner)
        if function.kind == "classmethod":
            receiver = ClassValue(owner)
        elif mapped is not None:
            session = ambient_session(run, state, asynchronous=True, cls=None)
            receiver = Ref(assumed(run, state, mapped, session.id if isinstance(session, Ref) else None, owner.node, "self"))
        elif session_class(run, owner) is not None:
            receiver = ambient_session(run, state, asynchronous=session_class(run, owner) == "async", cls=owner)
        else:
            receiver = instance_of(run, state, owner, "self")
    args = arguments_for(run, state, function, function.node, "root", 0) or Arguments()
    if isinstance(function.node, ast.Lambda):
        return
    flags = agreed(function, files, run.tracker.mentions)
    args = Arguments(args.positional, tuple((name, flags.get(name, value)) for name, value in args.named), args.open)
    for after, _ in calls.outcomes(run, state, FunctionValue(function, receiver), args, function.node, root=True):
        history.ended(run, after, function)
