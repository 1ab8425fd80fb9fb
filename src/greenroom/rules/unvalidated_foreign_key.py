"""GR406: a key from the request goes into a foreign key, and nothing asks whether there is such a row."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import UncheckedKey
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, UncheckedKey) and not event.zero:
        target = f"the foreign key `{event.model}.{event.attribute}`"
        message = f"{event.value} goes into {target} unchecked: an id that `{event.target}` does not have is answered with 500"
        mend = "look the row up first, or answer the `IntegrityError`"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, mend=mend)


RULE = Rule("GR406", "unvalidated-foreign-key", UncheckedKey, _query)
