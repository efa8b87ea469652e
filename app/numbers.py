"""A night in numbers, for monitoring: what the node exporter's textfile tells. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from app.assess import Assessment, Level
from app.assess.case import Case
from app.assess.configuration import read_configuration
from app.assess.protection import ANY, GoodRun, Protection
from app.bacula.codes import Outcome
from app.deliver.textfile import ClientNumbers, Numbers
from app.policy import Policy


def numbers_of(
    assessment: Assessment,
    policy: Policy,
    *,
    finished: datetime,
    seconds: float,
    undelivered: int | None,
) -> Numbers:
    """Return the numbers of a run.

    Args:
        assessment: what the night means.
        policy: what was expected.
        finished: when the run ended, aware.
        seconds: how long it took.
        undelivered: letters that did not reach a recipient; None if nothing is delivered.
    """
    source = assessment.snapshot.source
    # Of a Director that nobody could ask no number is known, and none is 0.
    answered = assessment.snapshot.stopped is None
    return Numbers(
        director=source.director or source.host,
        finished=finished,
        seconds=seconds,
        complete=assessment.complete and answered,
        level=assessment.verdict.level.value,
        levels=[level.value for level in Level],
        outcomes={one.value: assessment.counts[one] for one in Outcome} if answered else {},
        findings=_findings(assessment),
        clients=_clients(assessment, policy) if answered else None,
        undelivered=undelivered,
    )


def _findings(assessment: Assessment) -> dict[tuple[str, str], int]:
    """Count what was found per kind and severity; what is muted does not count."""
    found: Counter[tuple[str, str]] = Counter()
    for finding in assessment.findings:
        if not finding.muted:
            found[finding.kind.value, finding.severity.value] += len(finding.notices)
    return dict(sorted(found.items()))


def _clients(assessment: Assessment, policy: Policy) -> list[ClientNumbers]:
    """Return each client that has a backup job, with the newest good backup of all its jobs.

    A job that is disabled, or was removed from the configuration, gives no backups any more.
    """
    case = Case(assessment.snapshot, assessment.jobs, assessment.past, policy)
    configured = read_configuration(case)
    newest: dict[str, tuple[Protection, GoodRun] | None] = {}
    for one in assessment.protections:
        if not one.client or configured.disabled(one.job) or configured.removed(one.job):
            continue
        last, known = one.last.get(ANY), newest.setdefault(one.client, None)
        if last is not None and (known is None or last.ended > known[1].ended):
            newest[one.client] = (one, last)
    return [_client(name, found) for name, found in sorted(newest.items())]


def _client(name: str, found: tuple[Protection, GoodRun] | None) -> ClientNumbers:
    if found is None:
        return ClientNumbers(name)
    protection, last = found
    size = next((run.bytes for run in protection.track.runs if run.jobid == last.jobid), None)
    return ClientNumbers(name, last.ended, size)
