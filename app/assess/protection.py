"""How old the last good backup of each job is, and how old it may be.

A backup that ended well, with or without warnings, is good. How old it may be is said by the policy
or learned from the job's own rhythm; where neither tells, nothing is judged. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from app.assess.case import Case
from app.assess.configuration import read_configuration
from app.assess.history import LONG_AGO, Track, moment_of
from app.assess.rhythm import Rhythm, last_moment, learn_rhythm, scheduled_rhythm, stopped
from app.bacula.codes import BACKUP_TYPE, Outcome
from app.snapshot import GapSource

NEVER_NEEDS_DAYS = 14
"""Days that must be known before a job without a good backup in them is unprotected."""
LEVELS = {"F": frozenset("Ff"), "D": frozenset("DFf"), "I": frozenset("IDFf")}
"""Which levels count for a limit: a Full is more than a Differential. VirtualFulls are Fulls."""
ANY = "any"


class ProtectionState(StrEnum):
    """How well a job's data are protected."""

    PROTECTED = "protected"
    TOO_OLD = "too old"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GoodRun:
    """A good backup: when it ended, and which job it was."""

    jobid: int
    ended: datetime


@dataclass(frozen=True, slots=True)
class Protection:
    """How well one job protects one client.

    Attributes:
        client: the client.
        job: the job's name.
        state: the judgement.
        last: the last good backup by level letter (F, D, I), and by "any" the last of all; a level
            that is not known to have succeeded is not in it.
        limit: how old the last good one may be; None when that is not known.
        level: which limit is exceeded, or applies: a level letter or "any".
        rhythm: how often the job runs; None when its past does not tell.
        track: the job's runs.
    """

    client: str
    job: str
    state: ProtectionState
    last: Mapping[str, GoodRun]
    limit: timedelta | None
    level: str
    rhythm: Rhythm | None
    track: Track = field(repr=False)


def protection_of(case: Case) -> tuple[Protection, ...]:
    """Judge each backup job that ran, by client and job name."""
    tracks = [track for track in case.past.tracks.values() if track.type == BACKUP_TYPE]
    tracks.sort(key=lambda track: (track.client, track.name))
    return tuple(map(_Judge(case).judge, tracks))


class _Judge:
    """What is the same for all jobs of a night."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._configured = read_configuration(case)
        self._known = not case.lacks(GapSource.JOBS)
        self._named: dict[str, list[Track]] = {}
        for track in case.past.tracks.values():
            if track.type == BACKUP_TYPE:
                self._named.setdefault(track.name, []).append(track)

    def judge(self, track: Track) -> Protection:
        """Judge one job."""
        case = self._case
        last = _last_good(track)
        rhythm = self._rhythm(track)
        limits = self._limits(track, rhythm)
        level, limit = next(iter(limits.items()), (ANY, None))
        state = ProtectionState.UNKNOWN
        if self._known and not self._retired(track):
            if ANY not in last:
                state = _without_any(track, case)
            elif limits:
                state = ProtectionState.PROTECTED
                for name, allowed in limits.items():
                    if _age(last.get(name), case, since=case.as_of) > allowed:
                        state, level, limit = ProtectionState.TOO_OLD, name, allowed
                        break
        return Protection(track.client, track.name, state, last, limit, level, rhythm, track)

    def _rhythm(self, track: Track) -> Rhythm | None:
        """Return how often the job runs: as it did, or less often if it is scheduled so by now."""
        learned = learn_rhythm(track, self._case.zone)
        if learned is None or not self._configured.whole:
            return learned
        dues = (r.due for r in self._configured.foreseen(track.name) if r.client == track.client)
        return learned.or_slower(scheduled_rhythm(dues, self._case.zone))

    def _limits(self, track: Track, rhythm: Rhythm | None) -> dict[str, timedelta]:
        """Return how old the last good backups may be, by level; what the policy says comes first.

        A job that is foreseen no more and does not run is told as disabled, and learns no limit;
        neither does one that may stay away and does so.
        """
        policy = self._case.policy
        said = {
            level: limit
            for level in ((ANY, *LEVELS) if policy.rules else ())
            if (limit := policy.max_age(track.name, track.client, level)) is not None
        }
        if ANY in said or rhythm is None:
            return said
        unforeseen = self._configured.unscheduled(track.name)
        may_stay_away = unforeseen or not policy.expects(track.name, track.client)
        if may_stay_away and stopped([track], rhythm, self._case.as_of, policy.late):
            return said
        return {ANY: rhythm.limit(policy.age_factor), **said}

    def _retired(self, track: Track) -> bool:
        """Whether the job is disabled, is configured no more, or is another client's by now."""
        if self._configured.disabled(track.name) or self._configured.removed(track.name):
            return True
        client = self._configured.client_of(track.name)
        if client:
            return client != track.client
        others = [other for other in self._named[track.name] if other is not track]
        if not others:
            return False
        last = last_moment([track]) or LONG_AGO
        return any((moment_of(other.runs[0]) or LONG_AGO) > last for other in others)


def too_old_at(protection: Protection, case: Case, moment: datetime) -> bool:
    """Whether the last good backup was too old already at an earlier moment."""
    allowed = protection.limit
    if allowed is None:
        return False
    return _age(protection.last.get(protection.level), case, since=moment) > allowed


def _last_good(track: Track) -> dict[str, GoodRun]:
    """Return the last good backup by level; a Full counts for every level below it."""
    last: dict[str, GoodRun] = {}
    seen: set[str] = set()
    for run in reversed(track.good):
        if run.level in seen or run.run_end is None:
            continue
        seen.add(run.level)
        found = GoodRun(run.jobid, run.run_end)
        last.setdefault(ANY, found)
        for level, stands_for in LEVELS.items():
            if run.level in stands_for:
                last.setdefault(level, found)
        if len(last) > len(LEVELS):
            break
    return last


def _without_any(track: Track, case: Case) -> ProtectionState:
    """Judge a job of which no good run is known; an unknown letter may stand for a good one."""
    outcomes = {run.outcome for run in track.ended}
    if not outcomes or Outcome.UNKNOWN in outcomes:
        return ProtectionState.UNKNOWN
    if case.past.whole:
        return ProtectionState.NEVER
    long_enough = case.known_days >= NEVER_NEEDS_DAYS
    return ProtectionState.TOO_OLD if long_enough else ProtectionState.UNKNOWN


def _age(last: GoodRun | None, case: Case, *, since: datetime) -> timedelta:
    """Return how long ago the last good backup ended at least, seen from `since`.

    What ended before everything is known may have been followed by a better one.
    """
    moment = last.ended if last is not None else None
    if not case.past.whole and (moment is None or moment < case.known_since):
        moment = case.known_since
    if moment is None:
        return timedelta.max
    return since.astimezone(UTC) - moment.astimezone(UTC)
