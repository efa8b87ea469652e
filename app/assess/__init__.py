"""Judging: what the snapshot means. Pure; no clock, no I/O, no environment.

Every job is judged by itself (`jobs`), then together with its past (`history`, `findings`), then
the servers (`clients`) and the whole (`verdict`).
"""

from dataclasses import replace

from app.assess.case import Case
from app.assess.clients import judge_clients, protected_servers
from app.assess.findings import find
from app.assess.history import read_past
from app.assess.jobs import judge_job
from app.assess.model import Assessment, JudgedClient, JudgedJob, Level, Verdict
from app.assess.nights import read_nights
from app.assess.protection import protection_of
from app.assess.recovery import recover
from app.assess.verdict import reach_verdict
from app.policy import Policy
from app.snapshot import Snapshot

__all__ = ["Assessment", "JudgedClient", "JudgedJob", "Level", "Verdict", "assess"]


def assess(snapshot: Snapshot, policy: Policy | None = None, *, pools: bool = True) -> Assessment:
    """Judge a night: every job once, what its past says of it, its servers, then the whole.

    Args:
        snapshot: what the servers said.
        policy: what is expected.
        pools: whether pools and Volumes are told of, beside jobs and servers.
    """
    past = read_past(snapshot)
    jobs = recover(judge_job(job, snapshot, past.copies) for job in snapshot.jobs)
    known = Case(snapshot, jobs, past, policy or Policy())
    case = replace(known, protections=protection_of(known))
    findings = find(case, pools=pools)
    protected = protected_servers(case.protections)
    clients = judge_clients((job for job in jobs if not job.good_copy), protected)
    with_jobs = {client.name for client in clients}
    idle = tuple(c.name for c in snapshot.clients or () if c.name not in with_jobs)
    return Assessment(
        snapshot=snapshot,
        jobs=jobs,
        clients=clients,
        idle_clients=() if snapshot.filters else idle,
        verdict=reach_verdict(case, clients, findings, protected),
        findings=findings,
        past=past,
        protections=case.protections,
        nights=read_nights(case, findings),
    )
