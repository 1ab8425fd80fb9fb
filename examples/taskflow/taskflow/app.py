"""The application: the routes, and around them the kit's parts."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from greenroom.kit.auth import Authenticator, AuthSettings
from greenroom.kit.database import Broken, Database, DatabaseSettings
from greenroom.kit.trail import check, tell_contexts
from greenroom.kit.web import WebSettings, configure_logging, install
from taskflow.history.routes import router as history
from taskflow.projects.routes import router as projects
from taskflow.record import TRAIL
from taskflow.settings import Environment, Settings
from taskflow.tasks.routes import router as tasks
from taskflow.workers.routes import router as workers

CONSTRAINTS = {
    "uq_worker_tenant_id_handle": Broken("Somebody has this handle already", "/handle", code="not_unique"),
    "uq_worker_tenant_id_user_id_issuer": Broken("There is a worker with this user_id already", "/user_id", code="not_unique"),
    "uq_project_tenant_id_slug": Broken("There is a project with this slug already", "/slug", code="not_unique"),
    "uq_project_member_project_id_worker_id": Broken("The worker is a member already", code="not_unique"),
}
"""What each unique key of the tables is to a client."""


class UnsafeTrailError(RuntimeError):
    """The database is not set up so that the trail can be trusted."""


def database(settings: DatabaseSettings) -> Database:
    """Return the database with what TaskFlow tells it, for requests, workers and tests alike."""
    return Database(settings, listeners=[tell_contexts], constraints=CONSTRAINTS)


def create_app(
    database: Database, authenticator: Authenticator, *, environment: Environment = Environment.PRODUCTION, web: WebSettings | None = None
) -> FastAPI:
    """Return the application. It takes the database and the authenticator over, and closes them at its end.

    In production it refuses to start (:class:`UnsafeTrailError`) where its role could alter the trail, or a table leaves none.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await database.wait()
            await _check_trail(database, environment)
            yield
        finally:
            await authenticator.close()
            await database.dispose()

    app = FastAPI(title="TaskFlow", version="1.0.0", lifespan=lifespan, generate_unique_id_function=_name)
    app.state.database = database
    app.state.authenticator = authenticator
    for router in (projects, tasks, workers, history):
        app.include_router(router)
    install(app, web)
    return app


def production() -> FastAPI:
    """Return the application that the environment describes: ``uvicorn --factory taskflow.app:production``.

    ``DATABASE_…``, ``AUTH_…``, ``WEB_…`` and ``TASKFLOW_ENVIRONMENT`` are read. Raises ``SettingsError``, which names what is wrong.
    """
    configure_logging()
    return create_app(database(DatabaseSettings()), AuthSettings().authenticator(), environment=Settings().environment)


async def _check_trail(database: Database, environment: Environment) -> None:
    async with database.engine.connect() as connection:
        complaints = await check(connection, TRAIL)
    if complaints and environment is Environment.PRODUCTION:
        raise UnsafeTrailError("; ".join(complaints))
    for complaint in complaints:
        logging.getLogger(__name__).warning("%s", complaint)


def _name(route: APIRoute) -> str:
    """Return the operation's id: the function's name, which the trail records as well."""
    return route.name
