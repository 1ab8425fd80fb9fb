"""A wrong setting stops the start, and its message names it."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.kit.database import SettingsError
from greenroom.kit.web import WebSettings


def test_lists_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_ORIGINS", "https://a.example, http://localhost:5173")
    monkeypatch.setenv("WEB_HOSTS", "api.example,*.api.example")
    settings = WebSettings()
    assert settings.origins == ("https://a.example", "http://localhost:5173")
    assert settings.hosts == ("api.example", "*.api.example")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"origins": "*", "credentials": True}, r"WEB_ORIGINS is \* and WEB_CREDENTIALS is on: .* turn credentials off"),
        ({"origins": "a.example"}, "WEB_ORIGINS: 'a.example' is no origin: write https://host"),
        ({"origins": "https://a.example/"}, "WEB_ORIGINS: 'https://a.example/' is no origin"),
        ({"origins": "null"}, "WEB_ORIGINS: 'null' is no origin"),
        ({"max_body_size": -1}, "WEB_MAX_BODY_SIZE: Input should be greater than or equal to 0"),
        ({"drain": "soon"}, "WEB_DRAIN: Input should be a valid number"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        WebSettings(**given)
