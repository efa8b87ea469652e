"""What became of one job, and why."""

from __future__ import annotations

import re
from collections.abc import Set
from datetime import datetime

from app.assess.model import JudgedJob, Reason
from app.bacula.codes import COPIED_TYPES, RUNNING_STATUS, WAITING_STATUS, Outcome, outcome_of
from app.bacula.joblog import JobLog
from app.bacula.model import Job, LiveJob
from app.i18n import N_, Message, msg
from app.snapshot import GapSource, Snapshot

WAITING_FOR = {
    "C": N_("It has been created and waits for its turn."),
    "B": N_("It is blocked."),
    "F": N_("It waits for the File Daemon."),
    "S": N_("It waits for the Storage Daemon."),
    "m": N_("It waits for a new Volume: somebody has to label or free one."),
    "M": N_("It waits for a Volume to be mounted by somebody."),
    "s": N_("It waits because the Storage runs as many jobs as it may."),
    "j": N_("It waits because the job runs as often at once as it may."),
    "c": N_("It waits because the Client runs as many jobs as it may."),
    "d": N_("It waits because the Director runs as many jobs as it may."),
    "t": N_("It waits for its start time."),
    "p": N_("It waits for jobs of higher priority to finish."),
    "q": N_("It waits for a device."),
}
_CONCLUSION_FIRST = (Outcome.RUNNING, Outcome.WAITING, Outcome.UNKNOWN, Outcome.CANCELLED)
_PREFIX = re.compile(r"^(\S+: )?\s*((fatal error|error|warning): )?(\w+\.cc?:\d+ )?", re.IGNORECASE)
_TRAILER = re.compile(r"(?<!\s)\s*Possible causes:$")
_DETAIL = re.compile(r"\"[^\"]+\"|\([^()]+\)")


def judge_job(job: Job, snapshot: Snapshot, copies: Set[int] = frozenset()) -> JudgedJob:
    """Judge one job of a snapshot.

    Args:
        job: the job.
        snapshot: the night it belongs to.
        copies: the JobIds of all that is a copy of another job.
    """
    live = snapshot.live.get(job.jobid) if snapshot.live is not None and job.is_open else None
    outcome = _outcome(job, live)
    if outcome is Outcome.SUCCESS:
        return JudgedJob(job, outcome, copy_of=job.prior_jobid if job.jobid in copies else 0)
    log = snapshot.logs.get(job.jobid)
    concluded = [Reason(text) for text in _conclusions(job, outcome, live, log, snapshot)]
    stated = [Reason(cause.text, cause.alike) for cause in log.causes] if log else []
    if not stated and log is not None and outcome not in (Outcome.RUNNING, Outcome.WAITING):
        stated = [Reason(line) for line in log.last]
    headline: Message | str = _plain(log.headline) if log is not None else ""
    says_more = outcome in _CONCLUSION_FIRST or killed(job, log) or _given_up_copy(job, outcome)
    if concluded and (says_more or not headline):
        headline = concluded[0].text
    elif not headline and stated:
        headline = stated[-1].text
    elif not headline and log is not None:
        headline = log.termination.strip("* ")
    return JudgedJob(
        job=job,
        outcome=outcome,
        headline=headline,
        reasons=(*concluded, *stated),
        log=log,
        live=live,
        since=_since(job, live) if job.is_open else None,
    )


def _outcome(job: Job, live: LiveJob | None) -> Outcome:
    """Let the live status speak for an open job: the catalog knows only R and C."""
    if live is not None:
        if live.status in WAITING_STATUS:
            return Outcome.WAITING
        if live.status in RUNNING_STATUS:
            return Outcome.RUNNING
        if live.status and live.status != "T":
            return outcome_of(live.status, job.errors)
    return job.outcome


def _plain(line: str) -> str:
    """Return a log line without what only a programmer needs: daemon, severity, source file."""
    return _TRAILER.sub("", _PREFIX.sub("", line)) or line


