"""One place to make whole runs in."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.faults.whole")

from tests.faults.whole import Site  # noqa: E402 - its assertions shall tell what they saw


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Where runs are made."""
    return Site(tmp_path, monkeypatch)
