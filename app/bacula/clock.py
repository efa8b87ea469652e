"""The Director's clock: from the catalog's wall-clock strings to instants.

Catalog times carry no zone. `JobTDate` of the same row is a true Unix epoch of its end (else start,
else schedule) time, so the offset is known rather than guessed. Bacularis' own `*_epoch` fields are
local time counted as UTC and are never used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

_QUARTER = timedelta(minutes=15)
_WIDEST = timedelta(hours=14)
_HOUR = timedelta(hours=1)
_MOMENT = timedelta(minutes=1)
_SAME_SEASON = timedelta(days=2)
_STAMP = re.compile(r"\.(\d{4})-(\d\d)-(\d\d)_(\d\d)\.(\d\d)\.(\d\d)_\d+$")


class ClockSource(StrEnum):
    """How the Director's zone came to be known."""

    SETTING = "setting"
    HOST = "host"
    LEARNED = "learned"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Observation:
    """One pair that the server itself gave: a wall-clock string and its offset from UTC."""

    wall: datetime
    offset: timedelta


def parse_wall(text: Any) -> datetime | None:
    """Read "YYYY-MM-DD HH:MM:SS" as a naive datetime; None for null, zero dates and rubbish."""
    if not isinstance(text, str) or len(text) < 10:
        return None
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return _movable(wall if wall.tzinfo is None else wall.replace(tzinfo=None))


def _movable(wall: datetime) -> datetime | None:
    """Refuse years near the ends of the calendar: they cannot be moved between zones."""
    return wall if 1971 <= wall.year <= 9990 else None


def created_wall(unique_job: str) -> datetime | None:
    """Read the creation time that Bacula writes into a job's unique name.

    "db01-dump.2026-11-21_02.54.43_31" was created at 02:54:43, also when it is scheduled for later.
    """
    match = _STAMP.search(unique_job)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a wall clock
    except ValueError:
        return None
    return _movable(wall)


def observe(wall: datetime | None, epoch: Any) -> Observation | None:
    """Return the offset between a wall-clock time and its epoch, if it can be a zone's offset."""
    if wall is None or isinstance(epoch, bool):
        return None
    try:
        seconds = int(epoch)
    except (TypeError, ValueError, OverflowError):
        return None
    if not 0 < seconds < 253_000_000_000:
        return None
    offset = wall - datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    if abs(offset) > _WIDEST or offset % _QUARTER:
        return None
    return Observation(wall, offset)


def observe_row(row: Mapping[str, Any]) -> Observation | None:
    """Return what a catalog row tells about the offset: JobTDate belongs to one of its times."""
    for name in ("endtime", "starttime", "schedtime"):
        wall = parse_wall(row.get(name))
        if wall is not None:
            return observe(wall, row.get("jobtdate"))
    return None


def _newest_credible(observations: Sequence[Observation]) -> Observation:
    """Return the latest observation that is no broken row's.

    Broken are offsets that hardly any row tells; but on the morning after clocks have changed only
    the last night's rows tell the new one, by one hour off the others, and the latest two agree.
    """
    counted = Counter(one.offset for one in observations)
    common = counted.most_common(1)[0][0]
    credible = {offset for offset, n in counted.items() if n * 20 > len(observations)}
    latest = {one.offset for one in observations[-2:]}
    if len(latest) == 1:
        credible |= {offset for offset in latest if abs(offset - common) <= _HOUR}
    credible = credible or {common}
    return [one for one in observations if one.offset in credible][-1]


def _explains(zone: tzinfo, seen: Observation) -> bool:
    return seen.offset in {seen.wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}


@dataclass(frozen=True, slots=True)
class DirectorClock:
    """Reads the Director's wall-clock times.

    Attributes:
        zone: the Director's zone: a named one, or a fixed offset where no name is known.
        source: how it came to be known.
    """

    zone: tzinfo
    source: ClockSource

    @classmethod
    def learn(
        cls, seen: Iterable[Observation], *, setting: tzinfo | None, host: tzinfo
    ) -> DirectorClock:
        """Choose the zone that explains what the server said.

        The zone that was set, else this host's, is taken when it explains (nearly) every
        observation: a named zone knows its daylight saving time. Otherwise the newest credible
        offset is taken; one that a twentieth of the observations or fewer tell is not credible,
        unless none is. Without any observation the setting, else the host's zone, is assumed.
        """
        observations = sorted(seen, key=lambda one: one.wall)
        if not observations:
            if setting is not None:
                return cls(setting, ClockSource.SETTING)
            return cls(host, ClockSource.ASSUMED)
        newest = _newest_credible(observations)
        for zone, source in ((setting, ClockSource.SETTING), (host, ClockSource.HOST)):
            if zone is None:
                continue
            wrong = sum(not _explains(zone, one) for one in observations)
            if wrong * 20 <= len(observations) and _explains(zone, newest):
                return cls(zone, source)
        return cls(fixed_zone(newest.offset), ClockSource.LEARNED)

    def instant(self, wall: datetime | None, seen: Observation | None = None) -> datetime | None:
        """Return the instant of a wall-clock time, in UTC.

        In UTC, because Python compares and subtracts times of one zone by their wall clocks, which
        is an hour wrong in a night in which clocks change.

        `seen` is what the same row told about its offset; it settles the hour that occurs twice
        when clocks go back, and follows daylight saving time where the zone has no name. An offset
        further than one hour from the clock's own is a broken row and is ignored; so is one that
        belongs to another time of the year, as in the row of a copy.
        """
        if wall is None:
            return None
        return self._local(wall, seen).astimezone(UTC)

    def _local(self, wall: datetime, seen: Observation | None) -> datetime:
        local = wall.replace(tzinfo=self.zone)
        if seen is None:
            return local
        if isinstance(self.zone, ZoneInfo):
            later = local.replace(fold=1)
            # RealEndTime may follow the EndTime that was seen; what came before it within the hour
            # most likely was of the same turn, too: few jobs run for just over an hour.
            near = -_HOUR < wall - seen.wall <= _MOMENT
            again = near and later.utcoffset() == seen.offset
            return later if again else local
        broken = abs(seen.offset - (local.utcoffset() or timedelta())) > _HOUR
        if broken or abs(wall - seen.wall) > _SAME_SEASON:
            return local
        return wall.replace(tzinfo=timezone(seen.offset))


def fixed_zone(offset: timedelta) -> tzinfo:
    """Return the zone of a fixed offset, named as a person writes it: UTC, UTC+09:00."""
    return timezone(offset)


def zone_name(zone: tzinfo, at: datetime) -> str:
    """Return the zone's name for people: "Asia/Seoul (UTC+09:00)", or only the offset."""
    offset = at.astimezone(zone).utcoffset() or timedelta()
    written = str(fixed_zone(offset).tzname(None))
    name = zone.key if isinstance(zone, ZoneInfo) and zone.key else ""
    return written if not name or name.endswith("UTC") else f"{name} ({written})"
