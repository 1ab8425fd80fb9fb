"""What Schemathesis cannot know of TaskFlow, beside what it cannot know of the kit: which cursors there are."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

import schemathesis

import tests.kit.web.fuzzing  # noqa: F401  # registers its own

_OFTEN: Final = 4
_calls = count()


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """Leave most cursors out of requests that are meant to be sound: one that is made up answers 404 before anything is read."""
    if case.meta is None or case.meta.generation.mode.is_negative or not case.query:
        return
    if "cursor" in case.query and next(_calls) % _OFTEN:
        del case.query["cursor"]
