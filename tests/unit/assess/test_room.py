"""Pools that are full or will be, Volumes in Error, Volumes that expire; and what is no worry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess.finding import Kind, Notice, Severity
from app.assess.findings import room
from app.bacula.model import Job, Pool, Volume
from app.period import Period
from app.policy import Policy
from app.snapshot import Filters, GapSource, History
from tests.unit.made import NIGHT, NOW, in_full, made_case, made_job, made_snapshot, open_job

DAY = timedelta(days=1)
GB = 1_000_000_000
WRITER = made_job(1, pool="Full")


def pool(name: str = "Full", **changes: Any) -> Pool:
    """A pool of ten Volumes of 100 GB each, kept for thirty days."""
    made = Pool(name, 10, 10, 30 * DAY, 100 * GB)
    return replace(made, **changes)


def volume(number: int = 1, status: str = "Full", age: float = 10, **changes: Any) -> Volume:
    """A Volume of 100 GB that was last written so many days ago."""
    made = Volume(
        f"Full-{number:04}",
        "Full",
        status,
        100 * GB,
        100 * GB,
        30 * DAY,
        NOW - (age + 1) * DAY,
        NOW - age * DAY,
    )
    return replace(made, **changes)


def filled(*more: Volume, to: int = 10, **changes: Any) -> list[Volume]:
    """As many full Volumes as make up, with those given, so many."""
    full = [volume(100 + number, **changes) for number in range(to - len(more))]
    return [*full, *more]


def append(gigabytes: float, number: int = 1, **changes: Any) -> Volume:
    """A Volume that is written to and has so much on it."""
    return volume(number, "Append", age=0, **{"bytes": int(gigabytes * GB), **changes})


def found(
    volumes: Sequence[Volume] | None,
    *pools: Pool,
    jobs: Sequence[Job] = (WRITER,),
    policy: Policy | None = None,
    **changes: Any,
) -> list[Notice]:
    """What is told of such pools and Volumes."""
    snapshot = made_snapshot(
        *jobs,
        **{
            "pools": pools or (pool(),),
            "volumes": None if volumes is None else tuple(volumes),
            **changes,
        },
    )
    return in_full(room.notices(made_case(snapshot, policy)))


def of(kind: Kind, notices: Sequence[Notice]) -> list[Notice]:
    return [notice for notice in notices if notice.kind is kind]


def severities(notices: Sequence[Notice]) -> list[Severity]:
    return [notice.severity for notice in of(Kind.POOL_FULL, notices)]


# --- what is known ----------------------------------------------------------------------------


def test_without_pools_or_volumes_nothing_is_said() -> None:
    assert found(None) == []
    assert found(filled(), pools=None) == []
    errors = found([volume(status="Error")], pools=None)
    assert [notice.kind for notice in errors] == [Kind.VOLUME_ERROR]


@pytest.mark.parametrize(
    ("filters", "pool_of_job", "told"),
    [
        (Filters(), "Full", True),
        (Filters(), "Other", True),
        (Filters(jobs=("job-*",)), "Full", True),
        (Filters(jobs=("job-*",)), "Other", False),
    ],
)
def test_a_narrowed_report_tells_only_of_the_pools_that_its_jobs_wrote_to(
    filters: Filters, pool_of_job: str, told: bool
) -> None:
    volumes = [
        *filled(volume(1, "Error"), age=1),
        volume(50, "Used", age=27),
    ]
    jobs = [made_job(1, pool=pool_of_job)]
    notices = found(volumes, pool(), jobs=jobs, filters=filters)
    expected = {Kind.POOL_FULL, Kind.VOLUME_ERROR, Kind.EXPIRING}
    assert {notice.kind for notice in notices} == (expected if told else set())


@pytest.mark.parametrize(("ago", "told"), [(59, True), (60, False)])
def test_todays_pools_say_nothing_about_a_period_long_past(ago: int, told: bool) -> None:
    period = Period(NIGHT.start, NOW - timedelta(minutes=ago))
    assert bool(found(filled(volume(status="Error")), period=period)) is told


# --- pool full --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        (filled(), [Severity.CRITICAL]),
        (filled(status="Used"), [Severity.CRITICAL]),
        (filled(status="Error"), [Severity.CRITICAL]),
        # One can be written to.
        (filled(append(10)), [Severity.WARNING]),
        (filled(append(10), append(0, 2)), []),
        (filled(append(0, max_bytes=None, bytes=None)), [Severity.WARNING]),
        # Those cannot.
        (filled(append(100)), [Severity.CRITICAL]),
        (filled(append(10, enabled=False)), [Severity.CRITICAL]),
        # One can be written anew.
        (filled(volume(1, "Purged")), [Severity.WARNING]),
        (filled(volume(1, "Recycle")), [Severity.WARNING]),
        (filled(volume(1, "Purged", recycle=False)), [Severity.CRITICAL]),
        (filled(volume(1, "Purged", enabled=False)), [Severity.CRITICAL]),
        (filled(volume(1, "Used", age=30)), [Severity.WARNING]),
        (filled(volume(1, "Full", age=31)), [Severity.WARNING]),
        (filled(volume(1, "Full", age=31, recycle=False)), [Severity.CRITICAL]),
        (filled(volume(1, "Full", age=31, enabled=False)), [Severity.CRITICAL]),
        (filled(volume(1, "Full", age=31, retention=None)), [Severity.CRITICAL]),
        (filled(volume(1, "Read-Only", age=31)), [Severity.CRITICAL]),
        # A rotation that turns: one becomes free each day.
        ([volume(n, age=n) for n in range(30, 20, -1)], []),
        (filled(volume(1, age=24), volume(2, age=26)), [Severity.CRITICAL]),
    ],
)
def test_a_pool_is_full_when_nothing_can_be_written_to_it(
    volumes: list[Volume], expected: list[Severity]
) -> None:
    assert severities(found(volumes)) == expected


@pytest.mark.parametrize(
    ("pools", "volumes", "expected"),
    [
        # Further Volumes may be labelled, or come from a Scratch pool.
        (pool(max_volumes=11), filled(), [Severity.WARNING]),
        (pool(max_volumes=20), filled(), []),
        (pool(max_volumes=None), filled(), []),
        # Not all of its Volumes are known, so one may be free.
        (pool(volumes=11), filled(), []),
        # The catalog's own number lags behind.
        (pool(volumes=0), filled(), [Severity.CRITICAL]),
        (pool(max_volumes=9), filled(), [Severity.CRITICAL]),
        (pool(type="Scratch"), filled(), []),
        (pool("Scratch"), [replace(v, pool="Scratch") for v in filled()], []),
        (pool(max_volumes=10, volumes=0), [], []),
    ],
)
def test_a_pool_that_may_grow_is_not_full(
    pools: Pool, volumes: list[Volume], expected: list[Severity]
) -> None:
    assert severities(found(volumes, pools, jobs=[made_job(pool=pools.name)])) == expected


@pytest.mark.parametrize(
    ("count", "policy", "told"),
    [
        (8, Policy(), False),
        (9, Policy(), True),
        (8, Policy(pool_full=0.8), True),
        (7, Policy(pool_full=0.8), False),
        (1, Policy(pool_full=0.1), True),
        (0, Policy(pool_full=0.0), False),
    ],
)
def test_how_full_is_nearly_full_is_the_policys(count: int, policy: Policy, told: bool) -> None:
    volumes = filled(to=count)
    notices = found(volumes, pool(volumes=count), policy=policy)
    assert severities(notices) == [Severity.WARNING] * told


def test_what_may_still_be_labelled_is_free_too() -> None:
    (notice,) = of(Kind.POOL_FULL, found(filled(append(1), to=18), pool(volumes=18, max_volumes=20),
                                         policy=Policy(pool_full=0.8)))  # fmt: skip
    assert str(notice.sentence) == (
        "Pool Full has used up 17 of at most 20 Volumes; 3 can be written to or become free within"
        " 7 days."
    )


@pytest.mark.parametrize(
    ("age", "jobs", "told"),
    [
        (44.9, [], True),
        (45.1, [], False),
        (46, [made_job(pool="Full")], True),
        (46, [made_job(pool="Full", type="C")], True),
        (46, [made_job(pool="Full", type="R")], False),
        (46, [made_job(pool="Other")], False),
    ],
)
def test_a_pool_at_rest_may_be_full(age: float, jobs: list[Job], told: bool) -> None:
    volumes = filled(age=age, retention=999 * DAY)
    assert bool(found(volumes, jobs=jobs)) is told


def test_an_earlier_run_shows_that_a_pool_is_in_use() -> None:
    volumes = filled(age=60, retention=999 * DAY)
    assert severities(found(volumes, jobs=[])) == []
    history = History((made_job(1, pool="Full"),))
    assert severities(found(volumes, jobs=[], history=history)) == [Severity.CRITICAL]


@pytest.mark.parametrize(("gigabytes", "told"), [(94.9, False), (95, True), (99.9, True)])
def test_a_pool_whose_last_volume_is_about_to_fill_is_told(gigabytes: float, told: bool) -> None:
    volumes = filled(append(gigabytes), to=3)
    policy = Policy(pool_full=2)
    notices = found(volumes, pool(volumes=3, max_volumes=3), policy=policy)
    assert severities(notices) == [Severity.WARNING] * told
    if told:
        assert str(notices[0].sentence) == (
            "Volume Full-0001, the last one of Pool Full that can be written to, is "
            f"full to {int(gigabytes)} %, and the Pool may have no more than its 3 Volumes."
        )
    assert severities(found(volumes, pool(volumes=3, max_volumes=4), policy=policy)) == []
    other = [*volumes[1:], append(10, 2)]
    assert severities(found(other, pool(volumes=3, max_volumes=3), policy=policy)) == []


@pytest.mark.parametrize(
    ("volumes", "sentence"),
    [
        (
            filled(),
            "Pool Full has its 10 Volumes, and none of them can be written to before "
            "2026-12-11 08:00: the next job will wait.",
        ),
        (
            filled(recycle=False),
            "Pool Full has its 10 Volumes, and none of them can be written to: the next job will "
            "wait.",
        ),
        (
            filled(append(10)),
            "Pool Full has used up 9 of at most 10 Volumes; 1 can be written to or become free "
            "within 7 days.",
        ),
    ],
)
def test_the_sentence_of_a_full_pool_tells_what_is_left(
    volumes: list[Volume], sentence: str
) -> None:
    (notice,) = of(Kind.POOL_FULL, found(volumes))
    assert str(notice.sentence) == sentence
    assert (notice.detail, notice.client, notice.job, notice.jobids) == ("Full", "", "", ())
    assert str(notice.action).startswith("Raise the Maximum Volumes of Pool Full")


# --- Volumes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "Error"}, True),
        ({"status": "Error", "enabled": False}, False),
        ({"status": "Full", "errors": 3}, False),
        ({"status": "Append"}, False),
    ],
)
def test_a_volume_in_error_is_told_until_somebody_disables_it(
    changes: dict[str, Any], told: bool
) -> None:
    assert bool(of(Kind.VOLUME_ERROR, found([volume(**changes)]))) is told


def test_volumes_in_error_are_told_one_by_one_and_belong_together_by_pool() -> None:
    broken = [volume(n, "Error") for n in (2, 1)] + [volume(3, "Error", pool="Diff")]
    notices = of(Kind.VOLUME_ERROR, found(broken))
    assert [notice.detail for notice in notices] == ["Diff", "Full", "Full"]
    assert str(notices[1].sentence) == (
        "Volume Full-0001 of Pool Full is in Error; it was last written 2026-11-11 08:00."
    )
    assert {notice.severity for notice in notices} == {Severity.WARNING}
    (never,) = found([volume(1, "Error", last_written=None)])
    assert str(never.sentence) == "Volume Full-0001 of Pool Full is in Error."


@pytest.mark.parametrize(
    ("ages", "changes", "count"),
    [
        ([23], {}, 1),
        ([22.9], {}, 0),
        ([29.9], {}, 1),
        # Its retention has ended already.
        ([30], {}, 0),
        ([24, 25, 10], {}, 2),
        ([25], {"recycle": False}, 0),
        ([25], {"enabled": False}, 0),
        ([25], {"retention": None}, 0),
        ([25], {"last_written": None}, 0),
        ([25], {"status": "Append"}, 0),
        ([25], {"status": "Used"}, 1),
        ([25], {"status": "Error"}, 0),
    ],
)
def test_volumes_whose_retention_ends_within_a_week_are_told(
    ages: list[float], changes: dict[str, Any], count: int
) -> None:
    volumes = [volume(n, age=age, **changes) for n, age in enumerate(ages)]
    notices = of(Kind.EXPIRING, found(volumes))
    assert len(notices) == bool(count)
    for notice in notices:
        assert str(notice.sentence).startswith(f"{count} Volume")
        assert (notice.severity, notice.detail) == (Severity.INFO, "Full")


def test_the_sentence_of_expiring_volumes_sums_them_up() -> None:
    (notice,) = found([volume(1, age=25), volume(2, age=28)], pool(max_volumes=None))
    assert str(notice.sentence) == (
        "2 Volumes of Pool Full with 200000000000 B expire within 7 days, the first on "
        "2026-11-23 08:00; their jobs may then vanish from the catalog."
    )
    (notice,) = found([volume(1, age=25, bytes=None)], pool(max_volumes=None))
    assert str(notice.sentence) == (
        "1 Volume of Pool Full expires within 7 days, on 2026-11-26 08:00; "
        "its jobs may then vanish from the catalog."
    )


# --- forecast ---------------------------------------------------------------------------------


def nightly(
    gigabytes: float | Sequence[float], nights: int = 34, **changes: Any
) -> tuple[Job, ...]:
    """Jobs that wrote so much each night, the last one on the night that is judged."""
    sizes = [gigabytes] * nights if isinstance(gigabytes, int | float) else list(gigabytes)
    jobs = []
    for back, size in enumerate(sizes):
        ended = datetime.fromisoformat("2026-11-21T01:00+09:00") - back * DAY
        times = {"started": ended - DAY / 24, "ended": ended, "real_ended": ended}
        jobs.append(
            made_job(1000 - back, **{**times, "pool": "Full", "bytes": int(size * GB), **changes})
        )
    return tuple(jobs)


def forecast(
    volumes: Sequence[Volume],
    jobs: Sequence[Job],
    *pools: Pool,
    since: datetime | None = NOW - 35 * DAY,
    policy: Policy | None = None,
    **changes: Any,
) -> list[Notice]:
    """What is told of room by those jobs, of which only the first belongs to the period."""
    history = History(tuple(jobs[1:]), since=since)
    notices = found(volumes, *pools, jobs=jobs[:1], policy=policy, history=history, **changes)
    return of(Kind.ROOM, notices)


def room_for(gigabytes: float) -> list[Volume]:
    """Ten Volumes, none of them about to expire, with room for so much on one of them."""
    return filled(append(100 - gigabytes), append(100, 2))


@pytest.mark.parametrize(
    ("daily", "free", "days"),
    [
        (10, 85, 9),
        (10, 89.5, 9),
        # What fits in exactly is not too much yet.
        (10, 90, 10),
        (41, 100, 3),
        (100, 20, 1),
        (8, 99, 13),
        # Fourteen days are enough.
        (7.3, 99, None),
        (1, 99, None),
    ],
)
def test_a_pool_that_will_be_full_within_the_policys_days_is_told(
    daily: float, free: float, days: int | None
) -> None:
    notices = forecast(room_for(free), nightly(daily))
    if days is None:
        assert notices == []
    else:
        (notice,) = notices
        unit = "day" if days == 1 else "days"
        assert str(notice.sentence) == (
            f"Pool Full is full in about {days} {unit}: {int(daily * GB)} B a day are written, "
            f"{int(free * GB)} B are free."
        )
        assert (notice.severity, notice.detail) == (Severity.WARNING, "Full")
        assert notice.action is not None


def test_the_forecast_tells_how_sure_it_is() -> None:
    # Weeks with 14, 10 and 6 GB a day.
    uneven = [*[14] * 7, *[6] * 7, *[10] * 7, *[14] * 7, *[6] * 7]
    (notice,) = forecast(room_for(95), nightly(uneven))
    text = str(notice.sentence)
    assert text.startswith("Pool Full is full in about 10 days (9 to 12): 10000000000 B a day")


def test_a_forecast_that_may_lie_far_ahead_says_only_how_soon_it_may_be() -> None:
    uneven = [*[20] * 7, *[0.01] * 7, *[10] * 7, *[20] * 7, *[0.01] * 7]
    (notice,) = forecast(room_for(95), nightly(uneven))
    assert "in about 10 days (7 to 17):" in str(notice.sentence)
    (notice,) = forecast(room_for(95), nightly(uneven), pool(retention=16 * DAY))
    assert "in about 10 days (7 or more):" in str(notice.sentence)


def test_what_expires_meanwhile_makes_room() -> None:
    # One Volume of 100 GB expires in three days.
    volumes = [*room_for(50)[1:], volume(50, age=27)]
    (notice,) = forecast(volumes, nightly(13))
    assert str(notice.sentence) == (
        "Pool Full is full in about 12 days: 13000000000 B a day are written, "
        "50000000000 B are free and 100000000000 B expire until then."
    )
    assert forecast(volumes, nightly(10)) == []


@pytest.mark.parametrize(
    ("volumes", "changes", "words"),
    [
        # By the Volume's own limit, not by its Pool's.
        ([append(10, max_bytes=50 * GB)], {}, "40000000000 B are free"),
        # What is purged is free as a whole, beside what is left on the last one.
        (
            [
                volume(1, "Purged", max_bytes=60 * GB),
                volume(2, "Recycle", max_bytes=30 * GB),
                append(90, 3),
            ],
            {},
            "100000000000 B are free",
        ),
        ([volume(1, age=27, max_bytes=60 * GB), append(50, 2)], {},
         "50000000000 B are free and 60000000000 B expire until then"),
        # As much as it may hold, however little was on it; without a limit, what was on it.
        ([volume(1, age=27, bytes=9 * GB), append(50, 2)], {},
         "50000000000 B are free and 100000000000 B expire until then"),
        ([volume(1, age=27, bytes=70 * GB, max_bytes=None), append(50, 2)],
         {"max_volume_bytes": None},
         "50000000000 B are free and 70000000000 B expire until then"),
        ([volume(1, age=27, max_bytes=30 * GB), volume(2, age=27, max_bytes=40 * GB),
          append(50, 3)], {},
         "50000000000 B are free and 70000000000 B expire until then"),
        # It expires on the very day, and is too little.
        ([volume(1, age=26, max_bytes=GB), append(50, 2)], {},
         "50000000000 B are free and 1000000000 B expire until then"),
    ],
)  # fmt: skip
def test_what_is_free_and_what_expires_is_counted_by_what_each_volume_holds(
    volumes: list[Volume], changes: dict[str, Any], words: str
) -> None:
    """With 13 GB a day, fifty are full in four days."""
    (notice,) = forecast(filled(*volumes), nightly(13), pool(**changes))
    assert str(notice.sentence).endswith(f"13000000000 B a day are written, {words}.")


def test_a_rotation_that_turns_never_runs_out_of_room() -> None:
    # Each night fills a Volume, and each day one of them expires.
    rotation = [volume(n, age=n - 1) for n in range(1, 31)]
    jobs = nightly(90)
    assert forecast([*rotation, append(0, 99)], jobs, pool(volumes=31, max_volumes=31)) == []


def test_nothing_is_foretold_beyond_the_retention() -> None:
    volumes = room_for(85)
    assert len(forecast(volumes, nightly(10), pool(retention=9 * DAY))) == 1
    assert forecast(volumes, nightly(10), pool(retention=8 * DAY)) == []
    assert len(forecast(volumes, nightly(10), pool(retention=None))) == 1


@pytest.mark.parametrize(
    ("changes", "pools"),
    [
        ({"since": None}, pool()),
        ({"since": NOW - 13.9 * DAY}, pool()),
        ({"filters": Filters(jobs=("job-*",))}, pool()),
        ({"gaps": [GapSource.JOBS]}, pool()),
        ({"policy": Policy(room=9 * DAY)}, pool()),
        ({}, pool(max_volumes=None)),
        ({}, pool(max_volumes=12, max_volume_bytes=None)),
        ({}, pool(type="Scratch")),
    ],
)
def test_without_limits_or_a_known_past_there_is_no_forecast(
    changes: dict[str, Any], pools: Pool
) -> None:
    volumes = room_for(85)
    assert len(forecast(volumes, nightly(10))) == 1
    assert forecast(volumes, nightly(10), pools, **changes) == []


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        (nightly(10, nights=14), True),
        # Ten jobs in the days that are known.
        (nightly(70, nights=9), False),
        # Nothing for weeks: monthly Fulls are no growth a day.
        (nightly([*[100] * 12, *[0] * 20]), False),
        # Copies fill a pool too, restores do not; what failed has written as well.
        (nightly(10, type="C", created=NOW - 40 * DAY), True),
        (nightly(10, type="R"), False),
        (nightly(10, status="f"), True),
        (nightly(10, pool="Other"), False),
        (nightly(10**10), False),
    ],
)
def test_what_was_written_to_the_pool_is_what_grows(jobs: tuple[Job, ...], told: bool) -> None:
    since = NOW - 14 * DAY if len(jobs) == 14 else NOW - 35 * DAY
    assert bool(forecast(room_for(85), jobs, since=since)) is told


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        (nightly(10, nights=10), True),
        (nightly(10, nights=9), False),
        # Of which nobody knows what it wrote, or which has not ended, is none of the ten.
        ((*nightly(10, nights=9), made_job(1, pool="Full", bytes=None)), False),
        ((*nightly(10, nights=9), made_job(1, pool="Full", bytes=0)), False),
        ((open_job(1, pool="Full"), *nightly(10, nights=10)), True),
        # What was written before the days that are known counts for none of them.
        (nightly(10, nights=34), True),
    ],
)
def test_ten_jobs_in_two_weeks_tell_how_a_pool_grows(jobs: tuple[Job, ...], told: bool) -> None:
    history = History(jobs, since=NOW - 14 * DAY)
    assert bool(of(Kind.ROOM, found(room_for(20), jobs=[], history=history))) is told


def test_the_jobs_of_a_day_add_up() -> None:
    (one,) = forecast(room_for(85), nightly(10))
    twice = [replace(job, jobid=job.jobid + n) for job in nightly(5) for n in (0, 5_000)]
    (both,) = forecast(room_for(85), twice)
    assert str(both.sentence) == str(one.sentence)


def test_a_pool_that_is_written_to_only_now_and_then_has_no_daily_growth() -> None:
    """In a quarter of all weeks and more nothing was written."""
    assert forecast(room_for(20), nightly([*[10] * 17, *[0] * 17])) == []
    assert len(forecast(room_for(20), nightly([*[10] * 22, *[0] * 12]))) == 1


def test_a_limit_that_nobody_can_have_is_none() -> None:
    assert forecast(room_for(85), nightly(10), pool(max_volumes=10**400)) == []
    assert forecast(room_for(85), nightly(10), pool(max_volumes=11, max_volume_bytes=10**400)) == []


def test_an_appendable_volume_of_unknown_limits_leaves_no_forecast() -> None:
    endless = append(10, max_bytes=None)
    assert forecast(filled(endless), nightly(10), pool(max_volume_bytes=None)) == []
    assert forecast(filled(append(10, bytes=None)), nightly(10)) == []


def test_volumes_that_are_closed_early_take_only_that_much() -> None:
    # Each was closed after a night with 20 GB on it.
    early = [volume(n, "Used", age=5, bytes=20 * GB) for n in range(5)]
    few = pool(volumes=6, max_volumes=10)
    (notice,) = forecast([*early, append(0, 99)], nightly(20), few)
    assert "100000000000 B are free" in str(notice.sentence)


@pytest.mark.parametrize(
    ("closed", "full", "words"),
    [
        (3, 0, "140000000000 B are free"),
        (2, 0, "800000000000 B are free"),
        # Most of them have to be closed early, not just half.
        (5, 4, "20000000000 B are free"),
        (5, 5, "100000000000 B are free"),
    ],
)
def test_volumes_are_closed_early_if_most_of_them_were(closed: int, full: int, words: str) -> None:
    early = [volume(n, "Used", age=5, bytes=20 * GB) for n in range(closed)]
    whole = [volume(50 + n, age=5) for n in range(full)]
    count = closed + full + 1
    most = count if full else 10
    notices = forecast(
        [*early, *whole, append(0, 99)], nightly(20 if full else 100),
        pool(volumes=count, max_volumes=most),
    )  # fmt: skip
    (notice,) = notices
    assert words in str(notice.sentence)


def test_a_pool_that_is_full_now_needs_no_forecast() -> None:
    notices = found(
        filled(), jobs=nightly(10)[:1], history=History(nightly(10)[1:], NOW - 35 * DAY)
    )
    assert [notice.kind for notice in notices] == [Kind.POOL_FULL]


@given(
    st.lists(st.floats(0, 50), min_size=20, max_size=34),
    st.floats(0, 99),
    st.integers(0, 40),
    st.floats(0, 500),
)
def test_another_job_never_takes_a_forecast_back(
    sizes: list[float], free: float, back: int, more: float
) -> None:
    """It writes too; the forecast may only come nearer."""
    jobs = nightly(sizes)
    ended = NOW - back * DAY
    other = made_job(
        5, name="other", client="other-fd", pool="Full", bytes=int(more * GB),
        started=ended, ended=ended, real_ended=ended,
    )  # fmt: skip
    if forecast(room_for(free), jobs):
        assert forecast(room_for(free), [*jobs, other])


@given(
    st.lists(
        st.builds(
            Volume,
            name=st.sampled_from(["a", "b", "c"]),
            pool=st.sampled_from(["Full", "Diff", "Scratch", ""]),
            status=st.sampled_from(
                ["Append", "Full", "Used", "Recycle", "Purged", "Error", "Archive", "?", ""]
            ),
            bytes=st.none() | st.integers(0, 10**13) | st.just(10**400),
            max_bytes=st.none() | st.integers(1, 10**13) | st.just(10**400),
            retention=st.none() | st.timedeltas(timedelta(), 9999 * DAY),
            first_written=st.none(),
            last_written=st.none() | st.just(NOW - 40 * DAY) | st.just(NOW + DAY),
            recycle=st.booleans(),
            enabled=st.booleans(),
        ),
        max_size=12,
    ),
    st.builds(
        Pool,
        name=st.sampled_from(["Full", "Scratch"]),
        volumes=st.integers(0, 12),
        max_volumes=st.none() | st.integers(1, 12) | st.just(10**400),
        retention=st.none() | st.timedeltas(timedelta(), 9999 * DAY),
        max_volume_bytes=st.none() | st.integers(1, 10**13) | st.just(10**400),
        type=st.sampled_from(["Backup", "Scratch", "Copy", ""]),
        recycle=st.booleans(),
    ),
)
def test_no_pool_is_too_strange(volumes: list[Volume], one: Pool) -> None:
    jobs = nightly(10)
    history = History(jobs[1:], since=NOW - 35 * DAY)
    for notice in found(volumes, one, jobs=jobs[:1], history=history):
        assert str(notice.sentence)
        if notice.kind in (Kind.POOL_FULL, Kind.ROOM):
            assert one.max_volumes is not None
