"""The page that shows the API and tries it out: Swagger UI, served by the application itself, so that it works without the internet.

Its script and styles come with the package ``fastapi-offline``; FastAPI's own page takes them from a host outside.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_oauth2_redirect_html
from fastapi.responses import FileResponse, HTMLResponse

from greenroom.kit.problems import NotFound

_ASSETS: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The page's Content-Security-Policy. Swagger UI sets styles on elements; its scripts are all files."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="{path}/favicon.png">
<link rel="stylesheet" href="{path}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{path}/swagger-ui-bundle.js"></script>
<script src="{path}/start.js"></script>
</body>
</html>
"""


def add_docs(app: FastAPI, path: str = "/docs") -> None:
    """Serve the page at a path, in place of FastAPI's pages; nothing where the application has no ``openapi_url``.

    ``swagger_ui_parameters`` of the application are handed on.
    """
    if app.openapi_url is None:
        return
    redirect = app.swagger_ui_oauth2_redirect_url
    theirs = [url for url in (app.docs_url, app.redoc_url, redirect) if url is not None]
    # Routers that were included have no path of their own.
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) not in theirs]
    folder = files("fastapi_offline") / "static"
    router = APIRouter(prefix=path, include_in_schema=False)

    @router.get("")
    async def page(request: Request) -> Response:
        root = request.scope.get("root_path", "").rstrip("/")
        text = _PAGE.format(title=html.escape(app.title), path=html.escape(root + path))
        return HTMLResponse(text, headers={"Content-Security-Policy": POLICY})

    @router.get("/start.js")
    async def start(request: Request) -> Response:
        root = request.scope.get("root_path", "").rstrip("/")
        options: dict[str, Any] = {
            "url": f"{root}{app.openapi_url}",
            "dom_id": "#swagger-ui",
            "deepLinking": True,
            "persistAuthorization": False,
            # It would send the document to a host outside.
            "validatorUrl": None,
            **(app.swagger_ui_parameters or {}),
        }
        if redirect:
            options["oauth2RedirectUrl"] = f"{str(request.base_url).rstrip('/')}{redirect}"
        return Response(f"window.ui = SwaggerUIBundle({json.dumps(options)})\n", media_type="text/javascript")

    @router.get("/{name}")
    async def asset(name: str) -> Response:
        if name not in _ASSETS:
            raise NotFound
        # They change with the package's version only.
        return FileResponse(str(folder / name), media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"})

    if redirect:
        app.add_api_route(redirect, _oauth2_redirect, methods=["GET"], include_in_schema=False)
    app.include_router(router)


async def _oauth2_redirect() -> Response:
    """Send the page to which an authorization server sends the browser back: FastAPI's, with leave for its script alone."""
    page = get_swagger_ui_oauth2_redirect_html()
    scripts = [hashlib.sha256(script).digest() for script in re.findall(rb"<script>(.*?)</script>", bytes(page.body), re.DOTALL)]
    hashes = " ".join(f"'sha256-{base64.b64encode(script).decode()}'" for script in scripts)
    page.headers["Content-Security-Policy"] = f"default-src 'none'; script-src {hashes}; frame-ancestors 'none'; base-uri 'none'"
    return page
