"""Room: pools that are full or will be, Volumes in Error, and Volumes that expire.

Pools and Volumes are those of this moment, so only for a period that reaches to now. Limits are
Bacula's own (Maximum Volumes, Maximum Volume Bytes): how full a disk or a tape really is, the API
does not tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil

from app.assess.case import Case
from app.assess.finding import Kind, Notice, Severity
from app.assess.history import MIGRATED_TYPE
from app.assess.statistics import median, quartiles
from app.bacula.codes import BACKUP_TYPE, COPIED_TYPES
from app.bacula.model import Job, Pool, Volume
from app.i18n import Message, Size, msg, nmsg
from app.snapshot import GapSource

SOON = timedelta(days=7)
"""A Volume whose retention ends within this is told, and counts as nearly free."""
IN_USE = timedelta(days=45)
"""A pool that no known job wrote to, and no Volume of which was written for so long, is at rest."""
NEARLY_FULL = 0.95
"""From this share of its bytes on a Volume is about to fill."""
KNOWN_DAYS = 14
MOST_DAYS = 35
"""Days of the past that a forecast needs, and that it looks at."""
ENOUGH_JOBS = 10
"""Jobs that must have written to a pool for a forecast."""
FAR_AHEAD = 60
"""Days that a forecast looks ahead."""
CLOSED_EARLY = 3
"""From so many Volumes that were closed before they were full it is known what one takes."""
_SCRATCH = "scratch"
_WRITING_TYPES = COPIED_TYPES | {BACKUP_TYPE, MIGRATED_TYPE}
_DAY = timedelta(days=1)
_WEEK = 7
_LARGEST = 10**18
"""More bytes than anybody has: such a number is rubbish."""


@dataclass(frozen=True)
class _Stock:
    """A pool and its Volumes at a moment."""

    pool: Pool
    volumes: Sequence[Volume]
    now: datetime

    @property
    def count(self) -> int:
        """How many Volumes it has."""
        return max(self.pool.volumes, len(self.volumes))

    @property
    def known(self) -> bool:
        """Whether all of its Volumes are known."""
        return len(self.volumes) >= self.pool.volumes

    @cached_property
    def appendable(self) -> list[Volume]:
        """Volumes that can be written to as they are."""
        return [v for v in self.volumes if v.status == "Append" and v.enabled and _share(v) < 1]

    @cached_property
    def reusable(self) -> list[Volume]:
        """Volumes that may be written anew: purged, or past their retention."""
        return [
            v
            for v in self.volumes
            if v.enabled
            and (
                (v.recycle and v.status in ("Purged", "Recycle"))
                or (v.expires is not None and v.expires <= self.now)
            )
        ]

    @cached_property
    def expiring(self) -> list[Volume]:
        """Volumes that may be written anew soon, but not yet."""
        return [
            v
            for v in self.volumes
            if v.enabled and v.expires is not None and self.now < v.expires <= self.now + SOON
        ]

    @cached_property
    def closed_at(self) -> float | None:
        """How much is on its Volumes when they are closed early; None where they are filled."""
        early = [held for v in self.volumes if v.status == "Used" and (held := _sane(v.bytes))]
        full = sum(v.status == "Full" for v in self.volumes)
        return median(early) if len(early) >= max(CLOSED_EARLY, full + 1) else None

    @property
    def at_maximum(self) -> bool:
        """Whether it may have no further Volume, be it labelled anew or from a Scratch pool."""
        return self.pool.max_volumes is not None and self.count >= self.pool.max_volumes

    @property
    def shut(self) -> bool:
        """Whether nothing can be written to it."""
        return self.known and self.at_maximum and not self.appendable and not self.reusable


def notices(case: Case) -> Iterator[Notice]:
    """Tell of pools and Volumes, pool by pool; in a narrowed report of those its jobs wrote to."""
    volumes = case.snapshot.volumes
    if not case.current or volumes is None:
        return
    jobs: dict[str, list[Job]] = {}
    for job in (*case.snapshot.history.jobs, *(judged.job for judged in case.jobs)):
        if job.type in _WRITING_TYPES and job.pool:
            jobs.setdefault(job.pool, []).append(job)
    everything = not case.snapshot.filters
    by_pool: dict[str, list[Volume]] = {}
    for volume in sorted(volumes, key=lambda one: (one.pool, one.name)):
        if everything or volume.pool in jobs:
            by_pool.setdefault(volume.pool, []).append(volume)
    for name, found in by_pool.items():
        yield from _errors(name, found)
    now = case.snapshot.now.astimezone(UTC)
    for pool in sorted(case.snapshot.pools or (), key=lambda one: one.name):
        if everything or pool.name in jobs:
            stock = _Stock(pool, by_pool.get(pool.name, ()), now)
            yield from _of_pool(stock, jobs.get(pool.name, ()), case)


def _of_pool(stock: _Stock, jobs: Sequence[Job], case: Case) -> Iterator[Notice]:
    if stock.pool.type.lower() != "backup" or stock.pool.name.lower() == _SCRATCH:
        # A Scratch pool only supplies Volumes to others; it may be called so without its type.
        return
    if stock.expiring:
        yield _expiring(stock)
    if not stock.known or not (jobs or _written_lately(stock)):
        return
    full = _full(stock, case)
    if full is not None:
        yield full
    if not stock.shut:
        room = _room(stock, jobs, case)
        if room is not None:
            yield room


def _written_lately(stock: _Stock) -> bool:
    last = [v.last_written for v in stock.volumes if v.last_written is not None]
    return bool(last) and stock.now - max(last) <= IN_USE


def _share(volume: Volume) -> float:
    """Return how full a Volume is, from 0 to 1; 0 where that is not known."""
    if volume.bytes is None or not volume.max_bytes:
        return 0.0
    return 1.0 if volume.bytes >= volume.max_bytes else volume.bytes / volume.max_bytes


def _sane(size: int | None) -> int | None:
    """Return a number that somebody can have; of others nothing is known."""
    return size if size is not None and 0 <= size < _LARGEST else None


# --- Volumes ----------------------------------------------------------------------------------


def _errors(pool: str, volumes: Sequence[Volume]) -> Iterator[Notice]:
    """Tell of Volumes in Error, but for those that somebody has disabled since."""
    for volume in volumes:
        if volume.status == "Error" and volume.enabled:
            yield Notice(
                Kind.VOLUME_ERROR,
                Severity.WARNING,
                _in_error(volume, pool),
                action=msg(
                    "Look at the medium and at the Storage Daemon's messages; then purge the "
                    "Volume or disable it."
                ),
                detail=pool,
            )


def _in_error(volume: Volume, pool: str) -> Message:
    if volume.last_written is None:
        return msg("Volume {volume} of Pool {pool} is in Error.", volume=volume.name, pool=pool)
    return msg(
        "Volume {volume} of Pool {pool} is in Error; it was last written {when}.",
        volume=volume.name, pool=pool, when=volume.last_written,
    )  # fmt: skip


def _expiring(stock: _Stock) -> Notice:
    volumes = stock.expiring
    first = min(v.expires for v in volumes if v.expires is not None)
    held = [v.bytes for v in volumes if v.bytes is not None]
    pool = stock.pool.name
    if len(held) == len(volumes):
        sentence = nmsg(
            "{count} Volume of Pool {pool} with {size} expires within 7 days, on {first}; "
            "its jobs may then vanish from the catalog.",
            "{count} Volumes of Pool {pool} with {size} expire within 7 days, the first on "
            "{first}; their jobs may then vanish from the catalog.",
            len(volumes), pool=pool, size=Size(sum(held)), first=first,
        )  # fmt: skip
    else:
        sentence = nmsg(
            "{count} Volume of Pool {pool} expires within 7 days, on {first}; "
            "its jobs may then vanish from the catalog.",
            "{count} Volumes of Pool {pool} expire within 7 days, the first on {first}; "
            "their jobs may then vanish from the catalog.",
            len(volumes), pool=pool, first=first,
        )  # fmt: skip
    return Notice(Kind.EXPIRING, Severity.INFO, sentence, detail=pool)


# --- full -------------------------------------------------------------------------------------


def _full(stock: _Stock, case: Case) -> Notice | None:
    most = stock.pool.max_volumes
    if most is None:
        return None
    if stock.shut:
        return _pool_full(stock, Severity.CRITICAL, _nothing_left(stock))
    last = stock.appendable[0] if len(stock.appendable) == 1 else None
    if last is not None and stock.at_maximum and not stock.reusable and _share(last) >= NEARLY_FULL:
        sentence = msg(
            "Volume {volume}, the last one of Pool {pool} that can be written to, is full to "
            "{percent} %, and the Pool may have no more than its {most} Volumes.",
            volume=last.name, pool=stock.pool.name, percent=int(_share(last) * 100), most=most,
        )  # fmt: skip
        return _pool_full(stock, Severity.WARNING, sentence)
    free = len({v.name for v in (*stock.appendable, *stock.reusable, *stock.expiring)})
    taken = stock.count - free
    if taken <= 0 or taken / most < case.policy.pool_full:
        return None
    sentence = msg(
        "Pool {pool} has used up {taken} of at most {most} Volumes; {free} can be written to or "
        "become free within 7 days.",
        pool=stock.pool.name, taken=taken, most=most, free=free + max(most - stock.count, 0),
    )  # fmt: skip
    return _pool_full(stock, Severity.WARNING, sentence)


def _nothing_left(stock: _Stock) -> Message:
    ends = [v.expires for v in stock.volumes if v.enabled and v.expires is not None]
    if not ends:
        return msg(
            "Pool {pool} has its {count} Volumes, and none of them can be written to: the next "
            "job will wait.",
            pool=stock.pool.name, count=stock.count,
        )  # fmt: skip
    return msg(
        "Pool {pool} has its {count} Volumes, and none of them can be written to before {when}: "
        "the next job will wait.",
        pool=stock.pool.name, count=stock.count, when=min(ends),
    )  # fmt: skip


def _pool_full(stock: _Stock, severity: Severity, sentence: Message) -> Notice:
    return Notice(
        Kind.POOL_FULL,
        severity,
        sentence,
        action=msg(
            "Raise the Maximum Volumes of Pool {pool}, or purge Volumes that are no longer needed.",
            pool=stock.pool.name,
        ),
        detail=stock.pool.name,
    )


# --- forecast ---------------------------------------------------------------------------------


def _room(stock: _Stock, jobs: Sequence[Job], case: Case) -> Notice | None:
    """Tell in how many days a pool is full, if it goes on as in the last weeks.

    It is played through day by day: what is written, and what expires. Nothing is said beyond the
    pool's retention, when what is written now would itself expire.
    """
    free = _free(stock)
    growth = _growth(jobs, case)
    if free is None or growth is None:
        return None
    back = _comes_back(stock)
    ahead = FAR_AHEAD
    if stock.pool.retention is not None:
        ahead = min(ahead, stock.pool.retention // _DAY)
    # The more is written, the fewer days.
    slow, usual, fast = (_days(free, back, daily, ahead) for daily in growth)
    if usual is None or fast is None or usual * _DAY >= case.policy.room:
        return None
    return Notice(
        Kind.ROOM,
        Severity.WARNING,
        _forecast(stock.pool, (fast, usual, slow), growth[1], _free_words(free, back, usual)),
        action=msg(
            "Raise the Maximum Volumes of Pool {pool} if there is storage for it, or shorten its "
            "retention.",
            pool=stock.pool.name,
        ),
        detail=stock.pool.name,
    )


def _forecast(
    pool: Pool, days: tuple[int, int, int | None], daily: float, free: Message
) -> Message:
    fast, usual, slow = days
    told = {"pool": pool.name, "daily": Size(round(daily)), "free": free}
    if slow is None:
        return nmsg(
            "Pool {pool} is full in about {count} day ({fast} or more): "
            "{daily} a day are written, {free}.",
            "Pool {pool} is full in about {count} days ({fast} or more): "
            "{daily} a day are written, {free}.",
            usual, fast=fast, **told,
        )  # fmt: skip
    if fast == slow:
        return nmsg(
            "Pool {pool} is full in about {count} day: {daily} a day are written, {free}.",
            "Pool {pool} is full in about {count} days: {daily} a day are written, {free}.",
            usual, **told,
        )  # fmt: skip
    return nmsg(
        "Pool {pool} is full in about {count} day ({fast} to {slow}): "
        "{daily} a day are written, {free}.",
        "Pool {pool} is full in about {count} days ({fast} to {slow}): "
        "{daily} a day are written, {free}.",
        usual, fast=fast, slow=slow, **told,
    )  # fmt: skip


def _free_words(free: float, back: Mapping[int, float], days: int) -> Message:
    returned = sum(size for day, size in back.items() if day <= days)
    if returned:
        return msg(
            "{free} are free and {more} expire until then",
            free=Size(round(free)), more=Size(round(returned)),
        )  # fmt: skip
    return msg("{free} are free", free=Size(round(free)))


def _free(stock: _Stock) -> float | None:
    """Return how many bytes still fit into a pool; None where its limits do not tell."""
    most = _sane(stock.pool.max_volumes)
    if most is None:
        return None
    spare = max(most - stock.count, 0)
    new = _holds(stock, None)
    if new is None and spare:
        return None
    free = spare * (new or 0.0)
    for volume in stock.appendable:
        holds, held = _holds(stock, volume.max_bytes), _sane(volume.bytes)
        if holds is None or held is None:
            return None
        free += max(holds - held, 0)
    for volume in stock.reusable:
        holds = _holds(stock, volume.max_bytes)
        if holds is None:
            return None
        free += holds
    return free


def _holds(stock: _Stock, own: int | None) -> float | None:
    """Return how much a Volume takes; None where no limit is known.

    That is its own limit or the pool's, or less if Volumes are usually closed before it is reached.
    """
    limit = _sane(own) or _sane(stock.pool.max_volume_bytes)
    if not limit:
        return None
    return limit if stock.closed_at is None else min(stock.closed_at, limit)


def _comes_back(stock: _Stock) -> Mapping[int, float]:
    """Return how many bytes may be written anew after so many days, beside what may be today."""
    back: Counter[int] = Counter()
    for volume in stock.volumes:
        if volume.enabled and volume.expires is not None and volume.expires > stock.now:
            size = _holds(stock, volume.max_bytes) or _sane(volume.bytes) or 0
            back[ceil((volume.expires - stock.now) / _DAY)] += round(size)
    return back


def _growth(jobs: Sequence[Job], case: Case) -> tuple[float, float, float] | None:
    """Return the bytes a day that were written: quartiles of all spans of seven days.

    Spans of a week, because Fulls come weekly. None if too little of the past is known, or too
    little was written.
    """
    since = case.past.since
    if since is None or case.snapshot.filters or case.lacks(GapSource.JOBS):
        return None
    as_of = case.as_of.astimezone(UTC)
    known = min((as_of - since.astimezone(UTC)) // _DAY, MOST_DAYS)
    if known < KNOWN_DAYS:
        return None
    daily = [0] * known
    count = 0
    for job in jobs:
        end = job.run_end
        written = job.bytes if job.bytes is not None and 0 < job.bytes < _LARGEST else 0
        if end is None or not written:
            continue
        day = (as_of - end) // _DAY
        if 0 <= day < known:
            daily[day] += written
            count += 1
    if count < ENOUGH_JOBS:
        return None
    weeks = [sum(daily[day : day + _WEEK]) for day in range(known - _WEEK + 1)]
    low, middle, high = (value / _WEEK for value in quartiles(weeks))
    # In weeks without anything there is no rhythm to go on.
    return (low, middle, high) if low > 0 else None


def _days(free: float, back: Mapping[int, float], daily: float, ahead: int) -> int | None:
    """Return after how many days a pool is full; None if it is not within `ahead` days."""
    for day in range(1, ahead + 1):
        free += back.get(day, 0) - daily
        if free < 0:
            return day
    return None
