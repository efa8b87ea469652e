"""What the configuration promises and never did: jobs that never ran, disabled ones, idle servers.

A job that runs by other means than a Schedule (by hand, by a script) is left alone while it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from app.assess.case import Case
from app.assess.configuration import Configuration, named, read_configuration, shows
from app.assess.finding import Kind, Notice, Severity
from app.assess.findings.missed import OVERDUE, RHYTHM_TYPES
from app.assess.history import LONG_AGO, Track
from app.assess.rhythm import WEEK, last_moment, learn_rhythm, stopped
from app.bacula.codes import BACKUP_TYPE
from app.bacula.model import JobResource
from app.i18n import Message, msg, nmsg
from app.snapshot import GapSource

NEVER_NEEDS_DAYS = 31
"""Days that must be known before a job "never" ran: those of a month, for monthly jobs."""
NO_JOB_NEEDS = timedelta(days=14)
"""How far the look-back must reach before a server without a run is one without a job."""


def notices(case: Case) -> Iterator[Notice]:
    """Tell of jobs that never ran, of jobs that are disabled, and of servers without any job."""
    if case.lacks(GapSource.JOBS, GapSource.OPEN_JOBS):
        return
    configured = read_configuration(case)
    tracks: dict[str, list[Track]] = {}
    for track in case.past.tracks.values():
        tracks.setdefault(track.name, []).append(track)
    yield from _never_run(case, configured, tracks)
    yield from _disabled(case, configured, tracks)
    yield from _stopped(case, configured, tracks)
    yield from _idle_clients(case, configured)


# --- never run --------------------------------------------------------------------------------


def _never_run(
    case: Case, configured: Configuration, tracks: dict[str, list[Track]]
) -> Iterator[Notice]:
    if not (case.past.whole or case.known_days >= NEVER_NEEDS_DAYS):
        return
    resources = configured.resources or {}
    for job in sorted({*resources, *configured.scheduled}):
        if job in tracks or configured.disabled(job) or configured.removed(job):
            continue
        resource = resources.get(job, JobResource(job))
        foreseen = configured.foreseen(job)
        type_ = resource.type or (foreseen[0].type if foreseen else "")
        client = resource.client or (foreseen[0].client if foreseen else "")
        if (
            type_ == BACKUP_TYPE
            and shows(case.snapshot.filters, type_, client, job)
            and case.policy.expects(job, client)
        ):
            yield from _never(case, configured, resource, client)


def _never(
    case: Case, configured: Configuration, resource: JobResource, client: str
) -> Iterator[Notice]:
    """Tell of one job that never ran: its time has passed, is still to come, or is not foreseen."""
    foreseen = configured.foreseen(resource.name)
    passed = next((run for run in foreseen if case.as_of - run.due >= OVERDUE), None)
    severity, since = Severity.INFO, None
    action: Message | None = None
    if passed is not None:
        severity, since = Severity.WARNING, passed.due
        said = msg("it was due {due} (Schedule {schedule})", due=since, schedule=passed.schedule)
        action = msg(
            "Run it once by hand, and check the Director's log for why it was not started."
        )
    elif foreseen:
        coming = foreseen[0]
        said = msg(
            "its first run is due {due} (Schedule {schedule})",
            due=coming.due,
            schedule=coming.schedule,
        )
    elif resource.scheduled is False:
        said = msg("it has no enabled Schedule")
        action = msg("Give it a Schedule, run it by hand, or remove it from the configuration.")
    elif configured.unscheduled(resource.name):
        said = msg("no run is foreseen in the coming week")
        action = msg("Check its Schedule, or run it once by hand.")
    else:
        return
    yield Notice(
        Kind.NEVER_RUN,
        severity,
        _no_run(case, named(resource.name, client), said),
        action,
        client=client,
        job=resource.name,
        since=since,
    )


def _no_run(case: Case, job: Message | str, said: Message) -> Message:
    if case.past.whole:
        return msg("{job} has never run; {said}.", job=job, said=said)
    return nmsg(
        "{job} has not run in the last day; {said}.",
        "{job} has not run in the last {count} days; {said}.",
        case.known_days,
        job=job,
        said=said,
    )


# --- disabled ---------------------------------------------------------------------------------


def _disabled(
    case: Case, configured: Configuration, tracks: dict[str, list[Track]]
) -> Iterator[Notice]:
    """Tell of jobs whose resource is disabled."""
    for job, resource in sorted((configured.resources or {}).items()):
        known = tracks.get(job, [])
        type_ = resource.type or next((track.type for track in known), "")
        client = resource.client or next((track.client for track in known), "")
        if (
            not configured.disabled(job)
            or type_ not in RHYTHM_TYPES
            or not shows(case.snapshot.filters, type_, client, job)
            or not case.policy.expects(job, client)
        ):
            continue
        last = last_moment(known)
        yield Notice(
            Kind.DISABLED,
            Severity.INFO if last is None else Severity.WARNING,
            msg("{job} is disabled.", job=named(job, client))
            if last is None
            else msg(
                "{job} is disabled; its last run was {last}.", job=named(job, client), last=last
            ),
            msg("Enable it again, or remove it from the configuration if it is not needed."),
            client=client,
            job=job,
            since=last,
        )


def _stopped(
    case: Case, configured: Configuration, tracks: dict[str, list[Track]]
) -> Iterator[Notice]:
    """Tell of jobs that ran in a rhythm, run no more, and are not foreseen any more."""
    for job, known in tracks.items():
        resource = (configured.resources or {}).get(job)
        unscheduled = configured.unscheduled(job) or (
            resource is not None and resource.scheduled is False
        )
        if not unscheduled or configured.disabled(job) or configured.removed(job):
            continue
        track = max(known, key=lambda one: last_moment([one]) or LONG_AGO)
        if track.type not in RHYTHM_TYPES or not case.policy.expects(job, track.client):
            continue
        rhythm = learn_rhythm(track, case.zone)
        if rhythm is None or rhythm.longest > WEEK:
            continue
        last = stopped(known, rhythm, case.as_of, case.policy.late)
        if last is not None:
            yield Notice(
                Kind.DISABLED,
                Severity.WARNING,
                msg(
                    "{job} is no longer scheduled: its last run was {last}; until then it ran "
                    "{usual}.",
                    job=named(job, track.client),
                    last=last,
                    usual=rhythm.said,
                ),
                msg("Give it a Schedule again, or remove it from the configuration."),
                client=track.client,
                job=job,
                since=last,
            )


# --- servers without a job --------------------------------------------------------------------


def _idle_clients(case: Case, configured: Configuration) -> Iterator[Notice]:
    """Tell of clients that no job backs up."""
    clients = case.snapshot.clients
    if not clients or case.snapshot.filters:
        return
    resources = (configured.resources or {}).values()
    told = [r.client for r in resources if r.type in (BACKUP_TYPE, "")]
    certain = configured.resources is not None and all(told)
    look_back = case.policy.look_back
    if not (case.past.whole or case.known_since <= case.snapshot.period.start - look_back):
        return
    busy = {*told, *(track.client for track in case.past.tracks.values() if _backs_up(track))}
    if not certain:
        if configured.schedule is None or not configured.whole or look_back < NO_JOB_NEEDS:
            return
        busy |= {run.client for run in configured.schedule}
    for client in clients:
        if client.name not in busy and case.policy.expects("", client.name):
            yield Notice(
                Kind.NO_JOB,
                Severity.WARNING,
                _no_job(client.name, case, certain=certain),
                msg("Give it a Job, or remove the Client from the configuration and the catalog."),
                client=client.name,
            )


def _backs_up(track: Track) -> bool:
    return track.type == BACKUP_TYPE


def _no_job(client: str, case: Case, *, certain: bool) -> Message:
    if certain:
        return msg("{client} is known to the Director, but no Job backs it up.", client=client)
    return nmsg(
        "{client} is known to the Director, but has had no backup in the last day.",
        "{client} is known to the Director, but has had no backup in the last {count} days.",
        case.known_days,
        client=client,
    )
