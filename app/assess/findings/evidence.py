"""Whether there is evidence that backups can be restored: Restores, Verifys, and the catalog's own.

Nothing is said of a narrowed report: what it does not show may well have run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.assess.case import Case
from app.assess.configuration import named
from app.assess.finding import Kind, Notice, Severity
from app.assess.history import GOOD, LONG_AGO, Track
from app.assess.protection import ANY, Protection, ProtectionState
from app.bacula.codes import BACKUP_TYPE, VERIFY_TYPE
from app.bacula.model import Job
from app.i18n import Message, msg, nmsg
from app.snapshot import GapSource

RESTORE_TYPE = "R"
EVIDENCE_NEEDS = timedelta(days=14)
"""How long a client must have been backed up, and the past be known, before evidence is missed."""
EVIDENCE_LASTS = timedelta(days=180)
"""How long a Restore or Verify that succeeded is evidence."""
CATALOG_NEEDS = timedelta(days=7)
"""How much of the past must be known before a backup of the catalog is missed."""
CATALOG_LASTS = timedelta(days=8)
"""How old a backup of the catalog may be where its rhythm is not known: a week and a night."""
_CATALOG = re.compile(r"catalog|(?:bacula|bareos)[-_. ]?(?:db|database|sql)", re.IGNORECASE)


def notices(case: Case) -> Iterator[Notice]:
    """Tell which servers have no Restore or Verify, and how the catalog's backup stands."""
    if case.snapshot.filters or case.lacks(GapSource.JOBS):
        return
    clients = _backed_up_since(case)
    yield from _missing(case, clients, RESTORE_TYPE)
    yield from _missing(case, clients, VERIFY_TYPE)
    yield from _catalog(case)


def _backed_up_since(case: Case) -> Mapping[str, datetime]:
    """Return when the first good backup of each client ended, among those known."""
    first: dict[str, datetime] = {}
    for track in case.past.tracks.values():
        if track.type == BACKUP_TYPE and track.client and track.good:
            end = track.good[0].run_end
            if end is not None:
                first[track.client] = min(first.get(track.client, end), end)
    return first


# --- restores and verifies --------------------------------------------------------------------


@dataclass(slots=True)
class _Tries:
    """The latest tries of one type upon one client."""

    good: Job | None = None
    other: Job | None = None


def _missing(case: Case, clients: Mapping[str, datetime], type_: str) -> Iterator[Notice]:
    """Tell of the clients upon which no job of a type has succeeded of late."""
    if not case.past.whole and case.as_of - case.known_since < EVIDENCE_NEEDS:
        return
    tries = _tries(case, type_)
    if type_ == VERIFY_TYPE and not tries:
        # Nobody here verifies.
        return
    for client, since in sorted(clients.items()):
        if case.as_of - since < EVIDENCE_NEEDS:
            continue
        tried = tries.get(client, _Tries())
        good = tried.good.run_end if tried.good is not None else None
        if good is not None and case.as_of - good < EVIDENCE_LASTS:
            continue
        if type_ == RESTORE_TYPE:
            kind, sentence = Kind.NO_RESTORE_TEST, _no_restore(case, client, tried, good)
            action = msg("Restore some of its files to a separate place, and compare them.")
        else:
            kind, sentence = Kind.NO_VERIFY, _no_verify(case, client, good)
            action = msg("Give it a Verify job, like the other servers.")
        yield Notice(
            kind,
            Severity.INFO,
            sentence,
            action,
            client=client,
            jobids=tuple(job.jobid for job in (tried.good, tried.other) if job is not None),
            since=good,
        )


def _tries(case: Case, type_: str) -> Mapping[str, _Tries]:
    tries: dict[str, _Tries] = {}
    runs = [run for t in case.past.tracks.values() if t.type == type_ for run in t.ended]
    for run in (*runs, *(run for run in case.snapshot.history.proofs if run.type == type_)):
        tried = tries.setdefault(run.client, _Tries())
        # A Verify that found differences is no proof; see to it first.
        if run.outcome in GOOD and run.status != "D":
            tried.good = _later(tried.good, run)
        else:
            tried.other = _later(tried.other, run)
    return tries


def _all_known(case: Case) -> bool:
    """Whether every Restore and Verify of the catalog is known, however old."""
    return case.past.whole or case.snapshot.history.proofs_whole


def _later(one: Job | None, other: Job) -> Job:
    if one is None:
        return other
    return max(one, other, key=lambda job: job.run_end or LONG_AGO)


