"""Watches one example while it runs and writes down what was raised, and on which of its lines."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from fastapi.exceptions import ResponseValidationError

from tests.executable.outcome import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event: its line in the example (0 when outside), what it means, and how Python names it."""

    line: int
    kind: Kind
    name: str
    text: str


def return_lines(tree: ast.Module) -> dict[int, int]:
    """Map every line of a ``return`` statement to the statement's first line."""
    lines: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Return):
            lines.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.lineno))
    return lines


@dataclass(slots=True)
class Witness:
    """Sees every exception that passes a frame of the module, whether or not the module swallows it.

    The line of an exception is that of the innermost frame of the module, hence for code in a mapped class the caller's.
    When response serialization fails, no frame of the module is left; the line is that of the endpoint's last ``return``.
    """

    path: Path
    return_lines: Mapping[int, int]
    sightings: list[Sighting] = field(default_factory=list)
    _seen: list[BaseException] = field(default_factory=list)
    _last_return: int = 0
    _warnings: warnings.catch_warnings[Any] | None = None
    _caught: list[warnings.WarningMessage] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin to watch this thread."""
        self._warnings = warnings.catch_warnings(record=True)
        self._caught = self._warnings.__enter__()
        warnings.simplefilter("always")
        sys.set_coroutine_origin_tracking_depth(1)
        sys.settrace(self._call)
        return self

    def __exit__(self, *error: object) -> None:
        """Stop watching; a coroutine that nobody awaited is seen now."""
        sys.settrace(None)
        sys.set_coroutine_origin_tracking_depth(0)
        self._seen.clear()
        if self._warnings is not None:
            self._warnings.__exit__(None, None, None)
        self.sightings.extend(_forgotten_coroutines(self._caught, self.path))

    def propagated(self, error: BaseException) -> None:
        """Write down an exception that the example did not handle."""
        self._record(error, error.__traceback__, even_if_other=True)

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ANN401 -- a trace function returns itself
        del event, argument
        return self._inside if frame.f_code.co_filename == str(self.path) else None

    def _inside(self, frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ANN401 - as above
        if event == "line" and frame.f_lineno in self.return_lines:
            self._last_return = self.return_lines[frame.f_lineno]
        elif event == "exception":
            self._record(argument[1], argument[2], even_if_other=False)
        return self._inside

    def _record(self, error: BaseException, traceback: TracebackType | None, *, even_if_other: bool) -> None:
        kind = kind_of(error)
        if any(error is earlier for earlier in self._seen) or (kind is Kind.OTHER and not even_if_other):
            return
        self._seen.append(error)
        if kind is Kind.MISSING_AWAIT:
            return  # The warning about the coroutine names the line that forgot it.
        lines = [line for line, path in _lines_of(traceback) if path == str(self.path)]
        line = self._last_return if isinstance(error, ResponseValidationError) or not lines else lines[-1]
        self.sightings.append(Sighting(line, kind, type(error).__name__, str(error)))


def _lines_of(traceback: TracebackType | None) -> Iterator[tuple[int, str]]:
    while traceback is not None:
        yield traceback.tb_lineno, traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next


def _forgotten_coroutines(caught: list[warnings.WarningMessage], path: Path) -> Iterator[Sighting]:
    for warning in caught:
        text = str(warning.message)
        if "was never awaited" in text:
            # Implicit IO leaves coroutines of the driver behind; only those that the example itself made count.
            for place in re.findall(rf'File "{re.escape(str(path))}", line (\d+)', text):
                yield Sighting(int(place), Kind.MISSING_AWAIT, "RuntimeWarning", text.splitlines()[0])
