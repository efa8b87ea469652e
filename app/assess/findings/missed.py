"""What should have run in the period and did not, or began late.

What was due is read from the schedule, which begins at the Director's last midnight (`SCHEDULED`);
for the evening before, from the schedule of the coming week where the job's own past confirms it
(`FORESEEN`); and where no schedule is known, from that past alone (`RHYTHM`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import cached_property
from zoneinfo import ZoneInfo

from app.assess.case import Case
from app.assess.configuration import Configuration, named, read_configuration, shows
from app.assess.finding import Kind, Notice, Severity
from app.assess.history import Track, moment_of, night_of
from app.assess.model import JudgedJob
from app.assess.rhythm import TOLERANCE, WEEK, Clock, clocks_change, days_later, wall
from app.bacula.codes import BACKUP_TYPE, COPIED_TYPES
from app.bacula.model import Job, ScheduledRun
from app.i18n import Message, msg, nmsg
from app.snapshot import GapSource

EARLY = timedelta(minutes=30)
"""A run that began so shortly before its time is taken for the one that was due."""
RAN_AGAIN = "ran again"
"""The detail of notices about jobs that did not run when due, and ran well since."""
OVERDUE = timedelta(minutes=10)
"""A run is not missed before it is so long overdue: the Director may be about to start it."""
RHYTHM_TYPES = frozenset("BVcgD")
"""Types that are judged by their rhythm; a Restore that ran on two Mondays is no rhythm."""
WEEKS_BACK = 5
"""So many weeks of the past are looked at: a Sunday of a month returns after four or five."""
USUAL_WAITS = 4
"""Waits before the period from which on a usual wait is known."""
LATE_FACTOR = 3
"""A run is late only if it waited so many times longer than it usually does."""
_FIFTH_WEEK = 29
_HALF_A_DAY = timedelta(hours=12)
_TWO_HOURS = timedelta(hours=2)
_A_WEEK = timedelta(weeks=1)
_HOUR = timedelta(hours=1)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class _Basis(Enum):
    """Why a run is held to have been due."""

    SCHEDULED = auto()
    FORESEEN = auto()
    RHYTHM = auto()


@dataclass(frozen=True, slots=True)
class _Due:
    """A run that may have been due.

    Attributes:
        weeks: how many weeks later the schedule has it, or 0.
        early: how long before its time a run may have begun that stands for it.
    """

    job: str
    client: str
    type: str
    when: datetime
    basis: _Basis
    schedule: str = ""
    weeks: int = 0
    early: timedelta = EARLY


def notices(case: Case) -> Iterator[Notice]:
    """Tell of jobs that did not run though they were due, and of those that began late."""
    if not case.lacks(GapSource.JOBS, GapSource.OPEN_JOBS):
        yield from _missing(case, read_configuration(case))
    yield from _began_late(case)


# --- what did not run -------------------------------------------------------------------------


def _missing(case: Case, configured: Configuration) -> Iterator[Notice]:
    pasts = _Pasts(case, configured)
    if configured.schedule is not None:
        dues = [due for due in _by_schedule(case) if not configured.disabled(due.job)]
    else:
        dues = [
            due
            for due in _by_rhythm(case, pasts)
            if not configured.disabled(due.job) and not configured.removed(due.job)
        ]
    missing: dict[tuple[str, str], list[_Due]] = {}
    for due in _uncovered(dues, pasts):
        if _judged(due, case, pasts) and _proven(due, pasts):
            missing.setdefault((due.job, due.client), []).append(due)
    for found in missing.values():
        yield _notice(found, case, pasts)


def _by_schedule(case: Case) -> Iterator[_Due]:
    """What the schedule says of today, and what it says of the same days a week before."""
    start, end = case.snapshot.period.start.astimezone(UTC), case.as_of.astimezone(UTC)
    zone = case.snapshot.source.zone
    now = case.snapshot.now.astimezone(zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
    week_after = days_later(midnight, WEEK, zone)
    earliest = start - _TWO_HOURS + _A_WEEK
    for run in case.snapshot.schedule or ():
        if start <= run.due <= end and run.due >= midnight:
            yield _scheduled(run, run.due, _Basis.SCHEDULED, 0)
        if run.due < earliest or not midnight <= run.due < week_after:
            continue
        for weeks in range(1, (run.due - earliest) // _A_WEEK + 2):
            if run.due - weeks * _A_WEEK <= end + _TWO_HOURS:
                before = days_later(run.due, -WEEK * weeks, zone)
                if start <= before <= end and before < midnight:
                    yield _scheduled(run, before, _Basis.FORESEEN, weeks)


def _scheduled(run: ScheduledRun, when: datetime, basis: _Basis, weeks: int) -> _Due:
    return _Due(run.job, run.client, run.type, when, basis, run.schedule, weeks)


def _by_rhythm(case: Case, pasts: _Pasts) -> Iterator[_Due]:
    """The times of day at which a job ran a week and two weeks before."""
    start, end = case.snapshot.period.start.astimezone(UTC), case.as_of.astimezone(UTC)
    zone = case.snapshot.source.zone
    spans = [
        (weeks, start - _TWO_HOURS - weeks * _A_WEEK, end + _TWO_HOURS - weeks * _A_WEEK)
        for weeks in (1, 2)
    ]
    for track in case.past.tracks.values():
        if track.type not in RHYTHM_TYPES:
            continue
        for run in track.runs:
            moment = moment_of(run)
            if moment is None:
                continue
            for weeks, first, last in spans:
                if not first <= moment <= last:
                    continue
                when = days_later(moment, WEEK * weeks, zone)
                if start <= when <= end:
                    gap = pasts.clock(track.name, track.client).since_previous(wall(moment, zone))
                    early = _HALF_A_DAY if gap is None else min(_HALF_A_DAY, gap / 2)
                    yield _Due(
                        track.name, track.client, track.type, when, _Basis.RHYTHM, early=early
                    )


def _uncovered(dues: Iterable[_Due], pasts: _Pasts) -> Iterator[_Due]:
    """Return those for which no run stands; a run stands only for what was due at its time."""
    by_job: dict[str, list[_Due]] = {}
    for due in dues:
        by_job.setdefault(due.job, []).append(due)
    for job, found in by_job.items():
        if all((job, due.when) in pasts.on_time for due in found):
            # Nearly every job; the rest of the reckoning is for the few others.
            continue
        slots = _slots(found)
        runs = pasts.runs(job)
        for index, slot in enumerate(slots):
            here = slot[0].when
            before = slots[index - 1][0].when if index else _LONG_AGO
            after = slots[index + 1][0] if index + 1 < len(slots) else None
            until = after.when - min(after.early, (after.when - here) / 2) if after else pasts.as_of
            for due in slot:
                since = due.when - min(due.early, (here - before) / 2)
                if not runs.stand_for(due.when, since, until) and pasts.known(since):
                    yield due


def _slots(dues: list[_Due]) -> list[list[_Due]]:
    """Put together what is due at about the same time, once for each client."""
    slots: list[list[_Due]] = []
    for due in sorted(dues, key=lambda one: (one.when, one.client)):
        if not slots or due.when - slots[-1][0].when > TOLERANCE:
            slots.append([due])
        elif all(due.client != other.client for other in slots[-1]):
            slots[-1].append(due)
    return slots


def _judged(due: _Due, case: Case, pasts: _Pasts) -> bool:
    """Whether it would be told at all that this one is missing."""
    return (
        case.as_of - due.when >= OVERDUE
        and pasts.ever_ran(due.job)
        and shows(case.snapshot.filters, due.type, due.client, due.job)
        and case.policy.expects(due.job, due.client)
        and not clocks_change(due.when, case.snapshot.source.zone)
        and not _shifts(due, pasts)
    )


def _shifts(due: _Due, pasts: _Pasts) -> bool:
    """Whether the schedule has the job an hour off from then on, in a zone without a name.

    Of such a zone only the distance to UTC is known, so that is how a change of the clocks looks.
    """
    if due.basis is not _Basis.SCHEDULED or isinstance(pasts.zone, ZoneInfo):
        return False
    schedule, time = pasts.schedule(due.job, due.client), wall(due.when, pasts.zone)
    return any(
        not schedule.at(then) and (schedule.at(then - _HOUR) or schedule.at(then + _HOUR))
        for then in (time + timedelta(days=days) for days in (1, WEEK))
    )


def _proven(due: _Due, pasts: _Pasts) -> bool:
    """Whether it is certain enough that the job was due."""
    if due.basis is _Basis.SCHEDULED:
        return True
    time = wall(due.when, pasts.zone)
    past = pasts.clock(due.job, due.client)
    if _monthly_exception(due, time, past, pasts) or _first_fifth_week(time, past):
        return False
    return _each_week(due, time, past, pasts) or (
        due.basis is _Basis.FORESEEN and _each_day(due, time, past, pasts)
    )


def _each_week(due: _Due, time: datetime, past: Clock, pasts: _Pasts) -> bool:
    """Whether the job ran at this time in each of the weeks before that are known.

    One of the last three may be without a run if all five are known: a rhythm is still one after
    an accident. Every other week, or all weeks but the first of a month, is none.
    """
    known = [
        weeks
        for weeks in range(1, WEEKS_BACK + 1)
        if pasts.known(days_later(due.when, -WEEK * weeks, pasts.zone))
    ]
    ran = [weeks for weeks in known if past.at(time - timedelta(weeks=weeks))]
    if len(known) < WEEKS_BACK:
        return len(ran) == len(known) >= 2
    return len(ran) >= WEEKS_BACK - 1 and {4, 5} <= set(ran)


def _each_day(due: _Due, time: datetime, past: Clock, pasts: _Pasts) -> bool:
    """Whether the schedule has the day before as well, and then the job did run."""
    schedule = pasts.schedule(due.job, due.client)
    later = time + timedelta(weeks=due.weeks)

    def foreseen(days: int) -> bool:
        return any(schedule.at(later + timedelta(days=days + week)) for week in (-WEEK, 0, WEEK))

    if foreseen(-1) and past.at(time - timedelta(days=1)):
        return True
    return all(foreseen(days) for days in range(WEEK)) and past.at(time - timedelta(days=2))


def _monthly_exception(due: _Due, time: datetime, past: Clock, pasts: _Pasts) -> bool:
    """Whether the job did not run on the same day of the month before, but in the week beside it.

    Then a day is left out each month, such as the first Sunday, and this may be it. That it did not
    exist yet counts only where the week before is known.
    """
    last_month = time.replace(day=1) - timedelta(days=1)
    same_day = last_month.replace(day=min(time.day, last_month.day))
    for back in {4 * WEEK, 5 * WEEK, (time.date() - same_day.date()).days}:
        then, moment = time - timedelta(days=back), days_later(due.when, -back, pasts.zone)
        if (
            not past.at(then)
            and (past.at(then + _A_WEEK) or past.at(then - _A_WEEK))
            and pasts.known(moment)
            and (past.began_before(then) or not pasts.known(moment - _A_WEEK))
        ):
            return True
    return False


def _first_fifth_week(time: datetime, past: Clock) -> bool:
    """Whether a weekly job would be due in a month's fifth week, and never ran in one so far.

    Many leave it out: "first to fourth Sunday" hides it for months.
    """
    if time.day < _FIFTH_WEEK:
        return False
    before = [time - timedelta(days=back) for back in range(1, WEEKS_BACK * WEEK + 1)]
    weekly = sum(past.at(day) for day in before[:WEEK]) <= 1
    return weekly and not any(past.at(day) for day in before if day.day >= _FIFTH_WEEK)


def _notice(missing: Sequence[_Due], case: Case, pasts: _Pasts) -> Notice:
    """Tell of all the runs of one job that are missing."""
    first = missing[0]
    only_late = first.basis is _Basis.RHYTHM and case.as_of - first.when < case.policy.late
    subject = named(first.job, first.client)
    basis = _basis(first)
    last = _last_run(first, pasts)
    if only_late:
        return Notice(
            Kind.LATE,
            Severity.WARNING,
            msg(
                "{job} has not begun yet; it was due {due} ({basis}). {last}",
                job=subject,
                due=first.when,
                basis=basis,
                last=last,
            ),
            msg("Check whether the Director has started it; if not, check its Schedule."),
            client=first.client,
            job=first.job,
            since=first.when,
        )
    again = pasts.good_after(missing[-1])
    if again is not None:
        severity, last = Severity.INFO, msg("It ran again since: {moment}.", moment=again)
        action = msg("Check the Director's log for why it was not started.")
    else:
        severity = Severity.CRITICAL if first.type == BACKUP_TYPE else Severity.WARNING
        action = msg("Check the Director's log for why it was not started; then run it by hand.")
    return Notice(
        Kind.MISSED,
        severity,
        nmsg(
            "{job} did not run though it was due {due} ({basis}). {last}",
            "{job} did not run {count} times though it was due, first {due} ({basis}). {last}",
            len(missing),
            job=subject,
            due=first.when,
            basis=basis,
            last=last,
        ),
        action,
        client=first.client,
        job=first.job,
        since=first.when,
        nights=len({night_of(due.when, case.zone) for due in missing}),
        detail=RAN_AGAIN if again is not None else "",
    )


def _basis(due: _Due) -> Message:
    if due.basis is _Basis.RHYTHM:
        return msg("it ran at this time in the weeks before")
    return msg("Schedule {schedule}", schedule=due.schedule)


def _last_run(due: _Due, pasts: _Pasts) -> Message:
    last = pasts.runs(due.job).last_before(due.when)
    if last is None:
        return msg("No run before that is known.")
    return msg("The last run before that was {last}.", last=last)


class _Pasts:
    """What ran when, by job; looked up only for the few that seem to be missing."""

    def __init__(self, case: Case, configured: Configuration) -> None:
        self.zone = case.snapshot.source.zone
        self.as_of = case.as_of
        self.on_time = {
            (job.name, job.scheduled)
            for job in case.snapshot.jobs
            if job.type not in COPIED_TYPES and job.scheduled is not None
        }
        self._case = case
        self._configured = configured
        self._tracks: dict[str, list[Track]] = {}
        for track in case.past.tracks.values():
            self._tracks.setdefault(track.name, []).append(track)
        self._runs: dict[str, _Runs] = {}
        self._clocks: dict[tuple[str, str], Clock] = {}
        self._schedules: dict[tuple[str, str], Clock] = {}

    def ever_ran(self, job: str) -> bool:
        """Whether any run is known; of one that never ran, another finding tells."""
        return job in self._tracks

    def known(self, moment: datetime) -> bool:
        """Whether every run since `moment` is known: those of the period are."""
        return self._case.snapshot.period.start <= moment or self._case.past.reaches(moment)

    def runs(self, job: str) -> _Runs:
        """Return the runs of a job, on whatever client."""
        if job not in self._runs:
            found = [run for track in self._tracks.get(job, ()) for run in track.runs]
            self._runs[job] = _Runs(found)
        return self._runs[job]

    def good_after(self, due: _Due) -> datetime | None:
        """Return when the first good run of a job since a missing one was due."""
        moments = (
            moment_of(run)
            for track in self._tracks.get(due.job, ())
            if (track.client, track.type) == (due.client, due.type)
            for run in track.good
        )
        return min((moment for moment in moments if moment and moment > due.when), default=None)

    def clock(self, job: str, client: str) -> Clock:
        """Return the times at which a job ran on a client."""
        key = (job, client)
        if key not in self._clocks:
            tracks = [track for track in self._tracks.get(job, ()) if track.client == client]
            moments = (moment_of(run) for track in tracks for run in track.runs)
            self._clocks[key] = Clock((m for m in moments if m is not None), self.zone)
        return self._clocks[key]

    def schedule(self, job: str, client: str) -> Clock:
        """Return the times at which a job is foreseen on a client."""
        key = (job, client)
        if key not in self._schedules:
            runs = self._configured.foreseen(job)
            self._schedules[key] = Clock((r.due for r in runs if r.client == client), self.zone)
        return self._schedules[key]


class _Runs:
    """The runs of one job in the order in which they were due."""

    def __init__(self, runs: Iterable[Job]) -> None:
        spans: list[tuple[datetime, datetime]] = []
        for run in runs:
            moment = moment_of(run)
            if moment is not None:
                end = _FOREVER if run.is_open else run.run_end or moment
                spans.append((moment.astimezone(UTC), end))
        self._spans = sorted(spans)

    @cached_property
    def _begins(self) -> list[datetime]:
        return [begin for begin, _ in self._spans]

    @cached_property
    def _busy_until(self) -> list[datetime]:
        """For each run, how long it or an earlier one lasted."""
        latest, busy = _LONG_AGO, []
        for _, end in self._spans:
            latest = max(latest, end)
            busy.append(latest)
        return busy

    def stand_for(self, when: datetime, since: datetime, until: datetime) -> bool:
        """Whether a run was due between two moments, or an earlier one still ran at `when`."""
        first = bisect_left(self._begins, since)
        if first < len(self._begins) and self._begins[first] < max(until, when):
            return True
        before = bisect_right(self._begins, when)
        return before > 0 and self._busy_until[before - 1] >= when

    def last_before(self, when: datetime) -> datetime | None:
        """Return when the last run before a moment was due."""
        before = bisect_left(self._begins, when)
        return self._begins[before - 1] if before else None


# --- what began late --------------------------------------------------------------------------


def _began_late(case: Case) -> Iterator[Notice]:
    """Tell of runs that waited far longer for their beginning than they usually do."""
    usual: dict[tuple[str, str, str], timedelta | None] = {}
    late: dict[tuple[str, str], list[tuple[timedelta, timedelta, Job]]] = {}
    for judged in case.jobs:
        wait = _wait(judged.job)
        track = case.past.track(judged.job)
        if (
            wait is None
            or wait <= case.policy.late
            or track is None
            or not _of_period(judged, case)
        ):
            continue
        key = (track.name, track.client, track.type)
        if key not in usual:
            usual[key] = _usual_wait(track, case)
        ordinary = usual[key]
        if ordinary is not None and wait > LATE_FACTOR * ordinary:
            found = late.setdefault((judged.job.name, judged.job.client), [])
            found.append((wait, ordinary, judged.job))
    for (job, client), found in late.items():
        wait, ordinary, worst = max(found, key=lambda one: (one[0], one[2].jobid))
        yield Notice(
            Kind.LATE,
            Severity.INFO,
            msg(
                "{job} began {wait} after it was due ({due}); usual is {usual}.",
                job=named(job, client),
                wait=wait,
                due=worst.scheduled,
                usual=ordinary,
            ),
            msg(
                "Find out what held it up: too many jobs at once, a busy device, a long job before."
            ),
            client=client,
            job=job,
            jobids=tuple(run.jobid for _, _, run in found),
            since=worst.scheduled,
        )


def _wait(job: Job) -> timedelta | None:
    """Return how long a run waited for its beginning; of copies and the like that is not known."""
    if job.inherits_times or job.run_start is None or job.scheduled is None:
        return None
    return max(job.run_start - job.scheduled, timedelta())


def _of_period(judged: JudgedJob, case: Case) -> bool:
    start = judged.job.run_start
    return start is not None and case.snapshot.period.start <= start <= case.as_of


def _usual_wait(track: Track, case: Case) -> timedelta | None:
    begin = case.snapshot.period.start
    waits = sorted(
        wait
        for run in track.runs
        if run.scheduled is not None and run.scheduled < begin
        if (wait := _wait(run)) is not None
    )
    return waits[len(waits) // 2] if len(waits) >= USUAL_WAITS else None
