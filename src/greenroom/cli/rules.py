"""``greenroom rules``: list all rules."""

from __future__ import annotations

import json
import sys

from greenroom.cli.main import CLEAN
from greenroom.cli.output import write_lines
from greenroom.cli.usage import Parser
from greenroom.rules.pages import pages


def run(words: list[str]) -> int:
    """Print code, name and summary of each rule."""
    parser = Parser(prog="greenroom rules", description="List all rules.", allow_abbrev=False)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print them (default: text)")
    chosen = parser.parse_args(words)
    known = pages()
    if chosen.format == "json":
        rows = [{"code": page.code, "name": page.name, "summary": page.summary} for page in known]
        write_lines([json.dumps({"schema": 1, "rules": rows}, indent=2)], sys.stdout)
        return CLEAN
    width = max((len(page.name) for page in known), default=0)
    write_lines((f"{page.code}  {page.name:<{width}}  {page.summary}" for page in known), sys.stdout)
    return CLEAN
