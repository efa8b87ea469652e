"""What pages with figures have in common: tables, the machine, the block that is renewed."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.children import BenchError


def markers(package: str) -> tuple[str, str]:
    """Return the lines between which the figures of a package stand."""
    begin = f"<!-- {package}: begin (written by `python -m {package} --write`) -->"
    return begin, f"<!-- {package}: end -->"


def renew(path: Path, package: str, figures: str) -> None:
    """Replace what stands between the markers of a document.

    Raises:
        BenchError: if it has none.
    """
    begin, end = markers(package)
    text = path.read_text("utf-8")
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise BenchError(f"{path} has no markers {begin} and {end}")
    path.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}", "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table whose columns from `left` on hold numbers."""
    rule = ["---" if place < left else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def machine() -> str:
    """Return the machine in general terms: nothing that names it."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    version = platform.python_version()
    return f"{cores} cores, {platform.system()} {platform.machine()}, Python {version}"
