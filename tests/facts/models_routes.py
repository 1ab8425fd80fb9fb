# Written the way projects write models, every style among them.
# ruff: noqa: ANN401
# mypy: ignore-errors
"""A FastAPI application with routes in every spelling."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel


class Out(BaseModel):
    a: int


class AuditedRoute(APIRoute):
    pass


class AuditedRouter(APIRouter):
    route_class = AuditedRoute


class InitRouter(APIRouter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(route_class=AuditedRoute, **kwargs)


def on_app() -> None: ...


def on_router() -> None: ...


def on_include() -> None: ...


def on_route() -> None: ...


app = FastAPI(dependencies=[Depends(on_app)])
router = APIRouter(prefix="/items", dependencies=[Depends(on_router)])
nested = APIRouter(prefix="/nested")
audited = APIRouter(prefix="/audited", route_class=AuditedRoute)
own = InitRouter(prefix="/own")
ITEM = "/{item_id}"


@app.get("/", response_model=Out)
async def index() -> Any: ...


@app.get("/none", response_model=None)
async def without_model() -> dict[str, int]: ...


@app.get("/annotated")
async def annotated() -> Out: ...


@app.get("/nothing")
async def nothing(): ...  # noqa: ANN201 - a route without a return annotation is what is tested


@app.get("/raw")
async def raw() -> Response: ...


@app.get("/json")
def json_response() -> JSONResponse: ...


@app.get("/html", response_class=HTMLResponse)
async def html(): ...  # noqa: ANN201 - as above


@app.post("/stream", response_class=StreamingResponse, response_model=None)
async def stream() -> Any: ...


@app.api_route("/many", methods=["GET", "POST"])
async def many() -> Out: ...


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None: ...


@router.get("")
@router.get("/all")
async def listing() -> list[Out]: ...


COMMON = [Depends(on_route)]


@router.delete(ITEM, dependencies=[*COMMON], status_code=204)
async def remove(item_id: int) -> None: ...


@nested.put("/x")
async def put(value: Annotated[int, Depends(on_route)]) -> Out: ...


@audited.patch("/x")
async def patch() -> Out: ...


@own.get("/x")
async def own_get() -> Out: ...


async def added() -> Out: ...


router.add_api_route("/added", added, methods=["POST"], response_model=Out)
router.include_router(nested, prefix="/inner", dependencies=[Depends(on_include)])
app.include_router(router, prefix="/api")
app.include_router(audited)
app.include_router(own)


@app.exception_handler(ValueError)
async def handler(request: Any, error: Exception) -> Response: ...


@app.middleware("http")
async def middleware(request: Any, call_next: Any) -> Any: ...


def create_app() -> FastAPI:
    inner = FastAPI()

    @inner.get("/inside")
    async def inside() -> Out: ...

    return inner


made = create_app()
