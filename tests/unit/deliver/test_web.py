"""Web addresses before they are used: what is one, and that it does not show itself."""

from __future__ import annotations

import pytest

from app.deliver.web import Address, web_address


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T/B/x",
        "http://127.0.0.1:8065/hooks/x",
        "https://user:secret@example.com/x",
        "https://[::1]:8443/x",
        "https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers?api-version=1&sig=y",
    ],
)
def test_what_is_an_address(url: str) -> None:
    assert web_address(url) is None
    shown = repr(Address(url, setting="X"))
    assert "secret" not in shown
    assert "/x" not in shown
    assert "sig=" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.slack.com/services/SECRET",
        "ftp://example.com/SECRET",
        "https:///SECRET",
        "https://[::1/SECRET",
        "https://example.com:port/SECRET",
        "https://example.com/SECRET x",
        "https://example.com/SECRET\r\nX: y",
    ],
)
def test_what_is_none_is_told_without_telling_it(url: str) -> None:
    told = web_address(url)
    assert told is not None
    assert "SECRET" not in str(told)
