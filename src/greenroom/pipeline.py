"""The whole analysis, from paths to a report."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from greenroom.config import Config
from greenroom.confirm.confirming import Found, confirm
from greenroom.confirm.project import Known
from greenroom.confirm.records import Observations, Reason
from greenroom.confirm.traces import Recorded, load_all
from greenroom.domain.events import Observation, Unreadable
from greenroom.facts.collect import Backend
from greenroom.interpret.declared import declared
from greenroom.interpret.engine import interpret
from greenroom.interpret.observer import Observer
from greenroom.interpret.probe import Probe, Situation
from greenroom.interpret.run import DEPTH, STEPS
from greenroom.interpret.settings import Settings
from greenroom.interpret.tracker import Tracker
from greenroom.ledger.collect import Collector
from greenroom.ledger.model import Ledger
from greenroom.program.program import Program
from greenroom.report.report import Note, Report, Stats
from greenroom.rules.finding import Finding
from greenroom.rules.registry import judge
from greenroom.rules.wanted import Wanted
from greenroom.semantics.dialects import RETURNING_ON_INSERT
from greenroom.source.dependencies import Dependencies, is_exact
from greenroom.source.discover import Group, discover
from greenroom.source.file import SourceFile
from greenroom.source.problem import Gravity, Problem
from greenroom.triage.baseline import Baseline, Compared, Covers, demand_writable, load
from greenroom.triage.fingerprints import Identity
from greenroom.triage.sifting import Sifted, sift
from greenroom.triage.suppressions import Suppressions
from greenroom.vocabulary import Confidence

LEFT = 500_000
"""Objects that may be left of projects that are done with."""
_BOUNDS = {
    "steps": f"the bound of {STEPS:,} steps for one entry point (fewer in a large project) was reached; what lies beyond was not followed",
    "depth": f"the bound of {DEPTH} nested calls was reached; what lies deeper was not followed",
    "recursion": "something is nested deeper than the interpreter's stack; the ways through it were not followed",
}
"""What is said about each bound."""

ReportProgress = Callable[[int, int, str], None]


def check(paths: Sequence[Path], config: Config, progress: ReportProgress | None = None) -> Report:
    """Analyse the projects under ``paths``; unreadable input becomes findings, never an exception.

    Raises:
        ConfigError: The baseline cannot be read or written, or a trace cannot be read.
    """
    return _checked(paths, config, progress)


def audit(paths: Sequence[Path], config: Config, progress: ReportProgress | None = None) -> Ledger:
    """Analyse the projects under ``paths`` and write down what an audit wants to know besides the findings.

    The check-list asks all rules, those that are off by default included.

    Raises:
        ConfigError: The baseline cannot be read or written, or a trace cannot be read.
    """
    collector = Collector(roots=list(paths))
    wide = replace(config, override=replace(config.override, extend_select=(*config.override.extend_select, "GR")))
    report = _checked(paths, wide, progress, collector)
    wanted = Wanted(config)
    chosen = tuple(finding for finding in report.findings if finding.rule in wanted.at(finding.path))
    return collector.finished(replace(report, findings=chosen), report.findings)


def observe(paths: Sequence[Path], config: Config, traces: Sequence[Recorded], progress: ReportProgress | None = None) -> Observations:
    """Analyse the projects under ``paths`` and compare what is found with traces that have been read already.

    Raises:
        ConfigError: The baseline cannot be read.
    """
    return _checked(paths, config, progress, traces=traces).observed or Observations(())


def inspect(paths: Sequence[Path], config: Config, path: Path, line: int, progress: ReportProgress | None = None) -> list[Situation] | None:
    """Analyse the project under ``paths`` that holds ``path``; return what is known of its objects where ``line`` runs.

    Returns:
        One situation for each way in which the line is reached, or None when no project under the paths holds the file.
    """
    tree = discover(paths, config.exclude)
    program = Program(tree)
    wanted = os.path.abspath(path)  # noqa: PTH100 -- links keep the user's names
    for group in program.groups:
        file = next((file for file in group.files if os.path.abspath(file.path) == wanted), None)  # noqa: PTH100 -- as above
        if file is not None:
            if progress is not None:
                progress(0, len(tree.files), group.roots[0].name)
            probe = Probe(file.path, line)
            _interpret(program, group, config, probe)
            return probe.seen
    return None


@dataclass(frozen=True, slots=True)
class Located:
    """The findings of one file, each with the observation that it follows from, and what its project declares."""

    backend: Backend
    findings: tuple[tuple[Finding, Observation], ...]
    bounds: tuple[Note, ...]
    """The entry points that were not followed to their end."""


def locate(paths: Sequence[Path], config: Config, path: Path, progress: ReportProgress | None = None) -> Located | None:
    """Analyse the project under ``paths`` that holds ``path``; return what is found in that file, whether or not a comment answers for it.

    Returns:
        The findings of the rules that are on there and of the wanted confidence; None when no project under the paths holds the file.
    """
    tree = discover(paths, config.exclude)
    program = Program(tree)
    wanted = os.path.abspath(path)  # noqa: PTH100 -- links keep the user's names
    for group in program.groups:
        file = next((file for file in group.files if os.path.abspath(file.path) == wanted), None)  # noqa: PTH100 -- as above
        if file is None:
            continue
        if progress is not None:
            progress(0, len(tree.files), group.roots[0].name)
        backend, events, tracker = _interpret(program, group, config, None)
        observed = {finding: event for event in events for finding in judge([event]) if finding.path == file.path}
        on = Wanted(config).at(file.path)
        findings = [f for f in _distinct(observed) if f.rule in on and config.admits(f.confidence)]
        return Located(backend or Backend(program, group), tuple((f, observed[f]) for f in findings), tuple(_bounds(tracker)))
    return None


def _checked(
    paths: Sequence[Path],
    config: Config,
    progress: ReportProgress | None,
    collector: Collector | None = None,
    traces: Sequence[Recorded] = (),
) -> Report:
    started = time.perf_counter()
    baseline = _baseline(config)
    traces = [*load_all(config.observed), *traces]
    known = Known() if traces else None
    tree = discover(paths, config.exclude)
    program = Program(tree)
    findings: list[Finding] = []
    notes: list[Note] = []
    assumed: list[Note] = []
    suppressions = Suppressions()
    given = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 -- links keep the user's names
    complete: set[Path] = set()
    functions = 0
    done = 0
    for group in program.groups:
        if progress is not None:
            progress(done, len(tree.files), group.roots[0].name)
        part = _analyse(program, group, config, collector, known)
        findings.extend(part.findings)
        notes.extend(part.notes)
        assumed.extend(part.assumed)
        functions += part.functions
        done += len(group.files)
        unfinished = {note.path for note in part.notes}
        for file in group.files:  # those that cannot matter are parsed for their syntax alone
            parsed = file.parse() is not None
            suppressions.read(file)
            if parsed and unfinished.isdisjoint((file.path, *group.roots)) and _is_whole(file, given):
                complete.add(file.path)
            file.forget()
        program.evict(group)
        if done < len(tree.files) and gc.get_count()[0] > LEFT:
            gc.collect()  # a batch run switches the collector off, and what is left of a project is full of cycles
    problems = tree.all_problems()
    findings.extend(judge(_unreadable(problems)))
    wanted = Wanted(config)
    sifted = sift(_distinct(findings), wanted, suppressions, complete)

    def covers(path: Path, rule: str) -> bool:
        gone = any(path.is_relative_to(start) for start in given) and not path.exists()
        return rule in wanted.at(path) and (gone or path in complete)

    compared = _against(baseline, sifted.findings, config, covers)
    observed = None
    if known is not None:
        known.add_files(tree.files)
        observed = confirm(traces, known, Found(compared.new, _untold(compared, sifted, config)), paths)
    warnings = [problem for problem in problems if problem.gravity is Gravity.WARNING] + suppressions.problems
    stats = Stats(
        files=len(tree.files),
        functions=functions,
        seconds=time.perf_counter() - started,
        suppressed=sum(config.admits(finding.confidence) for finding in sifted.suppressed),
        known=len(compared.known),
        gone=len(compared.gone),
    )
    return Report(
        findings=compared.new,
        stats=stats,
        warnings=(*(Note(problem.message, problem.path, problem.line) for problem in warnings), *_gone(compared.gone, config)),
        assumptions=tuple(assumed),
        not_analysed=tuple(sorted(set(notes), key=lambda note: (note.path or Path(), note.line or 0, note.message))),
        observed=observed,
    )


def _untold(compared: Compared, sifted: Sifted, config: Config) -> list[tuple[Reason, Sequence[Finding]]]:
    """The findings that are not told answer for what was met at run time as well, and say why they are not told."""
    return [
        (Reason.BASELINE, compared.known),
        (Reason.SUPPRESSED, sifted.suppressed),
        (Reason.CONFIDENCE, [finding for finding in sifted.findings if not config.admits(finding.confidence)]),
        (Reason.NOT_SELECTED, sifted.unwanted),
    ]


def _baseline(config: Config) -> Baseline | None:
    if config.baseline is None:
        return None
    if config.update_baseline:
        demand_writable(config.baseline)
    return load(config.baseline, may_be_missing=config.update_baseline)


def _against(baseline: Baseline | None, findings: Sequence[Finding], config: Config, covers: Covers) -> Compared:
    """Compare what is shown with the baseline, which is brought up to date before where that is asked for."""
    shown = [finding for finding in findings if config.admits(finding.confidence)]
    if baseline is None:
        return Compared(tuple(shown), (), ())
    hidden = [finding for finding in findings if not config.admits(finding.confidence)]
    compared = baseline.compared(shown, covers, besides=hidden)
    if not config.update_baseline:
        return compared
    updated = baseline.updated(shown, compared.gone)
    updated.save()
    return updated.compared(shown, covers, besides=hidden)


def _gone(gone: Sequence[Identity], config: Config) -> Iterator[Note]:
    """One note for all that a baseline has and that is not there any more."""
    if gone:
        first = gone[0]
        others = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        what = f"{first.rule} at `{first.code}` in {first.path}{others}"
        yield Note(f"what the baseline has is not found any more: {what}; give --update-baseline to take it out", config.baseline)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one project adds to the report. Nothing in it holds on to the project itself."""

    findings: list[Finding]
    notes: list[Note]
    assumed: list[Note]
    functions: int


