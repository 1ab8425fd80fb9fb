"""A ledger that uses every field, on the sources that :func:`write_sources` makes, and one of any size."""

from __future__ import annotations

from pathlib import Path

from greenroom.ledger.model import (
    Answer,
    Check,
    Endpoint,
    EnumColumn,
    Ledger,
    Operation,
    Performed,
    Place,
    Proof,
    SessionSource,
    Treatment,
)
from greenroom.report.report import Note, Stats
from greenroom.rules.finding import Finding, Span, Step
from greenroom.vocabulary import Confidence, Severity

SERVICE = """\
from app.models import Donor


async def greet(session, donor_id):
    donor = await session.get(Donor, donor_id)
    await session.commit()
    return f"Thank you, {donor.name}"


async def titles(session):
    donors = (await session.scalars(select(Donor))).all()
    first = donors[0].gifts
    return [gift.title for donor in donors for gift in donor.gifts]


async def rename(session, donor_id, name):
    donor = await session.get(Donor, donor_id)
    donor.name = name
    await session.flush()
    await session.refresh(donor)
    return donor
"""
ROUTES = """\
@router.get("/donors/{donor_id}", response_model=DonorRead)
async def read_donor(donor_id: int, session: Session) -> Donor:
    donor = await session.get(Donor, donor_id)
    return donor


@router.post("/donors", response_model=DonorRead)
async def create_donor(body: DonorCreate, session: Session) -> Donor:
    donor = Donor(**body.model_dump())
    session.add(donor)
    await session.commit()
    return donor
"""


def write_sources(folder: Path) -> Path:
    """Write the sources that the ledger speaks of and return the folder ``app``."""
    app = folder / "app"
    app.mkdir(parents=True)
    (app / "donors.py").write_text(SERVICE, encoding="utf-8")
    (app / "routes.py").write_text(ROUTES, encoding="utf-8")
    return app


def expired(app: Path) -> Finding:
    """A read of what a commit expired, for certain."""
    path = app / "donors.py"
    return Finding(
        rule="GR101",
        name="expired-after-commit",
        severity=Severity.ERROR,
        confidence=Confidence.DEFINITE,
        path=path,
        span=Span(7, 26, 7, 36),
        message="`Donor.name` was expired by a commit; reading it emits SQL",
        model="Donor",
        attribute="name",
        trace=(
            Step(path, 5, "`Donor` comes from here"),
            Step(path, 6, "expired by this commit"),
            Step(path, 7, "`Donor.name` is read here"),
        ),
        mend="read it into a variable before the commit, or `await session.refresh(...)` after it",
    )


def lazy(app: Path, line: int, column: int, end: int, confidence: Confidence = Confidence.DEFINITE) -> Finding:
    """A read of a relationship that the query on line 11 leaves out."""
    path = app / "donors.py"
    return Finding(
        rule="GR105",
        name="lazy-relationship",
        severity=Severity.ERROR,
        confidence=confidence,
        path=path,
        span=Span(line, column, line, end),
        message="`Donor.gifts` was never loaded; reading it emits SQL",
        model="Donor",
        attribute="gifts",
        trace=(Step(path, 11, "loaded here without `gifts`"), Step(path, line, "`Donor.gifts` is read here")),
        mend="load it with the query: `.options(selectinload(Donor.gifts))`",
    )


def unloaded(app: Path) -> Finding:
    """A response that perhaps reads the same relationship."""
    path = app / "routes.py"
    return Finding(
        rule="GR107",
        name="response-reads-unloaded",
        severity=Severity.ERROR,
        confidence=Confidence.POSSIBLE,
        path=path,
        span=Span(4, 12, 4, 17),
        message="`DonorRead.gifts` reads `Donor.gifts`, which is not in memory; serialization emits SQL",
        model="Donor",
        attribute="gifts",
        trace=(
            Step(app / "donors.py", 11, "loaded here without `gifts`"),
            Step(path, 4, "`Donor.gifts` is read for `DonorRead.gifts`"),
        ),
        mend="load everything the schema reads before the object is serialized",
    )


def unawaited(app: Path, line: int) -> Finding:
    """A coroutine that nobody awaits; it has no chain."""
    return Finding(
        rule="GR302",
        name="missing-await",
        severity=Severity.WARNING,
        confidence=Confidence.DEFINITE,
        path=app / "routes.py",
        span=Span(line, 5, line, 12),
        message="`delete` returns a coroutine that is never awaited",
        mend="put `await` before the call",
    )


def undeclared(app: Path) -> Finding:
    """What a rule finds that is not selected."""
    message = "`create_donor` answers with an ORM object, and no response model says which of its attributes"
    return Finding(
        "GR404",
        "raw-orm-response",
        Severity.WARNING,
        Confidence.DEFINITE,
        app / "routes.py",
        Span(12, 5, 12, 17),
        message,
        mend="declare one",
    )


