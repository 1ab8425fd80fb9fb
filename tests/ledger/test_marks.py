"""What is written means itself: a Markdown parser gives back the words that went in, whatever they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from greenroom.ledger.marks import block, code, prose, table, text
from greenroom.ledger.prose import parts, seen

PARSER = MarkdownIt("gfm-like", {"linkify": False})
HOSTILE = (
    "| a | b |",
    "a](javascript:alert(1))[b",
    "<script>alert(1)</script>",
    "<!-- -->",
    "`a` ``b`` `",
    "```\n# heading",
    "# heading",
    "- item",
    "1. item",
    "1) item",
    "---",
    "===",
    "**bold** _it_ __all__ *x* ~~s~~",
    "![i](x)",
    "a\\|b\\",
    "\\",
    "&amp; &#124;",
    "\x1b[31m\u202efdp",
    "</details>",
    "_a_b_",
    "> quote",
    "    indented",
    "http://x.y/ www.x.y a@b.c",
    "``| `",
    "\x85`0`",
)
WORDS = st.one_of(st.text(), st.text(alphabet="`|\\*_<>&#-+=~![]()1. a\n"))


def words_of(markdown: str) -> tuple[list[str], list[str]]:
    """The text of what a parser makes of it, and the kinds of its tokens."""
    tokens = [child for token in PARSER.parse(markdown) for child in (token.children or [token])]
    return [token.content for token in tokens if token.content], [token.type for token in tokens]


def hostile(function: Callable[[str], None]) -> Callable[[], None]:
    for words in HOSTILE:
        function = example(words)(function)
    return given(WORDS)(function)


def flat(words: str) -> str:
    return seen(words).strip()


@hostile
def test_text_means_itself(words: str) -> None:
    found, kinds = words_of(f"- {text(words)}")
    assert "".join(found) == flat(words)
    assert set(kinds) <= {"bullet_list_open", "list_item_open", "paragraph_open", "text", "text_special", "paragraph_close"} | {
        "list_item_close",
        "bullet_list_close",
    }


@hostile
def test_text_in_a_cell_means_itself(words: str) -> None:
    found, kinds = words_of("\n".join(table(["head", "other"], [[text(words), "last"]])))
    assert "".join(found) == f"headother{flat(words)}last"
    assert kinds.count("td_open") == 2


@hostile
def test_code_means_itself(words: str) -> None:
    rendered = code(words)
    found, _ = words_of(f"- {rendered}")
    if "|" in words:
        assert "<code>" in rendered
        assert "".join(part for part in found if part not in {"<code>", "</code>"}) == seen(words)
    elif words.strip() and seen(words).strip():
        assert found == [seen(words)]


@hostile
def test_code_in_a_cell_means_itself(words: str) -> None:
    found, kinds = words_of("\n".join(table(["head", "other"], [[code(words), "last"]])))
    inner = "".join(part for part in found[2:-1] if part not in {"<code>", "</code>"})
    assert inner.strip() == seen(words).strip()
    assert found[-1] == "last"
    assert kinds.count("td_open") == 2


@hostile
def test_blocks_hold_their_lines(words: str) -> None:
    tokens = PARSER.parse("\n".join(block([words, "end"])))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == f"{seen(words)}\nend\n"


@hostile
def test_sentences_keep_their_words_and_code(words: str) -> None:
    expected = "".join(seen(part) for _, part in parts(words))
    found, _ = words_of(f"- {prose(words)}")
    plain = "".join(part for part in found if part not in {"<code>", "</code>"})
    assert " ".join(plain.split()) == " ".join(expected.split())


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("`User.name` is read", "`User.name` is read"),
        ("a `b|c` d", "a <code>b&#124;c</code> d"),
        ("one ` alone", "one \\` alone"),
        ("create_donor in __init__", "create_donor in \\_\\_init\\_\\_"),
    ],
)
def test_sentences(sentence: str, expected: str) -> None:
    assert prose(sentence) == expected
