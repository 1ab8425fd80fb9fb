"""Creating once: a client that did not get the answer may send the same again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from greenroom.kit.models import Record
from greenroom.kit.web import Attempt, Idempotency

IDEMPOTENCY = Idempotency(Record.metadata)

Once = Annotated[Attempt, Depends(IDEMPOTENCY)]
"""``await once.run(session, actor, work)``: does the work, or answers as it was answered before under the same ``Idempotency-Key``."""
