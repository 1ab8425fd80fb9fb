"""A missed incident, cut down to a slice that is shown to miss it as well."""

from __future__ import annotations

import ast
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from greenroom.config import Config
from greenroom.confirm.files import Files
from greenroom.confirm.matching import same_module
from greenroom.confirm.outline import plain_name
from greenroom.confirm.project import Known, absolute
from greenroom.confirm.records import Reason, Unconfirmed
from greenroom.confirm.traces import Recorded
from greenroom.domain import loading
from greenroom.facts.collect import Backend
from greenroom.interpret.probe import Situation
from greenroom.pipeline import ReportProgress, inspect, observe, version_of
from greenroom.program.program import Program
from greenroom.program.symbols import Module
from greenroom.reduction.slicing import Slice
from greenroom.reduction.writing import Piece, packages, path_of, sliced, whole
from greenroom.report.situation import render
from greenroom.source.discover import Group, discover
from greenroom.source.file import SourceFile
from greenroom.trace import Incident, Place, Trace, digests, to_json

Belief = frozenset[frozenset[str]]
"""In what conditions the analysis takes the attribute to be: one set for each object that may be meant."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """A slice with a miss in it."""

    incident: Incident
    """With the lines of the slice, and without what names a request or a test."""
    pieces: tuple[Piece, ...]
    trace: Trace
    dialect: str | None
    sqlalchemy: str
    explained: tuple[tuple[Place, tuple[str, ...]], ...]
    """What is known in the slice at the lines that matter; nothing where no statement was followed."""
    complete: bool
    """Whether the files are there as a whole, because less of them is not the same."""
    shown: bool
    """Whether the analysis misses the incident in the slice, and believes there what it believes in the project."""


@dataclass(frozen=True, slots=True)
class _Setting:
    """The project that an incident belongs to."""

    program: Program
    backend: Backend
    files: Files
    known: Known
    by_path: dict[Path, SourceFile]
    recorded: Recorded

    def module(self, place: Place) -> Module | None:
        path = self.files.find(place, self.recorded)
        return self.program.module_of(self.by_path[path]) if path is not None else None


def answer(paths: Sequence[Path], config: Config, recorded: Recorded, progress: ReportProgress | None = None) -> Unconfirmed | None:
    """Return why nothing is told of the only incident of a trace; ``None`` when a finding that is told answers for it.

    Raises:
        ConfigError: The baseline cannot be read.
    """
    return next(iter(observe(paths, config, [recorded], progress).unconfirmed), None)


def reduce(paths: Sequence[Path], config: Config, recorded: Recorded, progress: ReportProgress | None = None) -> Reduced:
    """Cut what was missed down to the functions of its stack and what these mention, and look whether it is missed there as well.

    ``recorded`` has one incident, which `answer` calls missed.
    """
    incident = recorded.trace.incidents[0]
    setting = _setting(paths, config, recorded)
    handler = _handler(setting, incident)
    cut = _cut(setting, incident, handler)
    modules = sorted(cut.modules, key=lambda module: module.name)
    empty = {path_of(module): True for module in map(setting.program.module_of, setting.by_path.values()) if module and module.is_package}
    lines = _lines(setting, incident, handler)
    dialects = setting.backend.session_defaults().dialects
    dialect = config.dialect or next(iter(dialects), None)
    group = _group(setting.program, [module.source for module, _ in lines] or [module.source for module in modules])
    version = config.sqlalchemy or version_of(setting.program, group)
    wanted = frozenset(_beliefs(setting, incident, [inspect(paths, config, module.source.path, line, progress) for module, line in lines]))
    own = Config(dialect=dialect, sqlalchemy=version)
    attempts = [[sliced(module, cut.modules[module]) for module in modules], [whole(module) for module in modules]]
    reduced = None
    for complete, cut_down in enumerate(attempts):
        pieces = sorted([*cut_down, *packages(cut_down, empty)], key=lambda piece: piece.path)
        reduced = _tried(setting, own, pieces, (incident, lines), wanted, complete=bool(complete))
        if reduced.shown:
            break
    assert reduced is not None  # noqa: S101 -- there are two attempts
    return reduced


def _setting(paths: Sequence[Path], config: Config, recorded: Recorded) -> _Setting:
    tree = discover(paths, config.exclude)
    program = Program(tree)
    known = Known()
    known.add_files(tree.files)
    by_path = {absolute(file.path): file for file in tree.files}
    files = Files(known)
    named = [path for place in recorded.trace.incidents[0].places() if (path := files.find(place, recorded)) is not None]
    group = _group(program, [by_path[path] for path in named])
    program.modules_in(group)
    backend = Backend(program, group)
    known.add_classes(backend)
    return _Setting(program, backend, files, known, by_path, recorded)


def _group(program: Program, files: Sequence[SourceFile]) -> Group:
    """Return the project that has the first of these files; the first of all when none has it."""
    found = (group for file in files for group in program.groups if file in group.files)
    return next(found, program.groups[0])


def _handler(setting: _Setting, incident: Incident) -> tuple[Module, int] | None:
    """Return module and line of the endpoint."""
    if incident.handler is not None:
        module = setting.module(incident.handler)
        return (module, incident.handler.line) if module is not None else None
    name, _, function = (incident.endpoint or "").partition(":")
    for route in setting.backend.routes():
        if route.function.qualname == plain_name(function) and same_module(route.function.module.name, name):
            return route.function.module, route.function.node.lineno
    return None


def _cut(setting: _Setting, incident: Incident, handler: tuple[Module, int] | None) -> Slice:
    cut = Slice(setting.program, setting.backend)
    for place in incident.places():
        module = setting.module(place)
        if module is not None:
            cut.add(module, place.line)
    if handler is not None:
        cut.add(*handler)
    for mapped in setting.backend.mapped_classes():
        if mapped.name == incident.model:
            cut.add(mapped.symbol.module, mapped.symbol.node.lineno)
    for factory in setting.backend.factories():
        if not factory.module.is_test:
            cut.add(factory.module, factory.node.lineno)
    cut.mention(*([incident.attribute] if incident.attribute is not None else []))
    cut.settle()
    return cut


def _lines(setting: _Setting, incident: Incident, handler: tuple[Module, int] | None) -> list[tuple[Module, int]]:
    """Return the lines that matter: where it was read, or where the endpoint returns."""
    module = setting.module(incident.place) if incident.place is not None else None
    if module is not None and incident.place is not None:
        return [(module, incident.place.line)]
    if handler is None:
        return []
    module, line = handler
    nodes = [node for node in ast.walk(module.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    around = [node for node in nodes if min([node.lineno, *(one.lineno for one in node.decorator_list)]) <= line <= (node.end_lineno or 0)]
    inner = max(around, key=lambda node: node.lineno, default=None)
    return [(module, node.lineno) for node in ast.walk(inner) if isinstance(node, ast.Return)] if inner is not None else []


def _tried(
    setting: _Setting,
    config: Config,
    pieces: Sequence[Piece],
    about: tuple[Incident, list[tuple[Module, int]]],
    wanted: Belief,
    *,
    complete: bool,
) -> Reduced:
    """Write a slice down, analyse it, and compare."""
    incident, lines = about
    moved = _moved(setting, incident, {piece.path: piece for piece in pieces})
    with tempfile.TemporaryDirectory(prefix="greenroom-") as name:
        folder = Path(name).resolve()
        for piece in pieces:
            path = folder / piece.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(piece.text, encoding="utf-8", errors="surrogateescape")
        versions = setting.recorded.trace.versions
        trace = Trace((moved,), (), "", versions, 0, digests([moved], folder))
        told = answer([folder], config, Recorded(folder / "trace.json", trace, 0.0))
        explained: list[tuple[Place, tuple[str, ...]]] = []
        seen: list[Sequence[Situation] | None] = []
        for module, line in lines:
            piece = next(one for one in pieces if one.path == path_of(module))
            place = Place(piece.path, piece.lines.get(line, 1))
            seen.append(inspect([folder], config, folder / place.path, place.line))
            explained.append((place, tuple(render(seen[-1] or (), str(place), folder))))
        shown = told is not None and told.reason is Reason.MISSED and frozenset(_beliefs(setting, incident, seen)) == wanted
    return Reduced(moved, tuple(pieces), trace, config.dialect, config.sqlalchemy or "", tuple(explained), complete, shown)


def _beliefs(setting: _Setting, incident: Incident, seen: Sequence[Sequence[Situation] | None]) -> Iterator[frozenset[str]]:
    """Yield the conditions of the attribute at the lines that matter, wherever an object may be the one."""
    names = {name: value for name, value in vars(loading).items() if name.isupper() and isinstance(value, int)}
    for situations in seen:
        if not situations:
            yield frozenset(("not followed",))
        for situation in situations or ():
            for sighting in situation.objects:
                if incident.model is not None and setting.known.related(sighting.model, incident.model):
                    yield from (
                        frozenset((sighting.life, *(name for name, bit in names.items() if one.state.bits & bit)))
                        for one in sighting.attributes
                        if one.name == incident.attribute
                    )


def _moved(setting: _Setting, incident: Incident, pieces: dict[str, Piece]) -> Incident:
    """Return the incident with the lines of a slice, without those of other files and what names a request or a test."""

    def at(place: Place | None) -> Place | None:
        module = setting.module(place) if place is not None else None
        piece = pieces.get(path_of(module)) if module is not None else None
        line = piece.lines.get(place.line) if piece is not None and place is not None else None
        return Place(piece.path, line, place.function) if piece is not None and line is not None and place is not None else None

    return replace(
        incident,
        message=_retold(incident.message, [(place, at(place)) for place in incident.places()]),
        origin=at(incident.origin),
        detached=at(incident.detached),
        place=at(incident.place),
        stack=tuple(place for place in map(at, incident.stack) if place is not None),
        handler=at(incident.handler),
        request_id=None,
        trace_id=None,
        test=None,
        times=1,
    )


def _retold(message: str, places: Sequence[tuple[Place, Place | None]]) -> str:
    """Return a message with the lines of a slice."""
    for before, after in sorted(places, key=lambda pair: -len(str(pair[0]))):
        if after is not None:
            message = re.sub(rf"{re.escape(str(before))}(?!\d)", str(after).replace("\\", r"\\"), message)
    return message


def as_json(trace: Trace) -> str:
    """Return a trace as a file has it."""
    return json.dumps(to_json(trace), indent=2)
