"""Proves findings of a folder, as ``greenroom prove`` does, with the interpreter that runs the tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from greenroom.cli.stack import with_room
from greenroom.config import Config
from greenroom.pipeline import Located, locate
from greenroom.prove.claim import ERRORS, Claim, claim_of
from greenroom.prove.planning import Plan
from greenroom.prove.running import Observed, run
from greenroom.prove.search import Proof, Setting, search

TIMEOUT = 120.0


@cache
def located(folder: Path, file: Path) -> Located:
    """The findings of one file of a project."""
    found = with_room(lambda: locate([folder], Config(), file))
    assert found is not None
    return found


def claims(folder: Path, file: Path) -> list[Claim]:
    """The findings that a run can show, in the order of their lines."""
    found = located(folder, file)
    every = [finding for finding, _ in found.findings if finding.rule in ERRORS]
    made = (claim_of(finding, found.backend) for finding in sorted(every, key=lambda finding: finding.span))
    return [claim for claim in made if claim is not None]


def proved(folder: Path, claim: Claim, *, asks: bool = True) -> Proof:
    """The end of the search for a test."""
    found = located(folder, claim.finding.path)
    path = roots(found)

    def execute(text: str, plan: Plan) -> Observed:
        return run(text, sys.executable, path, plan.claim.witness, TIMEOUT)

    return search(claim, dict(found.findings)[claim.finding], Setting(found.backend, folder, execute, asks))


def roots(found: Located) -> Sequence[str]:
    """The folders that the sources are imported from."""
    return list(dict.fromkeys(str(file.root.absolute()) for file in found.backend.files))
