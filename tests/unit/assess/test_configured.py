"""What is configured and never runs is told; what cannot be known is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.assess.configuration import read_configuration
from app.assess.finding import Kind, Notice, Severity
from app.assess.findings.configured import notices
from app.bacula.model import Client, Job, JobResource, ScheduledRun
from app.policy import JobRule, Policy
from app.snapshot import Filters, GapSource, History, Snapshot
from tests.unit.made import NIGHT, NOW, at, in_full, made_case, made_run, made_snapshot

DAY = timedelta(days=1)
WHOLE = History(whole=True, since=None)


def resource(name: str = "dump", **changes: Any) -> JobResource:
    told = JobResource(name, "B", True, "db01-fd", scheduled=True)
    return replace(told, **changes)


def foreseen(*times: datetime, **changes: Any) -> tuple[ScheduledRun, ...]:
    run = ScheduledRun("dump", "db01-fd", "B", "I", NOW, "Nightly")
    return tuple(replace(run, due=moment, **changes) for moment in times)


def clients(*names: str) -> tuple[Client, ...]:
    return tuple(Client(n, name, "") for n, name in enumerate(names, 1))


def site(runs: Iterable[Job] = (), **changes: Any) -> Snapshot:
    """A site with these runs, all before the period, and 36 days known."""
    history = changes.pop("history", History(since=NIGHT.start - 36 * DAY))
    return replace(made_snapshot(), history=replace(history, jobs=tuple(runs)), **changes)


def told(snapshot: Snapshot, policy: Policy | None = None) -> list[Notice]:
    return in_full(notices(made_case(snapshot, policy)))


def kinds(snapshot: Snapshot, policy: Policy | None = None) -> list[tuple[Kind, Severity]]:
    return [(notice.kind, notice.severity) for notice in told(snapshot, policy)]


def nightly(last: int = 20, nights: int = 14, **changes: Any) -> list[Job]:
    """Runs of each night up to one of November, an hour before the period begins."""
    times = [at(f"{last:02} 21:00") - n * DAY for n in range(nights)][::-1]
    return [made_run(n, moment, **changes) for n, moment in enumerate(times, 1)]


RAN = [made_run(1, at("19 22:30"))]
NEVER = [(Kind.NEVER_RUN, Severity.INFO)]
NEVER_DUE = [(Kind.NEVER_RUN, Severity.WARNING)]
DISABLED = [(Kind.DISABLED, Severity.WARNING)]
NO_JOB = [(Kind.NO_JOB, Severity.WARNING)]
COMING = foreseen(at("21 22:30"))
PASSED = foreseen(at("22 02:00"), at("21 02:00"))
FAR = foreseen(at("28 02:00"))
FAR_OTHER = foreseen(at("28 02:00"), job="another", client="web01-fd")

# --- never run ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Its first run is still to come, has passed, is about to come.
        ({"schedule": COMING}, NEVER),
        ({"schedule": PASSED}, NEVER_DUE),
        ({"schedule": foreseen(at("21 07:50"))}, NEVER_DUE),
        ({"schedule": foreseen(at("21 07:51"))}, NEVER),
        ({"schedule": COMING, "resources": (resource(),)}, NEVER),
        ({"schedule": PASSED, "resources": (resource(type="", client="", enabled=None),)},
         NEVER_DUE),
        # Nothing is foreseen: it has no Schedule, or runs seldom; or that is not known.
        ({"schedule": (), "resources": (resource(scheduled=False),)}, NEVER),
        ({"schedule": (), "resources": (resource(scheduled=True),)}, NEVER),
        ({"resources": (resource(scheduled=False),)}, NEVER),
        ({"resources": (resource(scheduled=True),)}, []),
        ({"schedule": (), "resources": (resource(type=""),)}, []),
        # Jobs that are no backups, or are disabled, or no longer configured.
        ({"schedule": foreseen(at("21 02:00"), type="V")}, []),
        ({"resources": (resource(type="R", scheduled=False),)}, []),
        ({"schedule": (*PASSED, *FAR), "resources": (resource("other"),)}, NEVER),
        # So little of a schedule is told by large sites: what is not in it may come later.
        ({"schedule": PASSED, "resources": (resource("other"),)}, []),
        # A period long past.
        ({"schedule": PASSED, "now": NOW + DAY}, []),
        # How far the past is known.
        ({"schedule": PASSED, "history": History()}, []),
        ({"schedule": PASSED, "history": History(since=NIGHT.start - 30 * DAY)}, []),
        ({"schedule": PASSED, "history": History(since=NIGHT.start - 31 * DAY)}, NEVER_DUE),
        ({"schedule": PASSED, "history": WHOLE}, NEVER_DUE),
        # What is hidden may have run.
        ({"schedule": PASSED, "filters": Filters(jobs=("other",))}, []),
        ({"schedule": PASSED, "filters": Filters(types=("V",))}, []),
        ({"schedule": PASSED, "filters": Filters(types=("B",), clients=("db*",))}, NEVER_DUE),
        ({}, []),
    ],
)  # fmt: skip
def test_a_job_that_is_configured_and_never_ran(
    changes: dict[str, Any], expected: list[object]
) -> None:
    assert kinds(site(**changes)) == expected


@pytest.mark.parametrize("gap", [GapSource.JOBS, GapSource.OPEN_JOBS])
def test_nothing_never_ran_when_the_list_of_jobs_has_a_gap(gap: GapSource) -> None:
    snapshot = site(schedule=PASSED, resources=(resource(enabled=False), resource("new")))
    assert told(replace(snapshot, gaps=made_snapshot(gaps=[gap]).gaps)) == []


@pytest.mark.parametrize(
    "run",
    [
        RAN[0],
        replace(RAN[0], status="f"),
        replace(RAN[0], client="db01-old-fd"),
        made_run(1, at("20 22:30"), "R"),
    ],
)
def test_any_run_is_a_run(run: Job) -> None:
    snapshot = site([run] if run.run_end else [], schedule=PASSED)
    assert told(replace(snapshot, jobs=() if run.run_end else (run,))) == []


def test_the_policy_may_not_expect_a_job_to_run() -> None:
    policy = Policy(rules=(JobRule("dump", expected=False),))
    assert told(site(schedule=PASSED), policy) == []
    assert told(site(RAN, resources=(resource(enabled=False),)), policy) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"schedule": PASSED},
            "dump on db01-fd has not run in the last 36 days; "
            "it was due 2026-11-20 17:00 (Schedule Nightly).",
        ),
        (
            {"schedule": COMING, "history": WHOLE},
            "dump on db01-fd has never run; "
            "its first run is due 2026-11-21 13:30 (Schedule Nightly).",
        ),
        (
            {"resources": (resource(scheduled=False),), "history": WHOLE},
            "dump on db01-fd has never run; it has no enabled Schedule.",
        ),
    ],
)
def test_it_is_said_how_far_the_past_is_known_and_when_it_is_due(
    changes: dict[str, Any], sentence: str
) -> None:
    assert str(told(site(**changes))[0].sentence) == sentence


# --- disabled -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "told_of", "expected"),
    [
        (RAN, resource(enabled=False), DISABLED),
        ([], resource(enabled=False), [(Kind.DISABLED, Severity.INFO)]),
        (RAN, resource(enabled=False, type="", client=""), DISABLED),
        ([], resource(enabled=False, type="", client=""), []),
        ([replace(RAN[0], type="V")], resource(enabled=False, type="V"), DISABLED),
        ([], resource(enabled=False, type="R"), []),
        (RAN, resource(enabled=True), []),
        (RAN, resource(enabled=None), []),
    ],
)
def test_a_disabled_job_is_told_the_more_if_it_used_to_run(
    runs: list[Job], told_of: JobResource, expected: list[object]
) -> None:
    assert kinds(site(runs, resources=(told_of,))) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        # Today's report is of eight in the morning; it ran at nine in the evening.
        (20, []),
        (19, DISABLED),
        (7, DISABLED),
    ],
)
@pytest.mark.parametrize(
    "known",
    [
        {"schedule": foreseen(at("27 22:30"), job="other")},
        {"schedule": (), "resources": (resource(enabled=None, scheduled=None),)},
        {"resources": (resource(scheduled=False),)},
    ],
)
def test_a_job_that_stopped_running_and_is_not_foreseen_any_more_is_disabled(
    known: dict[str, Any], last: int, expected: list[object]
) -> None:
    snapshot = site([*nightly(last), made_run(99, at("18 22:30"), name="other")], **known)
    assert kinds(snapshot) == expected


@pytest.mark.parametrize(
    ("runs", "changes"),
    [
        # It is foreseen; whether it is, is not known; it was removed; it is still running.
        (nightly(15), {"schedule": foreseen(at("27 22:30"))}),
        (
            [*nightly(15), made_run(99, at("18 22:30"), name="other")],
            {"schedule": foreseen(at("22 22:30"), job="other")},
        ),
        (nightly(15), {}),
        (nightly(15), {"schedule": (), "resources": (resource("other"),), "history": History()}),
        ([*nightly(15), made_run(99, at("16 21:00"), "R")], {"schedule": ()}),
        # Too little is known of its rhythm, or it is one of months.
        (nightly(15, 3), {"schedule": ()}),
        (nightly(15, 14, type="R"), {"schedule": ()}),
        ([made_run(n, at("12 21:00") - n * 8 * DAY) for n in range(5)], {"schedule": ()}),
    ],
)
def test_what_runs_otherwise_or_seldom_is_not_disabled(
    runs: list[Job], changes: dict[str, Any]
) -> None:
    open_runs = tuple(run for run in runs if run.is_open)
    snapshot = site([run for run in runs if not run.is_open], **changes)
    assert told(replace(snapshot, jobs=open_runs)) == []


@pytest.mark.parametrize(
    ("other", "known"),
    [
        # Foreseen, no backup, without a rhythm: each comes first.
        ([made_run(99, at("18 22:30"), name="other")], foreseen(at("27 22:30"), job="other")),
        ([made_run(99, at("18 22:30"), name="other", type="R")], ()),
        ([made_run(99, at("18 22:30"), name="other")], ()),
    ],
)
def test_another_job_hides_none_that_stopped(
    other: list[Job], known: tuple[ScheduledRun, ...]
) -> None:
    snapshot = site([*other, *nightly(15)], schedule=known)
    assert [notice.job for notice in told(snapshot)] == ["dump"]


def test_a_job_of_each_week_that_stopped_is_told() -> None:
    weekly = [made_run(n, at("01 21:00") - n * 7 * DAY) for n in range(5)]
    (notice,) = told(site(weekly, schedule=()))
    assert (notice.kind, notice.since) == (Kind.DISABLED, at("01 21:00"))


@pytest.mark.parametrize(
    ("runs", "job", "sentence", "since", "client"),
    [
        ([], resource(enabled=False), "dump on db01-fd is disabled.", None, "db01-fd"),
        (RAN, resource(enabled=False),
         "dump on db01-fd is disabled; its last run was 2026-11-19 13:30.",
         at("19 22:30"), "db01-fd"),
        (RAN, resource(enabled=False, client=""),
         "dump on db01-fd is disabled; its last run was 2026-11-19 13:30.",
         at("19 22:30"), "db01-fd"),
    ],
)  # fmt: skip
def test_it_is_told_when_a_disabled_job_ran_last(
    runs: list[Job], job: JobResource, sentence: str, since: datetime | None, client: str
) -> None:
    snapshot = site(runs, resources=(resource("another"), job), schedule=FAR_OTHER)
    (notice,) = [one for one in told(snapshot) if one.kind is Kind.DISABLED]
    assert str(notice.sentence) == sentence
    assert (notice.since, notice.client, notice.job) == (since, client, "dump")


def test_of_a_job_whose_client_nobody_knows_none_is_named() -> None:
    for job in (resource(enabled=False, client=""), resource(client="", scheduled=False)):
        (notice,) = notices(made_case(site(resources=(job,))))
        assert (notice.client, notice.job) == ("", "dump")
        assert str(notice.sentence).startswith(("dump is disabled.", "dump has not run "))


def test_a_job_that_never_ran_is_told_since_it_was_due() -> None:
    (notice,) = told(site(schedule=PASSED))
    assert (notice.since, notice.client, notice.job) == (at("21 02:00"), "db01-fd", "dump")
    assert notice.action is not None
    for known in (resource(scheduled=False), resource(scheduled=None)):
        (notice,) = told(site(resources=(known,), schedule=FAR_OTHER))
        assert (notice.severity, notice.since) == (Severity.INFO, None)
        assert notice.action is not None


@pytest.mark.parametrize(
    ("last", "whole"),
    [("23 07:59", False), ("23 08:00", True), ("23 20:00", True), (None, True)],
)
def test_a_schedule_that_ends_within_two_days_is_a_part_of_one(
    last: str | None, whole: bool
) -> None:
    schedule = () if last is None else foreseen(at("21 22:30"), at(last))
    assert read_configuration(made_case(site(schedule=schedule))).whole is whole


def test_a_part_of_a_schedule_does_not_tell_what_is_absent_from_it() -> None:
    snapshot = site(nightly(15), schedule=(), notes=made_snapshot(gaps=[GapSource.SCHEDULE]).gaps)
    assert told(snapshot) == []


def test_it_is_told_since_when_a_job_does_not_run() -> None:
    (notice,) = told(site(nightly(19), schedule=()))
    assert (notice.since, notice.job, notice.client) == (at("19 21:00"), "dump", "db01-fd")
    assert str(notice.sentence) == (
        "dump on db01-fd is no longer scheduled: its last run was 2026-11-19 12:00; "
        "until then it ran every night."
    )


# --- servers without a job ----------------------------------------------------------------------

TWO = clients("db01-fd", "new01-fd")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"resources": (resource(),)}, NO_JOB),
        ({"resources": (resource(), resource("r", type="R", client="new01-fd"))}, NO_JOB),
        ({"resources": (resource(), resource("n", client="new01-fd", scheduled=True))}, []),
        # A resource of which the type is not told may be a backup's.
        ({"resources": (resource(), resource("n", type="", client="new01-fd"))}, []),
        # Resources of which the clients are not told tell nothing; the past does.
        ({"resources": (resource(client=""),), "schedule": ()}, NO_JOB),
        ({"schedule": ()}, NO_JOB),
        # It may be in a schedule, or have had a run, that is not known.
        ({"resources": (resource(client=""),)}, []),
        ({}, []),
        ({"resources": (resource(),), "history": History()}, []),
        ({"schedule": (), "history": History()}, []),
        ({"schedule": foreseen(at("28 22:30"), job="n", client="new01-fd"), "history": WHOLE},
         NEVER),
        ({"schedule": (), "history": History(since=NIGHT.start - 34 * DAY)}, []),
        ({"schedule": (), "history": WHOLE}, NO_JOB),
        ({"resources": (resource(),), "clients": None}, []),
        ({"resources": (resource(),), "filters": Filters(types=("B",))}, []),
        ({"schedule": (), "notes": made_snapshot(gaps=[GapSource.SCHEDULE]).gaps}, []),
    ],
)  # fmt: skip
def test_a_server_that_nothing_backs_up(changes: dict[str, Any], expected: list[object]) -> None:
    assert kinds(site(RAN, **{"clients": TWO, **changes})) == expected


def test_a_server_with_a_restore_only_has_no_job() -> None:
    runs = [*RAN, made_run(2, at("19 12:00"), name="restore", type="R", client="new01-fd")]
    (notice,) = told(site(runs, clients=TWO, schedule=()))
    assert (notice.kind, notice.client) == (Kind.NO_JOB, "new01-fd")
    assert "had no backup in the last 36 days" in str(notice.sentence)


def test_a_short_look_back_does_not_tell_which_server_has_no_job() -> None:
    history = History(since=NIGHT.start - 13 * DAY)
    snapshot = site(RAN, clients=TWO, history=history, schedule=())
    assert told(snapshot, Policy(look_back=13 * DAY)) == []
    far = replace(snapshot, history=replace(snapshot.history, since=NIGHT.start - 14 * DAY))
    assert kinds(far, Policy(look_back=14 * DAY)) == NO_JOB
    assert kinds(replace(snapshot, resources=(resource(),)), Policy(look_back=13 * DAY)) == NO_JOB


def test_a_server_that_needs_no_backup_can_be_named_in_the_policy() -> None:
    policy = Policy(rules=(JobRule(client="new*", expected=False),))
    assert told(site(RAN, clients=TWO, resources=(resource(),)), policy) == []