def killed(job: Job, log: JobLog | None) -> bool:
    """Whether the Director died during the job: no RealEndTime, no summary (API.md section 4)."""
    return (
        job.outcome is Outcome.FAILED
        and job.status != "I"
        and job.real_ended is None
        and log is not None
        and not log.termination
    )


def _given_up_copy(job: Job, outcome: Outcome) -> bool:
    return outcome is Outcome.FAILED and job.type in COPIED_TYPES


def _since(job: Job, live: LiveJob | None) -> datetime | None:
    known = (live.since if live else None, job.run_start, job.created, job.scheduled)
    return next((moment for moment in known if moment is not None), None)


def _conclusions(
    job: Job, outcome: Outcome, live: LiveJob | None, log: JobLog | None, snapshot: Snapshot
) -> list[Message]:
    """Say what neither the letter nor a log line says by itself."""
    found: list[Message] = []
    if outcome is Outcome.UNKNOWN:
        letter = live.status if live and live.status else job.status
        found.append(
            msg("It has ended, but how many errors it had is not known.")
            if job.status == "T"
            else msg("Its status letter {letter!r} is not known; look at it.", letter=letter)
        )
    elif outcome is Outcome.CANCELLED:
        found.append(_cancelled(job, log))
    elif outcome in (Outcome.WAITING, Outcome.RUNNING):
        found += _open(outcome, live, snapshot)
    elif outcome is Outcome.FAILED:
        found += _failed(job, log)
    elif outcome is Outcome.WARNING and job.status == "D":
        found.append(msg("The Verify found differences."))
    missing = _log_gap(job, snapshot)
    if missing is not None:
        found.append(msg("Its log could not be had: {reason}", reason=missing))
    elif log is not None and log.total == 0 and outcome not in (Outcome.WAITING, Outcome.RUNNING):
        found.append(msg("Its log is empty."))
    end = job.run_end
    if end is not None and end > snapshot.now:
        found.append(msg("The end time that the catalog gives lies in the future."))
    return found


def _copy_given_up(original: int) -> Message:
    if not original:
        return msg("The copy was given up; its copy control job tells why.")
    return msg(
        "The copy of job {jobid} was given up; its copy control job tells why.",
        jobid=str(original),
    )


def _failed(job: Job, log: JobLog | None) -> list[Message]:
    found = []
    if job.type in COPIED_TYPES:
        found.append(_copy_given_up(job.prior_jobid))
        if log is not None and log.of_job == job.prior_jobid:
            found.append(msg("The log below is that of the original job."))
    elif job.status == "I":
        found.append(msg("The job is incomplete: it stopped midway."))
    elif killed(job, log):
        found.append(
            msg("Its log has no summary: the Director was restarted or died during the job.")
        )
    return found


def _cancelled(job: Job, log: JobLog | None) -> Message:
    # When a copy began is not known; what it wrote is.
    never_began = not job.files if job.type in COPIED_TYPES else job.run_start is None
    if never_began or (job.run_end == job.run_start and not job.files):
        return msg("It was cancelled before it began to run.")
    if log is not None and re.search("max (run|wait) time", log.headline, re.IGNORECASE):
        return msg("It was cancelled because it ran longer than it may.")
    return msg("It was cancelled while it ran.")


def _open(outcome: Outcome, live: LiveJob | None, snapshot: Snapshot) -> list[Message]:
    if live is None:
        if snapshot.live is None:
            return []
        return [msg("The catalog says it is open, but the Director does not list it.")]
    if outcome is Outcome.RUNNING:
        return []
    known = WAITING_FOR.get(live.status)
    if known is None:
        return [Message("{words}", {"words": live.description})] if live.description else []
    detail = _DETAIL.search(live.description)
    if detail is None:
        return [msg(known)]
    return [Message("{sentence} {detail}", {"sentence": msg(known), "detail": detail.group()})]


def _log_gap(job: Job, snapshot: Snapshot) -> Message | None:
    for gap in snapshot.gaps:
        if gap.source is GapSource.JOB_LOGS and job.jobid in gap.jobids:
            return gap.reason
    return None
