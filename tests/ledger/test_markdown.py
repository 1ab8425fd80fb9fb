from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from greenroom.ledger import json as json_ledger
from greenroom.ledger import markdown
from greenroom.ledger.compare import compare
from greenroom.ledger.model import Ledger
from greenroom.ledger.reading import read
from greenroom.report.report import Note, Stats
from tests.ledger.example import large, ledger, write_sources

PARSER = MarkdownIt("gfm-like", {"linkify": False})
SECTIONS = [
    "Risk by category",
    "What to do first",
    "Hazards",
    "Operations",
    "Routes",
    "Enum columns",
    "Sessions",
    "Check-list",
    "Assumptions",
    "Not analysed",
]


def headings(text: str, level: int) -> list[str]:
    tokens = PARSER.parse(text)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open" and token.tag == f"h{level}"]


def test_every_section_is_there_and_says_so_when_it_is_empty(tmp_path: Path) -> None:
    full = markdown.render(ledger(write_sources(tmp_path)), tmp_path)
    assert headings(full, 1) == ["Ledger of app"]
    assert headings(full, 2) == SECTIONS
    empty = markdown.render(Ledger((tmp_path,), "2.1", "postgresql", (), (), (), (), (), (), (), (), Stats()), tmp_path)
    assert headings(empty, 2) == SECTIONS
    assert "## Hazards\n\nNone." in empty
    assert "## Not analysed\n\nEverything was followed to its end." in empty


def test_a_hazard_has_its_chain_its_lines_and_its_mend(tmp_path: Path) -> None:
    text = markdown.render(ledger(write_sources(tmp_path)), tmp_path)
    hazard = text[text.index("#### GR101") : text.index("#### GR105")]
    assert hazard.splitlines()[0] == "#### GR101 expired-after-commit at `app/donors.py:7`"
    assert '7 │     return f"Thank you, {donor.name}"\n  │                          ^^^^^^^^^^' in hazard
    assert "2. `app/donors.py:6`: expired by this commit\\\n   `await session.commit()`" in hazard
    assert "Mend: Read it into a variable before the commit" in hazard


def test_recommendations_name_the_place_that_answers_most(tmp_path: Path) -> None:
    text = markdown.render(ledger(write_sources(tmp_path)), tmp_path)
    assert "1. **Load it with the query: `.options(selectinload(Donor.gifts))`.**" in text
    assert "Answers 3 findings (2 definite, 1 possible) of GR105, GR107." in text
    assert "All of them begin at `app/donors.py:11`: loaded here without `gifts`." in text


def test_safe_operations_are_folded_by_file(tmp_path: Path) -> None:
    text = markdown.render(ledger(write_sources(tmp_path)), tmp_path)
    section = text[text.index("## Operations") : text.index("## Routes")]
    folded = re.findall(r"<details>\n<summary>(.+?)</summary>\n\n(.+?)\n\n</details>", section, re.DOTALL)
    assert [summary for summary, _ in folded] == ["1 followed by refresh, 1 safe", "<code>app/routes.py</code>: 1 side effect only, 1 safe"]
    assert all("hazardous" not in rows for _, rows in folded)
    assert section.count("| **hazardous** |") == 1


def test_every_row_of_every_table_has_as_many_cells_as_its_head(tmp_path: Path) -> None:
    text = markdown.render(large(tmp_path, 2_000), tmp_path)
    tokens = PARSER.parse(text)
    cells: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            cells.append(0)
        cells[-1:] = [cells[-1] + (token.type in {"td_open", "th_open"})] if cells else []
        if token.type == "table_close":
            assert len(set(cells)) == 1
            cells = []
    assert sum(token.type == "inline" and token.content.startswith("reason ") for token in tokens) == 1333


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    evil = "</details> `x` | <script>alert(1)</script> [a](javascript:b) \u202e"
    odd = replace(
        full,
        performed=tuple(
            replace(one, because=evil, place=replace(one.place, path=tmp_path / "a|b](x).py", function=evil)) for one in full.performed
        ),
        findings=tuple(replace(one, message=evil, mend=evil, path=tmp_path / "`<b>`.py") for one in full.findings),
        endpoints=tuple(replace(one, path="/" + evil, response=evil) for one in full.endpoints),
    )
    tokens = PARSER.parse(markdown.render(odd, tmp_path))
    found = {child.content for token in tokens for child in (token.children or [token]) if child.type.startswith("html")}
    assert {re.sub(r"<summary>(<code>[^<]*</code>)?[^<]*</summary>", "", part).strip() for part in found} <= {
        "<details>",
        "</details>",
        "<details>\n",
        "<code>",
        "</code>",
    }
    assert not any(child.type == "link_open" for token in tokens for child in token.children or [])


def test_equal_ledgers_are_equal_texts(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    assert markdown.render(full, tmp_path) == markdown.render(replace(full, stats=replace(full.stats, seconds=9.0)), tmp_path)


def test_the_difference_comes_first(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    path = tmp_path / "old.json"
    older = replace(full, findings=full.findings[1:], sessions=(replace(full.sessions[0], expire_on_commit=True),))
    path.write_text(json_ledger.render(older, tmp_path), encoding="ascii")
    text = markdown.render(full, tmp_path, compare(full, read(path), path, tmp_path))
    assert headings(text, 2) == ["Since `old.json`", *SECTIONS]
    assert "### Findings: 1 came\n\n- came: GR101 `app/donors.py:7` `Donor.name` was expired by a commit" in text
    assert (
        "- changed: `async_sessionmaker(...)` at `app/db.py:3`: expire_on_commit True, autoflush not known → expire_on_commit False" in text
    )


def test_long_lists_of_notes_are_folded(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    notes = tuple(Note(f"note {number}", tmp_path / "app" / "x.py", number) for number in range(1, 100))
    text = markdown.render(replace(full, not_analysed=notes), tmp_path)
    assert "## Not analysed\n\n<details>\n<summary>99 entries</summary>\n\n- `app/x.py:1`: note 1\n" in text
    assert text.endswith("note 99\n\n</details>")
