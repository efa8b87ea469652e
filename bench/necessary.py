"""How many requests a report needs, worked out from the catalog alone. Pure.

This is the table of docs/performance.md as a formula. It shares nothing with the code that asks: if
the two differ, one of them is wrong, and the benchmark fails.
"""

from __future__ import annotations

from datetime import timedelta

from bench.catalog import Extent

FIRST, PAGE, LONGEST, OVERLAP, CERTAIN = 1_000, 5_000, 10_000, 50, 10
NIGHT_REACH, HISTORY_REACH = timedelta(days=7), timedelta(days=35)
SUCCESS_LOGS = 100
FORESEEN_AT_ONCE = 2_000
WITH_OFFSET = frozenset({"baculum-15.0"})


def needed(server: str, extent: Extent, *, lean: bool = False) -> dict[str, int]:
    """Return how many requests of each kind (`bench.asked.KINDS`) are needed.

    Args:
        server: which server is asked.
        extent: its catalog; how many failed must be told.
        lean: whether neither history nor logs of successes are wanted.

    Raises:
        ValueError: for a catalog of which this cannot be told.
    """
    if extent.failures is None or extent.jobs // extent.job_names >= FIRST:
        raise ValueError(f"not foreseen: {extent}")
    full = extent.jobs >= FIRST
    night = _rows(extent, NIGHT_REACH)
    past = 0 if lean else _rows(extent, HISTORY_REACH)
    names = 0
    if server in WITH_OFFSET:
        pages = _by_offset(extent, max(night, past))
    elif night <= PAGE or extent.jobs < PAGE:
        pages = _by_limit(extent, max(night, past))
    else:
        # The second page tells that `offset` is ignored; it and the names are the whole list.
        pages, names = 2, extent.job_names
    successes = 0 if lean else min(SUCCESS_LOGS, extent.shown_jobs - extent.failures)
    return {
        "job list": pages,
        "single names": names,
        # Open jobs; if there may be more than the first page, also those that ended badly.
        "open, bad": 1 + full,
        # Old Restores and Verifies, if there may be more than the first page.
        "proofs": 2 if full and not lean else 0,
        "names": int(bool(names)),
        # Configured jobs, pools and Volumes; schedules for as many days as are told at once.
        "configuration": 3
        + sum(extent.job_names * days >= FORESEEN_AT_ONCE for days in (8, 2))
        + 1,
        "logs": extent.failures + successes,
        # Directors and clients.
        "other": 2,
    }


def _rows(extent: Extent, reach: timedelta) -> int:
    """Return how many rows must be seen to know that all behind them began before the reach."""
    begin = timedelta(days=extent.shown) + reach
    newer = sum(extent.age(index) <= begin for index in range(extent.jobs))
    return newer + CERTAIN


def _by_offset(extent: Extent, wanted: int) -> int:
    """Count pages that follow each other until so many rows, or all of them, were seen."""
    pages, first = 1, min(FIRST, extent.jobs)
    rows = seen = first
    while seen < wanted:
        offset = seen - min(OVERLAP, max(rows // 2, 1))
        rows = min(PAGE, extent.jobs - offset)
        pages, seen = pages + 1, offset + rows
        if rows < first:
            # Nothing else proves the end: a server may allow fewer rows than are asked for.
            break
    return pages


def _by_limit(extent: Extent, wanted: int) -> int:
    """Count pages that each begin at the newest row, where `offset` is ignored."""
    pages, seen = 1, min(FIRST, extent.jobs)
    for limit in (PAGE, LONGEST):
        if seen >= wanted:
            break
        pages, seen = pages + 1, min(limit, extent.jobs)
        if seen < limit:
            break
    return pages
