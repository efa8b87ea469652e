"""To be told."""

from __future__ import annotations

from collections.abc import Iterator

from app.assess.case import Case
from app.assess.finding import Notice


def notices(case: Case) -> Iterator[Notice]:
    """Tell nothing yet."""
    yield from ()
