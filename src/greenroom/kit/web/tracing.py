"""OpenTelemetry: FastAPI makes the spans of requests itself, once the SDK is set up; this adds those of statements.

https://fastapi.tiangolo.com/advanced/opentelemetry/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.kit.database import Database

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


def trace_databases(*databases: Database, tracer_provider: TracerProvider | None = None) -> bool:
    """Make a span of each statement on the engines, once for the process.

    Tells whether the instrumentation is installed (``greenroom[telemetry]``).

    ``tracer_provider`` is the global one, unless it is given. Statements are recorded without their parameters.
    """
    try:
        from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor  # noqa: PLC0415  # it is optional
    except ImportError:
        return False
    engines = [engine.sync_engine for database in databases for engine in (database.engine, database.reader)]
    # Without its check, for version 0.66 says that it is for SQLAlchemy before 2.1; the tests run it on 2.1.
    SQLAlchemyInstrumentor().instrument(engines=engines, tracer_provider=tracer_provider, skip_dep_check=True)
    return True
