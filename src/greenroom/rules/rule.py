"""What a rule is: metadata and one function from an observation to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from greenroom.domain.events import Event, Observation, Read
from greenroom.domain.loading import Origin, Site
from greenroom.rules.finding import Finding, Span, Step
from greenroom.vocabulary import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its code, its name (what one would allow) and the class of observations it asks about."""

    code: str
    name: str
    event: type[Observation]
    query: Callable[[Rule, Observation], Iterator[Finding]]
    severity: Severity = Severity.ERROR
    default: bool = True
    """Whether it is on where nobody selects it: rules that rest on a team's convention are not."""

    def __call__(self, observation: Observation) -> Iterator[Finding]:
        """The findings that follow from one observation."""
        return self.query(self, observation)


def finding(  # noqa: PLR0913 - what a finding says, by keyword
    rule: Rule,
    event: Event,
    message: str,
    *,
    model: str | None = None,
    attribute: str | None = None,
    trace: tuple[Step, ...] = (),
    mend: str = "",
    sure: bool = True,
    site: Site | None = None,
) -> Finding:
    """A finding at the event's place, or at another ``site``."""
    site = event.site if site is None else site
    source = site.module.source
    confidence = Confidence.DEFINITE if sure else Confidence.POSSIBLE
    span = Span(*source.span(site.node))
    return Finding(rule.code, rule.name, rule.severity, confidence, source.path, span, message, model, attribute, trace, mend)


def step(site: Site, message: str) -> Step:
    """One link of a chain of causes."""
    return Step(site.module.source.path, site.line, message)


def caused(origin: Origin | None) -> tuple[Step, ...]:
    """Where a value went, and the calls that led there."""
    if origin is None:
        return ()
    calls = tuple(step(call, "reached through this call") for call in origin.calls)
    return (*calls, step(origin.site, origin.text))


def chain(event: Read) -> tuple[Step, ...]:
    """From where the object was loaded to where it is read."""
    steps: list[Step] = []
    if event.loaded_at is not None and (event.origin is None or event.loaded_at.node is not event.origin.site.node):
        steps.append(step(event.loaded_at, f"`{event.model}` comes from here"))
    steps.extend(step(call, "through this call") for call in event.calls)
    steps.extend(caused(event.failed or event.origin))
    target = f"`{event.model}.{event.attribute}`"
    if event.action == "use":
        steps.append(step(event.site, f"`{event.attribute}` is called here"))
    elif event.via:
        steps.append(step(event.site, f"`{event.via_name}` is used here"))
        steps.append(step(event.via[-1], f"it reads {target}"))
    elif event.schema:
        steps.append(step(event.site, f"{target} is read for `{event.schema}`"))
    else:
        steps.append(step(event.site, f"{target} is read here"))
    return tuple(steps)


def reading(rule: Rule, event: Read, message: str, mend: str) -> Iterator[Finding]:
    """The finding of a failing read."""
    yield finding(rule, event, message, model=event.model, attribute=event.attribute, trace=chain(event), mend=mend, sure=event.sure)


def plain(event: Read) -> bool:
    """A failing read that no more special rule claims."""
    return not (event.schema or event.via or event.detached or event.failed or event.action == "mutate")
