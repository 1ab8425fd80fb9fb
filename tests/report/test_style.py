from __future__ import annotations

import io

import pytest

from greenroom.report.style import Style, style_of


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def terminal(encoding: str) -> Terminal:
    return Terminal(io.BytesIO(), encoding=encoding)


@pytest.mark.parametrize(
    ("environment", "colour"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_on_a_terminal(environment: dict[str, str], colour: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert style_of(terminal("utf-8"), environment) == Style(colour=colour, unicode=True)


def test_no_colour_elsewhere() -> None:
    assert style_of(io.StringIO(), {}).colour is False


def test_ascii_terminals_get_ascii() -> None:
    style = style_of(terminal("ascii"), {})
    assert (style.arrow + style.bar + style.ellipsis).isascii()
