"""The table of ``--statistics``: findings per rule and confidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from greenroom.report.report import Report
from greenroom.vocabulary import Confidence


def render(report: Report) -> Iterator[str]:
    """Yield one row a rule, most findings first, and a row of sums."""
    counts = Counter((finding.rule, finding.name, finding.confidence) for finding in report.findings)
    rules = Counter((finding.rule, finding.name) for finding in report.findings)
    width = max([len(name) for _, name in rules], default=4)
    yield f"{'rule':<6} {'name':<{width}} {'definite':>8} {'possible':>8} {'all':>8}"
    for (code, name), total in sorted(rules.items(), key=lambda item: (-item[1], item[0])):
        definite = counts[code, name, Confidence.DEFINITE]
        yield f"{code:<6} {name:<{width}} {definite:>8} {total - definite:>8} {total:>8}"
    definite = sum(count for (_, _, confidence), count in counts.items() if confidence is Confidence.DEFINITE)
    total = len(report.findings)
    yield f"{'sum':<6} {'':<{width}} {definite:>8} {total - definite:>8} {total:>8}"
