"""The body of the page: what there is to filter, and the sections in the order in which a reader wants them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from greenroom import __version__
from greenroom.ledger import outline
from greenroom.ledger.compare import Comparison, fingerprints
from greenroom.ledger.elements import Markup, element, joined, prose, source
from greenroom.ledger.model import Endpoint, Ledger, Performed, Place, Treatment
from greenroom.ledger.outline import by_file, family_name, family_of, tally
from greenroom.ledger.pieces import answer, bad, confidence, contents, difference, folded, number, route, section, select, table, under
from greenroom.ledger.prose import counted
from greenroom.ledger.words import FEW, options, placed, proven, sentence
from greenroom.report.frame import Excerpts
from greenroom.report.observed import sentence as observed
from greenroom.report.paths import shown
from greenroom.report.report import Note
from greenroom.rules.finding import Finding

_TREATMENTS = tuple(Treatment)


class Page:
    """Writes one ledger for a reader who works in ``base``."""

    def __init__(self, ledger: Ledger, base: Path, compared: Comparison | None) -> None:
        self._ledger = ledger
        self._base = base
        self._compared = compared
        self._excerpts = Excerpts(base)
        self._ids: dict[Finding, str] = {}
        for finding, fingerprint in zip(ledger.findings, fingerprints(ledger.findings, base), strict=True):
            self._ids.setdefault(finding, f"f-{fingerprint[:16]}")

    def body(self) -> Markup:
        """Return everything that is in the body but the script."""
        ledger = self._ledger
        sections = [
            *([("since", "Since the last ledger", None, self._since(self._compared))] if self._compared is not None else []),
            ("risk", "Risk by category", None, self._risk()),
            ("first", "What to do first", None, self._recommendations()),
            ("hazards", "Hazards", len(ledger.findings), self._hazards()),
            ("operations", "Operations", len(ledger.performed), self._operations()),
            ("routes", "Routes", len(ledger.endpoints), self._routes()),
            ("enums", "Enum columns", len(ledger.enums), self._enums()),
            ("sessions", "Sessions", len(ledger.sessions), self._sessions()),
            ("checks", "Check-list", len(ledger.checks), self._checks()),
            ("assumptions", "Assumptions", len(ledger.assumptions), self._notes(ledger.assumptions, "Nothing was taken for granted.")),
            ("left", "Not analysed", len(ledger.not_analysed), self._notes(ledger.not_analysed, "Everything was followed to its end.")),
        ]
        return joined(
            [
                element("a", "Skip to the ledger", class_="skip", href="#content"),
                self._header(),
                element(
                    "div",
                    element("nav", contents(sections), aria_label="Sections"),
                    element(
                        "main",
                        self._filter(),
                        joined((section(*one) for one in sections), "\n"),
                        id="content",
                        tabindex="-1",
                    ),
                    class_="page",
                ),
                element("footer", f"Written by greenroom {__version__}. The page is complete: it asks for nothing and sends nothing."),
            ],
            "\n",
        )

    def _header(self) -> Markup:
        facts = joined(
            element("div", element("dt", label), element("dd", prose(value))) for label, value in outline.facts(self._ledger, self._base)
        )
        themes = joined(
            element("label", element("input", type="radio", name="theme", value=value, checked=value == "system"), element("span", name))
            for value, name in (("system", "Auto"), ("light", "Light"), ("dark", "Dark"))
        )
        return element(
            "header",
            element(
                "div",
                element("h1", "Ledger of ", element("em", outline.project(self._ledger, self._base))),
                element("fieldset", element("legend", "Theme"), themes, id="theme", class_="switch", hidden=True),
                class_="title",
            ),
            element("dl", facts, class_="facts"),
        )

    def _filter(self) -> Markup:
        ledger = self._ledger
        classes = Counter(one.treatment for one in ledger.performed)
        families = Counter(family_of(one.rule) for one in ledger.findings)
        confidences = Counter(one.confidence.value for one in ledger.findings)
        files = Counter(
            [self._shown(one.path) for one in ledger.findings]
            + [self._shown(one.place.path) for group in (ledger.performed, ledger.endpoints, ledger.sessions) for one in group]
        )
        fields = [
            element(
                "label",
                element("span", "Search"),
                element("input", type="search", id="search", placeholder='words, or "a phrase"', autocomplete="off", spellcheck="false"),
                class_="wide",
            ),
            select("class", "Class", [(one.value, one.value, classes[one]) for one in _TREATMENTS if classes[one]]),
            select("family", "Family", [(code, family_name(code), families[code]) for code in sorted(families)]),
            select("confidence", "Confidence", [(one, one, number) for one, number in sorted(confidences.items())]),
            select("file", "File", [(path, path, files[path]) for path in sorted(files)]),
            element("button", "Clear", type="reset"),
            element("output", "", id="found", for_="search", aria_live="polite"),
            element(
                "p",
                joined([element("kbd", "/"), " search  ", element("kbd", "j"), " ", element("kbd", "k"), " next and previous finding  "]),
                element("kbd", "Esc"),
                " clear",
                class_="keys",
            ),
        ]
        return element("form", *fields, role="search", id="filter", aria_label="Filter the ledger", hidden=True)

    def _since(self, compared: Comparison) -> Markup:
        version = "" if compared.version == __version__ else f" It was written by greenroom {compared.version}."
        nothing = "" if compared else " Nothing came, nothing went."
        place = self._at
        return joined(
            [
                element("p", "Compared with ", element("code", self._shown(compared.other)), f".{version}{nothing}"),
                difference("Findings", compared.findings, self._reference, lambda one: one.confidence.value),
                difference(
                    "Operations",
                    compared.operations,
                    lambda one: joined([one.operation.value, " at ", self._within(one.place)]),
                    lambda one: one.treatment.value,
                ),
                difference(
                    "Routes",
                    compared.endpoints,
                    lambda one: joined([route(one), " at ", place(one.place.path, one.place.line)]),
                    proven,
                ),
                difference(
                    "Sessions",
                    compared.sessions,
                    lambda one: joined([element("code", one.what), " at ", self._within(one.place)]),
                    options,
                ),
                difference("Check-list", compared.checks, lambda one: prose(one.question), lambda one: one.answer.value),
            ]
        )

    def _risk(self) -> Markup:
        found = outline.categories(self._ledger.findings)
        total = tally(self._ledger.findings)
        rules = [
            [family_name(one.family), element("code", one.rule), one.name, number(sums.definite), number(sums.possible)]
            for one in found
            for sums in [tally(one.findings)]
        ]
        rules.append(["All", "", "", number(total.definite), number(total.possible)])
        counts = outline.treatments(self._ledger.performed)
        operations = [
            [operation.value, *(number(by_class[one]) for one in _TREATMENTS), number(by_class.total())]
            for operation, by_class in counts.items()
            if by_class
        ]
        heads = ["Operation", *(one.value.capitalize() for one in _TREATMENTS), "All"]
        return joined(
            [
                table("Findings by rule", ["Category", "Rule", "Name", "Definite", "Possible"], rules, right=(3, 4), total=True)
                if found
                else element("p", "No findings."),
                table("Operations by what becomes of the objects", heads, operations, right=range(1, len(heads))) if operations else "",
            ]
        )

    def _recommendations(self) -> Markup:
        found = outline.recommendations(self._ledger.findings)
        if not found:
            return element("p", "Nothing needs to be done.")
        return element("ol", joined(map(self._recommendation, found), "\n"), class_="mends")

    def _recommendation(self, one: outline.Recommendation) -> Markup:
        several = len(one.findings) > 1
        answers = element("p", f"Answers {counted(len(one.findings), 'finding')}: {tally(one.findings)}.", class_="quiet")
        cause: str = ""
        if one.cause is not None and several:
            begin = joined(["All begin at ", self._at(one.cause.path, one.cause.line), ": ", prose(one.cause.message), "."])
            cause = joined([element("p", begin), *(element("p", "Or: ", prose(sentence(mend))) for mend in one.mends[1:FEW])])
        links = joined((self._link(finding) for finding in one.findings[:FEW]), " ")
        more = f" and {len(one.findings) - FEW:,} more" if len(one.findings) > FEW else ""
        return element(
            "li", element("p", prose(sentence(one.mends[0])), class_="lead"), answers, cause, element("p", links, more, class_="links")
        )

    def _hazards(self) -> Markup:
        if not self._ledger.findings:
            return element("p", "None.")
        return joined(
            (
                element(
                    "div",
                    element("h3", family_name(family), " ", element("small", str(tally(findings)))),
                    joined(map(self._hazard, findings), "\n"),
                    class_="family",
                    data_group=True,
                )
                for family, findings in outline.families(self._ledger.findings)
            ),
            "\n",
        )

    def _hazard(self, finding: Finding) -> Markup:
        file = self._shown(finding.path)
        mark = self._ledger.mark(finding)
        summary = element(
            "summary",
            element("span", prose(finding.message), class_="message"),
            element(
                "span",
                confidence(finding),
                element("span", "observed", class_="bad") if mark is not None else "",
                element("span", f"{finding.rule} {finding.name}"),
                self._at(finding.path, finding.span.line),
                class_="meta",
            ),
        )
        steps = joined(
            element("li", element("p", self._at(step.path, step.line), " ", prose(step.message)), self._line(step.path, step.line))
            for step in finding.trace
        )
        seen = (
            element("p", element("strong", "Observed"), observed(mark).removeprefix("observed"), class_="observed")
            if mark is not None
            else ""
        )
        mend = element("p", element("strong", "Mend"), " ", prose(sentence(finding.mend)), class_="mend") if finding.mend else ""
        return element(
            "details",
            summary,
            self._frame(finding),
            element("ol", steps, class_="chain", aria_label="Chain of causes") if finding.trace else "",
            seen,
            mend,
            id=self._ids[finding],
            class_="finding",
            data_entry=True,
            data_file=file,
            data_family=family_of(finding.rule),
            data_confidence=finding.confidence.value,
        )

    def _frame(self, finding: Finding) -> str:
        span = finding.span
        line = self._excerpts.line(finding.path, span.line)
        if line is None:
            return ""
        before = self._excerpts.line(finding.path, span.line - 1)
        end = span.end_column - 1 if span.end_line == span.line else len(line)
        rows = [
            *([self._numbered(span.line - 1, source(before))] if before is not None and before.strip() else []),
            self._numbered(span.line, source(line, min(span.column - 1, len(line)), end)),
        ]
        return element("pre", element("code", joined(rows, Markup("\n"))), tabindex="0", aria_label=f"Source, line {span.line}")

    def _numbered(self, number: int, line: Markup) -> Markup:
        return joined([element("span", f"{number}", class_="number"), line])

    def _line(self, path: Path, number: int) -> str:
        line = self._excerpts.line(path, number)
        return element("code", source(line.strip()), class_="line") if line is not None and line.strip() else ""

    def _operations(self) -> Markup:
        if not self._ledger.performed:
            return element("p", "None.")
        return joined(
            (self._file(path, performed) for path, performed in by_file(self._ledger.performed, lambda one: one.place, self._base)), "\n"
        )

    def _file(self, path: str, performed: Sequence[Performed]) -> Markup:
        kinds = Counter(one.treatment for one in performed)
        told = ", ".join(f"{kinds[kind]} {kind.value}" for kind in _TREATMENTS if kinds[kind])
        rows = joined((self._operation(path, one) for one in performed), "\n")
        heads = ("Line", "Operation", "Class", "Because", "Read afterwards")
        head = element("thead", element("tr", *(element("th", name, scope="col") for name in heads)))
        operations = element("table", element("caption", f"Operations in {path}", class_="unseen"), head, element("tbody", rows))
        bad = kinds[Treatment.HAZARD] > 0
        summary = element("summary", element("code", path), element("span", told, class_="meta"))
        return element("details", summary, element("div", operations, class_="wide"), class_="file", open=bad, data_group=True)

    def _operation(self, path: str, one: Performed) -> Markup:
        hazard = one.treatment is Treatment.HAZARD
        links = joined((self._link(finding) for finding in one.findings if finding in self._ids), " ")
        what = joined([one.operation.value, element("small", " implicit") if one.implicit else ""])
        models = joined((element("code", model) for model in one.models), ", ")
        return element(
            "tr",
            element("td", str(one.place.line), class_="number"),
            element("td", what, under(["in ", element("code", one.place.function)] if one.place.function else [])),
            element("td", element("span", one.treatment.value, class_="bad" if hazard else None), class_="short"),
            element(
                "td", prose(one.because), under([links] if links else []), under(["objects: ", models] if models else []), class_="main"
            ),
            element("td", joined((element("code", read) for read in one.reads), ", ")),
            data_entry=True,
            data_file=path,
            data_class=one.treatment.value,
            data_family=" ".join(sorted({family_of(finding.rule) for finding in one.findings})) or None,
            data_confidence=" ".join(sorted({finding.confidence.value for finding in one.findings})) or None,
        )

    def _routes(self) -> Markup:
        if not self._ledger.endpoints:
            return element("p", "None.")
        return joined(map(self._endpoint, self._ledger.endpoints), "\n")

    def _endpoint(self, one: Endpoint) -> Markup:
        missing = any(not proof.there for proof in one.proofs)
        answers = element("span", proven(one), class_="bad" if missing else None)
        meta = element("span", answers, self._at(one.place.path, one.place.line), class_="meta")
        head = joined([element("span", route(one), class_="message"), meta])
        rows = [
            [element("code", proof.field), element("code", proof.attribute), "yes" if proof.there else bad("no"), prose(proof.because)]
            for proof in one.proofs
        ]
        commits = joined((self._at(place.path, place.line) for place in one.commits), ", ")
        links = joined((self._link(finding) for finding in one.findings), " ")
        body = [
            table("", ["Field", "Attribute", "There", "Because"], rows) if rows else "",
            element("p", "Commits at ", commits, ".") if commits else "",
            element("p", links, class_="links") if links else "",
        ]
        return element(
            "details" if any(body) else "div",  # nothing opens where there is nothing
            element("summary", head) if any(body) else head,
            *body,
            class_="route" if any(body) else "route plain",
            data_entry=True,
            data_file=self._shown(one.place.path),
            data_family=" ".join(sorted({family_of(finding.rule) for finding in one.findings})) or None,
            data_confidence=" ".join(sorted({finding.confidence.value for finding in one.findings})) or None,
        )

    def _enums(self) -> Markup:
        rows = [
            [
                element("code", f"{one.model}.{one.attribute}"),
                element("code", one.enumeration),
                self._places((place.path, place.line) for place in one.reads) or "nowhere",
            ]
            for one in self._ledger.enums
        ]
        return table("", ["Column", "Enumeration", "Read at"], rows, entries=[None] * len(rows)) if rows else element("p", "None.")

    def _sessions(self) -> Markup:
        names = {None: "not known", True: element("code", "True"), False: element("code", "False")}
        rows = [
            [
                element("code", one.what),
                self._at(one.place.path, one.place.line),
                names[one.expire_on_commit],
                names[one.autoflush],
                "tests" if one.test else "the application",
            ]
            for one in self._ledger.sessions
        ]
        files = [self._shown(one.place.path) for one in self._ledger.sessions]
        heads = ["Made by", "At", element("code", "expire_on_commit"), element("code", "autoflush"), "For"]
        return table("", heads, rows, entries=files) if rows else element("p", "None.")

    def _checks(self) -> Markup:
        rows = [
            [
                prose(one.question),
                answer(one),
                joined([prose(one.evidence), self._evidence(one.findings)]),
                joined((element("code", rule) for rule in one.rules), ", "),
            ]
            for one in self._ledger.checks
        ]
        return (
            table("", ["Question", "Answer", "Evidence", "Rules"], rows, entries=[None] * len(rows))
            if rows
            else element("p", "No questions.")
        )

    def _evidence(self, findings: Sequence[Finding]) -> str:
        links = list(dict.fromkeys(map(self._link, findings)))
        more = f" and {len(links) - FEW:,} more" if len(links) > FEW else ""
        return element("p", joined(links[:FEW], " "), more, class_="links") if links else ""

    def _notes(self, notes: Sequence[Note], none: str) -> Markup:
        if not notes:
            return element("p", none)
        items = (
            element(
                "li",
                "" if note.path is None else joined([self._at(note.path, note.line), " "]),
                prose(note.message),
                data_entry=True,
                data_file=None if note.path is None else self._shown(note.path),
            )
            for note in notes
        )
        return folded(list(items), "notes")

    def _reference(self, one: Finding) -> Markup:
        link = self._link(one) if one in self._ids else joined([one.rule, " ", self._at(one.path, one.span.line)])
        return joined([link, " ", prose(one.message)])

    def _link(self, one: Finding) -> Markup:
        text = f"{one.rule} {self._shown(one.path)}:{one.span.line}"
        return element("a", text, href=f"#{self._ids[one]}", class_="place") if one in self._ids else element("code", text)

    def _within(self, place: Place) -> Markup:
        return joined(
            [self._at(place.path, place.line), " in " if place.function else "", element("code", place.function) if place.function else ""]
        )

    def _shown(self, path: Path) -> str:
        return shown(path, self._base)

    def _at(self, path: Path, line: int | None) -> Markup:
        return element("code", self._shown(path) + ("" if line is None else f":{line}"), class_="place")

    def _places(self, places: Iterable[tuple[Path, int]]) -> Markup:
        files, left = placed((self._shown(path), line) for path, line in places)
        return joined([joined((element("code", file, class_="place") for file in files), ", "), left])
