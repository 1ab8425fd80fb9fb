"""The pieces that the sections of the page are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from greenroom.ledger.compare import Difference, Item
from greenroom.ledger.elements import Markup, element, joined
from greenroom.ledger.model import Answer, Check, Endpoint
from greenroom.ledger.prose import counted
from greenroom.ledger.words import MANY, counts_of
from greenroom.rules.finding import Finding

Rows = Iterable[Sequence[str]]


def section(name: str, title: str, number: int | None, content: Markup) -> Markup:
    """A section with its heading, and what is said when the filter leaves nothing of it."""
    heading = element("h2", title, " ", element("small", f"{number:,}", data_count=True) if number is not None else "", id=f"h-{name}")
    nothing = element("p", "Nothing here matches the filter.", class_="nothing", hidden=True)
    return element("section", heading, content, nothing, id=name, aria_labelledby=f"h-{name}")


def contents(sections: Iterable[tuple[str, str, int | None, Markup]]) -> Markup:
    """The table of contents."""
    items = (
        element("li", element("a", title, href=f"#{name}"), element("small", f"{number:,}", data_for=name) if number is not None else "")
        for name, title, number, _ in sections
    )
    return element("ul", joined(items))


def select(name: str, label: str, choices: Iterable[tuple[str, str, int]]) -> Markup:
    """A choice of the filter; each has its value, its name and how many entries it holds for."""
    options_of = joined(element("option", f"{text} ({number:,})", value=value) for value, text, number in choices)
    return element("label", element("span", label), element("select", element("option", "all", value=""), options_of, id=name, name=name))


def table(
    caption: str, heads: Sequence[str], rows: Rows, *, right: Iterable[int] = (), total: bool = False, entries: Sequence[str | None] = ()
) -> Markup:
    """A table; ``entries`` has the file of each row where rows are there to be filtered."""
    numbers = set(right)
    kinds = ["number" if column in numbers else None for column in range(len(heads))]
    head = element("tr", *(element("th", name, scope="col", class_=kind) for name, kind in zip(heads, kinds, strict=True)))
    cells = [[element("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
    last = len(cells) - 1 if total else -1
    lines: Iterator[Markup] = (
        element(
            "tr",
            *row,
            class_="total" if number == last else None,
            data_entry=bool(entries),
            data_file=entries[number] if entries else None,
        )
        for number, row in enumerate(cells)
    )
    title = element("caption", caption) if caption else ""
    return element("div", element("table", title, element("thead", head), element("tbody", joined(lines, "\n"))), class_="wide")


def difference(title: str, found: Difference[Item], line: Callable[[Item], str], state: Callable[[Item], str]) -> str:
    """What came, went and changed of one kind; nothing where all is as it was."""
    if not found:
        return ""
    items = [
        *(_moved("came", line(one), state(one)) for one in found.came),
        *(_moved("gone", line(one), state(one)) for one in found.gone),
        *(_moved("changed", line(after), f"{state(before)} → {state(after)}") for before, after in found.changed),
    ]
    return joined([element("h3", title, " ", element("small", counts_of(found))), folded(items, f"moves {title.lower()}")])


def folded(items: Sequence[Markup], kind: str) -> Markup:
    """A list, which is folded when it is long."""
    listed = element("ul", joined(items, "\n"), class_=kind)
    if len(items) <= MANY:
        return listed
    return element("details", element("summary", counted(len(items), "entry", "entries")), listed, class_="file", data_group=True)


def _moved(how: str, what: str, state: str) -> Markup:
    return element("li", element("span", how, class_=f"move {how}"), " ", what, " ", element("small", state), data_entry=True)


def under(words: Sequence[str]) -> str:
    """A quieter line below; nothing where there are no words."""
    return element("small", *words, class_="under") if words else ""


def number(value: int) -> str:
    """A number in a table; zeros step back."""
    return f"{value:,}" if value else "·"


def route(one: Endpoint) -> Markup:
    """Methods and path."""
    return joined([element("span", ", ".join(one.methods), class_="methods"), " ", element("code", one.path or "/")])


def confidence(finding: Finding) -> Markup:
    """How sure a finding is."""
    return element("span", finding.confidence.value, class_=f"confidence {finding.confidence.value}")


def bad(word: str) -> Markup:
    """A word that is bad news."""
    return element("span", word, class_="bad")


def answer(one: Check) -> str:
    """The answer of a question of the check-list."""
    return bad(one.answer.value) if one.answer is Answer.NO else one.answer.value
