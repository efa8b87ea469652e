"""Too good to be true: backups that are empty, or far from what the same job usually saves.

A run is compared with the earlier good runs of its own job, client, level and FileSet. With few of
them nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import log

from app.assess.case import Case
from app.assess.configuration import named
from app.assess.finding import Kind, News, Notice, Severity
from app.assess.history import Track, moment_of, night_of
from app.assess.statistics import deviation, median
from app.bacula.codes import BACKUP_TYPE
from app.bacula.model import Job
from app.i18n import Message, Size, msg, nmsg

ENOUGH = 6
"""Earlier runs that are needed to call a run unusual."""
ENOUGH_FULLS = 5
"""Earlier Fulls that are needed to call one empty; none of them may have been."""
ENOUGH_OTHERS = 8
"""Likewise for other levels, which have little to save on a quiet day."""
SAME_WEEKDAY = 2
"""Earlier runs on the same day of the week that levels other than Full must be compared with."""
FAR = 5.0
"""Robust deviations (of logarithms) from the median from which on a run is unusual."""
PLAY = 0.05
"""The deviation that is assumed at least; runs that never varied leave that much play."""
NEARLY_EMPTY = 0.05
"""With less than this share of the usual a run was nearly empty, so that empty ones may happen."""
SLOW = 600.0
"""Seconds; what takes less has never taken long."""
_LARGEST = 10**18
"""More than anybody has: such a number is rubbish."""
_FULLS = ("F", "f")


def _seconds(run: Job) -> float | None:
    """Return how long a run took; one that inherits an older job's times does not tell."""
    if run.inherits_times or run.run_start is None or run.run_end is None:
        return None
    return (run.run_end - run.run_start).total_seconds()


@dataclass(frozen=True, slots=True)
class _Measure:
    """Something that is counted of each run.

    Attributes:
        of: its value for a run; None when not known.
        nothing: smaller values are taken for this one, so that few and fewer are the same.
        least: smaller differences are nothing.
        much: what a job usually saves at least to be missed when it saves nothing.
        nearly: with less than this a run was nearly empty, whatever is usual.
        show: a value as it is written.
    """

    of: Callable[[Job], float | None]
    nothing: float
    least: float
    much: float
    nearly: float
    show: Callable[[float], Message | Size | timedelta]

    def value(self, run: Job) -> float | None:
        """Return the value for a run; None when it is not known or rubbish."""
        value = self.of(run)
        return value if value is not None and 0 <= value < _LARGEST else None

    def values(self, runs: Sequence[Job]) -> list[float]:
        """Return the values that are known."""
        return [value for run in runs if (value := self.value(run)) is not None]

    def distance(self, value: float, usual: float) -> float:
        """Return how far two values are apart: the logarithm of their ratio."""
        return log(max(value, self.nothing) / max(usual, self.nothing))


_BYTES = _Measure(
    lambda run: run.bytes, 1_000_000, 10_000_000, 1_000_000, 100_000, lambda n: Size(round(n))
)
_FILES = _Measure(
    lambda run: run.files,
    10,
    100,
    100,
    10,
    lambda n: nmsg("{count} file", "{count} files", round(n)),
)
_TIME = _Measure(_seconds, 60, SLOW, SLOW, 0, lambda n: timedelta(seconds=round(n)))


@dataclass(frozen=True)
class _Comparison:
    """A run of the period and the good runs before it that are like it, oldest first."""

    track: Track
    run: Job
    earlier: Sequence[Job]
    of_period: Collection[int]
    case: Case

    @property
    def full(self) -> bool:
        """Whether everything is saved each time, whatever has changed."""
        return self.run.level in _FULLS

    @cached_property
    def of_weekday(self) -> list[Job]:
        """The earlier runs on the same day of the week: Sundays are quiet."""
        day = self._weekday(self.run)
        return [run for run in self.earlier if self._weekday(run) == day]

    def _weekday(self, run: Job) -> int | None:
        when = moment_of(run)
        return None if when is None else night_of(when, self.case.zone).weekday()

    def streak(self, alike: Callable[[Job], bool]) -> tuple[Job, ...]:
        """Return the latest runs in a row that are alike; this run is the last of them."""
        found = [self.run]
        for run in reversed(self.earlier):
            if not alike(run):
                break
            found.append(run)
        return tuple(reversed(found))

    def far(self, distance: float, side: float = 0.0) -> bool:
        """Whether a distance is that of an unusual run, and on the same side as another."""
        least = log(max(self.case.policy.unusual_factor, 1.0))
        return abs(distance) >= least and distance * side >= 0

    def notice(
        self,
        kind: Kind,
        severity: Severity,
        sentence: Message,
        action: Message,
        streak: Sequence[Job],
    ) -> Notice:
        """Make the notice of this run."""
        known = [when for run in streak if (when := moment_of(run)) is not None]
        nights = len({night_of(when, self.case.zone) for when in known})
        new = nights <= 1 and streak[0].jobid in self.of_period
        return Notice(
            kind,
            severity,
            sentence,
            action=action,
            client=self.track.client,
            job=self.track.name,
            jobids=(self.run.jobid,),
            since=known[0] if known else None,
            nights=nights,
            news=News.NEW if new else News.CONTINUING,
        )


@dataclass(frozen=True, slots=True)
class _Oddity:
    """By how much a run is far from usual, as a logarithm, and by which measure."""

    compared: _Comparison
    measure: _Measure
    value: float
    usual: float
    distance: float


