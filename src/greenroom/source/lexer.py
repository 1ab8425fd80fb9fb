"""A small tokenizer for source that the running interpreter's parser refuses: it understands PEP 701 f-strings and t-strings."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

_STRING = re.compile(r"(?i:([rbuft]{0,2}))('''|\"\"\"|'|\")")
_NAME = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"\.?\d(?:[eE][+-]|[\w.])*")
_SPACE = re.compile(r"[ \t\f]+")
_PLAIN = {
    quote: re.compile(rf"(?s)(?:\\.|(?!{quote})[^\\{end}])*") for quote, end in (("'", "\\n"), ('"', "\\n"), ("'''", ""), ('"""', ""))
}


class Kind(enum.Enum):
    """The few kinds of token that matter for a rewrite."""

    NAME = enum.auto()
    NUMBER = enum.auto()
    STRING = enum.auto()
    TEMPLATE = enum.auto()
    """An f-string or t-string."""
    OPERATOR = enum.auto()
    """One character."""
    NEWLINE = enum.auto()
    """The end of a logical line."""
    COMMENT = enum.auto()


@dataclass(slots=True)
class Field:
    """A replacement field of a template: its expression lies between ``start`` and ``stop``; the field ends before ``end``."""

    start: int
    stop: int
    end: int
    tokens: list[Token]
    nested: list[Field] = field(default_factory=list)
    """Fields inside the format specification."""


@dataclass(slots=True)
class Token:
    """A piece of text from ``start`` to before ``end``."""

    kind: Kind
    start: int
    end: int
    text: str
    fields: list[Field] = field(default_factory=list)
    quote: str = ""


class LexicalError(ValueError):
    """The text cannot be divided into tokens."""


def tokenize(text: str) -> list[Token]:
    r"""Return the tokens of ``text``, whose lines end with ``\n``; raise :class:`LexicalError` when it has none."""
    lexer = _Lexer(text)
    tokens, _ = lexer.run(0, inside_field=False)
    return tokens


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0

    def run(self, position: int, *, inside_field: bool) -> tuple[list[Token], int]:
        """Read tokens up to the end of the text, or up to what ends the expression of a replacement field."""
        text, tokens, brackets = self.text, list[Token](), 0
        while position < len(text):
            character = text[position]
            if inside_field and not brackets and self.ends_expression(position):
                break
            if character in "([{":
                brackets += 1
            elif character in ")]}":
                brackets = max(0, brackets - 1)
            token, position = self.next_token(position, significant_newline=not brackets and not inside_field)
            if token is not None:
                tokens.append(token)
        return tokens, position

    def ends_expression(self, position: int) -> bool:
        character, following = self.text[position], self.text[position + 1 : position + 2]
        if character == "=":
            # `{x=}` shows the expression; `==`, `<=`, `>=` and `!=` compare.
            rest = self.text[position + 1 :].lstrip(" \t\n")[:1]
            return rest in {"}", "!", ":"} and self.text[position - 1] not in "=<>!"
        return character in "}:" or (character == "!" and following != "=")

    def next_token(self, position: int, *, significant_newline: bool) -> tuple[Token | None, int]:
        text = self.text
        if found := _SPACE.match(text, position):
            return None, found.end()
        character = text[position]
        if character == "\\" and text[position + 1 : position + 2] == "\n":
            return None, position + 2
        if character == "\n":
            return (Token(Kind.NEWLINE, position, position + 1, "\n") if significant_newline else None), position + 1
        if character == "#":
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            return Token(Kind.COMMENT, position, end, ""), end
        if found := _STRING.match(text, position):
            token = self.string(position, found)
            return token, token.end
        for kind, pattern in ((Kind.NAME, _NAME), (Kind.NUMBER, _NUMBER)):
            if found := pattern.match(text, position):
                return Token(kind, position, found.end(), found[0]), found.end()
        return Token(Kind.OPERATOR, position, position + 1, character), position + 1

    def string(self, start: int, opening: re.Match[str]) -> Token:
        prefix, quote = opening[1].lower(), opening[2]
        if "f" in prefix or "t" in prefix:
            return self.template(start, opening.end(), quote)
        body = _PLAIN[quote].match(self.text, opening.end())
        end = body.end() if body else opening.end()
        if not self.text.startswith(quote, end):
            raise LexicalError("unterminated string")
        return Token(Kind.STRING, start, end + len(quote), "", quote=quote)

    def template(self, start: int, position: int, quote: str) -> Token:
        self.depth += 1
        if self.depth > 50:
            raise LexicalError("templates are nested too deeply")
        fields, end = self.template_text(position, quote)
        self.depth -= 1
        return Token(Kind.TEMPLATE, start, end, "", fields, quote)

    def template_text(self, position: int, quote: str) -> tuple[list[Field], int]:
        text, fields = self.text, list[Field]()
        while position < len(text):
            if text.startswith(quote, position):
                return fields, position + len(quote)
            character = text[position]
            if character == "\\":
                # `\{` is a backslash and a field; `\N{DASH}` names a character.
                position += 1 if text[position + 1 : position + 2] in "{}" else 2
            elif character == "{" and text[position + 1 : position + 2] != "{":
                found = self.field(position + 1)
                fields.append(found)
                position = found.end
            elif character in "{}":
                position += 2 if text[position + 1 : position + 2] == character else 1
            elif character == "\n" and len(quote) == 1:
                break
            else:
                position += 1
        raise LexicalError("unterminated template")

    def field(self, start: int) -> Field:
        """Read a replacement field whose expression begins at ``start``."""
        tokens, stop = self.run(start, inside_field=True)
        text, position, nested = self.text, stop, list[Field]()
        while position < len(text) and text[position] not in ":}":
            position += 1
        in_format = text[position : position + 1] == ":"
        while in_format and position < len(text) and text[position] != "}":
            if text[position] == "{":
                inner = self.field(position + 1)
                nested.append(inner)
                position = inner.end
            else:
                position += 1
        if position >= len(text):
            raise LexicalError("unterminated replacement field")
        return Field(start, stop, position + 1, tokens, nested)
