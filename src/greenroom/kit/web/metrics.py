"""Metrics for Prometheus, by the template of the route, so that their number does not grow with the data.

Needs ``prometheus-client`` (``greenroom[telemetry]``). With several worker processes it counts each alone, unless
``PROMETHEUS_MULTIPROC_DIR`` is set: https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from greenroom.kit.web.access import Ended

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Metrics:
    """An observer that counts and times: ``http_server_request_duration_seconds`` by method, route and status.

    ``router`` serves them at ``/metrics``, outside of OpenAPI. One for each registry, which is the global one unless it is given. Raises
    ``ImportError`` with what to install.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        try:
            import prometheus_client  # noqa: PLC0415  # it is optional
        except ImportError as error:
            raise ImportError("metrics need prometheus-client: pip install 'greenroom[telemetry]'") from error
        self._client = prometheus_client
        self._registry = registry or prometheus_client.REGISTRY
        self._durations = prometheus_client.Histogram(
            "http_server_request_duration_seconds",
            "Time from the request to the end of its answer.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/metrics", self._expose, methods=["GET"])

    def __call__(self, ended: Ended) -> None:
        """Count a request."""
        self._durations.labels(ended.method, ended.route, str(ended.status)).observe(ended.seconds)

    async def _expose(self) -> Response:
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            from prometheus_client import multiprocess  # noqa: PLC0415  # as above

            registry = self._client.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # its types are not complete
        return Response(self._client.generate_latest(registry), media_type=self._client.CONTENT_TYPE_LATEST)