def _no_restore(case: Case, client: str, tried: _Tries, good: datetime | None) -> Message:
    if good is not None:
        return msg(
            "The last good Restore of {client} was {moment}, {age} ago.",
            client=client,
            moment=good,
            age=case.as_of - good,
        )
    if tried.other is not None:
        return msg(
            "No good Restore of {client} is known; the last one ({moment}) did not succeed.",
            client=client,
            moment=tried.other.run_end,
        )
    if _all_known(case):
        return msg("The catalog holds no Restore of {client}.", client=client)
    return nmsg(
        "{client} has had no Restore in the last day; nothing is known of the time before.",
        "{client} has had no Restore in the last {count} days; nothing is known of the time"
        " before.",
        case.known_days,
        client=client,
    )


def _no_verify(case: Case, client: str, good: datetime | None) -> Message:
    if good is not None:
        return msg(
            "The last Verify of {client} that found no difference was {moment}, {age} ago.",
            client=client,
            moment=good,
            age=case.as_of - good,
        )
    if _all_known(case):
        return msg("The catalog holds no good Verify of {client}.", client=client)
    return nmsg(
        "{client} has had no good Verify in the last day; nothing is known of the time before.",
        "{client} has had no good Verify in the last {count} days; nothing is known of the time"
        " before.",
        case.known_days,
        client=client,
    )


# --- the backup of the catalog ----------------------------------------------------------------


def _catalog(case: Case) -> Iterator[Notice]:
    """Tell that no backup of the catalog is known, or that the last one is stale.

    What another finding says of that very job (too old, never good) is not said twice.
    """
    backups = [track for track in case.past.tracks.values() if track.type == BACKUP_TYPE]
    if not any(track.good for track in backups):
        return
    since = case.known_since
    if case.past.whole:
        # A catalog is as old as the first job in it.
        ends = (track.ended[0].run_end for track in case.past.tracks.values() if track.ended)
        since = min((end for end in ends if end is not None), default=case.as_of)
    if case.as_of - since < CATALOG_NEEDS:
        return
    kept = [one for one in case.protections if _is_catalog(one.track)]
    if not kept:
        yield _absent(case)
        return
    told = (ProtectionState.TOO_OLD, ProtectionState.NEVER)
    best = max(kept, key=lambda p: p.last[ANY].ended if ANY in p.last else LONG_AGO)
    if best.state not in told and _stale(best, case):
        yield _stale_notice(best, case)


def _is_catalog(track: Track) -> bool:
    fileset = track.runs[-1].fileset
    return bool(_CATALOG.search(track.name) or _CATALOG.search(fileset))


def _stale(protection: Protection, case: Case) -> bool:
    rhythm = protection.rhythm
    allowed = rhythm.limit(case.policy.age_factor) if rhythm is not None else CATALOG_LASTS
    if protection.state is ProtectionState.PROTECTED and protection.limit is not None:
        allowed = protection.limit
    last = protection.last.get(ANY)
    return last is None or case.as_of - last.ended > allowed


def _absent(case: Case) -> Notice:
    return Notice(
        Kind.CATALOG_BACKUP,
        Severity.WARNING,
        msg("The catalog holds no backup of itself.")
        if case.past.whole
        else nmsg(
            "No backup of the catalog is known from the last day.",
            "No backup of the catalog is known from the last {count} days.",
            case.known_days,
        ),
        msg(
            "Set up a backup job for the catalog (BackupCatalog), and keep its backups where they "
            "can be found without the catalog. If it is backed up in another way, mute this "
            "finding with that reason."
        ),
    )


def _stale_notice(protection: Protection, case: Case) -> Notice:
    last = protection.last.get(ANY)
    subject = named(protection.job, protection.client)
    return Notice(
        Kind.CATALOG_BACKUP,
        Severity.WARNING,
        nmsg(
            "The backup of the catalog ({job}) has not succeeded in the last day.",
            "The backup of the catalog ({job}) has not succeeded in the last {count} days.",
            case.known_days,
            job=subject,
        )
        if last is None
        else msg(
            "The last good backup of the catalog ({job}) was {moment}, {age} ago.",
            job=subject,
            age=case.as_of - last.ended,
            moment=last.ended,
        ),
        msg("Find out why it fails or does not run, and run it by hand today."),
        client=protection.client,
        job=protection.job,
        jobids=() if last is None else (last.jobid,),
        since=None if last is None else last.ended,
    )
