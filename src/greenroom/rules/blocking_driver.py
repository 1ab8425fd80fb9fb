"""GR305: an asynchronous engine for a driver that cannot be used by one."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import BlockingDriver, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding

_INSTEAD = {"pysqlite": "sqlite+aiosqlite", "psycopg2": "postgresql+asyncpg", "pg8000": "postgresql+asyncpg", "pyodbc": "mssql+aioodbc",
            "pymysql": "mysql+asyncmy", "mysqldb": "mysql+asyncmy", "cx_oracle": "oracle+oracledb"}  # fmt: skip


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, BlockingDriver):
        default = "" if event.sure else ", unless the environment sets another URL"
        message = f"`{event.maker}` refuses the driver `{event.driver}`, which is not asynchronous{default}"
        instead = _INSTEAD.get(event.driver)
        mend = f"name an asynchronous driver in the URL: `{instead}://`" if instead else "name an asynchronous driver in the URL"
        yield finding(rule, event, message, mend=mend, sure=event.sure)


RULE = Rule("GR305", "blocking-driver", BlockingDriver, _query)
