"""What several rooms of the integration tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import Full, full_disk


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Full]:
    """A full disk."""
    with full_disk(tmp_path / "full") as disk:
        yield disk
