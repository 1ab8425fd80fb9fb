"""``greenroom audit [PATH ...]``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from greenroom.cli.check import (
    add_config_options,
    add_observed_option,
    add_selection_options,
    demand_readable,
    selected,
    with_progress,
    written,
)
from greenroom.cli.main import CLEAN, FINDINGS
from greenroom.cli.output import demand_writable, write_file, write_lines
from greenroom.cli.usage import Parser, fail
from greenroom.config import ConfigError, seen
from greenroom.ledger.compare import Comparison, Written, compare
from greenroom.ledger.formats import FORMATS, format_of
from greenroom.ledger.model import Ledger
from greenroom.ledger.outline import tally
from greenroom.ledger.prose import counted
from greenroom.ledger.reading import read
from greenroom.pipeline import audit

PROG = "greenroom audit"


def run(words: list[str]) -> int:
    """Write the ledger of the paths to stdout or to a file."""
    chosen = _parser().parse_args(words)
    paths = [Path(path) for path in chosen.paths] or [Path()]
    output = None if chosen.output is None else Path(chosen.output)
    for path in paths:
        demand_readable(path, PROG)
    try:
        config = replace(
            selected(chosen, written(chosen, paths)), baseline=None, observed=tuple(Path(path) for path in chosen.observed)
        )  # an audit tells what there is, known or not
        before = None if chosen.compare is None else read(Path(chosen.compare))
        if output is not None:
            demand_writable(output)
        ledger = with_progress(lambda progress: audit(paths, config, progress))
        if not ledger.stats.files and not ledger.findings:
            where = ", ".join(str(path) for path in paths)
            fail(f"{PROG}: nothing to audit: no Python files under {where}; give the directory that holds the sources")
        _write(ledger, _compared(ledger, before, chosen.compare), chosen.format or _format(output), output)
    except ConfigError as error:
        fail(f"{PROG}: {error}")
    return FINDINGS if ledger.findings and chosen.exit_code else CLEAN


def _parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description="Write the audit of the Python projects under the paths: every commit, flush, rollback and refresh with its class, "
        "every route with the proof that its response is loaded, and what to do first.",
        epilog="exit codes: 0 the ledger is written (with --exit-code: 1 when it has findings), 2 greenroom could not do its work",
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: the current directory)")
    parser.add_argument("--format", choices=FORMATS, help="how to write it (default: what the name of --output says, else markdown)")
    parser.add_argument("--output", metavar="FILE", help="write it to this file instead of stdout, all of it or nothing")
    parser.add_argument("--compare", metavar="OTHER.json", help="say what came and went since this ledger, which --format json wrote")
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 when there are findings, as check does")
    add_observed_option(parser)
    add_config_options(parser)
    add_selection_options(parser)
    return parser


def _format(output: Path | None) -> str:
    return (None if output is None else format_of(output)) or "markdown"


def _compared(ledger: Ledger, before: Written | None, other: str | None) -> Comparison | None:
    return None if before is None or other is None else compare(ledger, before, Path(other), Path.cwd())


def _write(ledger: Ledger, compared: Comparison | None, name: str, output: Path | None) -> None:
    document = FORMATS[name].render(ledger, Path.cwd(), compared)
    if output is None:
        write_lines([document], sys.stdout)
        return
    write_file(output, [document])
    told = f"{counted(len(ledger.findings), 'finding')} ({tally(ledger.findings)})" if ledger.findings else "no findings"
    rest = f"{counted(len(ledger.performed), 'operation')}, {counted(len(ledger.endpoints), 'route')}"
    write_lines([f"Wrote {seen(output)}: {told}, {rest}"], sys.stdout)
