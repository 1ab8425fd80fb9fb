"""Routes that cannot be compared with a running application here."""

from __future__ import annotations

from pathlib import Path

from tests.facts.projects import backend


def test_litestar_handlers(tmp_path: Path) -> None:
    routes = backend(
        tmp_path,
        api="""
        from litestar import Controller, get, post
        from litestar.handlers import HTTPRouteHandler
        @get("/users")
        async def users() -> list[dict]: ...
        class Users(Controller):
            path = "/users"
            @post()
            async def create(self) -> dict: ...
            def helper(self): ...
        """,
    ).routes()
    assert [(route.function.name, route.methods, route.path, route.response_is_raw) for route in routes] == [
        ("users", ("GET",), "/users", True),
        ("create", ("POST",), None, True),
    ]


def test_starlette_routes(tmp_path: Path) -> None:
    routes = backend(
        tmp_path,
        api="""
        from starlette.routing import Route
        async def home(request): ...
        routes = [Route("/", home, methods=["GET", "POST"])]
        """,
    ).routes()
    (route,) = routes
    assert (route.function.name, route.methods, route.path, route.response_is_raw) == ("home", ("GET", "POST"), "/", True)


def test_a_router_that_cannot_be_resolved(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        api="""
        from fastapi import FastAPI
        from elsewhere import make_router, client
        router = make_router()
        @router.get("/x")
        async def x(): ...
        @client.get("x")
        async def not_a_route(): ...
        def register(app: FastAPI):
            @app.post("/y")
            async def y(): ...
        """,
    )
    assert [route.function.name for route in facts.routes()] == ["x", "y"]


def test_class_based_views(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        api="""
        from fastapi import APIRouter, Depends
        from fastapi_utils.cbv import cbv
        router = APIRouter(prefix="/c")
        @cbv(router)
        class Views:
            session = Depends(object)
            @router.get("/x")
            async def x(self) -> int: ...
        """,
    )
    (route,) = facts.routes()
    assert (route.path, route.function.owner is not None) == ("/c/x", True)


def test_routers_that_include_each_other(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        api="""
        from fastapi import APIRouter, Depends
        one = APIRouter(prefix="/one", dependencies=[Depends(a)])
        two = APIRouter(prefix="/two", dependencies=[Depends(b)])
        one.include_router(two)
        two.include_router(one)
        @one.get("/x")
        async def x() -> int: ...
        """,
    )
    assert len(facts.routes()) == 1


def test_inclusion_across_modules(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        app__users="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/users")
        async def users() -> int: ...
        """,
        app__main="""
        from fastapi import Depends, FastAPI
        from app import users
        from app.security import login
        app = FastAPI()
        app.include_router(users.router, prefix="/api", dependencies=[Depends(login)])
        """,
    )
    (route,) = facts.routes()
    assert route.path == "/api/users"
    assert [module.name for _, module in route.dependencies] == ["app.main"]


def test_fastapi_users_schemas(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        schemas="""
        import uuid
        from fastapi_users import schemas
        class UserRead(schemas.BaseUser[uuid.UUID]):
            nickname: str
        """,
    )
    module = facts.program.module("schemas")
    assert module is not None
    schema = facts.schema(module.bindings["UserRead"][0])  # type: ignore[arg-type]  # the binding is a class
    assert schema is not None
    assert schema.from_attributes
    assert list(schema.fields) == ["id", "email", "is_active", "is_superuser", "is_verified", "nickname"]
