"""The report in a few words: the subject says it all, what is wrong first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from app.assess import Assessment, assess
from app.assess.finding import Kind, Notice, Severity
from app.i18n import msg
from app.policy import Mute, Policy
from app.report.view.brief import LONGEST_SUBJECT, Brief
from app.snapshot import GapSource, Snapshot
from tests.unit.made import NIGHT, SEOUL, made_job, made_snapshot
from tests.unit.report import nights
from tests.unit.report.nights import view_of


def brief(night: Snapshot | Assessment, language: str = "en") -> Brief:
    return view_of(night, language).brief


def notice(kind: Kind, severity: Severity, client: str = "web01-fd", jobid: int = 0) -> Notice:
    jobids = (jobid,) if jobid else ()
    return Notice(kind, severity, msg("Something."), client=client, jobids=jobids, job=client)


def all_kinds() -> Assessment:
    """More kinds of problems than a subject counts."""
    return nights.found_in(
        nights.critical(),
        [
            notice(Kind.MISSED, Severity.CRITICAL),
            notice(Kind.TOO_OLD, Severity.CRITICAL, "a"),
            notice(Kind.NEVER_BACKED_UP, Severity.CRITICAL, "b"),
            notice(Kind.TOO_OLD, Severity.CRITICAL, "b"),
            notice(Kind.ROOM, Severity.WARNING),
        ],
    )


def muted() -> Assessment:
    policy = Policy(mutes=(Mute("known", date.max, job="db01-*"),))
    failed = made_job(1, "f", name="db01-dump", client="db01-fd")
    return assess(made_snapshot(failed, nights.success(2)), policy)


SUBJECTS: dict[str, tuple[Callable[[], Snapshot | Assessment], str]] = {
    "all good": (nights.good, "[dir] All good, 8 ok · 2026-11-21"),
    "warnings": (nights.attention, "[dir] 1 with warnings, 2 ok · 2026-11-21"),
    "one of each": (nights.critical, "[dir] 1 failed, 1 unknown, 1 cancelled, 2 ok · 2026-11-21"),
    "at most three": (
        all_kinds,
        "[dir] 1 failed, 1 missed, 2 servers not protected, 2 ok · 2026-11-21",
    ),
    "nothing known": (nights.unknown, "[backup01:9096] Not known what happened · 2026-11-21"),
    "a failure, and more may hide": (
        nights.incomplete,
        "[dir] 1 failed, 1 unknown, 1 cancelled, list of jobs incomplete, 2 ok · 2026-11-21",
    ),
    "a failure may hide": (
        lambda: made_snapshot(nights.success(1), gaps=[GapSource.JOBS]),
        "[dir] Not known, list of jobs incomplete, 1 ok · 2026-11-21",
    ),
    "something else is missing": (
        lambda: made_snapshot(nights.success(1), gaps=[GapSource.LIVE_STATUS]),
        "[dir] Incomplete, 1 ok · 2026-11-21",
    ),
    "a failure, and something else is missing": (
        lambda: made_snapshot(made_job(1, "f"), gaps=[GapSource.LIVE_STATUS]),
        "[dir] 1 failed, incomplete, 0 ok · 2026-11-21",
    ),
    "no job": (made_snapshot, "[dir] No job ran in this period · 2026-11-21"),
    "thousands": (lambda: nights.many(10_000), "[dir] All good, 10,000 ok · 2026-11-21"),
    "muted": (muted, "[dir] All good, 1 ok · 2026-11-21"),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_subject_says_what_is_wrong_first(name: str) -> None:
    night, expected = SUBJECTS[name]
    assert expected == brief(night()).subject


def test_a_subject_has_its_problems_by_weight() -> None:
    one = notice(Kind.EMPTY, Severity.CRITICAL, jobid=3)
    two = notice(Kind.ROOM, Severity.WARNING)
    night = nights.found_in(nights.attention(), [one, two])
    told = "1 critical finding, 1 with warnings, 1 worth a look, 2 ok"
    level = replace(night.verdict, level=assess(nights.attention()).verdict.level)
    assert f"[dir] {told} · 2026-11-21" == brief(replace(night, verdict=level)).subject


def test_what_is_told_of_a_counted_job_is_not_counted_again() -> None:
    told = notice(Kind.HIDDEN_ERRORS, Severity.WARNING, jobid=1)
    subject = brief(nights.found_in(nights.attention(), [told])).subject
    assert subject == "[dir] 1 with warnings, 2 ok · 2026-11-21"


def test_the_name_of_a_director_cannot_break_or_fill_the_subject() -> None:
    name = "bacula01\r\nBcc: x@example.com\t\u202e" + "가" * 500
    night = nights.critical()
    told = brief(replace(night, source=replace(night.source, director=name)))
    assert told.subject.startswith("[bacula01 Bcc: x@example.com 가")
    assert told.subject.isprintable()
    assert told.subject.endswith("…] 1 failed, 1 unknown, 1 cancelled, 2 ok · 2026-11-21")
    assert len(told.director) <= 60
    assert len(told.subject) <= LONGEST_SUBJECT


def test_a_verdict_without_numbers_is_cut_to_the_subject() -> None:
    night = assess(made_snapshot())
    verdict = replace(night.verdict, sentence=msg("{evil}", evil="x\n" + "y" * 500))
    subject = brief(replace(night, verdict=verdict)).subject
    assert len(subject) == LONGEST_SUBJECT
    assert subject.endswith("… · 2026-11-21")


def test_a_period_that_ends_at_midnight_is_that_of_the_day_before() -> None:
    end = datetime(2026, 11, 21, tzinfo=SEOUL)
    night = nights.good()
    period = replace(NIGHT, start=end - timedelta(days=1), end=end)
    assert brief(replace(night, period=period)).subject.endswith("2026-11-20")


def test_the_numbers_name_only_outcomes_that_some_job_had() -> None:
    told = brief(nights.copied())
    assert [(one.kind, one.label, one.number) for one in told.counts] == [
        ("recovered", "Recovered", 1),
        ("success", "Successful", 2),
    ]


def test_what_did_not_run_and_what_is_not_protected_is_counted_apart() -> None:
    assert [(one.kind, one.number) for one in brief(all_kinds()).problems] == [
        ("missed", 1),
        ("unprotected", 2),
    ]
    assert brief(nights.good()).problems == ()


def test_only_what_alarms_is_among_the_points_and_the_keys() -> None:
    night = nights.troubled()
    told = brief(night)
    assert tuple(finding.key for finding in night.alarms) == told.keys
    assert len(told.keys) == len(told.points) < len(night.findings)
    assert {"critical", "warning"} == {point.severity for point in told.points}
    assert "Raise Maximum Volumes, or let old Volumes be used again." in [
        point.action for point in told.points
    ]


def test_a_night_with_a_gap_is_not_complete() -> None:
    assert brief(nights.good()).complete
    assert not brief(nights.incomplete()).complete
