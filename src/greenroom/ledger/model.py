"""What a ledger holds: plain records, in the order in which a reader wants them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from greenroom.confirm.records import Mark
from greenroom.report.report import Note, Stats
from greenroom.rules.finding import Finding


class Operation(enum.Enum):
    """The operations of a session after which an attribute may be absent."""

    FLUSH = "flush"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    REFRESH = "refresh"


class Treatment(enum.Enum):
    """What becomes of the objects after an operation: the classes of an audit by hand."""

    HAZARD = "hazardous"
    """Something is read that the operation left absent; there is a finding."""
    REFRESHED = "followed by refresh"
    KEY_ONLY = "id only"
    """Of the objects only primary keys are read, and they are there."""
    COMMIT_ONLY = "commit only"
    """Nothing is read before the transaction is committed."""
    SIDE_EFFECT = "side effect only"
    """Nothing of the objects is read afterwards."""
    SAFE = "safe"
    """Attributes are read, and all of them are there."""
    NOT_FOLLOWED = "not followed"
    """No path that was followed leads there: nothing calls it, or the work for its callers was used up."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the source, and the function around it."""

    path: Path
    line: int
    function: str = ""


@dataclass(frozen=True, slots=True)
class Performed:
    """One flush, commit, rollback or refresh of the source."""

    operation: Operation
    place: Place
    treatment: Treatment
    because: str
    """One sentence: why it is safe, or what goes wrong."""
    models: tuple[str, ...] = ()
    """The mapped classes that are written or refreshed."""
    reads: tuple[str, ...] = ()
    """The attributes that are read afterwards, ``User.name``."""
    implicit: bool = False
    """Whether no call of the source asks for it: the end of a block, or the flush before a query."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """One attribute that a response reads, and why it is there."""

    field: str
    """The path of schema fields, ``UserRead.posts.title``."""
    attribute: str
    """``Post.title``."""
    there: bool
    because: str
    """``loaded by the query in app/users.py:12``, ``selectinload(User.posts) in …``."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route with what its response reads."""

    methods: tuple[str, ...]
    path: str
    place: Place
    response: str
    """The response model, as the source spells it; empty where there is none."""
    proofs: tuple[Proof, ...] = ()
    commits: tuple[Place, ...] = ()
    findings: tuple[Finding, ...] = ()
    complete: bool = True
    """Whether the endpoint was followed to its end."""


@dataclass(frozen=True, slots=True)
class EnumColumn:
    """A column of an enumeration, and where it is read."""

    model: str
    attribute: str
    enumeration: str
    reads: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionSource:
    """A session factory or a session made on its own, with the options that decide what a commit expires."""

    place: Place
    what: str
    """``async_sessionmaker(...)``."""
    expire_on_commit: bool | None
    autoflush: bool | None
    test: bool = False
    """Whether it belongs to the test suite."""


class Answer(enum.Enum):
    """The answer to one question of the check-list."""

    YES = "yes"
    NO = "no"
    NOTHING = "nothing to check"


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the review check-list, answered by facts."""

    question: str
    rules: tuple[str, ...]
    """The rules that answer it, by code."""
    answer: Answer
    evidence: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """The audit of everything under the paths that were given."""

    roots: tuple[Path, ...]
    sqlalchemy: str
    dialect: str
    performed: tuple[Performed, ...]
    endpoints: tuple[Endpoint, ...]
    enums: tuple[EnumColumn, ...]
    sessions: tuple[SessionSource, ...]
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    assumptions: tuple[Note, ...]
    not_analysed: tuple[Note, ...]
    stats: Stats
    marks: Mapping[Finding, Mark] | None = None
    """The findings that traces confirm; None where no trace was given."""

    def mark(self, finding: Finding) -> Mark | None:
        """Return what confirms a finding, if anything does."""
        return self.marks.get(finding) if self.marks is not None else None
