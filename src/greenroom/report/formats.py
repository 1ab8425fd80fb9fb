"""The formats by name: the one place that a new reporter is added to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from greenroom.report import concise, github, json, sarif, text
from greenroom.report.report import Report
from greenroom.report.style import Style


@dataclass(frozen=True, slots=True)
class Format:
    """A way to print a report: its lines, with paths as seen from an absolute directory, in a style that the stream can show."""

    render: Callable[[Report, Path, Style], Iterator[str]]
    is_document: bool = False
    """Whether the lines are one document that nothing may stand beside."""


FORMATS: Mapping[str, Format] = {
    "text": Format(text.render),
    "concise": Format(concise.render),
    "json": Format(lambda report, base, _: iter([json.render(report, base)]), is_document=True),
    "sarif": Format(sarif.render, is_document=True),
    "github": Format(github.render),
}
