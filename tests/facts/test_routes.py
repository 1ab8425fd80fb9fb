"""Routes are those that FastAPI has after importing the module."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from greenroom.facts.collect import Backend
from greenroom.facts.records import Route
from greenroom.program.program import Program
from greenroom.source.discover import discover
from tests.facts import models_routes

BACKEND = Backend(Program(discover([Path(models_routes.__file__)])))
ROUTES = BACKEND.routes()


METHODS = {"get", "post", "put", "patch", "delete"}


def operations(app: FastAPI) -> dict[tuple[str, str], str]:
    """Return the name of the endpoint by method and path, as the application itself publishes it."""
    paths: dict[str, dict[str, dict[str, Any]]] = app.openapi()["paths"]
    return {
        (method.upper(), path): operation["summary"].lower().replace(" ", "_")
        for path, item in paths.items()
        for method, operation in item.items()
        if method in METHODS
    }


def named(name: str) -> list[Route]:
    return [route for route in ROUTES if route.function.name == name]


def dependency_names(route: Route) -> list[str]:
    return [call.args[0].id for call, _ in route.dependencies if isinstance(call, ast.Call) and isinstance(call.args[0], ast.Name)]


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_the_routes_are_the_applications() -> None:
    real = {**operations(models_routes.app), **operations(models_routes.made), ("WEBSOCKET", "/socket"): "socket"}
    found = {(method, route.path): route.function.name for route in ROUTES for method in route.methods}
    assert found == real
    assert len(ROUTES) == len({route.path for route in ROUTES})


def test_dependencies_come_from_every_level_outermost_first() -> None:
    assert dependency_names(named("index")[0]) == ["on_app"]
    assert dependency_names(named("put")[0]) == ["on_app", "on_router", "on_include"]
    assert dependency_names(named("remove")[0]) == ["on_app", "on_router", "on_route"]


def test_response_model_given_or_annotated() -> None:
    assert [(route.response_model_given, route.response_model is None) for route in named("annotated")] == [(False, True)]
    assert [route.response_model_given for route in named("without_model")] == [True]
    assert ast.unparse(named("index")[0].response_model or ast.Constant(0)) == "Out"
    assert named("added")[0].response_model_given


def test_route_classes() -> None:
    assert [route.function.name for route in ROUTES if route.route_class is not None] == ["patch", "own_get"]


def test_raw_responses() -> None:
    assert {route.function.name for route in ROUTES if route.response_is_raw} == {"raw", "json_response", "html", "stream", "socket"}


def test_nothing_else_is_a_route() -> None:
    assert not named("handler")
    assert not named("middleware")
