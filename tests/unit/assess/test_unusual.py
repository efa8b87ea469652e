"""Backups that are empty or far from usual; and all those that only look so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess.finding import Kind, News, Notice, Severity
from app.assess.findings import unusual
from app.bacula.model import Job
from app.policy import JobRule, Policy
from app.snapshot import History
from tests.unit.made import at, in_full, made_case, made_job, made_snapshot, minutes

GB = 1_000_000_000
DAY = timedelta(days=1)
# Sizes of a job that varies by a tenth from night to night.
STEADY = [57, 55, 60, 58, 57, 54, 59, 61, 57, 56, 58, 57, 60, 55, 57, 58, 56, 59, 57, 58, 61]


def run(nights_ago: int, **changes: Any) -> Job:
    """A run of the job `db01` so many nights ago; 0 is the night that is judged."""
    back = nights_ago * DAY
    took = changes.pop("took", minutes(30))
    start = at("20 23:00") - back
    return made_job(
        1000 - nights_ago,
        **{
            "name": "db01",
            "client": "db01-fd",
            "scheduled": start,
            "started": start,
            "ended": start + took,
            "real_ended": start + took,
            "files": 5_000,
            "bytes": 57 * GB,
            **changes,
        },
    )


def found(*runs: Job, policy: Policy | None = None) -> list[Notice]:
    """What is told of a night whose runs are those of no night ago."""
    of_night = [job for job in runs if (job.started or at("20 22:00")) > at("20 12:00")]
    earlier = [job for job in runs if job not in of_night]
    history = History(tuple(reversed(earlier)), since=at("20 12:00") - 40 * DAY)
    snapshot = made_snapshot(*of_night, history=history)
    return in_full(unusual.notices(made_case(snapshot, policy)))


def earlier(sizes: Sequence[float], first: int = 1, **changes: Any) -> list[Job]:
    """Runs that saved so many GB, the last one `first` nights ago."""
    return [
        run(number, bytes=int(size * GB), **changes)
        for number, size in reversed(list(enumerate(reversed(sizes), first)))
    ]


def kinds(notices: list[Notice]) -> list[Kind]:
    return [notice.kind for notice in notices]


# --- empty ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "runs", "told"),
    [
        ("F", 5, [Kind.EMPTY]),
        ("F", 4, []),
        ("f", 5, [Kind.EMPTY]),
        # Two runs on the same day of the week are needed, so two weeks.
        ("I", 14, [Kind.EMPTY]),
        ("I", 13, []),
        ("D", 14, [Kind.EMPTY]),
        ("D", 5, []),
    ],
)
def test_an_empty_backup_is_told_once_enough_runs_are_known(
    level: str, runs: int, told: list[Kind]
) -> None:
    past = earlier(STEADY[:runs], level=level)
    assert kinds(found(*past, run(0, level=level, files=0, bytes=0)))[:1] == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"files": 0, "bytes": 0}, [Kind.EMPTY]),
        ({"files": 0}, [Kind.EMPTY]),
        ({"bytes": 0}, [Kind.EMPTY]),
        ({}, []),
        ({"files": None, "bytes": None}, []),
        # A failure is told elsewhere.
        ({"files": 0, "bytes": 0, "status": "f"}, []),
        ({"files": 0, "bytes": 0, "type": "V"}, []),
        ({"files": 0, "bytes": 0, "type": "C", "prior_jobid": 999}, []),
        ({"files": 0, "bytes": 0, "client": "web01-fd"}, []),
        ({"files": 0, "bytes": 0, "fileset": "Other"}, []),
        ({"files": 0, "bytes": 0, "level": "D"}, []),
        ({"files": 0, "bytes": 0, "errors": 3}, [Kind.EMPTY]),
    ],
)
def test_only_a_good_backup_that_saved_nothing_is_empty(
    changes: dict[str, Any], told: list[Kind]
) -> None:
    assert kinds(found(*earlier(STEADY[:5]), run(0, **changes))) == told


@pytest.mark.parametrize(
    ("level", "past", "now"),
    [
        # It was empty before.
        ("F", {"files": [5000, 5000, 0, 5000, 5000, 5000]}, {"files": 0}),
        # It never saved much.
        ("F", {"files": [99] * 9, "bytes": [999_999] * 9}, {"files": 0, "bytes": 0}),
        # A quiet day is normal: it was nearly empty before.
        ("I", {"files": [5000] * 9 + [9] + [5000] * 9}, {"files": 0}),
        ("I", {"files": [5000] * 9 + [249] + [5000] * 9}, {"files": 0}),
        ("I", {"files": [150] * 9 + [9] + [150] * 9}, {"files": 0}),
    ],
)
def test_a_job_that_may_be_empty_is_not_missed_when_it_is(
    level: str, past: dict[str, list[int]], now: dict[str, int]
) -> None:
    count = len(past["files"])
    runs = [
        run(count - i, level=level, **{name: values[i] for name, values in past.items()})
        for i in range(count)
    ]
    assert Kind.EMPTY not in kinds(found(*runs, run(0, level=level, **now)))


def test_the_sentence_of_an_empty_backup_names_what_is_usual_and_from_how_many_runs() -> None:
    (notice,) = found(*earlier(STEADY[:12]), run(0, files=0, bytes=0))
    assert str(notice.sentence) == (
        "db01 on db01-fd saved 0 files instead of the usual 5,000 files "
        "(median of 12 earlier Fulls)."
    )
    assert notice.severity is Severity.CRITICAL
    assert (notice.client, notice.job, notice.jobids) == ("db01-fd", "db01", (1000,))
    assert notice.since == at("20 23:00")
    assert (notice.nights, notice.news) == (1, News.NEW)
    assert notice.action is not None


def test_a_backup_that_stays_empty_is_told_each_night_with_its_first() -> None:
    past = [*earlier(STEADY[:8], first=4), *earlier([0, 0, 0], files=0)]
    (notice,) = found(*past, run(0, files=0, bytes=0))
    assert notice.kind is Kind.EMPTY
    assert (notice.nights, notice.news) == (4, News.CONTINUING)
    assert notice.since == at("17 23:00")


def test_what_has_been_empty_for_nights_is_not_new_though_it_began_in_the_period() -> None:
    nothing = [run(n, files=0, bytes=0) for n in (1, 0)]
    history = History(tuple(earlier(STEADY[:8], first=2)), since=at("20 12:00") - 40 * DAY)
    (notice,) = unusual.notices(made_case(made_snapshot(*nothing, history=history)))
    assert (notice.nights, notice.news) == (2, News.CONTINUING)


# --- unusual ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (
            {"bytes": 1_200_000_000},
            "{job} saved 1200000000 B instead of the usual 57000000000 B "
            "(median of 12 earlier Fulls).",
        ),
        (
            {"bytes": 300 * GB},
            "{job} saved 300000000000 B instead of the usual 57000000000 B "
            "(median of 12 earlier Fulls).",
        ),
        (
            {"files": 1},
            "{job} saved 1 file instead of the usual 5,000 files (median of 12 earlier Fulls).",
        ),
        (
            {"took": minutes(300)},
            "{job} took 5:00:00 instead of the usual 0:30:00 (median of 12 earlier Fulls).",
        ),
        # Of several measures the one that is furthest away; of equals, the size.
        (
            {"took": minutes(300), "files": 1},
            "{job} saved 1 file instead of the usual 5,000 files (median of 12 earlier Fulls).",
        ),
        (
            {"bytes": 570 * GB, "files": 50_000},
            "{job} saved 570000000000 B instead of the usual 57000000000 B "
            "(median of 12 earlier Fulls).",
        ),
    ],
)
def test_the_sentence_names_the_value_the_usual_one_and_the_runs_it_comes_from(
    now: dict[str, Any], sentence: str
) -> None:
    (notice,) = found(*earlier(STEADY[:12]), run(0, **now))
    assert (notice.kind, notice.severity) == (Kind.UNUSUAL, Severity.WARNING)
    assert str(notice.sentence) == sentence.format(job="db01 on db01-fd")
    assert (notice.client, notice.job, notice.jobids) == ("db01-fd", "db01", (1000,))
    assert (notice.nights, notice.news, notice.since) == (1, News.NEW, at("20 23:00"))
    assert notice.action is not None


@pytest.mark.parametrize(
    ("past", "now", "told"),
    [
        # The border of the factor.
        ([60] * 6, {"bytes": 20 * GB}, True),
        ([60] * 6, {"bytes": 20 * GB + 1}, False),
        ([60] * 6, {"bytes": 180 * GB}, True),
        ([60] * 6, {"bytes": 180 * GB - 1}, False),
        # One sample too few.
        ([60] * 5, {"bytes": 1 * GB}, False),
        # A few MB more or less are nothing, however many times more.
        ([0.001] * 6, {"bytes": 10_000_000}, False),
        ([0.001] * 6, {"bytes": 11_000_000}, True),
        ([0.0001] * 6, {"bytes": 0}, False),
        # It has always varied widely: by ten times from one night to the other.
        ([1, 10, 100, 3, 30, 1, 100, 10, 2, 50], {"bytes": 400 * GB}, False),
        # Outliers do not make the usual.
        ([60, 60, 9_000, 60, 60, 0.1, 60, 60], {"bytes": 2 * GB}, True),
    ],
)
def test_a_full_is_unusual_when_its_size_is_far_from_the_earlier_ones(
    past: list[float], now: dict[str, Any], told: bool
) -> None:
    assert bool(found(*earlier(past), run(0, **now))) is told


@pytest.mark.parametrize(
    ("usual", "took", "told"),
    [
        (30, 300, True),
        # Less than ten minutes, or ten minutes more, is never long.
        (1, 9.9, False),
        (3, 12.9, False),
        (3, 13, True),
        # To be quick is no harm.
        (300, 5, False),
    ],
)
def test_only_what_takes_really_longer_is_unusual_in_time(
    usual: float, took: float, told: bool
) -> None:
    past = [run(n, took=minutes(usual)) for n in range(10, 0, -1)]
    assert bool(found(*past, run(0, took=minutes(took)))) is told


@pytest.mark.parametrize(
    ("usual", "files", "told"), [(5000, 1666, True), (5000, 1667, False), (60, 1, False)]
)
def test_few_files_more_or_less_are_nothing(usual: int, files: int, told: bool) -> None:
    past = [run(n, files=usual) for n in range(10, 0, -1)]
    assert bool(found(*past, run(0, files=files))) is told


def weeks(count: int, weekday: float, weekend: float) -> list[Job]:
    """Incrementals of so many weeks; Saturdays and Sundays differ. The night judged is a Friday."""
    return [
        run(n, level="I", bytes=int((weekend if n % 7 in (5, 6) else weekday) * GB))
        for n in range(7 * count, 0, -1)
    ]


def test_a_quiet_day_of_the_week_is_not_unusual() -> None:
    assert found(*weeks(4, 5, 0.05), run(0, level="I", bytes=5 * GB)) == []
    shifted = [replace(job, level="I") for job in weeks(4, 5, 5)]
    # Every seventh run, those of the night's own weekday, is small.
    quiet = [replace(job, bytes=GB // 20) if job.jobid % 7 == 1000 % 7 else job for job in shifted]
    assert found(*quiet, run(0, level="I", bytes=GB // 20)) == []


def test_less_than_usual_but_more_than_on_that_weekday_is_not_unusual() -> None:
    usual = weeks(4, 10, 10)
    quiet = [replace(job, bytes=GB // 10) if job.jobid % 7 == 1000 % 7 else job for job in usual]
    assert found(*quiet, run(0, level="I", bytes=GB)) == []


def test_an_incremental_far_from_those_of_all_and_of_its_own_weekday_is_unusual() -> None:
    assert kinds(found(*weeks(4, 5, 0.05), run(0, level="I", bytes=GB // 20))) == [Kind.UNUSUAL]


def test_an_incremental_whose_weekday_is_not_known_well_is_not_judged() -> None:
    past = earlier([5] * 13, level="I")
    assert found(*past, run(0, level="I", bytes=GB // 20)) == []
    past = earlier([5] * 14, level="I")
    assert kinds(found(*past, run(0, level="I", bytes=GB // 20))) == [Kind.UNUSUAL]


def test_levels_and_filesets_are_compared_with_their_own_kind_only() -> None:
    incrementals = earlier([0.1] * 14, level="I")
    assert found(*incrementals, run(0, level="F")) == []
    other = earlier([0.1] * 14, fileset="Other")
    assert found(*other, run(0)) == []


def test_only_the_newest_run_of_a_level_is_judged() -> None:
    past = earlier([57] * 8)
    odd = run(0, bytes=GB)
    later = replace(
        run(0), jobid=2000, started=at("21 02:00"), ended=at("21 03:00"), real_ended=at("21 03:00")
    )
    assert found(*past, odd, later) == []


def test_a_job_is_told_once_however_many_levels_are_odd() -> None:
    full = [*earlier([57] * 14), run(0, bytes=GB)]
    incremental = [
        replace(job, jobid=job.jobid + 5000, level="I")
        for job in [*earlier([5] * 14), run(0, bytes=0, files=0)]
    ]
    assert kinds(found(*full, *incremental)) == [Kind.EMPTY]


def test_what_stays_unusual_tells_since_when() -> None:
    past = [*earlier([57] * 9, first=3), *earlier([1, 1])]
    (notice,) = found(*past, run(0, bytes=GB))
    assert (notice.nights, notice.news, notice.since) == (3, News.CONTINUING, at("18 23:00"))


def test_what_was_far_too_large_before_is_no_part_of_being_too_small() -> None:
    past = [*earlier([57] * 9, first=3), *earlier([900, 800])]
    (notice,) = found(*past, run(0, bytes=GB))
    assert (notice.nights, notice.since) == (1, at("20 23:00"))


@pytest.mark.parametrize(
    ("level", "basis"),
    [
        ("F", "median of 14 earlier Fulls"),
        ("D", "median of 14 earlier Differentials"),
        ("I", "median of 14 earlier Incrementals"),
        ("S", "median of 14 earlier runs"),
    ],
)
def test_it_is_said_what_a_run_was_compared_with(level: str, basis: str) -> None:
    (notice,) = found(*earlier([57] * 14, level=level), run(0, level=level, bytes=GB))
    assert str(notice.sentence).endswith(f"({basis}).")


@pytest.mark.parametrize(
    "other",
    [
        # Another job of the night that is well, one that had no run in it, one that is no backup.
        {"name": "a", "jobid": 1},
        {"name": "a", "jobid": 1, "type": "V"},
    ],
)
def test_another_job_hides_none_that_is_unusual(other: dict[str, Any]) -> None:
    neighbour = replace(run(3), **other)
    (notice,) = found(neighbour, *earlier([57] * 9), run(0, bytes=GB))
    assert notice.job == "db01"


def test_only_backups_save_anything() -> None:
    verified = [replace(job, type="V") for job in (*earlier([57] * 9), run(0, bytes=0, files=0))]
    assert found(*verified) == []


def test_eight_runs_two_of_them_on_the_same_weekday_tell_an_empty_one() -> None:
    ago = [14, 13, 12, 11, 10, 9, 8, 7]
    past = [run(n, level="I") for n in ago]
    assert kinds(found(*past, run(0, level="I", bytes=0, files=0))) == [Kind.EMPTY]
    for fewer in (past[1:], [past[0], *past[2:]]):
        assert Kind.EMPTY not in kinds(found(*fewer, run(0, level="I", bytes=0, files=0)))


def test_what_has_changed_for_good_becomes_usual() -> None:
    past = [*earlier([57] * 9, first=11), *earlier([1] * 10)]
    assert found(*past, run(0, bytes=GB)) == []


def test_a_virtual_full_is_not_judged_by_the_times_it_inherits() -> None:
    past = [run(n, took=minutes(20)) for n in range(10, 0, -1)]
    virtual = run(0, took=minutes(20), real_ended=at("21 07:00"))
    assert virtual.inherits_times
    assert found(*past, virtual) == []


def test_nothing_is_said_of_a_job_that_is_told_to_vary() -> None:
    past = earlier([57] * 8)
    policy = Policy(rules=(JobRule(job="db*", unusual=False),))
    assert found(*past, run(0, files=0, bytes=0), policy=policy) == []
    assert found(*past, run(0, bytes=GB), policy=policy) == []
    other = Policy(rules=(JobRule(job="web*", unusual=False),))
    assert kinds(found(*past, run(0, bytes=GB), policy=other)) == [Kind.UNUSUAL]


@pytest.mark.parametrize(
    ("factor", "now", "action"),
    [
        (1.5, {"bytes": 100 * GB}, "Look at what has grown"),
        (2.0, {"bytes": 27 * GB}, "Check that its FileSet still holds"),
        (2.0, {"took": minutes(75)}, "Look at the load of the Client"),
        # What never varied has some play nevertheless.
        (1.2, {"bytes": 72 * GB}, None),
    ],
)
def test_a_policy_may_ask_for_smaller_differences(
    factor: float, now: dict[str, Any], action: str | None
) -> None:
    told = found(*earlier([57] * 8), run(0, **now), policy=Policy(unusual_factor=factor))
    if action is None:
        assert told == []
    else:
        (notice,) = told
        assert str(notice.action).startswith(action)


@pytest.mark.parametrize(("factor", "told"), [(3.0, True), (10.0, True), (60.0, False)])
def test_the_factor_is_the_policys(factor: float, told: bool) -> None:
    past = earlier([57] * 8)
    policy = Policy(unusual_factor=factor)
    assert bool(found(*past, run(0, bytes=GB), policy=policy)) is told


@pytest.mark.parametrize("value", [-1, 10**18, 10**400, None])
def test_rubbish_is_not_known(value: int | None) -> None:
    past = earlier([57] * 8)
    assert found(*past, run(0, bytes=value)) == []
    rubbish = [run(n, bytes=value) for n in range(8, 0, -1)]
    assert found(*rubbish, run(0)) == []


def test_a_run_that_began_before_the_period_and_nothing_of_it_is_not_told() -> None:
    assert found(*earlier([57] * 8), *earlier([1])) == []


@given(
    st.lists(st.integers(0, 10**12), max_size=24),
    st.integers(0, 10**12),
    st.sampled_from("FDI"),
    st.integers(0, 23),
)
def test_fewer_runs_never_make_an_alarm_of_nothing_known(
    sizes: list[int], now: int, level: str, kept: int
) -> None:
    """With fewer earlier runs than are enough there is silence."""
    past = [run(n, bytes=s, level=level) for n, s in enumerate(sizes[:kept], 1)]
    notices = found(*past, run(0, bytes=now, level=level))
    if len(past) < 5:
        assert notices == []
    assert len(notices) <= 1


@given(st.lists(st.integers(90, 110), min_size=6, max_size=30), st.integers(90, 110))
def test_what_varies_by_a_tenth_is_never_unusual(sizes: list[int], now: int) -> None:
    past = [run(n, bytes=s * GB, files=s * 100) for n, s in enumerate(sizes, 1)]
    assert found(*past, run(0, bytes=now * GB, files=now * 100)) == []
