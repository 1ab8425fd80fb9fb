"""Placeholder."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.source.problem import Problem


@dataclass(frozen=True, slots=True)
class Dependencies:
    versions: Mapping[str, str] = field(default_factory=dict)

    def merged(self, other: Dependencies) -> Dependencies:
        return Dependencies({**other.versions, **self.versions})


def read_dependencies(folders: Iterable[Path], problems: list[Problem]) -> Dependencies:
    return Dependencies()
