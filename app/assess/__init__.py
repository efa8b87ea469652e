"""Judging: what the snapshot means. Pure; no clock, no I/O, no environment.

Further judgements (findings) go beside `jobs`, `clients` and `verdict`, one question a module.
"""

from app.assess.clients import judge_clients
from app.assess.jobs import judge_job
from app.assess.model import Assessment, JudgedClient, JudgedJob, Level, Verdict
from app.assess.verdict import reach_verdict
from app.snapshot import Snapshot

__all__ = ["Assessment", "JudgedClient", "JudgedJob", "Level", "Verdict", "assess"]


def assess(snapshot: Snapshot) -> Assessment:
    """Judge a night: every job once, then its servers, then the whole."""
    jobs = tuple(judge_job(job, snapshot) for job in snapshot.jobs)
    clients = judge_clients(jobs)
    with_jobs = {client.name for client in clients}
    idle = tuple(c.name for c in snapshot.clients or () if c.name not in with_jobs)
    return Assessment(
        snapshot=snapshot,
        jobs=jobs,
        clients=clients,
        idle_clients=() if snapshot.filters else idle,
        verdict=reach_verdict(snapshot, jobs, clients),
    )
