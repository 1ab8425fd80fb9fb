"""``greenroom explain CODE|name``: print the page of a rule."""

from __future__ import annotations

import sys

from greenroom.cli.main import CLEAN
from greenroom.cli.markdown import rendered
from greenroom.cli.output import write_lines
from greenroom.cli.selection import page_of, unknown_rule
from greenroom.cli.usage import Parser, fail
from greenroom.report.style import style_of
from greenroom.rules.pages import pages


def run(words: list[str]) -> int:
    """Print the page, with headings and code set off on a terminal and as plain Markdown elsewhere."""
    parser = Parser(prog="greenroom explain", description="Print the page of a rule.", allow_abbrev=False)
    parser.add_argument("rule", metavar="CODE|name", help="for example GR101 or expired-after-commit")
    chosen = parser.parse_args(words)
    known = pages()
    page = page_of(chosen.rule, known)
    if page is None:
        fail(f"greenroom explain: {unknown_rule(chosen.rule, known)}")
    lines = page.text.rstrip().split("\n")
    write_lines(rendered(lines, style_of(sys.stdout)) if sys.stdout.isatty() else lines, sys.stdout)
    return CLEAN
