"""What makes two findings of two runs the same: not their lines, which move with every edit, but where and what they are.

Rule, path, the function around, the attribute that is read, and the expression without its layout.
Findings that agree in all of it are told apart by their order.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from greenroom.rules.finding import Finding, Span
from greenroom.source.file import SourceFile
from greenroom.source.lexer import Kind, LexicalError, tokenize
from greenroom.triage.statements import Statements

LONGEST = 120
"""Code above this length is cut and told by its digest."""
_CLOSING = (")", "]", "}")


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """A finding without its place in the file; ``path`` is relative, with slashes."""

    path: str
    rule: str
    function: str
    """The qualified name of the function or class around; empty at the level of the module."""
    about: str
    """``Model.attribute``; empty where it is about none."""
    code: str

    def fingerprint(self, nth: int) -> str:
        """Return the digest of the ``nth`` finding of this identity, counted from 0."""
        words = (self.path, self.rule, self.function, self.about, self.code, str(nth))
        return hashlib.sha256("\0".join(words).encode(errors="surrogatepass")).hexdigest()[:32]


def identified(findings: Iterable[Finding], shown: Callable[[Path], str]) -> Iterator[tuple[Finding, Identity, int]]:
    """Yield each finding with its identity and its number among equal ones, in their order; ``shown`` makes paths relative."""
    sources: dict[Path, _Source] = {}
    seen: Counter[Identity] = Counter()
    for finding in findings:
        source = sources.get(finding.path)
        if source is None:
            source = sources[finding.path] = _Source(finding.path)
        identity = source.identity(finding, shown(finding.path))
        yield finding, identity, seen[identity]
        seen[identity] += 1


class _Source:
    """One file with findings: its text, its statements and its functions."""

    def __init__(self, path: Path) -> None:
        self._file = SourceFile(path, "", path.parent)
        tree = self._file.parse()
        self._statements = Statements(tree) if tree is not None else None
        self._definitions = list(_definitions(tree.body, "")) if tree is not None else []

    def identity(self, finding: Finding, path: str) -> Identity:
        line = finding.span.line
        around = [(last - first, name) for first, last, name in self._definitions if first <= line <= last]
        about = f"{finding.model}.{finding.attribute}" if finding.attribute is not None else ""
        return Identity(path, finding.rule, min(around, default=(0, ""))[1], about, _code(self._text(finding.span)))

    def _text(self, span: Span) -> str:
        lines = self._file.lines[span.line - 1 : span.end_line]
        if self._statements is None:  # no tree, so there are only points; their line is more
            return lines[0] if lines else ""
        if lines and self._statements.last_line(span) == span.end_line:
            lines[-1] = lines[-1][: span.end_column - 1]
        lines = lines[: self._statements.last_line(span) - span.line + 1]
        return "\n".join([lines[0][span.column - 1 :], *lines[1:]]) if lines else ""


def _definitions(body: Iterable[ast.AST], prefix: str) -> Iterator[tuple[int, int, str]]:
    """Yield first line, last line and qualified name of every function and class."""
    waiting = [(node, prefix) for node in body]
    while waiting:
        node, prefix = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            prefix += f".{node.name}" if prefix else node.name
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first, node.end_lineno or first, prefix
        waiting.extend(
            (child, prefix) for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case))
        )


def _code(text: str) -> str:
    """Return code without layout: no comments, one blank where words would run together, no comma before a closing bracket."""
    try:
        tokens = [token for token in tokenize(text) if token.kind not in {Kind.NEWLINE, Kind.COMMENT}]
    except LexicalError:
        tokens = []
    words: list[str] = []
    wordlike = False
    for token in tokens:
        if token.text in _CLOSING and words and words[-1] == ",":
            words.pop()
        if wordlike and token.kind is not Kind.OPERATOR:
            words.append(" ")
        words.append(text[token.start : token.end])
        wordlike = token.kind is not Kind.OPERATOR
    flat = "".join(words) or " ".join(text.split())
    if len(flat) <= LONGEST:
        return flat
    digest = hashlib.sha256(flat.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{flat[: LONGEST - 20]}… {digest}"
