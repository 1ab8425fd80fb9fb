"""``greenroom demo``: check the bundled example backend."""

from __future__ import annotations

import sys
from pathlib import Path

from greenroom.cli.check import add_report_options, analyse, config_of
from greenroom.cli.main import CLEAN, FINDINGS
from greenroom.cli.output import write, write_lines
from greenroom.cli.usage import Parser, fail
from greenroom.config import Config, ConfigError
from greenroom.report.formats import FORMATS

PROG = "greenroom demo"
BACKEND = Path(__file__).parent.parent / "demo" / "backend"
MENDED = BACKEND.with_name("mended")


def run(words: list[str]) -> int:
    """Check the backend, or its mended twin, where it lies; the backend is read, never imported."""
    parser = Parser(
        prog=PROG,
        description="Check the bundled example backend, which holds at least one defect of each rule, and show each with its causes.",
        epilog="exit codes: 0 the demo ran (with --exit-code: as for check), 2 greenroom could not do its work",
        allow_abbrev=False,
    )
    parser.add_argument("--mended", action="store_true", help="check the mended twin instead, in which nothing is to be found")
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 when there are findings, as check does")
    add_report_options(parser)
    chosen = parser.parse_args(words)
    try:
        config = config_of(chosen, Config())
    except ConfigError as error:
        fail(f"{PROG}: {error}")
    backend = MENDED if chosen.mended else BACKEND
    report = analyse([backend], config)
    if config.format == "text":
        write_lines([f"In {backend}", ""], sys.stdout)
    write(report, config, Path.cwd() if FORMATS[config.format].is_document else backend)
    return FINDINGS if report.findings and chosen.exit_code and not config.exit_zero else CLEAN
