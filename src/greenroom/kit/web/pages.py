"""A page for each type of problem: what ``type`` of a problem document points to."""

from __future__ import annotations

import html
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse, JSONResponse, Response

from greenroom.kit.problems import NotFound
from greenroom.kit.web.documentation import every_kind, page

router = APIRouter(prefix="/problems", include_in_schema=False)


@router.get("/{slug}")
async def problem_page(slug: str, accept: Annotated[str, Header()] = "") -> Response:
    """Say what a type of problem means: to browsers as HTML, else as JSON."""
    kind = every_kind().get(slug)
    if kind is None:
        raise NotFound
    said = page(kind)
    if "text/html" not in accept:
        return JSONResponse(said)
    title, meaning = html.escape(said["title"]), html.escape(said["meaning"])
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>{meaning}</p><p>HTTP status {said['status']}</p></html>"
    )
