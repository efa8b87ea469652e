"""What a run asked for, by what it is good for. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

KINDS = (
    ("job list", r"/jobs\?limit=\d+(&offset=\d+)?$"),
    ("single names", r"/jobs\?.*\bname="),
    ("open, bad", r"/jobs\?.*\bjobstatus="),
    ("proofs", r"/jobs\?.*\btype="),
    ("names", r"/jobs/resnames$"),
    ("configuration", r"/(jobs/show$|schedules/|pools$|volumes$)"),
    ("logs", r"/joblog/"),
    ("other", r""),
)
"""Columns of the table, and how the paths of each are told."""


def by_kind(paths: Iterable[str]) -> dict[str, int]:
    """Count requests by kind; every kind is there."""
    counted = Counter(
        next(kind for kind, pattern in KINDS if re.search(pattern, path)) for path in paths
    )
    return {kind: counted[kind] for kind, _ in KINDS}
