"""Times: those of the catalog, those of the command line, and how they are told again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.bacula.clock import (
    ClockSource,
    DirectorClock,
    Observation,
    created_wall,
    observe_row,
    parse_wall,
    zone_name,
)
from app.errors import UsageError
from app.i18n import Size
from app.period import Mode, PeriodRequest, parse_bound
from app.report.format import Formatter
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import EDGES, HOSTILE, MOMENTS, TIMES, VALUES, ZONES, hold, some_row, unsafe

LANGUAGES = st.sampled_from(["en", "ko", "xx", ""])
SECONDS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, width=32)
EPOCHS = st.one_of(VALUES, SECONDS, SECONDS.map(str))


@st.composite
def written(draw: st.DrawFn) -> str:
    """A time as somebody may have written it, or nearly so."""
    text = draw(TIMES | MOMENTS.map(lambda m: m.isoformat()))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(HOSTILE) + text[at + draw(st.integers(0, 2)) :]
    return text


@fuzz(6)
@given(written() | VALUES)
def test_a_time_of_the_catalog_can_be_moved_to_any_zone_or_is_none(value: Any) -> None:
    wall = parse_wall(value)
    if wall is not None:
        assert wall.tzinfo is None
        for hours in (-14, 14):
            assert (wall + timedelta(hours=hours)).replace(tzinfo=UTC).timestamp()
        assert parse_wall(wall.isoformat(" ")) == wall


@fuzz(4)
@given(st.datetimes(datetime(1971, 1, 1), datetime(9990, 12, 31)), HOSTILE, HOSTILE)
def test_a_job_tells_when_it_was_made_whatever_it_is_called(
    moment: datetime, name: str, after: str
) -> None:
    moment = moment.replace(microsecond=0)
    stamp = f"{moment:%Y-%m-%d_%H.%M.%S}_07".rjust(22, "0")
    assert created_wall(f"{name}.{stamp}") == moment
    found = created_wall(f"{name}.{stamp}{after}")
    assert found is None or isinstance(found, datetime)


@fuzz(4)
@given(some_row("jobs"), EPOCHS, ZONES, ZONES, st.none() | ZONES)
def test_no_epoch_makes_a_clock_that_cannot_tell_the_time(
    row: dict[str, Any], epoch: Any, host: tzinfo, told: tzinfo, setting: tzinfo | None
) -> None:
    seen = observe_row({**row, "jobtdate": epoch})
    assert seen is None or abs(seen.offset) <= timedelta(hours=14)
    clock = DirectorClock.learn([seen] if seen else [], setting=setting, host=host)
    assert clock.source in ClockSource
    for name in ("schedtime", "starttime", "endtime", "realendtime"):
        moment = clock.instant(parse_wall(row[name]), seen)
        assert moment is None or moment.tzinfo is UTC
    assert zone_name(told, datetime(2026, 11, 21, tzinfo=UTC))


@fuzz(3)
@given(EDGES, st.lists(st.integers(-200_000, 200_000), min_size=1, max_size=8), ZONES)
def test_near_a_change_of_clocks_every_row_tells_its_own_instant(
    edge: datetime, away: list[int], zone: tzinfo
) -> None:
    """Whichever rows there are, and in whichever order: the zone is known, so nothing is moved."""
    moments = [edge + timedelta(seconds=seconds) for seconds in away]
    # Offsets before about 1920, and those of a few zones later, are no whole quarter of an hour.
    seen = [
        Observation(local.replace(tzinfo=None), local.utcoffset() or timedelta())
        for local in (moment.astimezone(zone) for moment in moments)
    ]
    assume(all(not one.offset % timedelta(minutes=15) for one in seen))
    clock = DirectorClock.learn(seen, setting=zone, host=UTC)
    assert clock == DirectorClock.learn(reversed(seen), setting=zone, host=UTC)
    for moment, one in zip(moments, seen, strict=True):
        assert clock.instant(one.wall, one) == moment


# --- periods ----------------------------------------------------------------------------------


@fuzz(6)
@given(written() | HOSTILE, st.booleans(), MOMENTS, ZONES)
@example("9990-12-31", True, datetime(2026, 11, 21, tzinfo=UTC), UTC)
@example("1971-01-01T00:00:00-14:00", False, datetime(2026, 11, 21, tzinfo=UTC), UTC)
def test_a_bound_is_refused_or_makes_a_period_that_is_none_or_ends_by_now(
    text: str, end: bool, now: datetime, zone: tzinfo
) -> None:
    try:
        bound = parse_bound(text, end=end)
    except ValueError:
        return
    request = PeriodRequest(Mode.CUSTOM, *((None, bound) if end else (bound, None)))
    try:
        period = request.resolve(now, zone)
    except UsageError as error:
        hold(error)
        return
    assert period.start.timestamp() <= period.end.timestamp() <= now.timestamp()
    for mode in (Mode.TEST, Mode.PRODUCTION):
        # Python calls no time of an hour that occurs twice equal to one of another zone.
        assert PeriodRequest(mode).resolve(now, zone).end.timestamp() == now.timestamp()


# --- told again -------------------------------------------------------------------------------


@fuzz(4)
@given(
    MOMENTS,
    st.timedeltas(),
    st.none() | st.floats() | st.integers() | st.sampled_from([400, 4_000]).map(lambda n: 10**n),
    LANGUAGES,
    ZONES,
)
@example(datetime(1971, 1, 2, tzinfo=UTC), timedelta(), 0, "en", ZoneInfo("Africa/Monrovia"))
def test_whatever_is_known_can_be_told(
    moment: datetime, span: timedelta, size: Any, language: str, zone: tzinfo
) -> None:
    fmt = Formatter(language, zone)
    day = moment.date()
    told = [fmt.moment(moment), fmt.short(moment), fmt.day(day), fmt.full_day(day), fmt.span(span),
            fmt.zone(moment), fmt.write(moment), fmt.write(span), str(fmt.iso(moment)),
            fmt.size(size)]  # fmt: skip
    whole = None if size is None or isinstance(size, float) else int(size)
    told += [fmt.rate(whole, span), fmt.write(Size(whole or 0))]
    for text in told:
        assert text
        assert not unsafe(text)
        assert len(text) < 60
    iso = fmt.iso(moment)
    assert iso is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", iso)
    assert datetime.fromisoformat(iso) == moment.replace(microsecond=0)
