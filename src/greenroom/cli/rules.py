"""``greenroom rules``: list all rules."""

from __future__ import annotations

import json
import sys

from greenroom.cli.main import CLEAN
from greenroom.cli.output import write_lines
from greenroom.cli.usage import Parser
from greenroom.rules.pages import pages
from greenroom.rules.registry import rules


def run(words: list[str]) -> int:
    """Print code, name and summary of each rule."""
    parser = Parser(prog="greenroom rules", description="List all rules.", allow_abbrev=False)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print them (default: text)")
    chosen = parser.parse_args(words)
    known = list(zip(rules(), pages(), strict=True))  # both in the order of codes
    if chosen.format == "json":
        rows = [
            {"code": rule.code, "name": rule.name, "summary": page.summary, "severity": rule.severity.value, "default": rule.default}
            for rule, page in known
        ]
        write_lines([json.dumps({"schema": 1, "rules": rows}, indent=2)], sys.stdout)
        return CLEAN
    width = max(len(rule.name) for rule, _ in known)
    lines = (f"{rule.code}  {rule.name:<{width}}  {page.summary}{'' if rule.default else ' (off by default)'}" for rule, page in known)
    write_lines(lines, sys.stdout)
    return CLEAN
