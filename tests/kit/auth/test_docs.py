"""What the page says is executed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from greenroom.kit.auth import AuthSettings
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import AUDIENCE, ISSUER, Signer, bearer
from tests.kit.auth.test_provisioning import ADA, Base, Note

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs/kit/auth.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


async def test_the_example_serves(key_server: KeyServer, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "JWKS_URL": key_server.url, "SCOPES": "tasks:read, tasks:write"}.items():
        monkeypatch.setenv(f"AUTH_{name}", value)
    names: dict[str, object] = {}
    exec(EXAMPLES[0], names)  # noqa: S102  # the page's example
    app = names["app"]
    assert isinstance(app, FastAPI)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/me", headers=bearer(signer.token()))).json() == {"kind": "human", "id": "ada"}
        assert (await client.post("/tasks", headers=bearer(signer.token()))).status_code == 201
        assert (await client.post("/tasks", headers=bearer(signer.token(scope="tasks:read")))).status_code == 403
        assert (await client.get("/me")).status_code == 401
    operation = app.openapi()["paths"]["/tasks"]["post"]
    assert operation["security"] == [{"bearer": ["tasks:write"]}]
    assert {"401", "403"} <= set(operation["responses"])


async def test_the_example_of_a_first_login_works(postgres: str) -> None:
    names: dict[str, object] = {"Base": Base, "Note": Note}
    exec(EXAMPLES[1], names)  # noqa: S102  # the page's example
    account_of = names["account_of"]
    assert callable(account_of)
    engine = create_async_engine(postgres)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    ids = set()
    for _ in range(2):
        async with AsyncSession(engine) as session, session.begin():
            ids.add(await account_of(session, ADA))
    assert len(ids) == 1
    await engine.dispose()


def test_the_table_lists_each_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `AUTH_(\w+)` \| (.*?) ?\|", PAGE, re.MULTILINE))
    fields = {name.upper(): field.default for name, field in AuthSettings.model_fields.items()}
    assert set(rows) == set(fields)
    for name, default in fields.items():
        shown = ", ".join(default) if isinstance(default, tuple) else "" if default is None else str(default).lower()
        assert rows[name].lower() == shown.lower().removesuffix(".0"), name


def test_the_example_of_settings_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0]
    assert len(json.loads(example)) == 2
    monkeypatch.setenv("AUTH_ISSUERS", example)
    assert [issuer.types for issuer in AuthSettings().all_issuers] == [("", "JWT"), ("at+jwt",)]
