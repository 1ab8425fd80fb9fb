"""Drive one twin of the bundled backend for real: ``python scenarios.py BACKEND`` prints one JSON row per scenario.

Runs in a process of its own, because both twins are a package called ``app`` and their engine is made on import.
``DATABASE_URL`` names a PostgreSQL database that may be emptied.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

BACKEND = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(BACKEND))
sys.dont_write_bytecode = True
os.environ["LEGACY_DATABASE_URL"] = f"sqlite:///{tempfile.mkdtemp(prefix='greenroom-legacy-')}/legacy.db"

import httpx  # noqa: E402 -- the path comes first
from app import db, main, models  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs import retired  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.reminders import reminders  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.sandbox import sandbox  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.signatures import signatures  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.statements import growth  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.statistics import active_customers  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.support import is_open  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.takeover import takeover  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.tidying import forget_answered_invitations  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.uploads import take_in  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.warehouse import nightly  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.jobs.welcome import welcome  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from app.services.onboarding import OnboardingService  # type: ignore[import-not-found]  # noqa: E402 -- found under BACKEND
from sqlalchemy import event, func, select, text, update  # noqa: E402 -- with the imports above

OWNER = {"X-User": "ada@example.org"}
GUEST = {"X-User": "bob@example.org"}
END_LEAKED_CONNECTIONS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""A scenario that fails may leave a transaction open, whose locks would block the next one for ever."""
Check = Callable[[], Awaitable[object]]


async def prepare() -> None:
    """Fill a fresh database: two users, two organisations, a checklist, an invitation."""
    await db.engine.dispose()
    async with db.engine.begin() as connection:
        await connection.execute(END_LEAKED_CONNECTIONS)
        await connection.run_sync(models.Base.metadata.drop_all)
        await connection.run_sync(models.Base.metadata.create_all)
    async with db.session_factory() as session:
        ada = models.User(email="ada@example.org", full_name="Ada")
        bob = models.User(email="bob@example.org", full_name="Bob")
        acme = models.Organisation(name="Acme", slug="acme", onboarding_notes="wants invoices on paper")
        acme.members.append(models.Member(user=ada, role=models.Role.OWNER))
        acme.steps.append(models.Step(title="Invite your team", hint="under Settings", position=1))
        acme.invitations.append(models.Invitation(email="bob@example.org", token="letter"))  # noqa: S106 -- a word of the test data
        umbrella = models.Organisation(name="Umbrella", slug="umbrella")
        session.add_all([ada, bob, acme, umbrella])
        await session.flush()
        session.add(models.Meeting(organisation_id=acme.id, title="Kick-off", starts_at=datetime.now(UTC).replace(tzinfo=None)))
        session.add(models.AuditEntry(organisation_id=acme.id, actor_id=ada.id, action="create", detail={}))
        await session.commit()


