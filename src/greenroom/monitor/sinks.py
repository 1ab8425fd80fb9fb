"""Where incidents go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from greenroom.trace import Incident

Sink: TypeAlias = Callable[[Incident, BaseException | None], None]
"""Is told of each incident once for its scope; the error is ``None`` where nothing was raised."""
