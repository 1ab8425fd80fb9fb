"""``greenroom reduce TRACE [PATH ...] --number N``: a small report of an incident that the analysis missed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from greenroom.cli.check import add_analysis_options, add_config_options, demand_readable, with_progress, written
from greenroom.cli.main import CLEAN
from greenroom.cli.output import demand_writable, write_file, write_lines
from greenroom.cli.usage import Parser, fail
from greenroom.config import ConfigError, seen
from greenroom.confirm.records import Reason
from greenroom.confirm.traces import load
from greenroom.reduction.document import render
from greenroom.reduction.reducing import answer, reduce
from greenroom.report.observed import why

PROG = "greenroom reduce"
_CHOOSE = "choose one that `check --observed` calls missed"


def run(words: list[str]) -> int:
    """Write the report to stdout or to a file."""
    chosen = _parser().parse_args(words)
    paths = [Path(path) for path in chosen.paths] or [Path()]
    for path in paths:
        demand_readable(path, PROG)
    try:
        base = written(chosen, paths)
        config = replace(
            base,
            dialect=chosen.dialect or base.dialect,
            sqlalchemy=chosen.sqlalchemy or base.sqlalchemy,
            exclude=(*base.exclude, *chosen.exclude),
            baseline=None,
        )
        recorded = load(Path(chosen.trace)).alone(chosen.number)
        if chosen.output is not None:
            demand_writable(Path(chosen.output))
        if recorded.trace.incidents[0].kind.latent:
            fail(f"{PROG}: incident {chosen.number} went well, by luck: there is nothing to find; {_CHOOSE}")
        told = with_progress(lambda progress: answer(paths, config, recorded, progress))
        if told is None or told.reason is not Reason.MISSED:
            found = "a finding answers for it" if told is None else why(told)
            fail(f"{PROG}: incident {chosen.number} is not missed: {found}; {_CHOOSE}")
        lines = list(render(with_progress(lambda progress: reduce(paths, config, recorded, progress))))
        if chosen.output is None:
            write_lines(lines, sys.stdout)
        else:
            write_file(Path(chosen.output), lines)
            write_lines([f"Wrote {seen(Path(chosen.output))}; read it before you hand it on"], sys.stdout)
    except ConfigError as error:
        fail(f"{PROG}: {error}")
    return CLEAN


def _parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description="Write a small report of an incident that the analysis missed: the incident, the sources that it takes to see it again "
        "and what the analysis believes there. It is written here and sent nowhere.",
        epilog="exit codes: 0 the report is written, 2 greenroom could not do its work, or the incident is not missed",
        allow_abbrev=False,
    )
    parser.add_argument("trace", metavar="TRACE", help="the trace that has the incident")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: the current directory)")
    parser.add_argument("--number", type=int, required=True, metavar="N", help="the number of the incident, as `check --observed` tells it")
    parser.add_argument("--output", metavar="FILE", help="write it to this file instead of stdout, all of it or nothing")
    add_config_options(parser)
    add_analysis_options(parser)
    return parser
