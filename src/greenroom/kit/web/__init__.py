"""What stands between the routes and the network: problems, request ids, health, limits, logs; pure ASGI middleware."""

from greenroom.kit.web.documentation import document_problems, problems
from greenroom.kit.web.handlers import PROBLEMS, MethodNotAllowed, PlainErrors, Unforeseen, add_handlers
from greenroom.kit.web.headers import SecurityHeaders
from greenroom.kit.web.installing import add_cors, add_hosts, install
from greenroom.kit.web.request_ids import RequestId, request_id
from greenroom.kit.web.settings import WebSettings

__all__ = [
    "PROBLEMS",
    "MethodNotAllowed",
    "PlainErrors",
    "RequestId",
    "SecurityHeaders",
    "Unforeseen",
    "WebSettings",
    "add_cors",
    "add_handlers",
    "add_hosts",
    "document_problems",
    "install",
    "problems",
    "request_id",
]
