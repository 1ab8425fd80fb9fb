"""One source file: its bytes, text and syntax tree, each made when first asked for."""

from __future__ import annotations

import ast
import os
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.source.imports import ImportLine, read_imports
from greenroom.source.problem import Gravity, Problem
from greenroom.source.syntax import parse_newer
from greenroom.source.text import Decoded, character_column, decode, split_lines

LARGEST = 8 * 1024 * 1024
"""Files above this size are not read: no one writes eight megabytes of Python by hand, and their trees take a gigabyte."""


@dataclass(eq=False, slots=True)
class SourceFile:
    """A file of the analysed project.

    ``module`` is the dotted name as seen from ``root``, the directory that would be on ``sys.path``.
    Nothing here raises: unreadable files are empty, and what is wrong with them stands in ``problems``.
    """

    path: Path
    module: str
    root: Path
    problems: list[Problem] = field(default_factory=list)
    _data: bytes | None = field(default=None, repr=False)
    _decoded: Decoded | None = field(default=None, repr=False)
    _lines: list[str] | None = field(default=None, repr=False)
    _tree: ast.Module | None = field(default=None, repr=False)
    _parsed: bool = field(default=False, repr=False)
    _imports: tuple[ImportLine, ...] | None = field(default=None, repr=False)

    @property
    def is_package(self) -> bool:
        """Whether the file is the ``__init__.py`` of a package."""
        return self.path.name == "__init__.py"

    @property
    def data(self) -> bytes:
        """The bytes of the file, empty when it cannot be read."""
        if self._data is None:
            self._data = self._read()
        return self._data

    @property
    def text(self) -> str:
        """The decoded text; bytes that cannot be decoded are replaced."""
        return self._decode().text

    @property
    def lines(self) -> list[str]:
        """The lines as Python counts them, without their ends."""
        if self._lines is None:
            self._lines = split_lines(self.text)
        return self._lines

    @property
    def imports(self) -> tuple[ImportLine, ...]:
        """What the import statements mention, read from the bytes without parsing."""
        if self._imports is None:
            self._imports = read_imports(self.data)
        return self._imports

    def parse(self) -> ast.Module | None:
        """Return the syntax tree, or None with a problem recorded; the same tree each time."""
        if not self._parsed:
            self._parsed = True
            self._tree = self._parse()
        return self._tree

    def forget(self) -> None:
        """Free text and tree; they are read again when asked for. Recorded problems and imports stay."""
        self._data = self._decoded = self._lines = self._tree = None
        self._parsed = False

    def column(self, line: int, utf8_offset: int) -> int:
        """Turn a byte offset of ``ast`` into a character column; lines and columns count from 1."""
        lines = self.lines
        return character_column(lines[line - 1], utf8_offset) if 0 < line <= len(lines) else utf8_offset + 1

    def span(self, node: ast.AST) -> tuple[int, int, int, int]:
        """Return first line, first column, last line and column after the end; a node without position is the file's start."""
        line = getattr(node, "lineno", None)
        if line is None:
            return (1, 1, 1, 1)
        offset: int = getattr(node, "col_offset", 0)
        end_line: int = getattr(node, "end_lineno", None) or line
        end_offset: int = getattr(node, "end_col_offset", None) or offset
        return (line, self.column(line, offset), end_line, self.column(end_line, end_offset))

    def _read(self) -> bytes:
        try:
            with self.path.open("rb", buffering=0) as stream:
                size = os.fstat(stream.fileno()).st_size
                if size <= LARGEST:
                    return stream.read()
        except (OSError, ValueError) as error:
            self._complain(1, 1, f"cannot read the file: {getattr(error, 'strerror', None) or error}")
            return b""
        self._complain(1, 1, f"the file has {size:,} bytes; files above {LARGEST:,} are not analysed")
        return b""

    def _decode(self) -> Decoded:
        if self._decoded is None:
            self._decoded = decode(self.data)
        return self._decoded

    def _parse(self) -> ast.Module | None:
        decoded = self._decode()
        if decoded.error is not None:
            self._complain(decoded.line, 1, decoded.error)
            return None
        zero = decoded.text.find("\0")
        if zero >= 0:
            self._complain(decoded.text.count("\n", 0, zero) + 1, 1, "the file contains NUL bytes")
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._parse_text(decoded.text)

    def _parse_text(self, text: str) -> ast.Module | None:
        try:
            return ast.parse(text)
        except SyntaxError as error:
            newer = parse_newer(text)
            if newer.tree is not None:
                return newer.tree
            reason = f"syntax error: {error.msg}"
            if newer.features:
                running = f"{sys.version_info.major}.{sys.version_info.minor}"
                reason += f" (the file uses {', '.join(newer.features)}, newer than the Python {running} that runs greenroom)"
            line = error.lineno or 1
            self._complain(line, max(1, error.offset or 1), reason)
        except (RecursionError, MemoryError):
            self._complain(1, 1, "the file is nested too deeply to be parsed")
        except Exception as error:  # noqa: BLE001 - bad input is data, whatever way the parser refuses it
            self._complain(1, 1, f"cannot be parsed: {error}")
        return None

    def _complain(self, line: int, column: int, message: str) -> None:
        problem = Problem(self.path, line, column, message, Gravity.ERROR)
        if problem not in self.problems:
            self.problems.append(problem)
