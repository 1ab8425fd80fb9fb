"""``# greenroom: ignore[GR105] -- reason``: findings that someone has answered for, in the source itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from greenroom.config import suggestion
from greenroom.domain.events import UnusedSuppression
from greenroom.rules.finding import Finding
from greenroom.rules.registry import rules
from greenroom.source.comments import Comment, comments
from greenroom.source.file import SourceFile
from greenroom.source.problem import Gravity, Problem
from greenroom.triage.statements import Statements

OWN = "GR002"
"""The rule about unused suppressions; a comment that names it as well may be unused."""
SIGN = b"greenroom:"
"""Without it in its bytes, a file has no suppression."""
_DIRECTIVE = re.compile(r"#\s*greenroom:\s*(?P<word>[A-Za-z-]*)\s*(?P<rest>.*)", re.DOTALL)
_REST = re.compile(r"\[(?P<rules>[^\]]*)\]\s*(?:--+\s*(?P<reason>.*))?", re.DOTALL)
_OTHER_TOOLS = ("noqa", "disable", "allow", "skip", "off", "suppress")
"""What other tools call it."""
_EXAMPLE = "# greenroom: ignore[GR105] -- reason"


@dataclass(slots=True)
class Suppression:
    """A comment that answers for findings of some rules on one line of code."""

    comment: Comment
    codes: tuple[str, ...]
    reason: str
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Commented:
    """The suppressions of one file."""

    suppressions: tuple[Suppression, ...]
    statements: Statements

    def answers_for(self, finding: Finding) -> bool:
        """Whether a comment answers for the finding; the comment has been of use then."""
        lines = self.statements.lines_of(finding.span)
        answering = [one for one in self.suppressions if finding.rule in one.codes and one.comment.speaks_for in lines]
        for one in answering:
            one.used.add(finding.rule)
        return bool(answering)


class Suppressions:
    """The suppressions of the files of a run."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        """Comments that were meant to be one, and what to write instead."""
        self._files: dict[Path, Commented | None] = {}

    @property
    def files(self) -> list[Path]:
        """The files that have suppressions."""
        return [path for path, commented in self._files.items() if commented is not None]

    def read(self, file: SourceFile) -> None:
        """Read the comments of a file that was parsed; most files are known by their bytes to have none."""
        self._files[file.path] = None
        tree = file.parse() if SIGN in file.data else None
        found = list(self._suppressions(file)) if tree is not None else []
        if tree is not None and found:
            self._files[file.path] = Commented(tuple(found), Statements(tree))

    def answers_for(self, finding: Finding) -> bool:
        """Whether a comment answers for the finding, in whatever file it lies."""
        if finding.path not in self._files:
            self.read(SourceFile(finding.path, "", finding.path.parent))
        commented = self._files[finding.path]
        return commented is not None and commented.answers_for(finding)

    def unused(self, selected: Mapping[Path, frozenset[str]]) -> Iterator[UnusedSuppression]:
        """Yield what the comments name in vain, once all findings were asked about.

        ``selected`` has the rules that were looked for in each file, and only files that were analysed in full.
        """
        for path, commented in self._files.items():
            for one in commented.suppressions if commented is not None else ():
                idle = [code for code in one.codes if code not in one.used and code in selected.get(path, ())]
                if idle and OWN not in one.codes:
                    comment = one.comment
                    everything = len(idle) == len(one.codes)
                    yield UnusedSuppression(path, comment.line, comment.column, len(comment.text), tuple(idle), everything)

    def _suppressions(self, file: SourceFile) -> Iterator[Suppression]:
        for comment in comments(file.text):
            directive = _DIRECTIVE.search(comment.text)
            if directive is None or not _is_meant(directive["word"]):
                continue
            read = _read(directive["word"], directive["rest"])
            if isinstance(read, str):
                self.problems.append(Problem(file.path, comment.line, comment.column, read, Gravity.WARNING))
            else:
                codes, reason = read
                column = comment.column + directive.start()
                yield Suppression(Comment(comment.line, column, directive[0].rstrip(), comment.speaks_for), codes, reason)


def _read(word: str, rest: str) -> tuple[tuple[str, ...], str] | str:
    """Return rules and reason, or what is wrong with them and what to write."""
    if word != "ignore":
        return f"`greenroom: {word}` ignores nothing; write `{_EXAMPLE}`"
    found = _REST.match(rest)
    words = [part.strip() for part in found["rules"].split(",")] if found else []
    if found is None or not any(words):
        return f"this suppression names no rule, so it ignores nothing; write `{_EXAMPLE}`"
    known = _codes()
    for name in words:
        if name.casefold() not in known:
            wanted = suggestion(name.upper() if name[:2].upper() == "GR" else name, _nameable(name))
            return f"no rule is called {name!r}{wanted}, so this suppression ignores nothing; `greenroom rules` lists the rules"
    reason = re.split(r"(?:^|\s)#", found["reason"] or "")[0].strip()
    if not reason:
        return f"this suppression gives no reason, so it ignores nothing; write `# greenroom: ignore[{', '.join(words)}] -- reason`"
    return tuple(dict.fromkeys(known[name.casefold()] for name in words)), reason


def _is_meant(word: str) -> bool:
    """Whether a directive tries to suppress something; other prose after ``greenroom:`` is left alone."""
    return bool(difflib.get_close_matches(word.lower(), ("ignore", *_OTHER_TOOLS), n=1, cutoff=0.7))


@cache
def _codes() -> Mapping[str, str]:
    """The codes of all rules by code and name, in one case."""
    return {word.casefold(): rule.code for rule in rules() for word in (rule.code, rule.name)}


def _nameable(word: str) -> Iterable[str]:
    return [rule.code if word[:2].upper() == "GR" else rule.name for rule in rules()]
