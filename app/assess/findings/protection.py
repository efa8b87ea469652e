"""Jobs whose last good backup is too old, or that never had one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.assess.case import Case
from app.assess.configuration import named
from app.assess.finding import Kind, News, Notice, Severity
from app.assess.history import moment_of, night_of
from app.assess.protection import ANY, Protection, ProtectionState, too_old_at
from app.bacula.codes import LEVEL_NAMES
from app.bacula.model import Job
from app.i18n import Message, msg, nmsg

RUNS_TOLD = 14
"""Runs since the last good backup that are named, the newest."""


def notices(case: Case) -> Iterator[Notice]:
    """Tell of each job whose data are not protected as they should be."""
    for protection in case.protections:
        if protection.state is ProtectionState.NEVER:
            yield _never(protection, case)
        elif protection.state is ProtectionState.TOO_OLD:
            yield _too_old(protection, case)


def _never(protection: Protection, case: Case) -> Notice:
    runs = protection.track.ended
    first = moment_of(runs[0]) or runs[0].run_end or case.as_of
    return Notice(
        Kind.NEVER_BACKED_UP,
        Severity.CRITICAL,
        nmsg(
            "{job} has never had a good backup: its only run ({first}) went wrong.",
            "{job} has never had a good backup: {count} runs since {first}, none of them good.",
            len(runs),
            job=named(protection.job, protection.client),
            first=first,
        ),
        msg("Find out why it fails, fix the cause, and run a Full by hand."),
        client=protection.client,
        job=protection.job,
        jobids=_told(runs),
        since=first,
        nights=len({night_of(m, case.zone) for run in runs if (m := moment_of(run)) is not None}),
        news=_news(before=_went_on(runs, case)),
    )


def _too_old(protection: Protection, case: Case) -> Notice:
    """Tell of a last good backup that is too old, or of none in all the time that is known."""
    last = protection.last.get(protection.level)
    runs = protection.track.ended
    if last is None:
        since = None
        nights = len(protection.track.bad_nights(case.zone))
        before = _went_on(runs, case)
    else:
        since = last.ended
        begun = next((moment_of(run) for run in runs if run.jobid == last.jobid), None) or since
        nights = (night_of(case.as_of, case.zone) - night_of(begun, case.zone)).days
        runs = tuple(run for run in runs if run.run_end is not None and run.run_end > since)
        before = too_old_at(protection, case, case.last_night)
    return Notice(
        Kind.TOO_OLD,
        Severity.CRITICAL,
        _sentence(protection, case, nights),
        msg("Find out why it fails or does not run, and run it by hand today."),
        client=protection.client,
        job=protection.job,
        jobids=_told(runs),
        since=since,
        nights=max(nights, 0),
        news=_news(before=before),
    )


def _sentence(protection: Protection, case: Case, nights: int) -> Message:
    subject = named(protection.job, protection.client)
    last = protection.last.get(protection.level)
    what = _what(protection.level)
    if last is None:
        return nmsg(
            "{job} has had no {what} in the last day; nothing is known of the time before.",
            "{job} has had no {what} in the last {count} days; nothing is known of the time"
            " before.",
            case.known_days,
            job=subject,
            what=what,
        )
    if nights < 1:
        return msg(
            "{job} has had no {what} since {last}; {allowed}.",
            job=subject,
            what=what,
            last=last.ended,
            allowed=_allowed(protection, case),
        )
    return nmsg(
        "{job} has had no {what} for {count} night, since {last}; {allowed}.",
        "{job} has had no {what} for {count} nights, since {last}; {allowed}.",
        nights,
        job=subject,
        what=what,
        last=last.ended,
        allowed=_allowed(protection, case),
    )


def _what(level: str) -> Message:
    if level == ANY:
        return msg("good backup")
    return msg("good {level}", level=msg(LEVEL_NAMES[level]))


def _allowed(protection: Protection, case: Case) -> Message:
    said = case.policy.max_age(protection.job, protection.client, protection.level)
    if said is not None or protection.rhythm is None:
        return msg("the policy allows {limit}", limit=protection.limit)
    return msg("it usually runs {rhythm}", rhythm=protection.rhythm.said)


def _news(*, before: bool) -> News:
    return News.CONTINUING if before else News.NEW


def _went_on(runs: Sequence[Job], case: Case) -> bool:
    """Whether any of these runs was over before the last night of the period."""
    return any(run.run_end is not None and run.run_end < case.last_night for run in runs)


def _told(runs: tuple[Job, ...]) -> tuple[int, ...]:
    return tuple(run.jobid for run in runs[-RUNS_TOLD:])