def _analyse(program: Program, group: Group, config: Config, collector: Collector | None, known: Known | None) -> _Part:
    observer = Observer() if collector is not None else None
    try:
        backend, events, tracker = _interpret(program, group, config, observer)
        if collector is not None and observer is not None and backend is not None:
            collector.add(backend, observer, events, tracker)
        if known is not None and backend is not None:
            known.add(backend, tracker)
    except Exception as error:
        if os.environ.get("GREENROOM_TRACEBACK"):
            raise
        if known is not None:
            known.skip(group.roots)
        return _Part([], [_broken(group, error)], [], 0)
    part = _Part(list(judge(events)), list(_bounds(tracker)), list(_assumed(tracker)), tracker.functions)
    tracker.forget()
    return part


def _interpret(
    program: Program, group: Group, config: Config, onlooker: Observer | Probe | None
) -> tuple[Backend | None, list[Observation], Tracker]:
    backend = Backend(program, group)
    if not program.relevant(group.files):
        return None, [], Tracker()
    dialects = (config.dialect,) if config.dialect is not None else backend.session_defaults().dialects
    returning = {RETURNING_ON_INSERT.get(dialect) for dialect in dialects} or {True}
    settings = Settings(
        returning=returning.pop() if len(returning) == 1 else None,
        sqlalchemy=config.sqlalchemy or version_of(program, group),
        operations=config.operations,
        boundaries=config.boundaries,
        aborts="postgresql" in (dialects[:1] or ("postgresql",)),
        answers_first=_answers_first(program.tree.dependencies(group)),
    )
    backend.sqlalchemy, backend.dialects = settings.sqlalchemy, dialects
    events, tracker = interpret(program, backend, group, settings, onlooker)
    return backend, [*events, *declared(backend, group)], tracker


