from __future__ import annotations

import io
import tokenize
from pathlib import Path

import pytest

from greenroom.source.comments import Comment, comments

LIBRARY = sorted((Path(tokenize.__file__).parent / "asyncio").glob("*.py")) + sorted(Path(tokenize.__file__).parent.glob("[a-d]*.py"))


def found(text: str) -> list[tuple[int, int, str, int]]:
    return [(one.line, one.column, one.text, one.speaks_for) for one in comments(text)]


def test_a_comment_behind_code_speaks_for_its_line() -> None:
    assert found("x = (  # one\n    1,\n    2,  # two\n)\n") == [(1, 8, "# one", 1), (3, 9, "# two", 3)]


def test_a_comment_on_a_line_of_its_own_speaks_for_the_next_line_of_code() -> None:
    assert found("# one\n\n# two\nx = (\n    # three\n\n    1\n)\n# four") == [
        (1, 1, "# one", 4),
        (3, 1, "# two", 4),
        (5, 5, "# three", 7),
        (9, 1, "# four", 9),
    ]


def test_text_in_strings_is_no_comment() -> None:
    assert found("x = '# no'\ny = '''\n# no\n'''  # yes\nz = f'{x}# no'\n") == [(4, 6, "# yes", 4)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert found(f"é = 1  # one{end}# two{end}y = 2{end}") == [(1, 8, "# one", 1), (2, 1, "# two", 3)]


def test_what_is_no_python_has_no_comments() -> None:
    assert found("x = '  # one\n") == []


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_as_the_tokenizer_of_the_standard_library_finds_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [
        Comment(token.start[0], token.start[1] + 1, token.string, 0)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    assert [Comment(one.line, one.column, one.text, 0) for one in comments(text)] == expected
