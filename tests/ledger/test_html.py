from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from greenroom.ledger import html
from greenroom.ledger import json as json_ledger
from greenroom.ledger.compare import compare
from greenroom.ledger.elements import Markup, element, prose, raw, source
from greenroom.ledger.model import Ledger
from greenroom.ledger.prose import parts, seen
from greenroom.ledger.reading import read
from greenroom.report.report import Stats
from tests.ledger.example import ledger, write_sources

VOID = {"meta", "input"}


class Tags(HTMLParser):
    """What a parser makes of a page: elements, text, and whether everything that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), tag
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_refers_to_nothing_outside(tmp_path: Path) -> None:
    page = html.render(ledger(write_sources(tmp_path)), tmp_path)
    assert page.isascii()
    tags = Tags(page)
    names = [attributes["id"] for _, attributes in tags.elements if "id" in attributes]
    assert len(set(names)) == len(names)
    targets = [attributes["href"] or "" for _, attributes in tags.elements if "href" in attributes]
    assert {target[1:] for target in targets} <= set(names)
    assert all(target.startswith("#") for target in targets)
    assert not any("src" in attributes or "style" in attributes for _, attributes in tags.elements)
    assert not any(key.startswith("on") for _, attributes in tags.elements for key in attributes)
    assert not re.search(r"https?:|url\(|@import", page)


def test_the_policy_allows_the_style_and_the_script_of_the_page_only(tmp_path: Path) -> None:
    page = html.render(ledger(write_sources(tmp_path)), tmp_path)
    policy = next(
        attributes["content"] for tag, attributes in Tags(page).elements if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    contents = re.findall(r"<(?:style|script)>(.*?)</", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )


def test_an_empty_ledger_is_a_page(tmp_path: Path) -> None:
    empty = Ledger((tmp_path,), "2.1", "postgresql", (), (), (), (), (), (), (), (), Stats())
    tags = Tags(html.render(empty, tmp_path))
    assert "No findings." in tags.text
    assert "Nothing needs to be done." in tags.text


def test_the_difference_is_a_section(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    path = tmp_path / "old.json"
    older = replace(full, findings=full.findings[1:], sessions=(replace(full.sessions[0], expire_on_commit=True),))
    path.write_text(json_ledger.render(older, tmp_path), encoding="ascii")
    text = " ".join(Tags(html.render(full, tmp_path, compare(full, read(path), path, tmp_path))).text.split())
    assert "Since the last ledger" in text
    assert "Findings 1 came" in text
    assert "expire_on_commit True, autoflush not known → expire_on_commit False" in text


def test_equal_ledgers_are_equal_pages(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    assert html.render(full, tmp_path) == html.render(replace(full, stats=replace(full.stats, seconds=9.0)), tmp_path)


@given(st.text())
@example("</p><script>alert(1)</script>")
@example('" onmouseover="x')
@example("\x00\ud800\u202e")
@example("`<b>` & `&amp;`")
def test_words_stay_words(words: str) -> None:
    tags = Tags(element("p", words, prose(words), data_file=words))
    assert tags.text == seen(words) + "".join(seen(part) for _, part in parts(words))
    assert [(tag, list(attributes)) for tag, attributes in tags.elements if tag != "code"] == [("p", ["data-file"])]
    assert tags.elements[0][1]["data-file"] == seen(words)


@given(st.text(alphabet="ab<\t \u00e9"), st.integers(0, 30), st.integers(0, 30))
def test_a_mark_loses_nothing_of_its_line(line: str, start: int, end: int) -> None:
    expected = "".join(part.replace("\t", "    ") for part in (line[:start], line[start:end], line[max(start, end) :])).rstrip()
    assert Tags(source(line, start, end)).text.rstrip() == expected


def test_of_a_very_long_line_the_mark_is_shown() -> None:
    text = Tags(source("x" * 5_000 + "here" + "y" * 5_000, 5_000, 5_004)).text
    assert text.startswith("…x")
    assert "here" in text
    assert text.endswith("y…")
    assert len(text) < 400


def test_no_script_can_end_itself() -> None:
    assert raw("script", "a < b") == Markup("<script>a < b</script>")
    with pytest.raises(ValueError, match="end the script"):
        raw("script", "'</SCRIPT>'")
