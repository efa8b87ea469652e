"""What the status letters do not say: one question a module.

A finder is a module with a function `notices` from a `Case` to `Notice`s. A new one goes into a
module here, into `FINDERS` and docs/findings.md; a new kind also into `finding.Kind` and the
`catalogue`. Missing data is no finding: what is not known is neither bad nor good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.assess.case import Case
from app.assess.finding import Finding, Notice
from app.assess.findings import (
    chain,
    configured,
    evidence,
    failures,
    hidden,
    missed,
    protection,
    recovered,
    room,
    unusual,
    waiting,
)
from app.assess.findings.gather import gather

FINDERS: tuple[Callable[[Case], Iterable[Notice]], ...] = (
    protection.notices,
    failures.notices,
    missed.notices,
    configured.notices,
    recovered.notices,
    waiting.notices,
    chain.notices,
    unusual.notices,
    hidden.notices,
    evidence.notices,
    room.notices,
)


def find(case: Case, *, pools: bool = True) -> tuple[Finding, ...]:
    """Ask every question, and gather the answers, the gravest first.

    Args:
        case: the night.
        pools: whether pools and Volumes are asked for; not all who have jobs have to do with them.
    """
    if case.snapshot.stopped is not None:
        return ()
    finders = [finder for finder in FINDERS if pools or finder is not room.notices]
    return gather((notice for finder in finders for notice in finder(case)), case)
