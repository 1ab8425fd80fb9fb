"""What Schemathesis cannot know: that an Idempotency-Key is one of a kind. Used again with another body it is refused, and rightly."""

from __future__ import annotations

import re
import uuid
from typing import Any

import schemathesis

from greenroom.kit.web.idempotency import PATTERN

_SOUND = re.compile(PATTERN).match


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """Make each key of a request that is meant to be sound a new one."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    headers: dict[str, Any] = dict(case.headers or {})
    for name, value in headers.items():
        if name.lower() == "idempotency-key" and isinstance(value, str) and _SOUND(value):
            case.headers[name] = uuid.uuid4().hex
