"""Settings from the environment: what is wrong stops the start with one message that names each setting, and shows no secret."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it, says what it must be, and holds no secret."""


class Settings(BaseSettings):
    """The base of settings: ``model_config`` has the ``env_prefix``, ``hints`` says by field what to give where nothing is set."""

    hints: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # whatever fields take; pydantic checks it
        """Read the environment; what is given wins. Raises ``SettingsError``."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise SettingsError(self.told(error)) from None

    @classmethod
    def told(cls, error: ValidationError) -> str:
        """Return what is wrong, in one line and without the values."""
        return "; ".join(cls._message(one) for one in error.errors(include_input=False, include_url=False))

    @classmethod
    def _message(cls, error: Any) -> str:  # noqa: ANN401  # pydantic's ErrorDetails; a TypedDict that mypy need not know here
        if not error["loc"]:
            return str(error["ctx"]["error"])
        first, *rest = error["loc"]
        name = f"{cls.model_config.get('env_prefix', '')}{first}".upper()
        name += "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
        if error["type"] == "missing" and not rest:
            return f"{name} is not set" + (f": {cls.hints[first]}" if first in cls.hints else "")
        cause = error.get("ctx", {}).get("error")
        return f"{name}: {cause if cause is not None else error['msg']}"