def ledger(app: Path) -> Ledger:
    """Return a ledger with everything in it."""
    service, routes = app / "donors.py", app / "routes.py"
    first, loop, inner = expired(app), lazy(app, 12, 13, 28), lazy(app, 13, 59, 70)
    response = unloaded(app)
    bare = tuple(unawaited(app, line) for line in (3, 10))
    findings = (first, loop, inner, *bare[:1], response, *bare[1:])
    return Ledger(
        roots=(app,),
        sqlalchemy="2.1",
        dialect="postgresql",
        performed=(
            Performed(
                Operation.COMMIT,
                Place(service, 6, "greet"),
                Treatment.HAZARD,
                "`Donor.name` is read on line 7, after it was expired",
                ("Donor",),
                ("Donor.name",),
                findings=(first,),
            ),
            Performed(Operation.FLUSH, Place(service, 19, "rename"), Treatment.REFRESHED, "the refresh on line 20 follows", ("Donor",)),
            Performed(
                Operation.REFRESH, Place(service, 20, "rename"), Treatment.SAFE, "every column is in memory", ("Donor",), ("Donor.name",)
            ),
            Performed(
                Operation.COMMIT,
                Place(routes, 11, "create_donor"),
                Treatment.SAFE,
                "`expire_on_commit=False` in `app/db.py`: nothing expires",
                ("Donor",),
                ("Donor.id", "Donor.name"),
            ),
            Performed(Operation.ROLLBACK, Place(routes, 13, "get_session"), Treatment.SIDE_EFFECT, "nothing is read", implicit=True),
        ),
        endpoints=(
            Endpoint(
                ("GET",),
                "/donors/{donor_id}",
                Place(routes, 2, "read_donor"),
                "DonorRead",
                (
                    Proof("DonorRead.name", "Donor.name", there=True, because="loaded by the query in `app/routes.py:3`"),
                    Proof("DonorRead.gifts", "Donor.gifts", there=False, because="the query on line 3 leaves it out"),
                ),
                findings=(response,),
            ),
            Endpoint(
                ("POST", "PUT"),
                "/donors",
                Place(routes, 8, "create_donor"),
                "",
                commits=(Place(routes, 11, "create_donor"),),
                complete=False,
            ),
        ),
        enums=(EnumColumn("Donor", "status", "DonorStatus", (Place(service, 7, "greet"), Place(routes, 4, "read_donor"))),),
        sessions=(
            SessionSource(Place(app / "db.py", 3), "async_sessionmaker(...)", expire_on_commit=False, autoflush=None),
            SessionSource(
                Place(app.parent / "tests" / "conftest.py", 9, "session"),
                "AsyncSession(...)",
                expire_on_commit=None,
                autoflush=True,
                test=True,
            ),
        ),
        findings=findings,
        checks=(
            Check(
                "Are primitives extracted before the commit?",
                ("GR101", "GR112"),
                Answer.NO,
                "1 of 2 commits is followed by a read",
                (first,),
            ),
            Check("Is there one commit at the end?", ("GR201", "GR204"), Answer.YES, "2 commits, each the last of its request"),
            Check("Is the model of every response declared?", ("GR404",), Answer.NO, "1 of 2 routes declares none", (undeclared(app),)),
            Check("Are datetimes normalised?", ("GR402",), Answer.NOTHING, "no column holds a datetime"),
        ),
        assumptions=(Note("`notify()` is not part of the project: it is taken to expire nothing", service, 6),),
        not_analysed=(Note("app.routes.create_donor: the bound of steps was reached", routes, 8), Note("one project has no sources")),
        stats=Stats(files=2, functions=5, suppressed=1),
    )


def large(folder: Path, entries: int) -> Ledger:
    """Return a ledger of that many entries: a third of them findings with chains, the others operations."""
    paths = [folder / "app" / f"part_{number % 7}" / f"module_{number}.py" for number in range(60)]
    findings = []
    performed = []
    for number in range(entries):
        path, line = paths[number % len(paths)], number // len(paths) + 5
        if number % 3 == 0:
            steps = tuple(Step(path, line + depth - 4, f"reached through call {depth} of {number}") for depth in range(5))
            rule, name = (("GR101", "expired-after-commit"), ("GR201", "service-commits"), ("GR301", "session-shared-between-tasks"))[
                number % 9 // 3
            ]
            confidence = Confidence.DEFINITE if number % 2 else Confidence.POSSIBLE
            message = f"`Model{number}.name` was expired by a commit; reading it emits SQL"
            findings.append(
                Finding(
                    rule,
                    name,
                    Severity.ERROR,
                    confidence,
                    path,
                    Span(line, 1, line, 9),
                    message,
                    trace=steps,
                    mend=f"read it before {number % 11}",
                )
            )
        else:
            treatment = tuple(Treatment)[number // 3 % len(Treatment)]
            place = Place(path, line, f"function_{number}")
            performed.append(Performed(Operation.COMMIT, place, treatment, f"reason {number}", ("Model",), (f"Model.column_{number}",)))
    return Ledger(
        roots=(folder,),
        sqlalchemy="2.1",
        dialect="postgresql",
        performed=tuple(performed),
        endpoints=(),
        enums=(),
        sessions=(),
        findings=tuple(findings),
        checks=(),
        assumptions=(),
        not_analysed=(),
        stats=Stats(files=60, functions=entries),
    )
