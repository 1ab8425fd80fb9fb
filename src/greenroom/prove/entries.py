"""Where a run has to begin for a finding to be met: the route or function from which the analysis came to it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenroom.domain.events import Event, Observation
from greenroom.domain.loading import Site
from greenroom.facts.collect import Backend
from greenroom.facts.records import Route
from greenroom.program.functions import functions
from greenroom.program.symbols import Function, Module
from greenroom.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class Entry:
    """A function to call, or a route to ask, and the functions through which it leads to the finding."""

    function: Function
    route: Route | None
    way: tuple[Function, ...]
    """From the entry to the function of the finding."""

    @property
    def name(self) -> str:
        """``module.function``."""
        return f"{self.function.module.name}.{self.function.qualname}"


def entries(finding: Finding, observed: Observation, backend: Backend) -> list[Entry]:
    """The entries for a finding, the one that the analysis came from first, then those that lie further in."""
    sites = [*observed.calls, observed.site] if isinstance(observed, Event) else []
    way = list(dict.fromkeys(found for site in sites if (found := enclosing(site)) is not None))
    routes = {route.function: route for route in backend.routes() if route.node is not None}
    # A dependency's `yield` is among the calls, since the endpoint runs there.
    first = next((index for index, function in enumerate(way) if function in routes), 0)
    inner = [function for function in way[first:] if not function.is_generator or function is way[-1]]
    made = [Entry(function, routes.get(function), tuple(inner[index:])) for index, function in enumerate(inner)]
    named = {entry.function for entry in made}
    made.extend(Entry(f, routes.get(f), (f, *inner)) for f in _around(finding, backend) if f not in named)
    return made


def mentioned(claimed: Finding, way: Iterable[Function], backend: Backend) -> list[Function]:
    """All functions that a run is expected to go through: the way, and those in which the causes lie."""
    found = dict.fromkeys(way)
    files = {file.path: file for file in backend.files}
    for step in claimed.trace:
        file = files.get(step.path)
        module = backend.program.module_of(file) if file is not None else None
        inner = _at(module, step.line) if module is not None else None
        if inner is not None:
            found.setdefault(inner)
    return list(found)


def enclosing(site: Site) -> Function | None:
    """The function or method at the top of a module or class in which a site lies."""
    return _at(site.module, site.line)


def _at(module: Module, line: int) -> Function | None:
    holding = [f for f in functions(module) if f.node.lineno <= line <= (f.node.end_lineno or f.node.lineno)]
    return max(holding, key=lambda f: f.node.lineno, default=None)


def _around(finding: Finding, backend: Backend) -> Iterator[Function]:
    """Functions that mention the innermost one by name: other ways to it."""
    file = next((file for file in backend.files if file.path == finding.path), None)
    module = backend.program.module_of(file) if file is not None else None
    inner = _at(module, finding.span.line) if module is not None else None
    if inner is None:
        return
    for other in backend.relevant_modules():
        if inner.name.encode() not in other.source.data or other.is_test:
            continue
        for function in functions(other):
            if function is not inner and _calls(function, inner.name):
                yield function


def _calls(function: Function, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and (getattr(node.func, "attr", None) == name or getattr(node.func, "id", None) == name)
        for node in ast.walk(function.node)
    )
