"""What stands between the routes and the network: problems, request ids, health, limits, logs; pure ASGI middleware."""

from greenroom.kit.web.access import AccessLog, Ended, Observed, Observer, actor_of
from greenroom.kit.web.conditional import Freshness, IfMatch, IfMatchRequired, IfNoneMatch, Precondition, etag
from greenroom.kit.web.docs import add_docs
from greenroom.kit.web.documentation import document_problems, problems
from greenroom.kit.web.draining import add_draining, draining
from greenroom.kit.web.handlers import PROBLEMS, MethodNotAllowed, PlainErrors, Unforeseen, add_handlers
from greenroom.kit.web.headers import SecurityHeaders
from greenroom.kit.web.idempotency import Attempt, Idempotency
from greenroom.kit.web.installing import add_cors, add_hosts, install
from greenroom.kit.web.limiting import Buckets, RateLimit
from greenroom.kit.web.logs import configure_logging, redact
from greenroom.kit.web.metrics import Metrics
from greenroom.kit.web.request_ids import RequestId, request_id
from greenroom.kit.web.settings import WebSettings
from greenroom.kit.web.tracing import trace_databases

__all__ = [
    "PROBLEMS",
    "AccessLog",
    "Attempt",
    "Buckets",
    "Ended",
    "Freshness",
    "Idempotency",
    "IfMatch",
    "IfMatchRequired",
    "IfNoneMatch",
    "MethodNotAllowed",
    "Metrics",
    "Observed",
    "Observer",
    "PlainErrors",
    "Precondition",
    "RateLimit",
    "RequestId",
    "SecurityHeaders",
    "Unforeseen",
    "WebSettings",
    "actor_of",
    "add_cors",
    "add_docs",
    "add_draining",
    "add_handlers",
    "add_hosts",
    "configure_logging",
    "document_problems",
    "draining",
    "etag",
    "install",
    "problems",
    "redact",
    "request_id",
    "trace_databases",
]
