"""How each server stands: the worst of its jobs decides, and whether it has a good backup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from app.assess.model import ClientState, JudgedClient, JudgedJob
from app.assess.protection import Protection, ProtectionState
from app.bacula.codes import Outcome

_UNPROTECTED = frozenset({ProtectionState.NEVER, ProtectionState.TOO_OLD})
_STATES = {
    Outcome.SUCCESS: ClientState.FINE,
    Outcome.RECOVERED: ClientState.FINE,
    Outcome.RUNNING: ClientState.IN_PROGRESS,
    Outcome.WAITING: ClientState.IN_PROGRESS,
}
_WORST_FIRST = (
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.WARNING,
    Outcome.CANCELLED,
    Outcome.WAITING,
    Outcome.RUNNING,
    Outcome.RECOVERED,
    Outcome.SUCCESS,
)
"""What recovered is over; what still runs is not known yet."""


def judge_clients(
    jobs: Iterable[JudgedJob], protected: Mapping[str, bool] | None = None
) -> tuple[JudgedClient, ...]:
    """Return the servers that had jobs, the worst first; jobs without a client are nobody's.

    Args:
        jobs: the jobs that count.
        protected: by server, where that is known: whether it has a good backup of all its jobs.
    """
    outcomes: dict[str, Counter[Outcome]] = {}
    for judged in jobs:
        if judged.job.client:
            outcomes.setdefault(judged.job.client, Counter())[judged.outcome] += 1
    clients = []
    for name, counted in outcomes.items():
        worst = next(outcome for outcome in _WORST_FIRST if counted[outcome])
        state = _STATES.get(worst, ClientState.TROUBLED)
        known = (protected or {}).get(name)
        clients.append(JudgedClient(name, state, worst, dict(counted), known))
    return tuple(sorted(clients, key=lambda one: (_WORST_FIRST.index(one.worst), one.name)))


def protected_servers(protections: Iterable[Protection]) -> dict[str, bool]:
    """Tell of which servers it is known whether each of their jobs has a good, recent backup.

    A server of which too little is known is not there. Muting changes nothing: a server that is
    not protected stays so.
    """
    states: dict[str, set[ProtectionState]] = {}
    for one in protections:
        if one.client:
            states.setdefault(one.client, set()).add(one.state)
    return {
        client: not found & _UNPROTECTED
        for client, found in states.items()
        if found & _UNPROTECTED or found == {ProtectionState.PROTECTED}
    }
