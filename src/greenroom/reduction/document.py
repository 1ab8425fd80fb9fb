"""The report of a miss, as Markdown: everything that is needed to see it again, and nothing else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from greenroom import __version__
from greenroom.reduction.reducing import Reduced, as_json
from greenroom.trace import Cause

_TICKS = re.compile(r"`{3,}")


def render(reduced: Reduced) -> Iterator[str]:
    """Yield the lines of the report."""
    incident = reduced.incident
    where = str(incident.place) if incident.place is not None else f"the answer of {incident.endpoint or incident.route}"
    yield f"# Missed: `{incident.subject}` ({incident.kind.value}) at {where}"
    yield ""
    yield "This happened at run time, and the analysis finds nothing there."
    yield "Read this report before you hand it on: it holds sources of yours, without the comments around them."
    yield "Nothing was sent anywhere."
    yield ""
    yield "## What happened"
    yield ""
    yield from _happened(reduced)
    yield ""
    yield "## Versions"
    yield ""
    database = reduced.dialect or "a database that is not known"
    yield f"- analysed by greenroom {__version__}, for SQLAlchemy {reduced.sqlalchemy} on {database}"
    yield from (f"- ran with {name} {version}" for name, version in sorted(reduced.trace.versions.items()))
    yield ""
    yield "## What the analysis believes"
    yield ""
    yield from _believed(reduced)
    yield "## Sources"
    yield ""
    yield from _proof(reduced)
    yield ""
    empty = [piece.path for piece in reduced.pieces if not piece.text]
    for piece in reduced.pieces:
        if piece.text:
            yield from _block(piece.path, "python", piece.text)
    if empty:
        yield f"Empty files: {', '.join(f'`{path}`' for path in empty)}."
        yield ""
    yield from _block("trace.json", "json", as_json(reduced.trace))
    yield "## See it again"
    yield ""
    yield "Save each block under its name, in an empty folder, and run there:"
    yield ""
    yield "```sh"
    yield from (shlex.join(words) for words in _commands(reduced))
    yield "```"


def _happened(reduced: Reduced) -> Iterator[str]:
    incident = reduced.incident
    if incident.error:
        yield f"- error: `{incident.error}`"
    yield f"- message: {' '.join(incident.message.split())}"
    if incident.cause is not Cause.UNKNOWN:
        yield f"- cause: {incident.cause.value}" + (f", at {incident.origin}" if incident.origin is not None else "")
    if incident.detached is not None:
        yield f"- taken out of its session at {incident.detached}"
    if incident.stack:
        yield "- lines, innermost first: " + ", ".join(f"{place} in `{place.function}`" for place in incident.stack)
    if incident.route is not None:
        yield f"- route: {incident.route}"
    if incident.endpoint is not None:
        yield f"- endpoint: `{incident.endpoint}`"


def _believed(reduced: Reduced) -> Iterator[str]:
    for place, lines in reduced.explained:
        if lines:
            yield from _fenced("text", "\n".join(lines))
        else:
            yield f"No statement that was followed stands at {place}."
            yield ""
    if not reduced.explained:
        yield "There is no line to look at."
        yield ""


def _proof(reduced: Reduced) -> Iterator[str]:
    if not reduced.shown:
        yield "The analysis does not believe of these files what it believes of the project."
        yield "What it takes to see the miss lies elsewhere in the project, so say more about that."
    elif reduced.complete:
        yield "The analysis misses it in these files as well."
        yield "They are whole, because of parts of them it does not believe what it believes of the project."
    else:
        yield "The analysis misses it in these parts of the files as well, and believes of the attribute what it believes in the project."


def _commands(reduced: Reduced) -> Iterator[list[str]]:
    options = ["--sqlalchemy", reduced.sqlalchemy]
    if reduced.dialect is not None:
        options = ["--dialect", reduced.dialect, *options]
    yield ["greenroom", "check", "--isolated", *options, "--observed", "trace.json", "."]
    for place, _ in reduced.explained:
        yield ["greenroom", "explain", "--isolated", *options, "--project", ".", str(place)]


def _block(path: str, language: str, text: str) -> Iterator[str]:
    yield f"### `{path}`"
    yield ""
    yield from _fenced(language, text)


def _fenced(language: str, text: str) -> Iterator[str]:
    """Yield a block whose fence is longer than any in it."""
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in _TICKS.findall(text)), 3)
    yield f"{fence}{language}"
    yield from text.strip("\n").split("\n")
    yield fence
    yield ""
