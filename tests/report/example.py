"""One report that uses every field, on a file that :func:`write_source` makes."""

from __future__ import annotations

from pathlib import Path

from greenroom.report.report import Note, Report, Stats
from greenroom.rules.finding import Finding, Span, Step
from greenroom.vocabulary import Confidence, Severity

SOURCE = """\
async def greet(session, donor_id):
    donor = await session.get(Donor, donor_id)
    await session.commit()
    return f"Thank you, {donor.name}"
"""


def write_source(folder: Path, text: str = SOURCE) -> Path:
    """Write the source that the report speaks of."""
    path = folder / "app" / "donors.py"
    path.parent.mkdir()
    path.write_bytes(text.encode())
    return path


def finding(path: Path, rule: str = "GR101", confidence: Confidence = Confidence.DEFINITE) -> Finding:
    """Return a finding on the last line of the source, with a chain of three causes."""
    return Finding(
        rule=rule,
        name="expired-after-commit",
        severity=Severity.ERROR,
        confidence=confidence,
        path=path,
        span=Span(4, 26, 4, 36),
        message="`donor.name` was expired by the commit on line 3; reading it here emits SQL",
        model="Donor",
        attribute="name",
        trace=(Step(path, 2, "loaded here"), Step(path, 3, "expired by this commit"), Step(path, 4, "read here")),
        mend="read `donor.name` into a local before the commit",
    )


def report(path: Path) -> Report:
    """Return a report with two findings and one note of each kind."""
    return Report(
        findings=(finding(path), finding(path, "GR105", Confidence.POSSIBLE)),
        assumptions=(Note("`notify()` is not part of the project; it is taken to change nothing", path, 3),),
        stats=Stats(files=1, functions=1, seconds=0.01234),
        warnings=(Note("requirements.txt is not UTF-8", path.with_name("requirements.txt")),),
        not_analysed=(Note("the bound on the work per function was reached", path, 1),),
    )