async def call(method: str, path: str, body: object = None, user: dict[str, str] = OWNER) -> Any:  # noqa: ANN401 -- any JSON
    """Send one request; what the application raises comes out here."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.app), base_url="http://test") as client:
        answer = await client.request(method, path, json=body, headers=user)
    return {"status": answer.status_code, "body": answer.json() if answer.content else None}


async def create_organisation() -> object:
    return await call("POST", "/organisations", {"name": "Initech", "slug": "initech"})


async def invite() -> object:
    return await call("POST", "/organisations/1/invitations", {"email": "eve@example.org"})


async def accept_twice() -> object:
    first = await call("POST", "/invitations/letter/accept", user=GUEST)
    assert first["status"] == 200, first
    return await call("POST", "/invitations/letter/accept", user=GUEST)


async def provision() -> object:
    async with db.session_factory() as session:
        return await OnboardingService(session).provision("Initech", "initech")


async def rename() -> object:
    return await call("PATCH", "/organisations/1", {"name": "Acme & Daughters"})


async def open_steps() -> object:
    return await call("GET", "/organisations/1/open-steps")


async def notes() -> object:
    return await call("GET", "/organisations/1/notes")


async def read_organisation() -> object:
    return await call("GET", "/organisations/1")


async def headline() -> object:
    return await call("GET", "/organisations/1/headline")


async def add_step() -> object:
    return await call("POST", "/organisations/1/steps", {"title": "Say hello"})


async def send_reminders() -> object:
    return await reminders(datetime.now(UTC) + timedelta(days=30))


async def activity() -> object:
    return await call("GET", "/organisations/1/activity")


async def archive() -> Any:  # noqa: ANN401 -- any JSON
    return await call("POST", "/organisations/1/archive")


async def update_profile() -> object:
    answer = await call("PATCH", "/me", {"full_name": "Ada Lovelace"})
    return {"status": answer["status"], "full_name": answer["body"]["full_name"]}


async def copy_step() -> object:
    async with db.session_factory() as session:
        copy = await OnboardingService(session).copy_step(1, 2)
        return {"title": copy.title, "hint": copy.hint}


async def claim_slug() -> object:
    async with db.session_factory() as session:
        service = OnboardingService(session)
        try:
            await service.claim_slug(1, "umbrella")
        except Exception as error:
            if type(error).__name__ != "ConflictError":
                raise
        return await session.scalar(select(models.Organisation.slug).where(models.Organisation.id == 1))


async def change_role() -> object:
    return await call("PUT", "/members/1/role", {"role": "admin"})


async def take_over() -> object:
    return await takeover([("Initech", "initech"), ("Hooli", "hooli")])


async def remove_member() -> object:
    answer = await call("DELETE", "/members/1")
    async with db.session_factory() as session:
        return answer | {"members": await session.scalar(select(func.count()).select_from(models.Member))}


async def legacy_customers() -> object:
    return await beside_other_work(retired.customers)


async def legacy_left_over() -> object:
    return await beside_other_work(retired.left_over)


async def in_a_sandbox() -> object:
    return await sandbox(["Initech", "Hooli"])


async def count_customers() -> object:
    return await active_customers()


async def ask_support() -> object:
    return await is_open("letter")


async def open_branch() -> object:
    """Open a branch whose slug is taken; tell what the client was told, and what became of it."""
    answered: list[int] = []
    body = json.dumps({"name": "Umbrella again", "slug": "umbrella"}).encode()
    headers = [(b"content-type", b"application/json"), *((name.lower().encode(), value.encode()) for name, value in OWNER.items())]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/branches", "raw_path": b"/branches", "query_string": b"",
        "headers": headers, "scheme": "http", "server": ("test", 80), "client": ("test", 1), "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] < 500:
            answered.append(message["status"])

    try:
        await main.app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 -- it is the result
        return {"answered": answered[0] if answered else None, "raised": type(error).__name__}
    return {"answered": answered, "raised": None}


async def take_in_a_file() -> object:
    async with db.session_factory() as session:
        before = await session.scalar(select(func.count()).select_from(models.Step))
    try:
        await take_in(1, ["Meet", "Greet", " "])
    except ValueError:
        async with db.session_factory() as session:
            return {"refused": True, "added": await session.scalar(select(func.count()).select_from(models.Step)) - before}
    return {"refused": False}


async def clean_up() -> object:
    async with db.session_factory() as session:
        letter = await session.scalar(select(models.Invitation))
        letter.status = models.InvitationStatus.ACCEPTED
        await session.commit()
    await forget_answered_invitations()
    async with db.session_factory() as session:
        return await session.scalar(select(func.count()).select_from(models.Invitation))


async def welcome_somebody() -> object:
    return await welcome("eve@example.org", "Eve")


async def in_the_night() -> object:
    return await asyncio.to_thread(nightly, date(2026, 11, 23), 3)


async def through_the_pooler() -> object:
    return await growth()


async def suite() -> object:
    """Tell whether the test passes, and whether what it asks for is true outside the suite."""
    await importlib.import_module("tests.test_archive").test_the_answer_is_the_organisation()
    await prepare()
    answer = await archive()
    return {"status": 200, "body": "the test passes", "true": "name" in answer["body"]}


async def who_signs() -> object:
    """Count the statements for five owners."""
    async with db.session_factory() as session:
        for number in range(4):
            user = models.User(email=f"owner{number}@example.org", full_name=f"Owner {number}")
            session.add(models.Member(user=user, role=models.Role.OWNER, organisation_id=2))
        await session.commit()
    statements: list[object] = []

    def note(*details: object) -> None:
        statements.append(details[2])

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    names = await signatures()
    event.remove(db.engine.sync_engine, "before_cursor_execute", note)
    return {"status": 200, "body": len(names), "statements": len(statements)}


async def choose_plan() -> object:
    """Change a plan while the table of the trail cannot be written to."""

    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO audit_entries"):
            raise ConnectionError(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", refuse)
    try:
        await call("PUT", "/organisations/1/plan?plan=team")
    except ConnectionError:
        pass
    finally:
        event.remove(db.engine.sync_engine, "before_cursor_execute", refuse)
    async with db.session_factory() as session:
        plan = await session.scalar(select(models.Organisation.plan).where(models.Organisation.id == 1))
        return {"plan": plan.name, "entries": await session.scalar(select(func.count()).select_from(models.AuditEntry))}


async def redact() -> object:
    async with db.session_factory() as session:
        await session.execute(update(models.AuditEntry).values(detail={"name": "Acme"}))
        await session.commit()
    await call("POST", "/organisations/1/trail/redact")
    async with db.session_factory() as session:
        return list(await session.scalars(select(models.AuditEntry.detail).order_by(models.AuditEntry.id)))


async def beside_other_work(work: Check) -> object:
    """Ask the old system, which is far away; tell whether anything else could happen meanwhile."""
    with retired.engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS customers (name TEXT, slug TEXT PRIMARY KEY)"))
        connection.execute(text("INSERT OR IGNORE INTO customers VALUES ('Initech', 'initech')"))
    event.listen(retired.engine, "before_cursor_execute", _be_far_away)
    others = asyncio.create_task(asyncio.sleep(0.05))
    await asyncio.sleep(0)
    answer = await work()
    event.remove(retired.engine, "before_cursor_execute", _be_far_away)
    return {"status": 200, "body": answer, "others went on": others.done()}


def _be_far_away(*_: object) -> None:
    time.sleep(0.3)


async def plan_meeting() -> object:
    return await call("POST", "/organisations/1/meetings", {"title": "Kick-off", "starts_at": "2030-01-01T10:00:00.000Z"})


async def plan_elsewhere() -> object:
    return await call("POST", "/organisations/99/meetings", {"title": "Kick-off", "starts_at": "2030-01-01T10:00:00"})


async def hand_over() -> object:
    return await call("PUT", "/meetings/1/host", {"host_id": 0})


async def take_meeting() -> object:
    """Tell whose meeting it is after a client said whose it should be."""
    await call("PATCH", "/meetings/1", {"organisation_id": 2})
    async with db.session_factory() as session:
        return await session.scalar(select(models.Meeting.organisation_id))


async def remind() -> object:
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    try:
        answer = await call("POST", "/meetings/1/reminder")
    finally:
        del os.environ["TZ"]
        time.tzset()
    return round((datetime.fromisoformat(answer["body"]) - datetime.now(UTC)).total_seconds() / 3600)


async def countdown() -> object:
    return (await call("GET", "/meetings/1/countdown"))["body"]


async def broken_migration() -> object:
    path = BACKEND / "scripts" / "broken_migration.py"
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
    return "compiles"


SCENARIOS: dict[str, Check] = {
    "create_organisation": create_organisation,
    "invite": invite,
    "accept_twice": accept_twice,
    "provision": provision,
    "rename": rename,
    "open_steps": open_steps,
    "notes": notes,
    "read_organisation": read_organisation,
    "headline": headline,
    "add_step": add_step,
    "reminders": send_reminders,
    "activity": activity,
    "archive": archive,
    "update_profile": update_profile,
    "copy_step": copy_step,
    "claim_slug": claim_slug,
    "change_role": change_role,
    "takeover": take_over,
    "remove_member": remove_member,
    "legacy_customers": legacy_customers,
    "legacy_left_over": legacy_left_over,
    "sandbox": in_a_sandbox,
    "active_customers": count_customers,
    "is_open": ask_support,
    "open_branch": open_branch,
    "take_in": take_in_a_file,
    "cleanup": clean_up,
    "welcome": welcome_somebody,
    "choose_plan": choose_plan,
    "redact": redact,
    "nightly": in_the_night,
    "growth": through_the_pooler,
    "suite": suite,
    "signatures": who_signs,
    "plan_meeting": plan_meeting,
    "plan_elsewhere": plan_elsewhere,
    "hand_over": hand_over,
    "remind": remind,
    "take_meeting": take_meeting,
    "countdown": countdown,
    "broken_migration": broken_migration,
}


async def outcome(scenario: Check) -> dict[str, object]:
    """Run one scenario and describe what came of it: a value, or an exception and the backend's innermost line."""
    await prepare()
    try:
        return {"value": await scenario()}
    except Exception as error:  # noqa: BLE001 -- every failure is the result
        return describe(error)


def describe(error: Exception) -> dict[str, object]:
    """Name the class that SQLAlchemy 2.0 would raise (2.1 wraps MissingGreenlet), and where in the backend it came from."""
    cause = wrapped if type(wrapped := getattr(error, "orig", None)).__name__ == "MissingGreenlet" else error
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(BACKEND)]
    row: dict[str, object] = {"raises": type(cause).__name__, "text": str(error)}
    if isinstance(error, SyntaxError):
        row |= {"path": Path(str(error.filename)).relative_to(BACKEND).as_posix(), "line": error.lineno}
    elif frames:
        row |= {"path": Path(frames[-1].filename).relative_to(BACKEND).as_posix(), "line": frames[-1].lineno}
        row["stack"] = [[Path(frame.filename).relative_to(BACKEND).as_posix(), frame.lineno] for frame in frames]
    return row


async def run() -> None:
    rows = {name: await outcome(scenario) for name, scenario in SCENARIOS.items()}
    await db.engine.dispose()
    print(json.dumps(rows, default=str))


asyncio.run(run())
