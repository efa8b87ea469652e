"""How each server stands: the worst of its jobs decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.assess.model import ClientState, JudgedClient, JudgedJob
from app.bacula.codes import Outcome

_ORDER = tuple(Outcome)
_STATES = {
    Outcome.SUCCESS: ClientState.FINE,
    Outcome.RUNNING: ClientState.IN_PROGRESS,
    Outcome.WAITING: ClientState.IN_PROGRESS,
}


def judge_clients(jobs: Iterable[JudgedJob]) -> tuple[JudgedClient, ...]:
    """Return the servers that had jobs, the worst first; jobs without a client are nobody's."""
    outcomes: dict[str, Counter[Outcome]] = {}
    for judged in jobs:
        if judged.job.client:
            outcomes.setdefault(judged.job.client, Counter())[judged.outcome] += 1
    clients = []
    for name, counted in outcomes.items():
        worst = next(outcome for outcome in _ORDER if counted[outcome])
        state = _STATES.get(worst, ClientState.TROUBLED)
        clients.append(JudgedClient(name, state, worst, dict(counted)))
    return tuple(sorted(clients, key=lambda one: (_ORDER.index(one.worst), one.name)))
