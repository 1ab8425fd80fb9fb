"""Asks the analyser about a program, and compares its answer with what the real ORM did, line by line."""

from __future__ import annotations

import enum
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy

from greenroom.config import Config, Selection
from greenroom.pipeline import check
from greenroom.vocabulary import Confidence
from tests.executable.analyser import LOAD_STATES
from tests.executable.outcome import kinds_of_rule
from tests.fuzz.execute import Laboratory
from tests.fuzz.program import Program
from tests.fuzz.render import modules_of
from tests.fuzz.watch import Place, Watch, Way

VERSION = ".".join(sqlalchemy.__version__.split(".")[:2])
SILENT_RULES = frozenset({"refresh-discards-changes", "expired-object-dumped", "expired-made-transient", "string-in-enum-column"})
"""Rules about what raises nothing of which the watch knows."""


class Verdict(enum.Enum):
    """How analyser and ORM can disagree about a line."""

    MISSED = "raises, not reported"
    EXTRA = "reported as definite, does not raise"
    MISNAMED = "raises something else than what is reported"
    BROKEN = "the analyser broke"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One line on which they disagree."""

    verdict: Verdict
    place: Place
    detail: str

    @property
    def rule(self) -> str:
        """The rule that is reported."""
        return self.detail.rpartition("reported: ")[2]


@dataclass(slots=True)
class Tally:
    """Lines by what happened on them, over many programs."""

    programs: int = 0
    lines: int = 0
    """Lines that ran."""
    raised: int = 0
    raised_definite: int = 0
    raised_possible: int = 0
    clean_possible: int = 0

    def add(self, other: Tally) -> None:
        """Count another program."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Result:
    """What came of one program."""

    disagreements: tuple[Disagreement, ...]
    tally: Tally = field(default_factory=Tally)
    watch: Watch | None = None
    findings: dict[Place, dict[str, bool]] = field(default_factory=dict)


def senseless(watch: Watch) -> bool:
    """Whether the program uses what it does not define, as one does from which too much was taken away."""
    return any("NameError" in text or ("has no attribute" in text and "NoneType" not in text) for text in watch.other.values())


def judge(program: Program, laboratory: Laboratory, *, thorough: bool = False, only: Way | None = None) -> Result:
    """Run and analyse one program.

    It runs in all ways where that is asked for, or where a definite finding waits for a path on which the line raises; otherwise
    on few. ``only`` names the one way to run it in.
    """
    try:
        findings = analyse(program)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is the analyser's fault
        return Result((Disagreement(Verdict.BROKEN, ("service", 0), repr(error)[:300]),), Tally(programs=1))
    watch = laboratory.observe(program, lambda seen: not thorough and not any(_compare(seen, findings)), only)
    if senseless(watch):
        raise ValueError(f"the program makes no sense: {watch.other}")
    return Result(tuple(_compare(watch, findings)), _tally(watch, findings), watch, findings)


def analyse(program: Program) -> dict[Place, dict[str, bool]]:
    """The analyser's findings: by place, the rules and whether they are definite."""
    memory = Path("/dev/shm")  # noqa: S108 -- the directory inside it is private
    with tempfile.TemporaryDirectory(prefix="greenroom-fuzz-", dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        for module, source in modules_of(program).items():
            (folder / f"{module}.py").write_text(source, encoding="utf-8")
        report = check([folder], Config(selection=Selection(select=LOAD_STATES), sqlalchemy=VERSION, dialect="sqlite"))
    broken = [note.message for note in report.not_analysed if "please report" in note.message]
    if broken:
        raise AssertionError(broken[0])
    findings: dict[Place, dict[str, bool]] = {}
    for finding in report.findings:
        rules = findings.setdefault((finding.path.stem, finding.span.line), {})
        rules[finding.name] = rules.get(finding.name, False) or finding.confidence is Confidence.DEFINITE
    return findings


def _compare(watch: Watch, findings: dict[Place, dict[str, bool]]) -> Iterator[Disagreement]:
    for place, kinds in sorted(watch.raised.items()):
        rules = findings.get(place, {})
        reported = {kind for rule in rules for kind in kinds_of_rule(rule)}
        text = ", ".join(sorted(kind.value for kind in kinds - reported))
        if not rules:
            yield Disagreement(Verdict.MISSED, place, text)
        elif kinds - reported:
            yield Disagreement(Verdict.MISNAMED, place, f"{text}; reported: {', '.join(sorted(rules))}")
    for place, rules in sorted(findings.items()):
        kinds = watch.raised.get(place, set())
        possible = kinds | watch.masked.get(place, set())
        for rule, definite in sorted(rules.items()):
            if rule in SILENT_RULES or not definite or place not in watch.passed or place in watch.other:
                continue
            if not possible & kinds_of_rule(rule):
                yield Disagreement(Verdict.EXTRA if not kinds else Verdict.MISNAMED, place, f"reported: {rule}")


def _tally(watch: Watch, findings: dict[Place, dict[str, bool]]) -> Tally:
    spoken = {place: any(rules.values()) for place, rules in findings.items() if not set(rules) <= SILENT_RULES}
    raised = set(watch.raised)
    return Tally(
        programs=1,
        lines=len(raised | watch.passed),
        raised=len(raised),
        raised_definite=sum(spoken.get(place, False) for place in raised),
        raised_possible=sum(place in spoken and not spoken[place] for place in raised),
        clean_possible=sum(place in spoken and not spoken[place] for place in watch.passed - raised),
    )
