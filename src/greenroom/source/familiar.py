"""Import names that belong to the outside world even where a folder of the project happens to be called the same."""

from __future__ import annotations

import sys

CORE = frozenset({"sqlalchemy", "sqlmodel", "pydantic", "fastapi", "starlette", "typing", "typing_extensions", "asyncio", "builtins"})
"""Libraries the analyser has knowledge of: their sources, when they lie in the tree, only speak for themselves."""

POPULAR = frozenset(
    {
        "advanced_alchemy", "aio_pika", "aiofiles", "aiogram", "aiohttp", "aiomysql", "aioredis", "aiosqlite", "alembic", "anyio", "arq",
        "asyncmy", "asyncpg", "attr", "attrs", "boto3", "celery", "click", "confluent_kafka", "cryptography", "dishka", "django", "docker",
        "elasticsearch", "email_validator", "factory", "faker", "faststream", "fastapi_pagination", "fastapi_users", "fastcrud", "flask",
        "graphql", "greenlet", "grpc", "httpx", "jinja2", "jose", "jwt", "kafka", "kubernetes", "litestar", "loguru", "mako", "minio",
        "motor", "msgspec", "numpy", "openai", "orjson", "pandas", "passlib", "pika", "psycopg", "psycopg2", "pydantic_settings", "pymongo",
        "pytest", "pytest_asyncio", "redis", "requests", "rq", "sanic", "sentry_sdk", "slowapi", "sqladmin", "sqlalchemy_utils",
        "strawberry", "stripe", "structlog", "taskiq", "telegram", "tenacity", "tortoise", "typer", "uvicorn",
        "uvloop", "websockets", "yaml",
    }
)  # fmt: skip
"""Libraries whose names projects like to reuse for folders of their own (``app/redis``, ``examples/celery.py``)."""


def is_familiar(name: str) -> bool:
    """Whether the top-level ``name`` most likely means the standard library or a well-known distribution."""
    return name in POPULAR or name in CORE or name in sys.stdlib_module_names
