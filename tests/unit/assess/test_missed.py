"""A run that was due and is not there is told; one that may not have been due is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assess.finding import Kind, Notice, Severity
from app.assess.findings.missed import RAN_AGAIN, notices
from app.bacula.model import Job, JobResource, ScheduledRun
from app.period import Period
from app.policy import JobRule, Policy
from app.snapshot import Filters, GapSource, History, Snapshot
from tests.unit.made import (
    NIGHT,
    NOW,
    SEOUL,
    at,
    in_full,
    made_case,
    made_run,
    made_snapshot,
    minutes,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
Rule = Callable[[date], bool]


def daily(day: date) -> bool:
    return True


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def on(weekday: int) -> Rule:
    return lambda day: day.weekday() == weekday


def in_weeks(*weeks: int, weekday: int | None = None) -> Rule:
    """In certain weeks of the month: the first seven days are its first."""
    return lambda day: (day.day + 6) // 7 in weeks and (weekday is None or day.weekday() == weekday)


def moments(rule: Rule, clock: time, first: date, last: date, zone: tzinfo) -> list[datetime]:
    """When a rule has a job run, by the clock of a zone; a time that is skipped never comes."""
    days = [first + n * DAY for n in range((last - first).days + 1)]
    due = [datetime.combine(day, clock, zone).astimezone(UTC) for day in days if rule(day)]
    return [moment for moment in due if moment.astimezone(zone).time() == clock]


def ran(*times: datetime, **changes: Any) -> list[Job]:
    return [made_run(n, moment, **changes) for n, moment in enumerate(sorted(times), 1)]


def foreseen(*times: datetime, **changes: Any) -> tuple[ScheduledRun, ...]:
    run = ScheduledRun("dump", "db01-fd", "B", "I", NOW, "Nightly")
    return tuple(replace(run, due=moment, **changes) for moment in times)


def night(
    runs: Iterable[Job],
    schedule: Sequence[ScheduledRun] | None = None,
    *,
    period: Period = NIGHT,
    **changes: Any,
) -> Snapshot:
    """A night with these runs; those that ended before it are its history."""
    runs = list(runs)
    past = [run for run in runs if run.run_end is not None and run.run_end < period.start]
    snapshot = made_snapshot(*(run for run in runs if run not in past))
    values: dict[str, Any] = {
        "now": period.end,
        "period": period,
        "history": History(tuple(past), since=period.start - 36 * DAY),
        "schedule": None if schedule is None else tuple(schedule),
    }
    return replace(snapshot, **(values | changes))


def told(snapshot: Snapshot, policy: Policy | None = None) -> list[Notice]:
    return in_full(notices(made_case(snapshot, policy)))


def kinds(snapshot: Snapshot, policy: Policy | None = None) -> list[tuple[Kind, Severity]]:
    return [(notice.kind, notice.severity) for notice in told(snapshot, policy)]


def nights_at(clock: time, rule: Rule = daily, *, last: int = 19, days: int = 34) -> list[datetime]:
    """When it was due in the nights up to the one of a day in November."""
    until = date(2026, 11, 1) + (last - 1) * DAY
    return moments(rule, clock, until - days * DAY, until, SEOUL)


def week_at(clock: time, rule: Rule = daily, *, first: int = 21) -> tuple[ScheduledRun, ...]:
    """What the schedule has of the coming eight days."""
    begin = date(2026, 11, first)
    return foreseen(*moments(rule, clock, begin, begin + 7 * DAY, SEOUL))


def morning(day: int) -> Period:
    """From ten in the evening to eight in the morning of a day in November."""
    end = at(f"{day:02} 08:00").astimezone(SEOUL)
    return Period(end - timedelta(hours=10), end)


MISSED = [(Kind.MISSED, Severity.CRITICAL)]
HALF_PAST_TEN = time(22, 30)
SCHEDULE = week_at(HALF_PAST_TEN)
PAST = ran(*nights_at(HALF_PAST_TEN))

# --- by the schedule ----------------------------------------------------------------------------


def test_a_nightly_job_that_did_not_run_last_night_is_missed() -> None:
    (notice,) = told(night(PAST, SCHEDULE))
    assert (notice.kind, notice.job, notice.client) == (Kind.MISSED, "dump", "db01-fd")
    assert (notice.since, notice.nights, notice.detail) == (at("20 22:30"), 1, "")
    assert str(notice.sentence) == (
        "dump on db01-fd did not run though it was due 2026-11-20 13:30 (Schedule Nightly). "
        "The last run before that was 2026-11-19 13:30."
    )
    assert notice.action is not None


def test_a_job_that_ran_is_not_missed() -> None:
    assert told(night([*PAST, made_run(99, at("20 22:30"))], SCHEDULE)) == []


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("21 00:00", MISSED),
        ("21 02:00", MISSED),
        ("21 07:50", MISSED),
        # The Director may be about to start it.
        ("21 07:51", []),
        ("21 08:00", []),
        ("21 08:01", []),
        ("21 22:00", []),
    ],
)
def test_what_was_due_today_is_certain(due: str, expected: list[object]) -> None:
    """Even if it never ran at that time before: a monthly job, a new time of day."""
    assert kinds(night([made_run(1, at("15 12:00"))], foreseen(at(due)))) == expected


@pytest.mark.parametrize(
    ("clock", "expected"), [(time(21, 59), []), (time(22, 0), MISSED), (time(23, 59), MISSED)]
)
def test_what_was_due_at_the_very_beginning_of_the_period_counts(
    clock: time, expected: list[object]
) -> None:
    assert kinds(night(ran(*nights_at(clock)), week_at(clock))) == expected


def test_today_begins_at_midnight_whatever_the_clock_shows_now() -> None:
    now = at("21 08:17").astimezone(SEOUL) + timedelta(seconds=23.5)
    found = told(
        night([made_run(1, at("15 12:00"))], foreseen(at("21 00:00")),
              period=Period(NIGHT.start, now))
    )  # fmt: skip
    assert [notice.since for notice in found] == [at("21 00:00")]


def test_what_was_due_in_the_evening_is_judged_soon_after_midnight() -> None:
    late = time(23, 30)
    period = Period(NIGHT.start, at("21 00:45").astimezone(SEOUL))
    assert kinds(night(ran(*nights_at(late)), week_at(late), period=period)) == MISSED


def test_what_was_due_as_the_period_begins_counts() -> None:
    schedule, runs = foreseen(at("21 02:00")), [made_run(1, at("15 12:00"))]
    for begin, expected in (("21 02:00", MISSED), ("21 02:01", [])):
        period = Period(at(begin).astimezone(SEOUL), NOW)
        assert kinds(night(runs, schedule, period=period)) == expected


def test_what_is_due_at_midnight_is_missed_on_any_day_of_a_week() -> None:
    period = Period(at("13 22:00").astimezone(SEOUL), NOW)
    due = nights_at(time(0, 0), last=21, days=45)
    for gone in ("14 00:00", "17 00:00", "21 00:00"):
        runs = ran(*(moment for moment in due if moment != at(gone)))
        found = told(night(runs, week_at(time(0, 0)), period=period))
        assert [notice.since for notice in found] == [at(gone)]


def test_of_a_long_period_the_night_before_confirms_what_was_due_weeks_ago() -> None:
    """It was set up two nights before the one that is missing, so no week tells."""
    period = Period(at("08 22:00").astimezone(SEOUL), NOW)
    nights = [at(f"{day:02} 22:30") for day in (8, 9, *range(11, 21))]
    assert [n.since for n in told(night(ran(*nights), SCHEDULE, period=period))] == [at("10 22:30")]


def test_of_a_job_that_never_ran_another_finding_tells() -> None:
    assert told(night([], foreseen(at("21 02:00")))) == []


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (made_run(99, at("20 22:30"), "f"), []),
        (made_run(99, at("20 22:30"), "A"), []),
        (made_run(99, at("20 22:30"), "R"), []),
        (made_run(99, at("20 22:30"), "C", started=None), []),
        (made_run(99, at("20 22:30"), "Y"), []),
        # Started by hand, afterwards or shortly before.
        (made_run(99, at("21 06:00")), []),
        (made_run(99, at("20 22:00")), []),
        (made_run(99, at("20 21:59")), MISSED),
        (made_run(99, at("20 22:00"), ended=at("20 22:05"), real_ended=at("20 22:05")), []),
        # An earlier one that still ran: a second one is not started.
        (made_run(99, at("19 22:30"), "R"), []),
        (made_run(99, at("19 22:30"), ended=at("20 22:30"), real_ended=at("20 22:30")), []),
        (made_run(99, at("19 22:30"), ended=at("20 22:29"), real_ended=at("20 22:29")), MISSED),
        # One that waits for a time still to come stands for nothing.
        (made_run(99, at("22 05:00"), "C", created=at("19 10:00"), started=None), MISSED),
        # The same job on another client, whose name was changed; another job.
        (made_run(99, at("20 22:30"), client="db01-new-fd"), []),
        (made_run(99, at("20 22:30"), name="dump2"), MISSED),
        # A copy of an older run is no run.
        (made_run(99, at("20 22:30"), type="C", prior_jobid=1), MISSED),
    ],
)
def test_a_run_stands_for_what_was_due_at_its_time(run: Job, expected: list[object]) -> None:
    assert kinds(night([*PAST, run], SCHEDULE)) == expected


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        (weekdays, 21, MISSED),
        (weekdays, 22, []),
        (weekdays, 23, []),
        (weekdays, 24, MISSED),
        (on(4), 21, MISSED),
        (on(4), 22, []),
        # Only on the first Friday, or on all but the first, of a month.
        (in_weeks(1, weekday=4), 28, []),
        (in_weeks(2, 3, 4, 5, weekday=4), 7, []),
        (in_weeks(1, 3, 5, weekday=4), 14, []),
        # Every night but on the first Friday, when another job makes the Full.
        (lambda day: not in_weeks(1, weekday=4)(day), 7, []),
        (lambda day: day.day != 1, 2, []),
    ],
)
def test_the_week_to_come_tells_of_the_night_before(
    rule: Rule, day: int, expected: list[object]
) -> None:
    """Each night is that before the morning of a day; the 20th of November 2026 was a Friday."""
    runs = ran(*nights_at(HALF_PAST_TEN, rule, last=day - 2, days=40))
    schedule = week_at(HALF_PAST_TEN, rule, first=day)
    assert kinds(night(runs, schedule, period=morning(day))) == expected


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        ([1], MISSED),
        # The night before was missed, too, and yet it is a job of every night.
        ([2], MISSED),
        ([7, 14, 21, 28, 35], MISSED),
        ([7, 14, 28, 35], MISSED),
        ([7, 14], []),
        ([3], []),
        ([7], []),
        # Four of the last five weeks are needed, and the sixth is none of them.
        ([21, 28, 35, 42], []),
        # It is not as old as a month, so that it did not run then is no exception of each month.
        ([*range(1, 26)], MISSED),
    ],
)
def test_the_past_must_confirm_what_the_schedule_of_today_says_of_yesterday(
    days_ago: list[int], expected: list[object]
) -> None:
    """The job may have been set up, or its time changed, since."""
    runs = ran(*(at("20 22:30") - days * DAY for days in days_ago))
    history = History(tuple(runs), since=NIGHT.start - 50 * DAY)
    assert kinds(night(runs, SCHEDULE, history=history)) == expected


def test_that_it_ran_the_day_before_proves_nothing_where_that_was_not_foreseen() -> None:
    """On Wednesdays, Fridays and Saturdays from now on; it was run by hand on Thursday."""
    schedule = week_at(HALF_PAST_TEN, lambda day: day.weekday() in (2, 4, 5))
    assert told(night([made_run(1, at("19 22:30"))], schedule)) == []


def test_that_it_is_no_older_than_a_month_must_be_known() -> None:
    """Else it may be one that is left out each month."""
    runs = ran(*(at("20 22:30") - days * DAY for days in range(1, 26)))
    assert told(night(runs, SCHEDULE)) == []


def test_a_single_run_that_still_went_on_stands_for_the_next() -> None:
    long_one = made_run(1, at("19 22:30"), ended=at("21 03:00"), real_ended=at("21 03:00"))
    assert told(night([long_one], foreseen(at("21 02:00")))) == []
    (notice,) = told(night([long_one], foreseen(at("21 03:01"))))
    assert notice.since == at("21 03:01")


def test_where_it_never_ran_before_it_is_said_so() -> None:
    failed = made_run(1, at("21 02:00"), "f")
    (notice,) = told(night([failed], foreseen(at("21 01:00"), at("21 02:00"))))
    assert str(notice.sentence).endswith("No run before that is known.")


EVERY_TWENTY_MINUTES = foreseen(at("21 01:00"), at("21 01:20"), at("21 01:40"))


@pytest.mark.parametrize(
    ("runs", "missing"),
    [
        (["01:00", "01:20", "01:40"], []),
        # Each run stands for the time to which it is nearest.
        (["01:00", "01:40"], ["01:20"]),
        (["01:00", "01:12", "01:40"], []),
        (["01:00", "01:27", "01:40"], []),
        (["01:00", "01:32"], ["01:20"]),
        (["01:00", "01:30"], ["01:20"]),
        (["01:20"], ["01:00", "01:40"]),
    ],
)
def test_a_run_stands_for_one_of_several_times_near_to_each_other(
    runs: list[str], missing: list[str]
) -> None:
    past = made_run(1, at("15 12:00"))
    short = [
        made_run(n, begun, ended=begun + minutes(1), real_ended=begun + minutes(1))
        for n, begun in enumerate((at(f"21 {clock}") for clock in runs), 10)
    ]
    found = told(night([past, *short], EVERY_TWENTY_MINUTES))
    assert [notice.since for notice in found] == [at(f"21 {clock}") for clock in missing[:1]]
    assert all(("2 times" in str(notice.sentence)) is (len(missing) == 2) for notice in found)


@pytest.mark.parametrize(("second", "count"), [("01:04", 1), ("01:05", 2)])
def test_what_is_due_within_some_minutes_is_due_once(second: str, count: int) -> None:
    schedule = foreseen(at("21 01:00"), at(f"21 {second}"))
    (notice,) = told(night([made_run(1, at("15 12:00"))], schedule))
    assert ("2 times" in str(notice.sentence)) is (count == 2)


def test_a_job_of_several_clients_is_missed_for_each() -> None:
    clients = ("db01-fd", "db02-fd", "db03-fd")
    runs = [made_run(n, at("15 12:00"), client=client) for n, client in enumerate(clients, 1)]
    schedule = [
        run for client in clients for run in foreseen(at("21 01:00"), at("21 03:00"), client=client)
    ]
    found = told(night(runs, schedule))
    assert [(notice.client, "2 times" in str(notice.sentence)) for notice in found] == [
        (client, True) for client in clients
    ]


def test_a_job_that_was_on_time_hides_no_other_that_was_not() -> None:
    schedule = [*foreseen(at("21 01:00"), job="another"), *foreseen(at("21 02:00"))]
    runs = [made_run(1, at("15 12:00")), made_run(2, at("21 01:00"), name="another")]
    assert [notice.job for notice in told(night(runs, schedule))] == ["dump"]


def test_a_job_that_was_set_up_yesterday_is_not_missed() -> None:
    assert told(night([made_run(1, at("20 15:00"))], SCHEDULE)) == []


def test_a_job_whose_time_was_changed_yesterday_is_not_missed() -> None:
    """Up to yesterday at half past ten, from today on at eleven."""
    runs = [*PAST, made_run(99, at("20 22:30"))]
    assert told(night(runs, week_at(time(23, 0)))) == []


def test_a_job_that_is_no_longer_in_the_schedule_is_not_missed() -> None:
    """It was disabled, or renamed: another finding tells."""
    assert told(night(PAST, foreseen(at("21 22:30"), job="renamed"))) == []


@pytest.mark.parametrize(("runs", "expected"), [([0, 1, 2, 3], []), ([], MISSED), ([2], [])])
def test_an_hourly_schedule_that_shows_once_a_day_gives_no_false_alarm(
    runs: list[int], expected: list[object]
) -> None:
    """`status schedule` shows the first hour of each day only."""
    hours = [time(hour, 45) for hour in range(24)]
    past = [moment for hour in hours for moment in nights_at(hour, last=20)]
    past = [moment for moment in past if moment < at("20 23:50")]
    today = [at(f"21 0{hour}:45") for hour in runs]
    assert kinds(night(ran(*past, *today), week_at(time(0, 45)))) == expected


def test_several_missing_runs_of_one_job_are_told_once() -> None:
    period = Period(at("14 08:00").astimezone(SEOUL), NOW)
    missing = (at("16 22:30"), at("19 22:30"))
    times = [m for m in nights_at(HALF_PAST_TEN, days=45) if m not in missing]
    (notice,) = told(night(ran(*times), SCHEDULE, period=period))
    assert (notice.since, notice.nights) == (at("16 22:30"), 3)
    assert "did not run 3 times though it was due, first 2026-11-16" in str(notice.sentence)


A_WEEK = Period(at("14 08:00").astimezone(SEOUL), NOW)
AGAIN = [(Kind.MISSED, Severity.INFO)]


@pytest.mark.parametrize(
    ("missing", "changes", "expected"),
    [
        (["16 22:30"], {}, AGAIN),
        (["16 22:30", "18 22:30"], {}, AGAIN),
        (["16 22:30", "20 22:30"], {}, MISSED),
        (["20 22:30"], {}, MISSED),
        # A run that failed since, or still runs, makes nothing up.
        (["19 22:30"], {"status": "f"}, MISSED),
        (["19 22:30"], {"status": "R", "ended": None, "real_ended": None}, MISSED),
        (["19 22:30"], {"errors": 3}, AGAIN),
        (["19 22:30"], {"client": "web01-fd"}, MISSED),
        (["19 22:30"], {"type": "V"}, MISSED),
    ],
)
def test_a_missing_run_is_no_alarm_once_a_good_one_followed(
    missing: list[str], changes: dict[str, Any], expected: list[object]
) -> None:
    """The last run of the period is changed, if any is."""
    gone = [at(moment) for moment in missing]
    due = nights_at(HALF_PAST_TEN, last=20, days=45)
    runs = ran(*(moment for moment in due if moment not in gone))
    runs[-1] = replace(runs[-1], **changes)
    assert kinds(night(runs, SCHEDULE, period=A_WEEK)) == expected


def test_when_it_ran_again_is_said() -> None:
    due = nights_at(HALF_PAST_TEN, last=20, days=45)
    (notice,) = told(night(ran(*(m for m in due if m != at("16 22:30"))), SCHEDULE, period=A_WEEK))
    assert str(notice.sentence) == (
        "dump on db01-fd did not run though it was due 2026-11-16 13:30 (Schedule Nightly). "
        "It ran again since: 2026-11-17 13:30."
    )
    assert str(notice.action) == "Check the Director's log for why it was not started."
    assert notice.detail == RAN_AGAIN


@pytest.mark.parametrize(
    ("type_", "severity"),
    [("B", Severity.CRITICAL), ("V", Severity.WARNING), ("D", Severity.WARNING),
     ("c", Severity.WARNING), ("R", Severity.WARNING)],
)  # fmt: skip
def test_a_missing_backup_is_graver_than_a_missing_job_of_another_type(
    type_: str, severity: Severity
) -> None:
    runs = ran(*nights_at(HALF_PAST_TEN), type=type_)
    schedule = [replace(run, type=type_) for run in SCHEDULE]
    assert kinds(night(runs, schedule)) == [(Kind.MISSED, severity)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), MISSED),
        (Policy(rules=(JobRule("du*", expected=False),)), []),
        (Policy(rules=(JobRule("*", "web*", expected=False),)), MISSED),
    ],
)
def test_what_the_policy_does_not_expect_is_not_missed(
    policy: Policy, expected: list[object]
) -> None:
    assert kinds(night(PAST, SCHEDULE), policy) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(types=("B",)), MISSED),
        (Filters(types=("R", "V")), []),
        (Filters(clients=("db*",)), MISSED),
        (Filters(clients=("web*",)), []),
        (Filters(jobs=("d?mp",)), MISSED),
        (Filters(jobs=("dump2",)), []),
    ],
)
def test_only_what_the_report_would_show_is_missed(
    filters: Filters, expected: list[object]
) -> None:
    assert kinds(night(PAST, SCHEDULE, filters=filters)) == expected


@pytest.mark.parametrize("source", [GapSource.JOBS, GapSource.OPEN_JOBS])
@pytest.mark.parametrize("schedule", [SCHEDULE, None])
def test_nothing_is_missed_when_the_list_of_jobs_has_a_gap(
    source: GapSource, schedule: tuple[ScheduledRun, ...] | None
) -> None:
    gaps = made_snapshot(gaps=[source]).gaps
    assert told(night(PAST, schedule, gaps=gaps)) == []


def test_without_a_past_only_today_is_judged() -> None:
    runs = [made_run(99, at("20 22:10"))]
    schedule = [*SCHEDULE, *foreseen(at("21 02:00"))]
    (notice,) = told(night(runs, schedule, history=History()))
    assert notice.since == at("21 02:00")


@pytest.mark.parametrize("begin", ["21 01:30", "21 01:31", "21 01:59"])
def test_what_may_have_run_shortly_before_a_period_without_a_past_is_not_missed(begin: str) -> None:
    period = Period(at(begin).astimezone(SEOUL), NOW)
    runs = [made_run(99, at("21 05:00"), name="other"), made_run(98, at("21 07:00"))]
    snapshot = night(runs, foreseen(at("21 02:00")), period=period, history=History())
    assert told(replace(snapshot, jobs=snapshot.jobs[:1])) == []


# --- by the rhythm ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        (daily, 21, MISSED),
        (weekdays, 21, MISSED),
        (weekdays, 22, []),
        (weekdays, 23, []),
        (weekdays, 24, MISSED),
        (on(4), 21, MISSED),
        (on(4), 22, []),
        (in_weeks(1, weekday=4), 7, []),
        (in_weeks(2, 3, 4, 5, weekday=4), 7, []),
        (in_weeks(1, 3, 5, weekday=4), 14, []),
        (lambda day: day.day != 1, 2, []),
    ],
)
def test_without_a_schedule_the_rhythm_tells(rule: Rule, day: int, expected: list[object]) -> None:
    runs = ran(*nights_at(HALF_PAST_TEN, rule, last=day - 2, days=40))
    assert kinds(night(runs, period=morning(day))) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (JobResource("dump", "B", enabled=True), MISSED),
        (JobResource("dump", "B", enabled=None), MISSED),
        (JobResource("dump", "B", enabled=False), []),
        (JobResource("renamed", "B", enabled=True), []),
    ],
)
def test_a_job_that_is_disabled_or_gone_has_no_rhythm_to_keep(
    resource: JobResource, expected: list[object]
) -> None:
    assert kinds(night(PAST, resources=(resource,))) == expected


@pytest.mark.parametrize(
    ("days_ago", "known", "expected"),
    [
        ([7, 14], 15, MISSED),
        ([7, 14], 20, MISSED),
        # Twice is no rhythm where the third time is known to be missing.
        ([7, 14], 22, []),
        ([7, 14, 21], 22, MISSED),
        ([7, 14, 21, 28, 35], 36, MISSED),
        ([14, 21, 28, 35], 36, MISSED),
        ([7, 21, 28, 35], 36, MISSED),
        ([21, 28, 35], 36, []),
        ([7, 14, 21, 28], 36, []),
        ([14, 28, 35], 36, []),
        # A single older run does not make the weeks between known.
        ([7, 14, 21, 35], 22, MISSED),
        ([7], 10, []),
        ([1, 2, 3], 36, []),
    ],
)
def test_a_rhythm_needs_weeks(days_ago: list[int], known: int, expected: list[object]) -> None:
    runs = ran(*(at("20 22:30") - days * DAY for days in days_ago))
    history = History(since=NIGHT.start - known * DAY)
    snapshot = night(runs)
    snapshot = replace(snapshot, history=replace(history, jobs=snapshot.history.jobs))
    assert kinds(snapshot) == expected


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        ("20 22:39", None),
        ("20 22:40", Kind.LATE),
        ("21 00:29", Kind.LATE),
        ("21 00:30", Kind.MISSED),
    ],
)
def test_by_its_rhythm_alone_a_job_is_late_before_it_is_missed(now: str, kind: Kind | None) -> None:
    period = Period(NIGHT.start, at(now).astimezone(SEOUL))
    found = told(night(PAST, period=period))
    assert [notice.kind for notice in found] == ([] if kind is None else [kind])
    if kind is Kind.LATE:
        assert found[0].severity is Severity.WARNING
        assert "has not begun yet; it was due" in str(found[0].sentence)


def test_a_period_of_the_past_is_judged_by_the_rhythm() -> None:
    """Whatever the schedule of today says."""
    snapshot = night(PAST, foreseen(), now=NOW + 3 * DAY)
    assert "it ran at this time in the weeks before" in str(told(snapshot)[0].sentence)


@pytest.mark.parametrize(
    ("rule", "last", "expected"),
    [
        # All but the first Friday of a month; Friday the 4th of December was one.
        (lambda day: not in_weeks(1, weekday=4)(day), date(2026, 12, 4), []),
        # All but the last day of a month.
        (lambda day: (day + DAY).day != 1, date(2026, 12, 31), []),
        (daily, date(2026, 12, 31), MISSED),
        # Sundays, the first to the fourth: the 29th of November is the first fifth one for months.
        (in_weeks(1, 2, 3, 4, weekday=6), date(2026, 11, 29), []),
        # Not so if it ran in such a week, or on another day of each week, too.
        (
            lambda day: day.weekday() == 6 or day == date(2026, 10, 29),
            date(2026, 11, 29),
            MISSED,
        ),
        (lambda day: day.weekday() in (2, 6), date(2026, 11, 29), MISSED),
        (on(6), date(2026, 11, 22), MISSED),
    ],
)
def test_what_is_left_out_each_month_is_not_missed(
    rule: Rule, last: date, expected: list[object]
) -> None:
    due = moments(rule, HALF_PAST_TEN, last - 50 * DAY, last - DAY, SEOUL)
    end = datetime.combine(last + DAY, time(8, 0), SEOUL)
    assert kinds(night(ran(*due), period=Period(end - 10 * HOUR, end))) == expected


@pytest.mark.parametrize(("by_hand", "expected"), [("20 17:00", []), ("20 16:00", MISSED)])
def test_by_its_rhythm_a_run_stands_for_what_is_due_within_half_the_time_since_the_one_before(
    by_hand: str, expected: list[object]
) -> None:
    """Twice a day: six hours."""
    runs = [*nights_at(time(10, 30), last=20), *nights_at(HALF_PAST_TEN), at(by_hand)]
    assert kinds(night(ran(*runs))) == expected


@pytest.mark.parametrize(("by_hand", "expected"), [("20 10:30", []), ("20 10:29", MISSED)])
def test_by_its_rhythm_a_run_stands_for_what_is_due_half_a_day_later(
    by_hand: str, expected: list[object]
) -> None:
    for rule in (daily, on(4)):
        runs = ran(*nights_at(HALF_PAST_TEN, rule, days=40), at(by_hand))
        assert kinds(night(runs)) == expected


@pytest.mark.parametrize("type_", "VcgD")
def test_other_jobs_than_backups_have_a_rhythm_too(type_: str) -> None:
    runs = ran(*nights_at(HALF_PAST_TEN), type=type_)
    assert kinds(night(runs)) == [(Kind.MISSED, Severity.WARNING)]


def test_the_twenty_eighth_is_of_no_fifth_week() -> None:
    """Three Saturdays are known, and it ran on all of them."""
    runs = [at(f"{day:02} 22:30") for day in (7, 14, 21)]
    end = at("29 08:00").astimezone(SEOUL)
    history = History(tuple(ran(*runs)), since=at("06 12:00"))
    found = night(ran(*runs), period=Period(end - 10 * HOUR, end), history=history)
    assert kinds(found) == MISSED


@pytest.mark.parametrize(
    "odd",
    [
        made_run(0, at("01 12:00"), type="R", name="restore"),
        # One of which nobody knows when it was.
        made_run(0, at("01 12:00"), "R", created=None, scheduled=None, started=None),
    ],
)
def test_what_has_no_rhythm_hides_no_job_that_has_one(odd: Job) -> None:
    history = History((odd, *PAST), since=NIGHT.start - 36 * DAY)
    assert kinds(night(PAST, history=history)) == MISSED


def test_a_time_that_was_changed_is_no_missing_run() -> None:
    """A rhythm is a guess: a run some hours earlier stands for the one that was due."""
    assert told(night([*PAST, made_run(99, at("20 19:00"))])) == []


def test_of_an_hourly_rhythm_each_hour_is_judged() -> None:
    hours = [moment for hour in range(24) for moment in nights_at(time(hour, 15), last=20)]
    hours = [moment for moment in hours if moment < at("20 22:00")]
    done = [at("20 22:15"), at("20 23:15"), *(at(f"21 0{hour}:15") for hour in (0, 1, 4, 5, 6))]
    (notice,) = told(night(ran(*hours, *done)))
    assert (notice.kind, notice.since) == (Kind.MISSED, at("21 02:15"))
    assert "3 times" in str(notice.sentence)


@pytest.mark.parametrize("type_", ["R", "D"])
def test_restores_have_no_rhythm(type_: str) -> None:
    found = kinds(night(ran(*nights_at(HALF_PAST_TEN), type=type_)))
    assert found == ([] if type_ == "R" else [(Kind.MISSED, Severity.WARNING)])


# --- clocks -------------------------------------------------------------------------------------


def in_berlin(rule: Rule, clock: time, morning_of: date, *, missing: bool) -> Snapshot:
    """A night in Berlin, with its past and the schedule of the coming week."""
    start = datetime.combine(morning_of - DAY, time(22), BERLIN)
    period = Period(start, datetime.combine(morning_of, time(8), BERLIN))
    due = moments(rule, clock, morning_of - 36 * DAY, morning_of, BERLIN)
    due = [moment for moment in due if moment < period.end]
    if missing:
        due = [moment for moment in due if moment < start]
    schedule = foreseen(*moments(rule, clock, morning_of, morning_of + 7 * DAY, BERLIN))
    snapshot = night(ran(*due), schedule, period=period)
    return replace(snapshot, source=replace(snapshot.source, zone=BERLIN))


FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize("scheduled", [True, False])
@pytest.mark.parametrize("days_after", range(-1, 9))
@pytest.mark.parametrize("change", [FORWARD, BACK])
@pytest.mark.parametrize("clock", [time(22, 30), time(5, 30)])
def test_the_change_of_clocks_moves_no_job(
    clock: time, change: date, days_after: int, scheduled: bool
) -> None:
    morning_of = change + days_after * DAY
    snapshots = [in_berlin(daily, clock, morning_of, missing=missing) for missing in (False, True)]
    if not scheduled:
        snapshots = [replace(snapshot, schedule=None) for snapshot in snapshots]
    assert [kinds(snapshot) for snapshot in snapshots] == [[], MISSED]


@pytest.mark.parametrize("change", [FORWARD, BACK])
@pytest.mark.parametrize("clock", [time(1, 30), time(2, 30), time(3, 30)])
def test_what_is_due_while_the_clocks_change_is_not_judged(clock: time, change: date) -> None:
    """It runs once, twice or not at all."""
    assert kinds(in_berlin(daily, clock, change, missing=True)) == []


@pytest.mark.parametrize(
    ("zone", "then", "expected"),
    [
        # An hour earlier from the next day on, an hour later, as before, quite otherwise.
        (timezone(9 * HOUR), time(1, 30), []),
        (timezone(9 * HOUR), time(3, 30), []),
        (timezone(9 * HOUR), time(2, 30), MISSED),
        (timezone(9 * HOUR), time(5, 30), MISSED),
        # A zone with a name knows when its clocks change.
        (SEOUL, time(1, 30), MISSED),
    ],
)
def test_where_the_zone_has_no_name_the_schedule_tells_of_a_change_of_clocks(
    zone: tzinfo, then: time, expected: list[object]
) -> None:
    today = foreseen(at("21 02:30"))
    snapshot = night(ran(*nights_at(time(2, 30), last=20)), (*today, *week_at(then, first=22)))
    source = replace(snapshot.source, zone=zone)
    assert kinds(replace(snapshot, source=source)) == expected


@pytest.mark.parametrize(("tomorrow", "expected"), [("22 01:30", []), ("22 02:30", MISSED)])
def test_a_schedule_of_two_days_tells_of_a_change_of_clocks(
    tomorrow: str, expected: list[object]
) -> None:
    runs = ran(*nights_at(time(2, 30), last=20))
    snapshot = night(runs, foreseen(at("21 02:30"), at(tomorrow)))
    source = replace(snapshot.source, zone=timezone(9 * HOUR))
    assert kinds(replace(snapshot, source=source)) == expected


RULES = (
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: lambda day: day.weekday() in days)
    | st.tuples(st.sets(st.integers(1, 5), min_size=1), st.integers(0, 6)).map(
        lambda what: in_weeks(*what[0], weekday=what[1])
    )
    | st.integers(2, 28).map(lambda first: lambda day: day.day >= first)
    | st.integers(1, 27).map(lambda last: lambda day: day.day <= last)
)
CLOCKS = st.sampled_from(
    [time(0, 0), time(0, 45), time(2, 30), time(12), time(21, 50), time(22), time(23, 5)]
)


@settings(max_examples=200, deadline=None)
@given(
    rules=st.lists(st.tuples(RULES, CLOCKS), min_size=1, max_size=3, unique_by=lambda r: r[1]),
    today=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    length=st.sampled_from([timedelta(hours=10), 7 * DAY, timedelta(hours=30)]),
    zone=st.sampled_from([SEOUL, BERLIN]),
    look_back=st.sampled_from([35, 36, 70]),
    scheduled=st.booleans(),
)
def test_a_job_that_ran_whenever_it_was_due_is_never_missed(
    rules: list[tuple[Rule, time]],
    today: date,
    length: timedelta,
    zone: ZoneInfo,
    look_back: int,
    scheduled: bool,
) -> None:
    now = datetime.combine(today, time(8), zone)
    period = Period((now.astimezone(UTC) - length).astimezone(zone), now)
    since = period.start.astimezone(UTC) - look_back * DAY
    due = {
        moment
        for rule, clock in rules
        for moment in moments(rule, clock, today - 80 * DAY, today, zone)
        if since <= moment <= now.astimezone(UTC)
    }
    ahead = [
        moment
        for rule, clock in rules
        for moment in moments(rule, clock, today, today + 7 * DAY, zone)
    ]
    snapshot = night(ran(*due), foreseen(*ahead) if scheduled else None, period=period)
    history = replace(snapshot.history, since=since)
    source = replace(snapshot.source, zone=zone)
    assert told(replace(snapshot, history=history, source=source)) == []


@settings(max_examples=100, deadline=None)
@given(
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    clock=st.sampled_from([time(0, 45), time(4, 30), time(22), time(23, 5)]),
    today=st.dates(date(2026, 1, 1), date(2027, 12, 31)).filter(lambda day: 1 < day.day < 29),
    scheduled=st.booleans(),
)
def test_a_job_of_certain_weekdays_is_missed_the_first_time_it_does_not_run(
    weekdays: set[int], clock: time, today: date, scheduled: bool
) -> None:
    now = datetime.combine(today, time(8), SEOUL)
    period = Period(now - timedelta(hours=10), now)

    def rule(day: date) -> bool:
        return day.weekday() in weekdays

    due = [m for m in moments(rule, clock, today - 40 * DAY, today, SEOUL) if m <= now]
    done = [moment for moment in due if moment < period.start]
    ahead = foreseen(*moments(rule, clock, today, today + 7 * DAY, SEOUL))
    found = kinds(night(ran(*done), ahead if scheduled else None, period=period))
    assert found == (MISSED if done != due else [])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60 * 24 * 36), st.sampled_from("TfAR")), max_size=20),
    st.booleans(),
    st.booleans(),
)
def test_another_job_changes_nothing(
    others: list[tuple[int, str]], missing: bool, scheduled: bool
) -> None:
    runs = PAST if missing else [*PAST, made_run(99, at("20 22:30"))]
    strangers = [
        made_run(200 + n, at("21 07:59") - minutes(ago), status, name="other", client="web01-fd")
        for n, (ago, status) in enumerate(others)
    ]
    schedule = SCHEDULE if scheduled else None
    alone, together = told(night(runs, schedule)), told(night([*runs, *strangers], schedule))
    assert [notice for notice in together if notice.job == "dump"] == alone


# --- begun late ---------------------------------------------------------------------------------


def waited(jobid: int, due: datetime, wait: timedelta, **changes: Any) -> Job:
    end = due + wait + minutes(30)
    return made_run(jobid, due, started=due + wait, ended=end, real_ended=end, **changes)


@pytest.mark.parametrize(
    ("usual", "wait", "late"),
    [
        ([0, 0, 0, 0], 121, True),
        ([0, 0, 0, 0], 120, False),
        ([1, 1, 1, 1], 590, True),
        # It usually waits so long; the median counts.
        ([100, 100, 100, 100], 300, False),
        ([100, 100, 100, 100], 301, True),
        ([0, 0, 0, 600, 600], 200, True),
        ([0, 0, 60, 60], 150, False),
        ([0, 0, 0, 0], 590, True),
        # Too little is known.
        ([0, 0, 0], 590, False),
        ([], 590, False),
        # It began after the period.
        ([0, 0, 0, 0], 600, False),
    ],
)
def test_a_run_that_waited_far_longer_than_usual_is_late(
    usual: list[int], wait: int, late: bool
) -> None:
    past = [waited(n, at("10 22:30") + n * DAY, minutes(m)) for n, m in enumerate(usual, 1)]
    found = told(night([*past, waited(99, at("20 22:05"), minutes(wait))], foreseen()))
    assert [(n.kind, n.severity, n.jobids) for n in found] == (
        [(Kind.LATE, Severity.INFO, (99,))] if late else []
    )


def test_a_run_in_time_hides_no_late_one() -> None:
    past = [waited(n, at("10 22:30") + n * DAY, minutes(0)) for n in range(5)]
    runs = [waited(98, at("20 22:05"), minutes(1)), waited(99, at("20 23:00"), minutes(200))]
    assert [notice.jobids for notice in told(night([*past, *runs], foreseen()))] == [(99,)]


def test_the_longest_wait_is_told_with_what_is_usual() -> None:
    past = [waited(n, at("10 22:30") + n * DAY, minutes(2)) for n in range(4)]
    runs = [waited(90, at("20 22:05"), minutes(150)), waited(91, at("20 22:10"), minutes(200))]
    (notice,) = told(night([*past, *runs], foreseen()))
    assert notice.jobids == (90, 91)
    assert str(notice.sentence) == (
        "dump on db01-fd began 3:20:00 after it was due (2026-11-20 13:10); usual is 0:02:00."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"started": None},
        {"scheduled": None},
        # A VirtualFull has the times of what it was made of.
        {"real_ended": at("21 07:00")},
        # It began before the period.
        {"started": at("20 21:59"), "scheduled": at("20 12:00")},
    ],
)
def test_a_wait_that_is_not_known_is_not_late(changes: dict[str, Any]) -> None:
    past = [waited(n, at("10 22:30") + n * DAY, minutes(2)) for n in range(4)]
    run = replace(waited(99, at("20 22:05"), minutes(300)), **changes)
    assert told(night([*past, run], foreseen())) == []
