from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from greenroom.source import file as file_module
from greenroom.source.file import SourceFile

FileOf = Callable[[str | bytes], SourceFile]


def messages(file: SourceFile) -> list[str]:
    return [problem.message for problem in file.problems]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"x = 'a'", "x = 'a'"),
        ("x = 'é'".encode(), "x = 'é'"),
        (b"\xef\xbb\xbfx = 1", "x = 1"),
        (b"\xef\xbb\xbf# coding: utf-8\nx = 1", "# coding: utf-8\nx = 1"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'", "# -*- coding: latin-1 -*-\nx = 'é'"),
        (
            b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'",
            "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'",
        ),
        (b"x = 1\n# coding: latin-1\ny = '\xc3\xa9'", "x = 1\n# coding: latin-1\ny = 'é'"),
        ("# coding: utf_8_sig\nx = 'ü'".encode(), "# coding: utf_8_sig\nx = 'ü'"),
    ],
)
def test_text_is_decoded_as_python_does(file_of: FileOf, data: bytes, text: str) -> None:
    file = file_of(data)
    assert file.text == text
    assert file.parse() is not None
    assert not file.problems


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"# coding: uft-8\n", 1, "unknown encoding 'uft-8'"),
        (b"# coding: rot13\n", 1, "unknown encoding 'rot13'"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, "the file declares latin-1 and begins with a UTF-8 byte order mark"),
        (b"x = 1\ny = '\xe9'\n", 2, "no encoding is declared and the file is not UTF-8: unexpected end of data"),
        (b"# coding: ascii\nx = '\xe9'\n", 2, "the file is not ascii, as it declares: ordinal not in range(128)"),
        (b"x = 1\n\0", 2, "the file contains NUL bytes"),
        (b"\xff\xfex\0 \0=\0", 1, "no encoding is declared and the file is not UTF-8: invalid start byte"),
    ],
)
def test_broken_text_is_a_problem(file_of: FileOf, data: bytes, line: int, message: str) -> None:
    file = file_of(data.replace(b"'\xe9'\n", b"'\xe9") if b"unexpected" in message.encode() else data)
    assert file.parse() is None
    assert [(problem.line, problem.message) for problem in file.problems] == [(line, message)]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + ")" * 10_000,
        "-" * 100_000 + "1",
        "x" + ".a" * 100_000,
        "x = " + "+".join("1" * 50_000),
        "x" + "[0]" * 20_000,
        "not " * 20_000 + "x",
        "lambda: " * 20_000 + "x",
        "if x:\n    pass\n" + "elif x:\n    pass\n" * 3_000,
        "\n".join(" " * depth + "if x:" for depth in range(200)),
        "f'" + "{x}" * 10_000 + "'",
        "x = [" + "(),\n" * 50_000 + "]",
    ],
    ids=range(11),
)
def test_deep_nesting_is_parsed_or_refused_but_never_raises(file_of: FileOf, text: str) -> None:
    file = file_of(text)
    assert (file.parse() is None) == bool(file.problems)


def test_a_syntax_error_has_its_place(file_of: FileOf) -> None:
    file = file_of("x = 1\ny = = 2\n")
    assert file.parse() is None
    (problem,) = file.problems
    assert (problem.line, problem.column) == (2, 5)
    assert problem.message == "syntax error: invalid syntax"


def test_problems_are_recorded_once(file_of: FileOf) -> None:
    file = file_of("x =")
    assert file.parse() is None
    file.forget()
    assert file.parse() is None
    assert len(file.problems) == 1


def test_warnings_of_the_parser_stay_inside(file_of: FileOf) -> None:
    assert file_of("assert (x, 'always true')\ny = '\\d'\nz = 1 is 1\n").parse() is not None


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    file = SourceFile(tmp_path / "gone.py", "gone", tmp_path)
    assert file.parse() is not None
    assert messages(file) == ["cannot read the file: No such file or directory"]
    assert file.lines == [""]


def test_an_enormous_file_is_not_read(file_of: FileOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "LARGEST", 10)
    file = file_of("x = 1\n" * 1000)
    assert file.data == b""
    assert messages(file) == ["the file has 6,000 bytes; files above 10 are not analysed"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_pythons_lines(file_of: FileOf, end: str) -> None:
    file = file_of(f"a = 1{end}b = '\x0c\u2028'{end}c = 3")
    assert file.lines == ["a = 1", "b = '\x0c\u2028'", "c = 3"]
    tree = file.parse()
    assert tree is not None
    assert [node.lineno for node in tree.body] == [1, 2, 3]


def test_spans_count_characters_from_one(file_of: FileOf) -> None:
    file = file_of("x = 'äöü'; name = '😀' + value\n")
    tree = file.parse()
    assert tree is not None
    name = next(node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "value")
    assert file.span(name) == (1, 25, 1, 30)
    assert file.lines[0][24:29] == "value"
    assert file.span(tree) == (1, 1, 1, 1)


def test_columns_outside_the_text_do_not_raise(file_of: FileOf) -> None:
    file = file_of("é")
    assert file.column(1, 500) == 2
    assert file.column(99, 3) == 4
