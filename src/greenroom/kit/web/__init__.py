"""What stands between the routes and the network: problems, request ids, health, limits, logs; pure ASGI middleware."""

from greenroom.kit.web.conditional import Freshness, IfMatch, IfMatchRequired, IfNoneMatch, Precondition, etag
from greenroom.kit.web.documentation import document_problems, problems
from greenroom.kit.web.draining import add_draining, draining
from greenroom.kit.web.handlers import PROBLEMS, MethodNotAllowed, PlainErrors, Unforeseen, add_handlers
from greenroom.kit.web.headers import SecurityHeaders
from greenroom.kit.web.installing import add_cors, add_hosts, install
from greenroom.kit.web.limiting import Buckets, RateLimit
from greenroom.kit.web.request_ids import RequestId, request_id
from greenroom.kit.web.settings import WebSettings

__all__ = [
    "PROBLEMS",
    "Buckets",
    "Freshness",
    "IfMatch",
    "IfMatchRequired",
    "IfNoneMatch",
    "MethodNotAllowed",
    "PlainErrors",
    "Precondition",
    "RateLimit",
    "RequestId",
    "SecurityHeaders",
    "Unforeseen",
    "WebSettings",
    "add_cors",
    "add_draining",
    "add_handlers",
    "add_hosts",
    "document_problems",
    "draining",
    "etag",
    "install",
    "problems",
    "request_id",
]