def notices(case: Case) -> Iterator[Notice]:
    """Tell of the newest good run of each job and level in the period, one notice a job."""
    of_period = frozenset(judged.job.jobid for judged in case.jobs)
    for track in case.past.tracks.values():
        if track.type != BACKUP_TYPE or of_period.isdisjoint(run.jobid for run in track.runs):
            continue
        if case.policy.tells_unusual(track.name, track.client):
            notice = _judge(list(_comparisons(track, of_period, case)))
            if notice is not None:
                yield notice


def _comparisons(track: Track, of_period: Collection[int], case: Case) -> Iterator[_Comparison]:
    alike: dict[tuple[str, str], list[Job]] = {}
    for run in track.good:
        alike.setdefault((run.level, run.fileset), []).append(run)
    for runs in alike.values():
        last = next((i for i in reversed(range(len(runs))) if runs[i].jobid in of_period), None)
        if last is not None and last >= ENOUGH_FULLS:
            yield _Comparison(track, runs[last], runs[:last], of_period, case)


def _judge(compared: Sequence[_Comparison]) -> Notice | None:
    for one in compared:
        for measure in (_FILES, _BYTES):
            notice = _empty(one, measure)
            if notice is not None:
                return notice
    found = [
        oddity
        for one in compared
        for measure in (_BYTES, _FILES, _TIME)
        if (oddity := _oddity(one, measure)) is not None
    ]
    # Of equals the first: size says more than time.
    return _unusual(max(found, key=lambda oddity: abs(oddity.distance))) if found else None


def _empty(one: _Comparison, measure: _Measure) -> Notice | None:
    if measure.value(one.run) != 0:
        return None
    streak = one.streak(lambda run: measure.value(run) == 0)
    values = measure.values(one.earlier[: len(one.earlier) - len(streak) + 1])
    if not values or median(values) < measure.much or not _never_empty(one, measure, values):
        return None
    return one.notice(
        Kind.EMPTY,
        Severity.CRITICAL,
        _saved(one, measure, 0, values),
        msg("Check its FileSet and that its file systems are mounted, then run it again."),
        streak,
    )


def _never_empty(one: _Comparison, measure: _Measure, values: Sequence[float]) -> bool:
    """Whether enough is known to say that such a run always used to save something."""
    if one.full:
        return len(values) >= ENOUGH_FULLS and min(values) > 0
    if len(values) < ENOUGH_OTHERS or len(one.of_weekday) < SAME_WEEKDAY:
        return False
    return min(values) > max(measure.nearly, NEARLY_EMPTY * median(values))


def _oddity(one: _Comparison, measure: _Measure) -> _Oddity | None:
    value = measure.value(one.run)
    values = measure.values(one.earlier)
    if value is None or len(values) < ENOUGH:
        return None
    usual = median(values)
    distance = measure.distance(value, usual)
    if abs(value - usual) < measure.least or not one.far(distance):
        return None
    if measure is _TIME and distance < 0:
        # To be quick is no harm; if less was saved, sizes tell.
        return None
    scale = deviation([log(max(known, measure.nothing)) for known in values], PLAY)
    if abs(distance) < FAR * scale or not _odd_for_its_weekday(one, measure, value, distance):
        return None
    return _Oddity(one, measure, value, usual, distance)


def _odd_for_its_weekday(
    one: _Comparison, measure: _Measure, value: float, distance: float
) -> bool:
    """Whether it is far from the earlier runs on the same day of the week too."""
    values = measure.values(one.of_weekday)
    if len(values) < SAME_WEEKDAY:
        return one.full
    return one.far(measure.distance(value, median(values)), distance)


def _unusual(odd: _Oddity) -> Notice:
    one, measure = odd.compared, odd.measure

    def as_odd(run: Job) -> bool:
        value = measure.value(run)
        return value is not None and one.far(measure.distance(value, odd.usual), odd.distance)

    if measure is _TIME:
        action = msg("Look at the load of the Client, of the network and of the Storage Daemon.")
    elif odd.distance < 0:
        action = msg("Check that its FileSet still holds everything that is to be saved.")
    else:
        action = msg("Look at what has grown, and whether there is room for it.")
    values = measure.values(one.earlier)
    return one.notice(
        Kind.UNUSUAL,
        Severity.WARNING,
        _saved(one, measure, odd.value, values),
        action,
        one.streak(as_odd),
    )


def _saved(one: _Comparison, measure: _Measure, value: float, values: Sequence[float]) -> Message:
    told = {
        "job": named(one.track.name, one.track.client),
        "value": measure.show(value),
        "usual": measure.show(median(values)),
        "basis": _basis(one.run.level, len(values)),
    }
    if measure is _TIME:
        return msg("{job} took {value} instead of the usual {usual} ({basis}).", **told)
    return msg("{job} saved {value} instead of the usual {usual} ({basis}).", **told)


def _basis(level: str, runs: int) -> Message:
    """Say what a run was compared with."""
    if level in _FULLS:
        return nmsg("median of {count} earlier Full", "median of {count} earlier Fulls", runs)
    if level == "D":
        return nmsg(
            "median of {count} earlier Differential",
            "median of {count} earlier Differentials",
            runs,
        )
    if level == "I":
        return nmsg(
            "median of {count} earlier Incremental", "median of {count} earlier Incrementals", runs
        )
    return nmsg("median of {count} earlier run", "median of {count} earlier runs", runs)
