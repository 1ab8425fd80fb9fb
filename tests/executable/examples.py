"""Finds what a block wants to have run, and runs it."""

from __future__ import annotations

import ast
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.executable.swagger import body_of

OK = 200
NAMES = {"name": "new name", "title": "new title", "email": "new@example.org"}
"""What parameters of these names are given; every ``..._id`` is 1."""


@dataclass(frozen=True, slots=True)
class Example(ABC):
    """Something of a block that can be run by itself."""

    name: str
    first_line: int
    last_line: int

    @abstractmethod
    async def run(self, database: ModuleType) -> object:
        """Run it and return what it returns."""


@dataclass(frozen=True, slots=True)
class FunctionExample(Example):
    """An ``async def`` that the harness can call: a session and plain values are all it takes."""

    function: Any

    async def run(self, database: ModuleType) -> object:
        """Call it with a session of the block's factory."""
        async with database.Session() as session:
            return await self.function(**_arguments(self.function, session))


@dataclass(frozen=True, slots=True)
class MethodExample(Example):
    """A public coroutine method of a service class."""

    owner: Any
    method: str

    async def run(self, database: ModuleType) -> object:
        """Make the service with a session and call the method."""
        async with database.Session() as session:
            service = self.owner(**_arguments(self.owner, session))
            function = getattr(service, self.method)
            return await function(**_arguments(function, session))


@dataclass(frozen=True, slots=True)
class EndpointExample(Example):
    """A FastAPI endpoint, called over HTTP inside this process."""

    app: FastAPI
    method: str
    path: str
    has_body: bool
    swagger: bool
    """Whether the body is what Swagger UI fills in; the endpoint may refuse that."""

    async def run(self, database: ModuleType) -> object:
        """Send one request and return the decoded answer."""
        del database
        async with AsyncClient(transport=ASGITransport(app=self.app), base_url="http://example") as client:
            path = re.sub(r"\{(\w+)\}", lambda match: str(NAMES.get(match[1], 1)), self.path)
            response = await client.request(self.method, path, json=self._body())
        if response.status_code != OK and not (self.swagger and response.is_client_error):
            msg = f"{self.method} {path} answered {response.status_code}: {response.text}"
            raise AssertionError(msg)
        return response.json()

    def _body(self) -> object:
        if not self.has_body:
            return None
        return body_of(self.app.openapi(), self.path, self.method) if self.swagger else {}


def examples_of(tree: ast.Module, module: ModuleType, *, swagger: bool = False) -> Iterator[Example]:
    """Return all endpoints, and every coroutine function or method to which nothing else in the block refers."""
    endpoints = {example.name: example for example in _endpoints(tree, module, swagger=swagger)}
    functions, methods = _referred_names(tree)
    for statement in tree.body:
        match statement:
            case ast.AsyncFunctionDef(name=name) | ast.FunctionDef(name=name) if name in endpoints:
                yield endpoints[name]
            case ast.AsyncFunctionDef(name=name) if name not in functions and not _is_generator(statement):
                yield FunctionExample(name, *_span(statement), getattr(module, name))
            case ast.ClassDef(name=owner, body=body):
                for method in body:
                    if isinstance(method, ast.AsyncFunctionDef) and not method.name.startswith("_") and method.name not in methods:
                        yield MethodExample(f"{owner}.{method.name}", *_span(method), getattr(module, owner), method.name)


def _endpoints(tree: ast.Module, module: ModuleType, *, swagger: bool) -> Iterator[EndpointExample]:
    spans = {node.name: _span(node) for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}
    apps = [value for value in vars(module).values() if isinstance(value, FastAPI)]
    app = apps[0] if apps else FastAPI()
    routers = [value for value in vars(module).values() if isinstance(value, APIRouter)]
    if not apps:
        for router in routers:
            app.include_router(router)
    declared = [*app.router.routes, *(route for router in routers for route in router.routes if not apps)]
    seen: set[str] = set()
    for route in declared:
        if isinstance(route, APIRoute) and route.endpoint.__module__ == module.__name__ and route.endpoint.__name__ not in seen:
            seen.add(route.endpoint.__name__)
            name = route.endpoint.__name__
            method, has_body = min(route.methods or {"GET"}), route.body_field is not None
            yield EndpointExample(name, *spans[name], app, method, route.path, has_body, swagger)


def _referred_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the variables to which statements refer, without those that a statement binds inside itself, and the attributes."""
    variables: set[str] = set()
    attributes: set[str] = set()
    for statement in tree.body:
        bound: set[str] = set()
        loaded: set[str] = set()
        for node in ast.walk(statement):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    loaded.add(name)
                case ast.Name(id=name) | ast.arg(arg=name):
                    bound.add(name)
                case ast.Attribute(attr=name):
                    attributes.add(name)
        variables |= loaded - bound
    return variables, attributes


def _is_generator(function: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(function))


def _span(node: ast.AsyncFunctionDef | ast.FunctionDef) -> tuple[int, int]:
    return node.lineno, node.end_lineno or node.lineno


def _arguments(function: Any, session: AsyncSession) -> dict[str, object]:  # noqa: ANN401 -- anything callable
    arguments: dict[str, object] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.annotation is not inspect.Parameter.empty and "AsyncSession" in str(parameter.annotation):
            arguments[name] = session
        elif name.endswith("_id"):
            arguments[name] = 1
        elif name in NAMES:
            arguments[name] = NAMES[name]
        elif name.endswith("_ids"):
            arguments[name] = [1, 2]
        elif parameter.default is inspect.Parameter.empty:
            msg = f"the harness has no value for parameter `{name}` of `{function.__name__}`"
            raise TypeError(msg)
    return arguments
