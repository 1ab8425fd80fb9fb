"""Reading syntax newer than the running interpreter, by rewriting it to older syntax of the same length.

Names and expressions keep their lines and, nearly always, their columns, so findings point to the text that was written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from greenroom.source.lexer import Kind, LexicalError, Token, tokenize
from greenroom.source.templates import Place, as_tuple, blank, restore, template_runs
from greenroom.source.typeparams import TypeParameter, attach

TYPE_PARAMETERS = "type parameters (Python 3.12)"
TYPE_STATEMENT = "the type statement (Python 3.12)"
BARE_EXCEPT = "except without parentheses (Python 3.14)"
LAZY_IMPORT = "lazy imports (Python 3.15)"


@dataclass(frozen=True, slots=True)
class Newer:
    """A tree of the rewritten text, or None; and the newer features that were found."""

    tree: ast.Module | None
    features: tuple[str, ...] = ()


def parse_newer(text: str) -> Newer:
    """Parse ``text``, which the interpreter refuses, by rewriting what newer Pythons have added; never raises."""
    rewriting = _Rewriting(text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        rewriting.run()
        if not rewriting.features:
            return Newer(None)
        tree = ast.parse("".join(rewriting.characters))
        restore(tree, frozenset(rewriting.tuples))
        rewriting.complete(tree)
    except (LexicalError, SyntaxError, ValueError, RecursionError, MemoryError):
        return Newer(None, tuple(rewriting.features))
    return Newer(tree, tuple(rewriting.features))


@dataclass(slots=True)
class _Rewriting:
    text: str
    characters: list[str] = field(default_factory=list)
    """The text as it becomes; an entry may hold more than one character where there was no room."""
    features: dict[str, None] = field(default_factory=dict)
    tuples: set[Place] = field(default_factory=set)
    """Where a template was turned into a tuple of its expressions."""
    parameters: dict[tuple[int, int], tuple[TypeParameter, ...]] = field(default_factory=dict)
    """Type parameters by line and UTF-8 column of their statement."""
    alias_names: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """Where the name of each ``type`` statement was written, by the place of the statement."""

    def run(self) -> None:
        self.characters = list(self.text)
        tokens = [token for token in tokenize(self.text) if token.kind is not Kind.COMMENT]
        start = 0
        for index, token in enumerate(tokens):
            if token.kind is Kind.NEWLINE:
                self.statement(tokens[start:index])
                start = index + 1
        self.statement(tokens[start:])
        self.templates(tokens)

    def statement(self, tokens: list[Token]) -> None:
        """Rewrite the beginning of one logical line, and of each part of it after ``;`` or ``:``."""
        depth = 0
        at_start = True
        for index, token in enumerate(tokens):
            if at_start and token.kind is Kind.NAME:
                self.keyword(tokens[index:])
            if token.kind is Kind.OPERATOR:
                depth += (token.text in "([{") - (token.text in ")]}")
            at_start = token.kind is Kind.OPERATOR and token.text in ";:" and depth == 0

    def keyword(self, tokens: list[Token]) -> None:
        words = [token.text for token in tokens[:3]]
        match words:
            case ["async", "def", _]:
                self.type_parameters(tokens, 3)
            case ["def" | "class", *_]:
                self.type_parameters(tokens, 2)
            case ["type", _, "=" | "["] if tokens[1].kind is Kind.NAME:
                self.type_statement(tokens)
            case ["except", *_]:
                self.bare_except(tokens)
            case ["lazy", "import" | "from", *_]:
                self.features[LAZY_IMPORT] = None
                self.replace(tokens[0].start, tokens[1].end, tokens[1].text)
            case _:
                return

    def type_parameters(self, tokens: list[Token], index: int) -> int:
        """Blank the brackets at ``index``, if they are there, and return the index after them."""
        if len(tokens) <= index or tokens[index].text != "[":
            return index
        close = _closing(tokens, index)
        first, last = tokens[index], tokens[close]
        self.features[TYPE_PARAMETERS] = None
        self.parameters[self.position(tokens[0].start)] = _read_parameters(self.text, tokens[index + 1 : close])
        blank(self.characters, first.start, last.end)
        for line in re.finditer("\n", self.text[first.start : last.end]):
            # The line must go on: the newline loses its meaning to a backslash, where possible in place of a blank.
            end = first.start + line.start()
            before = self.characters[end - 1]
            if before.endswith(" "):
                self.characters[end - 1] = before[:-1] + "\\"
            else:
                self.characters[end] = "\\\n"
        return close + 1

    def type_statement(self, tokens: list[Token]) -> None:
        """Turn ``type X[T] = value`` into ``X = value`` with the value in its place."""
        after = self.type_parameters(tokens, 2)
        if after < len(tokens) and tokens[after].text == "=":
            self.features[TYPE_STATEMENT] = None
            self.alias_names[self.position(tokens[0].start)] = self.position(tokens[1].start)
            self.replace(tokens[0].start, tokens[1].end, tokens[1].text)

    def bare_except(self, tokens: list[Token]) -> None:
        """Put parentheses around ``A, B`` in ``except A, B:``."""
        first = 2 if len(tokens) > 1 and tokens[1].text == "*" else 1
        depth, comma = 0, False
        for index in range(first, len(tokens)):
            token = tokens[index]
            if token.kind is Kind.NAME and token.text == "as" and depth == 0:
                return
            if token.kind is not Kind.OPERATOR:
                continue
            if token.text == ":" and depth == 0:
                if comma:
                    self.features[BARE_EXCEPT] = None
                    opening = tokens[first].start - 1
                    self.characters[opening] = "(" if self.characters[opening].isspace() else self.characters[opening] + "("
                    self.characters[tokens[index - 1].end - 1] += ")"
                return
            depth += (token.text in "([{") - (token.text in ")]}")
            comma = comma or (token.text == "," and depth == 0)

    def templates(self, tokens: list[Token]) -> None:
        """Rewrite the strings that the interpreter cannot read, outer ones before those inside their fields."""
        for run in template_runs(self.text, tokens):
            self.features.update(dict.fromkeys(run.features))
            if run.is_newer:
                as_tuple(self.characters, run)
                self.tuples.add((*self.position(run.start), *self.position(run.end)))
            else:
                for index in run.prefixes:
                    self.characters[index] = "f"

    def replace(self, start: int, end: int, word: str) -> None:
        """Put ``word`` in place of longer text on one line."""
        room = len(self.text[start:end].encode())
        self.characters[start:end] = [word + " " * (room - len(word.encode())), *[""] * (end - start - 1)]

    def position(self, index: int) -> tuple[int, int]:
        line_start = self.text.rfind("\n", 0, index) + 1
        return self.text.count("\n", 0, index) + 1, len(self.text[line_start:index].encode(errors="replace"))

    def complete(self, tree: ast.Module) -> None:
        """Give the statements what Python 3.12 would have given them: type parameters, and alias names in their places."""
        for node in ast.walk(tree):
            if not isinstance(node, ast.stmt):
                continue
            place = (node.lineno, node.col_offset)
            if place in self.parameters:
                attach(node, self.parameters[place])
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and place in self.alias_names:
                name = node.targets[0]
                name.lineno, name.col_offset = self.alias_names[place]
                name.end_lineno, name.end_col_offset = name.lineno, name.col_offset + len(name.id.encode())


def _closing(tokens: list[Token], index: int) -> int:
    """Return the index of the bracket that closes the one at ``index``."""
    depth = 0
    for position in range(index, len(tokens)):
        if tokens[position].kind is Kind.OPERATOR:
            depth += (tokens[position].text in "([{") - (tokens[position].text in ")]}")
            if depth == 0:
                return position
    raise LexicalError("unclosed bracket")


def _read_parameters(text: str, tokens: list[Token]) -> tuple[TypeParameter, ...]:
    """Read ``T, *Ts, K: Base = Default`` up to the closing bracket."""
    found = []
    for part in _split(tokens, ","):
        declaration, _, default = _partition(part, "=")
        names, _, bound = _partition(declaration, ":")
        name = next((token.text for token in names if token.kind is Kind.NAME), None)
        if name is not None:
            found.append(TypeParameter(name, _expression(text, bound), _expression(text, default)))
    return tuple(found)


def _split(tokens: list[Token], separator: str) -> Iterator[list[Token]]:
    rest = tokens
    while rest:
        part, _, rest = _partition(rest, separator)
        yield part


def _partition(tokens: list[Token], separator: str) -> tuple[list[Token], bool, list[Token]]:
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind is Kind.OPERATOR:
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0 and token.text == separator:
                return tokens[:index], True, tokens[index + 1 :]
    return tokens, False, []


def _expression(text: str, tokens: list[Token]) -> ast.expr | None:
    """Parse a bound or default; it stands on the lines where it was written."""
    if not tokens:
        return None
    start, end = tokens[0].start, tokens[-1].end
    tree = ast.parse(f"({text[start:end]}\n)", mode="eval").body
    ast.increment_lineno(tree, text.count("\n", 0, start))
    return tree
