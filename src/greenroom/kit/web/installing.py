"""Everything at once: each part can also be added alone, by the functions named here."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from greenroom.kit.problems import TooManyRequests
from greenroom.kit.web import health, pages
from greenroom.kit.web.access import AccessLog, Observed, Observer
from greenroom.kit.web.docs import add_docs
from greenroom.kit.web.documentation import document_problems
from greenroom.kit.web.draining import add_draining
from greenroom.kit.web.handlers import PlainErrors, Unforeseen, add_handlers
from greenroom.kit.web.headers import SecurityHeaders
from greenroom.kit.web.limiting import Buckets, RateLimit
from greenroom.kit.web.metrics import Metrics
from greenroom.kit.web.request_ids import HEADER, RequestId
from greenroom.kit.web.settings import WebSettings

EXPOSED = (HEADER, "ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy")
"""Headers that scripts of other origins may read."""


def install(app: FastAPI, settings: WebSettings | None = None, *, observers: Sequence[Observer] = ()) -> None:
    """Put all parts around an application, before its first request. Raises ``SettingsError``.

    ``observers`` are told of each request, beside the access log: ``Metrics()``, say. Logging itself is set up by
    ``configure_logging()``. The last middleware that is added is the outermost.
    """
    settings = settings or WebSettings()
    add_handlers(app)
    document_problems(app, everywhere=[TooManyRequests] if settings.rate else [])
    add_docs(app)
    app.include_router(health.router)
    app.include_router(pages.router)
    for observer in observers:
        if isinstance(observer, Metrics):
            app.include_router(observer.router)
    app.add_middleware(Unforeseen)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_size)
    if settings.rate:
        app.add_middleware(RateLimit, buckets=Buckets(settings.rate, settings.burst))
    add_hosts(app, settings)
    add_cors(app, settings)
    app.add_middleware(PlainErrors)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Observed, AccessLog(), *observers)
    app.add_middleware(RequestId)
    if settings.drain:
        add_draining(app, settings.drain)


def add_cors(app: FastAPI, settings: WebSettings) -> None:
    """Let browsers of the settings' origins read answers."""
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_credentials=settings.credentials,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", HEADER],
            expose_headers=EXPOSED,
        )


def add_hosts(app: FastAPI, settings: WebSettings) -> None:
    """Refuse requests to other hosts than the settings name."""
    if "*" not in settings.hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False)
