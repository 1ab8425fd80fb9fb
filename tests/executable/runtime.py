"""The runtime oracle: runs a block on a real database and reports where it disagrees with its markers."""

from __future__ import annotations

import ast
import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

import sqlalchemy

from tests.executable.examples import Example, examples_of
from tests.executable.markers import Marker, Word
from tests.executable.modules import database_of, imported_example, models_of
from tests.executable.outcome import Kind, kinds_of_rule
from tests.executable.pooler import pooler_for
from tests.executable.project import Project
from tests.executable.stock import Stock
from tests.executable.witness import Sighting, Witness, return_lines

VERSION = ".".join(sqlalchemy.__version__.split(".")[:2])
NOTHING = object()
TIMEOUT = 20


@dataclass(slots=True)
class Result:
    """What one example did."""

    example: Example
    value: object = NOTHING
    sightings: list[Sighting] = field(default_factory=list)


def environment_of(stock: Stock) -> frozenset[str]:
    """Return the tags that markers can ask for."""
    return frozenset({VERSION, stock.dialect})


def disagreements(project: Project, stock: Stock) -> list[str]:
    """Run all examples of a block and say, line by line, what is not as the page claims."""
    source = project.example.read_text(encoding="utf-8")
    markers = [marker for marker in project.block.markers if marker.holds_in(environment_of(stock))]
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return _unreadable(error, markers)
    with pooler_for(source, stock.url), imported_example(project, stock.url) as module:
        results = run(project, stock, tree, module)
        if not results and not markers:
            return [f"{project.block.name}: nothing to run"]
        return list(_compare(results, markers, module))


def run(project: Project, stock: Stock, tree: ast.Module, module: ModuleType) -> list[Result]:
    """Run every example of a block, each on a fresh database."""
    models = models_of(project.block)
    database = database_of(project.block, stock.url)
    gc.freeze()
    lines = return_lines(tree)
    results: list[Result] = []
    with asyncio.Runner() as runner:
        for example in examples_of(tree, module, swagger=project.block.bodies == "swagger"):
            runner.run(stock.fill(models, database.engine))
            results.append(runner.run(_run(example, Witness(project.example, lines), database)))
        runner.run(_settle())
    return results


async def _run(example: Example, witness: Witness, database: ModuleType) -> Result:
    result = Result(example)
    with witness:
        try:
            result.value = await asyncio.wait_for(example.run(database), TIMEOUT)
        except Exception as error:  # noqa: BLE001 -- every outcome is an observation
            witness.propagated(error)
            error.__traceback__ = None
        await _finish_other_tasks()
        await database.engine.dispose()
        if witness.sightings:
            # What a failure leaves behind (coroutines, connections) complains when it is collected: let it do so here.
            gc.collect()
    result.sightings = witness.sightings
    return result


async def _settle() -> None:
    """Collect sessions that examples left open, and let the driver's threads give their last answer to this loop."""
    with warnings.catch_warnings(action="ignore"):
        gc.collect()
    for _ in range(100):
        if not any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            return
        await asyncio.sleep(0.01)


async def _finish_other_tasks() -> None:
    """Let tasks end that a failed ``gather`` left running, so that they return their connections."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=1)


def _compare(results: list[Result], markers: list[Marker], module: ModuleType) -> Iterator[str]:
    raising = [marker for marker in markers if marker.word in {Word.ERROR, Word.FAILS, Word.MISSED, Word.RAISES}]
    met: set[Marker] = set()
    for result in results:
        for sighting in result.sightings:
            matching = [marker for marker in raising if _matches(marker, sighting, result.example)]
            met.update(matching)
            if not matching:
                what = f"{sighting.kind.value}: {sighting.name}: {sighting.text[:300]}"
                yield f"line {sighting.line}: `{result.example.name}` unexpectedly met {what}"
        yield from _compare_value(result, markers, module)
    for marker in raising:
        if marker not in met:
            yield f"line {marker.line}: nothing happened, but the page says `{marker.word.value}: {marker.text}`"


def _matches(marker: Marker, sighting: Sighting, example: Example) -> bool:
    if marker.word is Word.RAISES:
        return marker.line == sighting.line and marker.text == sighting.name
    if marker.word is Word.FAILS:
        return marker.line == sighting.line and marker.exception == sighting.name
    if sighting.kind not in kinds_of_rule(marker.text):
        return False
    if sighting.kind is Kind.CONCURRENT_USE:
        # Which of the tasks fails first is chance; the function that shares the session is not.
        return example.first_line <= marker.line <= example.last_line
    return marker.line == sighting.line


def _compare_value(result: Result, markers: list[Marker], module: ModuleType) -> Iterator[str]:
    example = result.example
    inside = [marker for marker in markers if example.first_line <= marker.line <= example.last_line]
    values = [marker for marker in inside if marker.word is Word.VALUE]
    visible = any(marker.word in {Word.VALUE, Word.RAISES, Word.FAILS} for marker in inside)
    if not visible and any(marker.word is Word.SILENT for marker in inside):
        yield f"line {example.first_line}: `{example.name}` is silent, but no `# value:` shows what is lost"
    for marker in values:
        expected = eval(marker.text, vars(module))  # noqa: S307 -- our own pages
        if result.value is NOTHING or result.value != expected:
            shown = "nothing" if result.value is NOTHING else repr(result.value)
            yield f"line {marker.line}: `{example.name}` returned {shown}, but the page says `value: {marker.text}`"


def _unreadable(error: SyntaxError, markers: list[Marker]) -> list[str]:
    if any(marker.text == "unreadable-source" and marker.line == error.lineno for marker in markers):
        return []
    return [f"line {error.lineno}: the block does not parse: {error.msg}"]
