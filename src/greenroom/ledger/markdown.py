"""The ledger as a document to read, review and keep beside the code."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from greenroom import __version__
from greenroom.confirm.records import Mark
from greenroom.ledger import outline
from greenroom.ledger.compare import Comparison, Difference, Item
from greenroom.ledger.marks import block, code, prose, table, text
from greenroom.ledger.model import Check, Endpoint, Ledger, Performed, Place, SessionSource, Treatment
from greenroom.ledger.outline import by_file, family_name, is_sure, tally
from greenroom.ledger.prose import counted, seen
from greenroom.ledger.words import FEW, MANY, counts_of, options, placed, proven, rules_of, sentence
from greenroom.report.frame import Excerpts, excerpt, frame
from greenroom.report.observed import sentence as observed
from greenroom.report.paths import shown
from greenroom.report.report import Note
from greenroom.report.style import Style
from greenroom.rules.finding import Finding

_STYLE = Style(unicode=True)
_TREATMENTS = tuple(Treatment)
_BREAK = "\\"
"""Ends a line within a paragraph."""

Lines = Iterator[str]


def render(ledger: Ledger, base: Path, compared: Comparison | None = None) -> str:
    """Return the ledger as one Markdown document; ``base`` is the working directory."""
    lines: list[str] = []
    for line in _Document(base).document(ledger, compared):
        if line or (lines and lines[-1]):  # one blank line is enough
            lines.append(line)
    return "\n".join(lines).rstrip("\n")


class _Document:
    """Writes the sections of a ledger for a reader who works in ``base``."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._excerpts = Excerpts(base)

    def document(self, ledger: Ledger, compared: Comparison | None) -> Lines:
        yield f"# Ledger of {text(outline.project(ledger, self._base))}"
        yield ""
        yield from (f"- {text(label)}: {prose(value)}" for label, value in outline.facts(ledger, self._base))
        yield f"- Written by: greenroom {__version__}"
        sections: Sequence[tuple[str, Lines]] = (
            *([(f"Since {code(self._shown(compared.other))}", self._compared(compared))] if compared is not None else []),
            ("Risk by category", self._risk(ledger)),
            ("What to do first", self._recommendations(ledger)),
            ("Hazards", self._hazards(ledger)),
            ("Operations", self._operations(ledger)),
            ("Routes", self._routes(ledger)),
            ("Enum columns", self._enums(ledger)),
            ("Sessions", self._sessions(ledger)),
            ("Check-list", self._checks(ledger)),
            ("Assumptions", self._notes(ledger.assumptions, "Nothing was taken for granted.")),
            ("Not analysed", self._notes(ledger.not_analysed, "Everything was followed to its end.")),
        )
        for title, body in sections:
            yield from ("", f"## {title}", "")
            yield from body

    def _risk(self, ledger: Ledger) -> Lines:
        if not ledger.findings:
            yield "No findings."
        rows = [
            [family_name(one.family), one.rule, code(one.name), str(sums.definite), str(sums.possible)]
            for one in outline.categories(ledger.findings)
            for sums in [tally(one.findings)]
        ]
        total = tally(ledger.findings)
        rows.append(["**All**", "", "", f"**{total.definite}**", f"**{total.possible}**"])
        yield from table(["Category", "Rule", "", "Definite", "Possible"], rows if ledger.findings else [], right=(3, 4))
        yield ""
        counts = outline.treatments(ledger.performed)
        yield from table(
            ["Operation", *(one.value.capitalize() for one in _TREATMENTS), "All"],
            [
                [operation.value, *(str(found[one] or "·") for one in _TREATMENTS), str(found.total())]
                for operation, found in counts.items()
                if found
            ],
            right=range(1, len(_TREATMENTS) + 2),
        )

    def _recommendations(self, ledger: Ledger) -> Lines:
        found = outline.recommendations(ledger.findings)
        if not found:
            yield "Nothing needs to be done."
        for number, one in enumerate(found, 1):
            rules = ", ".join(sorted({finding.rule for finding in one.findings}))
            several = len(one.findings) > 1
            yield f"{number}. **{prose(sentence(one.mends[0]))}**{_BREAK}"
            yield f"   Answers {counted(len(one.findings), 'finding')} ({tally(one.findings)}) of {rules}.{_BREAK}"
            if one.cause is not None and several:
                others = [f"Or: {prose(sentence(mend))}" for mend in one.mends[1:FEW]]
                begin = f"All of them begin at {self._at(one.cause.path, one.cause.line)}: {prose(one.cause.message)}."
                yield f"   {f'{_BREAK}{chr(10)}   '.join([begin, *others])}"
            else:
                yield f"   {'Places' if several else 'Place'}: {self._places((each.path, each.span.line) for each in one.findings)}."
            yield ""

    def _hazards(self, ledger: Ledger) -> Lines:
        if not ledger.findings:
            yield "None."
        for family, findings in outline.families(ledger.findings):
            yield from (f"### {family_name(family)} ({tally(findings)})", "")
            for finding in findings:
                yield from self._hazard(finding, ledger.mark(finding))

    def _hazard(self, finding: Finding, mark: Mark | None) -> Lines:
        yield f"#### {finding.rule} {text(finding.name)} at {self._at(finding.path, finding.span.line)}"
        yield ""
        yield f"{'**Definite.**' if is_sure(finding) else 'Possible.'} {prose(sentence(finding.message))}"
        yield ""
        lines = list(frame(self._excerpts, finding.path, finding.span, _STYLE))
        yield from block(lines) if lines else ()
        yield ""
        for number, step in enumerate(finding.trace, 1):
            source = excerpt(self._excerpts, step.path, step.line, _STYLE)
            yield f"{number}. {self._at(step.path, step.line)}: {prose(step.message)}{_BREAK if source is not None else ''}"
            if source is not None:
                yield f"   {code(source)}"
        yield ""
        if mark is not None:
            yield from (f"**{text(sentence(observed(mark)))}**", "")
        if finding.mend:
            yield from (f"Mend: {prose(sentence(finding.mend))}", "")

    def _operations(self, ledger: Ledger) -> Lines:
        """Hazards stand open; what is safe is folded by file, so that the section can be read however long it is."""
        if not ledger.performed:
            yield "None."
        for path, performed in by_file(ledger.performed, lambda one: one.place, self._base):
            bad = [one for one in performed if one.treatment is Treatment.HAZARD]
            fine = [one for one in performed if one.treatment is not Treatment.HAZARD]
            kinds = {kind: sum(one.treatment is kind for one in fine) for kind in _TREATMENTS}
            told = ", ".join(f"{number} {kind.value}" for kind, number in kinds.items() if number)
            if bad:
                yield from (f"### {code(path)}", "")
                yield from self._operation_rows(bad)
                yield ""
            if fine:
                of = f"<code>{html.escape(seen(path))}</code>: "
                yield from ("<details>", f"<summary>{'' if bad else of}{told}</summary>", "")
                yield from self._operation_rows(fine)
                yield from ("", "</details>", "")

    def _operation_rows(self, performed: Iterable[Performed]) -> Lines:
        yield from table(
            ["Line", "Operation", "In", "Class", "Because", "Objects", "Read afterwards"],
            (
                [
                    str(one.place.line),
                    f"{one.operation.value}{' (implicit)' if one.implicit else ''}",
                    code(one.place.function),
                    f"**{one.treatment.value}**" if one.treatment is Treatment.HAZARD else one.treatment.value,
                    prose(one.because) + _referred(one),
                    _codes(one.models),
                    _codes(one.reads),
                ]
                for one in performed
            ),
            right=(0,),
        )

    def _routes(self, ledger: Ledger) -> Lines:
        if not ledger.endpoints:
            yield "None."
        yield from table(
            ["Route", "At", "Response", "Attributes read", "Proven", "Commits", "Findings"],
            (
                [
                    _route(one),
                    self._at(one.place.path, one.place.line),
                    code(one.response) or "*no response model*",
                    str(len(one.proofs)),
                    str(sum(proof.there for proof in one.proofs)),
                    self._places((place.path, place.line) for place in one.commits),
                    (rules_of(one.findings) if one.findings else "") + ("" if one.complete else " *not followed to its end*"),
                ]
                for one in ledger.endpoints
            ),
            right=(3, 4),
        )
        for one in ledger.endpoints:
            if not one.proofs:
                continue
            missing = sum(not proof.there for proof in one.proofs)
            yield from ("", f"### {_route(one)}", "")
            if not missing:
                yield from ("<details>", f"<summary>{counted(len(one.proofs), 'attribute is', 'attributes are')} there</summary>", "")
            yield from table(
                ["Field", "Attribute", "There", "Because"],
                (
                    [code(proof.field), code(proof.attribute), "yes" if proof.there else "**no**", prose(proof.because)]
                    for proof in one.proofs
                ),
            )
            if not missing:
                yield from ("", "</details>")

    def _enums(self, ledger: Ledger) -> Lines:
        if not ledger.enums:
            yield "None."
        yield from table(
            ["Column", "Enumeration", "Read at"],
            (
                [
                    code(f"{one.model}.{one.attribute}"),
                    code(one.enumeration),
                    self._places((place.path, place.line) for place in one.reads) or "nowhere",
                ]
                for one in ledger.enums
            ),
        )

    def _sessions(self, ledger: Ledger) -> Lines:
        if not ledger.sessions:
            yield "None."
        yield from table(
            ["Made by", "At", "`expire_on_commit`", "`autoflush`", "For"],
            (
                [
                    code(one.what),
                    self._at(one.place.path, one.place.line),
                    _option(one.expire_on_commit),
                    _option(one.autoflush),
                    "tests" if one.test else "the application",
                ]
                for one in ledger.sessions
            ),
        )

    def _checks(self, ledger: Ledger) -> Lines:
        if not ledger.checks:
            yield "No questions."
        yield from table(
            ["Question", "Answer", "Evidence", "Rules"],
            (
                [prose(one.question), _answer(one), prose(one.evidence) + self._evidence(one.findings), ", ".join(map(text, one.rules))]
                for one in ledger.checks
            ),
        )

    def _evidence(self, findings: Sequence[Finding]) -> str:
        return f": {self._places((one.path, one.span.line) for one in findings)}" if findings else ""

    def _notes(self, notes: Sequence[Note], none: str) -> Lines:
        if not notes:
            yield none
        places = ("" if note.path is None else f"{self._at(note.path, note.line)}: " for note in notes)
        yield from _folded([f"- {place}{prose(note.message)}" for place, note in zip(places, notes, strict=True)])

    def _compared(self, compared: Comparison) -> Lines:
        if compared.version != __version__:
            yield from (f"That one was written by greenroom {text(compared.version)}.", "")
        if not compared:
            yield "Nothing came, nothing went."
        yield from chain(
            self._difference("Findings", compared.findings, self._finding_line, lambda one: one.confidence.value),
            self._difference("Operations", compared.operations, self._operation_line, lambda one: one.treatment.value),
            self._difference("Routes", compared.endpoints, self._route_line, proven),
            self._difference("Sessions", compared.sessions, self._session_line, options),
            self._difference("Check-list", compared.checks, lambda one: prose(one.question), lambda one: one.answer.value),
        )

    def _difference(self, title: str, difference: Difference[Item], line: Callable[[Item], str], state: Callable[[Item], str]) -> Lines:
        if not difference:
            return
        items = [
            *(f"- came: {line(one)} ({text(state(one))})" for one in difference.came),
            *(f"- gone: {line(one)} ({text(state(one))})" for one in difference.gone),
            *(f"- changed: {line(after)}: {text(state(before))} → {text(state(after))}" for before, after in difference.changed),
        ]
        yield from (f"### {title}: {counts_of(difference)}", "")
        yield from _folded(items)
        yield ""

    def _finding_line(self, one: Finding) -> str:
        return f"{one.rule} {self._at(one.path, one.span.line)} {prose(one.message)}"

    def _operation_line(self, one: Performed) -> str:
        return f"{one.operation.value} at {self._at(one.place.path, one.place.line)}{self._within(one.place)}"

    def _route_line(self, one: Endpoint) -> str:
        return f"{_route(one)} at {self._at(one.place.path, one.place.line)}"

    def _session_line(self, one: SessionSource) -> str:
        return f"{code(one.what)} at {self._at(one.place.path, one.place.line)}{self._within(one.place)}"

    def _within(self, place: Place) -> str:
        return f" in {code(place.function)}" if place.function else ""

    def _shown(self, path: Path) -> str:
        return shown(path, self._base)

    def _at(self, path: Path, line: int | None) -> str:
        return code(self._shown(path) + ("" if line is None else f":{line}"))

    def _places(self, places: Iterable[tuple[Path, int]]) -> str:
        files, left = placed((self._shown(path), line) for path, line in places)
        return ", ".join(map(code, files)) + left


def _folded(items: Sequence[str]) -> Lines:
    """The items of a list, which is folded when it is long."""
    if len(items) > MANY:
        yield from ("<details>", f"<summary>{counted(len(items), 'entry', 'entries')}</summary>", "")
    yield from items
    if len(items) > MANY:
        yield from ("", "</details>")


def _route(one: Endpoint) -> str:
    return f"{text(', '.join(one.methods))} {code(one.path) or code('/')}"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(map(code, words))


def _referred(one: Performed) -> str:
    """The rules that an operation offends against, where the reason does not name them."""
    rules = sorted({finding.rule for finding in one.findings if finding.rule not in one.because})
    return f" ({', '.join(rules)})" if rules else ""


def _option(value: bool | None) -> str:  # noqa: FBT001 -- an option of a session, as it was set
    return "not known" if value is None else code(str(value))


def _answer(one: Check) -> str:
    return f"**{one.answer.value}**" if one.answer.value == "no" else one.answer.value
