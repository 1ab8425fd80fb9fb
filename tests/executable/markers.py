"""The comments by which a page says what a line does.

``# error: [rule]``            the line raises, and the analyser reports it
``# missed: [rule] reason``    the line raises, and the analyser does not report it
``# extra: [rule] reason``     the line does not raise, and the analyser reports it
``# fails: [rule] Exception``  the line raises an exception that is no implicit IO, and the analyser reports it
``# silent: [rule]``           the line raises nothing but does harm, and the analyser reports it
``# raises: Exception``        the line raises something that is no implicit IO, and the analyser reports nothing
``# value: expression``        the function returns this value

Brackets after the word limit a marker to some environments: ``# error[2.1]: [rule]``, ``# value[2.0 sqlite]: None``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass


class Word(enum.Enum):
    """What a marker claims."""

    ERROR = "error"
    FAILS = "fails"
    MISSED = "missed"
    EXTRA = "extra"
    SILENT = "silent"
    RAISES = "raises"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Marker:
    """One claim about one line; ``text`` is a rule name, an exception name or an expression."""

    word: Word
    line: int
    text: str
    tags: frozenset[str]
    exception: str = ""
    """What ``fails`` raises."""

    def holds_in(self, environment: frozenset[str]) -> bool:
        """Whether the marker speaks about an environment such as ``{"2.1", "sqlite"}``."""
        return self.tags <= environment


_WORDS = "|".join(word.value for word in Word)
_COMMENT = re.compile(rf"#\s*(?=(?:{_WORDS})(?:\[[^\]]*\])?:)")
_MARKER = re.compile(rf"\b(?P<word>{_WORDS})(?:\[(?P<tags>[^\]]*)\])?:\s")
_RULES = re.compile(r"\[([a-z0-9-]+)\]")
_EXCEPTION = re.compile(r"\]\s+([A-Za-z]\w*)")


def markers_of(source: str, first_line: int) -> Iterator[Marker]:
    """Read the markers of a block whose first line has the given number."""
    for number, line in enumerate(source.splitlines(), first_line):
        comment = _COMMENT.search(line)
        if comment:
            yield from _markers_of_comment(line[comment.end() :], number)


def _markers_of_comment(comment: str, line: int) -> Iterator[Marker]:
    found = list(_MARKER.finditer(comment))
    ends = [match.start() for match in found[1:]] + [len(comment)]
    for match, end in zip(found, ends, strict=True):
        word = Word(match["word"])
        tags = frozenset((match["tags"] or "").split())
        text = comment[match.end() : end].strip()
        if word in {Word.RAISES, Word.VALUE}:
            yield Marker(word, line, text, tags)
            continue
        rules = _RULES.findall(text)
        if not rules:
            msg = f"line {line}: `{word.value}` names no rule; write `# {word.value}: [rule-name]`"
            raise ValueError(msg)
        exception = _EXCEPTION.search(text)
        if word is Word.FAILS and exception is None:
            msg = f"line {line}: `fails` names no exception; write `# fails: [rule-name] ExceptionName`"
            raise ValueError(msg)
        yield from (Marker(word, line, rule, tags, exception[1] if exception and word is Word.FAILS else "") for rule in rules)