def version_of(program: Program, group: Group) -> str:
    """The SQLAlchemy version that the project's dependency files pin; the newest where they are silent."""
    pinned = program.tree.dependencies(group).versions.get("sqlalchemy", "")
    return "2.0" if "2.0" in pinned and "2.1" not in pinned else "2.1"


def _answers_first(dependencies: Dependencies) -> bool:
    """Whether the FastAPI that a project pins sends the answer before dependencies are finished."""
    pinned = dependencies.versions.get("fastapi", "")
    return not is_exact(pinned) or not (0, 106) <= (dependencies.version("fastapi") or (0,)) < (0, 118)


def _is_whole(file: SourceFile, given: Iterable[Path]) -> bool:
    """Whether all of the file's top-level package was given: in a part of it, calls from the rest are not seen."""
    first, *others = file.module.split(".")
    top = file.root / first if others or file.is_package else file.root
    return any(top.is_relative_to(path) for path in given)


def _distinct(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One finding of those that say the same of one expression: a definite one, with the shortest way to it.

    What may be wrong with an attribute is left out where something is wrong with it for certain.
    """
    found: dict[object, Finding] = {}
    for finding in findings:
        place = (finding.rule, finding.path, finding.span, finding.message)
        known = found.get(place)
        if known is None or _rank(finding) < _rank(known):
            found[place] = finding
    certain = {_subject(finding) for finding in found.values() if finding.confidence is Confidence.DEFINITE}
    return [finding for finding in found.values() if finding.confidence is Confidence.DEFINITE or _subject(finding) not in certain]


def _subject(finding: Finding) -> object:
    """The attribute that an expression reads, or the finding itself where it is about none."""
    return (finding.path, finding.span, finding.model, finding.attribute) if finding.attribute is not None else finding


def _rank(finding: Finding) -> tuple[bool, int, list[tuple[Path, int, str]]]:
    steps = [(step.path, step.line, step.message) for step in finding.trace]
    return finding.confidence is not Confidence.DEFINITE, len(steps), steps


def _assumed(tracker: Tracker) -> Iterator[Note]:
    notes = {
        Note(
            f"`{callee}` is not part of the project: it is taken to expire nothing, and perhaps to load", site.module.source.path, site.line
        )
        for site, callee in tracker.unknown.values()
    }
    yield from sorted(notes, key=lambda note: (str(note.path), note.line or 0, note.message))


def _bounds(tracker: Tracker) -> Iterator[Note]:
    """One note for each entry point that was not followed to its end, in the order of the files."""
    for function, which in tracker.bounded.items():
        what = _BOUNDS.get(which) or f"not followed to its end ({which}); please report this"
        yield Note(f"{function.module.name}.{function.qualname}: {what}", function.module.source.path, function.node.lineno)


def _broken(group: Group, error: Exception) -> Note:
    """A project whose declarations could not be read through: a defect of ours, or nesting deeper than the stack."""
    what = (
        "nested too deeply" if isinstance(error, RecursionError) else f"internal error: {type(error).__name__}: {error}; please report this"
    )
    return Note(f"the project was not analysed ({what})", group.roots[0])


def _unreadable(problems: Sequence[Problem]) -> Iterator[Unreadable]:
    for problem in problems:
        if problem.gravity is Gravity.ERROR:
            yield Unreadable(problem.path, problem.line, problem.column, problem.message)
