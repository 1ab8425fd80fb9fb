"""Whether a scenario leaves the same trail whoever plays it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from difflib import unified_diff
from itertools import count
from typing import Any, Final
from uuid import UUID

import orjson

from greenroom.kit.trail.rules.recorder import Step

_TIME: Final = re.compile(r"\d{4,}-\d\d-\d\d([T ]\d\d:\d\d.*)?")


def normalised(steps: Sequence[Step], vary: Collection[str] = ()) -> list[str]:
    """Return the trail of a scenario without what differs from one run to the next, a line for each step and row.

    Left out are who, when, the request and the place in the chain. A number becomes ``#n`` by its first appearance in the columns of its
    name, where that ends in ``_id`` or is ``id`` (of one entity: those of others are counted apart), and so does every UUID; a time becomes
    ``time``. The columns in ``vary`` are named without their values.
    """
    names = _Names(vary)
    lines = []
    for step in steps:
        lines.append(f"{step.method} {'/'.join(_part(part) for part in step.path.split('/'))} {step.status}")
        for entry in step.entries:
            shown = {
                "entity": entry.entity,
                "entity_id": names.of(entry.entity, entry.entity_id),
                "change": entry.change,
                "operation": entry.operation,
                "reason": entry.reason,
                "scope": {column: names.shown(column, value, entry.entity) for column, value in entry.scope.items()},
                "changes": {column: [names.shown(column, value, entry.entity) for value in pair] for column, pair in entry.changes.items()},
            }
            lines.append("  " + orjson.dumps(shown, option=orjson.OPT_SORT_KEYS).decode())
    return lines


def differences(one: Sequence[Step], other: Sequence[Step], vary: Collection[str] = ()) -> list[str]:
    """Return where two runs of a scenario differ besides the actor, as a unified diff: empty where they do not."""
    return list(unified_diff(normalised(one, vary), normalised(other, vary), "one", "other", lineterm="", n=1))


class _Names:
    """Names for values that differ from run to run."""

    def __init__(self, vary: Collection[str]) -> None:
        self._vary = vary
        self._known: defaultdict[str, dict[Any, str]] = defaultdict(dict)
        self._numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))

    def of(self, kind: str, value: object) -> str:
        known = self._known[kind]
        if value not in known:
            known[value] = f"#{next(self._numbers[kind])}"
        return known[value]

    def shown(self, column: str, value: Any, entity: str) -> Any:  # noqa: ANN401  # any JSON
        if value is None:
            return None
        if column in self._vary:
            return "varies"
        if isinstance(value, list):
            return [self.shown(column, item, entity) for item in value]
        if isinstance(value, dict):
            return {key: self.shown(key, item, entity) for key, item in value.items()}
        if (column == "id" or column.endswith("_id")) and not isinstance(value, bool):
            return self.of(f"{entity}.id" if column == "id" else column, value)
        if isinstance(value, str) and _is_uuid(value):
            return self.of("uuid", value)
        return "time" if isinstance(value, str) and _TIME.fullmatch(value) else value


def _part(part: str) -> str:
    return "*" if part.isdecimal() or _is_uuid(part) else part


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
