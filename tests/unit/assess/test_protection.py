"""A last good backup that is older than it may be is told, and what never had one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assess import assess
from app.assess.finding import Kind, News, Notice, Severity
from app.assess.findings.protection import RUNS_TOLD, notices
from app.assess.protection import GoodRun, ProtectionState, protection_of
from app.bacula.model import Client, Job, JobResource, ScheduledRun
from app.i18n import Translator
from app.period import Period
from app.policy import JobRule, Policy
from app.report.format import Formatter
from app.snapshot import GapSource, History, Snapshot
from tests.unit.made import NIGHT, NOW, SEOUL, at, in_full, made_case, made_run, made_snapshot

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WHOLE = History(whole=True)
KNOWN = History(since=NIGHT.start - 35 * DAY)
NEVER = [(Kind.NEVER_BACKED_UP, Severity.CRITICAL)]
TOO_OLD = [(Kind.TOO_OLD, Severity.CRITICAL)]


def site(runs: Iterable[Job], history: History = KNOWN, **changes: Any) -> Snapshot:
    """A morning with these runs, those of the period and those before it."""
    period: Period = changes.get("period", NIGHT)
    runs = list(runs)
    past = [run for run in runs if run.run_end is not None and run.run_end < period.start]
    snapshot = made_snapshot(*(run for run in runs if run not in past))
    return replace(snapshot, history=replace(history, jobs=tuple(past)), **changes)


def nightly(statuses: str, last: str = "20 22:30", step: timedelta = DAY) -> list[Job]:
    """One run a night, the last letter for the last night; a dot is a night without a run."""
    count = len(statuses)
    return [
        made_run(n, at(last) - (count - n) * step, status)
        for n, status in enumerate(statuses, 1)
        if status != "."
    ]


def told(snapshot: Snapshot, policy: Policy | None = None) -> list[Notice]:
    return in_full(notices(made_case(snapshot, policy)))


def kinds(snapshot: Snapshot, policy: Policy | None = None) -> list[tuple[Kind, Severity]]:
    return [(notice.kind, notice.severity) for notice in told(snapshot, policy)]


# --- too old ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("TTTTTTTT", []),
        # One bad night is a failure; after two nothing good is left of "every night".
        ("TTTTTTTf", []),
        ("TTTTTTff", TOO_OLD),
        ("TTTTTTAA", TOO_OLD),
        ("TTTTTTW", []),
        ("TTTTTT..", TOO_OLD),
        ("TTTTTT.", []),
        # A run that is still open makes nothing fresh.
        ("TTTTTTfR", TOO_OLD),
        ("TTTTTT.R", TOO_OLD),
        # Four good nights make a rhythm.
        ("TTTT..", TOO_OLD),
        ("TTT...", []),
    ],
)
def test_a_nightly_job_may_miss_one_night(statuses: str, expected: list[object]) -> None:
    assert kinds(site(nightly(statuses))) == expected


@pytest.mark.parametrize(
    ("age", "expected"), [(2 * DAY, []), (2 * DAY + timedelta(seconds=1), TOO_OLD)]
)
def test_it_is_too_old_when_it_is_older_than_two_rhythms(
    age: timedelta, expected: list[object]
) -> None:
    last = made_run(99, NOW - age - HOUR, ended=NOW - age, real_ended=NOW - age)
    assert kinds(site([*nightly("TTTTTT", "17 22:30"), last])) == expected


@pytest.mark.parametrize(
    ("now", "statuses", "expected"),
    [
        # Monday to Friday; the 20th of November 2026 was a Friday.
        ("22 08:00", "TTTTT", []),
        ("23 08:00", "TTTTT..", []),
        ("24 08:00", "TTTTT..f", []),
        ("25 08:00", "TTTTT..ff", TOO_OLD),
    ],
)
def test_a_weekend_is_no_neglect(now: str, statuses: str, expected: list[object]) -> None:
    moment = at(now)
    weeks = [*"TTTTT..TTTTT..TTTTT..", *statuses]
    runs = nightly("".join(weeks), last="16 22:30")
    shift = (at("20 22:30") + (len(statuses) - 5) * DAY) - at("16 22:30")
    runs = [made_run(r.jobid, r.scheduled + shift, r.status) for r in runs if r.scheduled]
    period = Period((moment - 10 * HOUR).astimezone(NOW.tzinfo), moment.astimezone(NOW.tzinfo))
    assert kinds(site(runs, period=period, now=moment)) == expected


@pytest.mark.parametrize(
    ("statuses", "last", "expected"),
    [
        ("TTTTT", "15 22:30", []),
        ("TTTTf", "15 22:30", []),
        ("TTTTff", "20 02:30", TOO_OLD),
        ("TTTT", "07 07:30", []),
        ("TTTT", "07 07:29", TOO_OLD),
    ],
)
def test_a_weekly_job_may_miss_one_week(statuses: str, last: str, expected: list[object]) -> None:
    runs = nightly(statuses, last, 7 * DAY)
    assert kinds(site(runs, History(since=NIGHT.start - 70 * DAY))) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # Nightly as ever; only on Saturdays by now; on Mondays and Thursdays; not for this client.
        (range(21, 29), TOO_OLD),
        ((21, 28), []),
        ((23, 26), []),
        ((), []),
    ],
)
def test_a_job_that_is_scheduled_less_often_by_now_may_be_older(
    days: Iterable[int], expected: list[object]
) -> None:
    run = ScheduledRun("dump", "db01-fd", "B", "F", NOW, "Weekly")
    schedule = tuple(replace(run, due=at("01 22:30") + (day - 1) * DAY) for day in days)
    assert kinds(site(nightly("TTTTTTTT...."), schedule=schedule)) == expected


def test_of_a_schedule_of_two_days_no_rhythm_is_learned() -> None:
    run = ScheduledRun("dump", "db01-fd", "B", "F", at("21 22:30"), "Weekly")
    assert kinds(site(nightly("TTTTTTTT...."), schedule=(run,))) == TOO_OLD


def test_one_outage_in_the_past_is_no_rhythm() -> None:
    assert kinds(site(nightly("TTTTTTT......TTTTTTTTff"))) == TOO_OLD


def test_the_sentence_says_since_when_and_what_is_usual() -> None:
    (notice,) = told(site(nightly("TTTTTTTTffffff")))
    assert str(notice.sentence) == (
        "dump on db01-fd has had no good backup for 6 nights, since 2026-11-14 14:00; "
        "it usually runs every night."
    )
    assert (notice.nights, notice.since) == (6, at("14 23:00"))
    assert notice.jobids == (9, 10, 11, 12, 13, 14)
    assert notice.news is News.CONTINUING
    assert (notice.job, notice.client) == ("dump", "db01-fd")


def test_what_became_too_old_in_this_period_is_new() -> None:
    (notice,) = told(site(nightly("TTTTTTff")))
    assert (notice.nights, notice.news) == (2, News.NEW)


def test_what_became_too_old_early_in_a_long_period_goes_on() -> None:
    week = Period(NIGHT.start - 6 * DAY, NOW)
    (notice,) = told(site(nightly("TTTTTTTTffff"), period=week))
    assert (notice.nights, notice.news) == (4, News.CONTINUING)
    (notice,) = told(site(nightly("TTTTTTTTff"), period=week))
    assert (notice.nights, notice.news) == (2, News.NEW)


def test_only_the_latest_runs_are_named() -> None:
    (notice,) = told(site(nightly("TTTTT" + 20 * "f")))
    assert len(notice.jobids) == RUNS_TOLD
    assert notice.jobids[-1] == 25


# --- what the policy says -----------------------------------------------------------------------


def rule(**ages: timedelta) -> Policy:
    return Policy(rules=(JobRule(max_age=ages),))


@pytest.mark.parametrize(
    ("policy", "statuses", "expected"),
    [
        (rule(any=3 * DAY), "TTTTTTff", []),
        (rule(any=DAY), "TTTTTTTf", TOO_OLD),
        # Nothing must be learned where the policy tells.
        (rule(any=DAY), "T.", TOO_OLD),
        (rule(any=3 * DAY), "Tf", []),
        (Policy(age_factor=4.0), "TTTTTTff", []),
        (Policy(age_factor=4.0), "TTTTTTffff", TOO_OLD),
        (Policy(rules=(JobRule("other", max_age={"any": DAY}),)), "TTTTTTTf", []),
    ],
)
def test_the_policy_says_how_old_a_backup_may_be(
    policy: Policy, statuses: str, expected: list[object]
) -> None:
    assert kinds(site(nightly(statuses)), policy) == expected


def may_stay_away(**ages: timedelta) -> Policy:
    return Policy(rules=(JobRule(expected=False, max_age=ages),))


@pytest.mark.parametrize(
    ("policy", "statuses", "expected"),
    [
        (may_stay_away(), "TTTTTTT....", []),
        (may_stay_away(), "TTTTTTTf...", []),
        # It does not stay away: it runs, and fails.
        (may_stay_away(), "TTTTTTTffff", TOO_OLD),
        (may_stay_away(any=3 * DAY), "TTTTTTT....", TOO_OLD),
        (may_stay_away(any=9 * DAY), "TTTTTTT....", []),
        (Policy(rules=(JobRule("other", expected=False),)), "TTTTTTT....", TOO_OLD),
        (Policy(rules=(JobRule(expected=False), JobRule(expected=True))), "TTTT...", TOO_OLD),
    ],
)
def test_a_job_that_may_stay_away_is_not_judged_by_its_rhythm_while_it_does(
    policy: Policy, statuses: str, expected: list[object]
) -> None:
    assert kinds(site(nightly(statuses)), policy) == expected


def test_a_job_that_may_stay_away_and_runs_is_protected() -> None:
    (one,) = protection_of(made_case(site(nightly("TTTTTTTT")), may_stay_away()))
    assert (one.state, one.limit) == (ProtectionState.PROTECTED, 2 * DAY)


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ("20 22:30", "dump on db01-fd has had no good backup since 20 Nov 23:00; the policy"),
        ("19 22:30", "dump on db01-fd has had no good backup for 1 night, since 19 Nov 23:00;"),
    ],
)
def test_a_backup_of_the_same_night_is_not_told_to_be_nights_old(last: str, sentence: str) -> None:
    (notice,) = told(site(nightly("TTTT", last)), rule(any=2 * HOUR))
    tr = Translator("en", Formatter("en", SEOUL).write)
    assert tr.text(notice.sentence).startswith(sentence)
    assert notice.nights == int("1 night" in sentence)


@pytest.mark.parametrize(
    ("levels", "policy", "expected"),
    [
        ("FIIIIIII", rule(F=8 * DAY), []),
        ("FIIIIIII", rule(F=7 * DAY), TOO_OLD),
        ("fIIIIIII", rule(F=8 * DAY), []),
        # A Full is more than a Differential, and that more than an Incremental.
        ("DIIFIIII", rule(D=5 * DAY), []),
        ("FIIDIIII", rule(D=5 * DAY), []),
        ("FIIDIIII", rule(D=4 * DAY), TOO_OLD),
        ("FIIIIIID", rule(I=DAY), []),
        ("IIIIIIIF", rule(I=DAY), []),
        ("IIIIIIIf", rule(I=DAY), []),
        ("DIIfIIII", rule(D=5 * DAY), []),
        # No Full at all in all that is known.
        ("IIIIIIII", rule(F=30 * DAY), TOO_OLD),
        ("IIIIIIII", rule(F=60 * DAY), []),
    ],
)
def test_the_policy_may_say_it_for_each_level(
    levels: str, policy: Policy, expected: list[object]
) -> None:
    runs = nightly("T" * len(levels))
    runs = [replace(run, level=level) for run, level in zip(runs, levels, strict=True)]
    found = told(site(runs), policy)
    assert [(notice.kind, notice.severity) for notice in found] == expected
    assert all(("good Full" in str(n.sentence)) == ("F" in policy.rules[0].max_age) for n in found)


def test_a_level_that_never_succeeded_in_a_known_catalog_is_too_old() -> None:
    (notice,) = told(site(nightly("TTTT"), WHOLE), rule(F=60 * DAY))
    assert "has had no good Full" in str(notice.sentence)


def test_the_whole_night_is_judged_by_how_well_its_servers_are_protected() -> None:
    """One bad night among good ones is put in its place, and the server stays protected."""
    night = site(nightly("TTTTTTTf"), clients=(Client(1, "db01-fd", ""),))
    found = assess(night)
    assert [client.protected for client in found.clients] == [True]
    assert found.protections == protection_of(made_case(night))
    assert str(found.verdict.sentence) == (
        "Every server has a good backup, but 1 job failed on 1 server."
    )
    worse = assess(site(nightly("TTTTTTff"), clients=(Client(1, "db01-fd", ""),)))
    assert [client.protected for client in worse.clients] == [False]


# --- never --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "history", "expected"),
    [
        ("f", WHOLE, NEVER),
        ("A", WHOLE, NEVER),
        ("fffff", WHOLE, NEVER),
        ("fffR", WHOLE, NEVER),
        ("Tffff", WHOLE, []),
        # Not over yet; nobody knows what its letter means.
        ("R", WHOLE, []),
        ("C", WHOLE, []),
        ("Y", WHOLE, []),
        ("fY", WHOLE, []),
        # Of what is older nothing is known.
        ("fffff", KNOWN, TOO_OLD),
        ("f", History(since=NOW - 14 * DAY), TOO_OLD),
        ("f", History(since=NOW - 14 * DAY + HOUR), []),
        ("fffff", History(), []),
    ],
)
def test_never_is_said_only_where_everything_is_known(
    statuses: str, history: History, expected: list[object]
) -> None:
    assert kinds(site(nightly(statuses), history)) == expected


def test_what_never_succeeded_says_how_often_it_was_tried() -> None:
    (notice,) = told(site(nightly("fff"), WHOLE))
    assert str(notice.sentence) == (
        "dump on db01-fd has never had a good backup: "
        "3 runs since 2026-11-18 13:30, none of them good."
    )
    assert (notice.jobids, notice.nights) == ((1, 2, 3), 3)
    assert notice.news is News.CONTINUING


def test_a_first_run_that_failed_is_new() -> None:
    assert told(site(nightly("f"), WHOLE))[0].news is News.NEW


def test_what_never_succeeded_for_some_nights_of_a_long_period_goes_on() -> None:
    week = Period(NIGHT.start - 6 * DAY, NOW)
    assert told(site(nightly("fff"), WHOLE, period=week))[0].news is News.CONTINUING


def test_without_a_known_beginning_it_says_how_far_is_known() -> None:
    (notice,) = told(site(nightly("fff")))
    assert str(notice.sentence) == (
        "dump on db01-fd has had no good backup in the last 35 days; nothing is known of the time"
        " before."
    )
    assert (notice.since, notice.nights) == (None, 3)


# --- what is not known --------------------------------------------------------------------------


@pytest.mark.parametrize("history", [KNOWN, WHOLE])
def test_nothing_is_too_old_when_the_list_of_jobs_has_a_gap(history: History) -> None:
    for statuses in ("TTTTTTff", "fff"):
        gaps = made_snapshot(gaps=[GapSource.JOBS]).gaps
        assert told(site(nightly(statuses), history, gaps=gaps)) == []


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        # A better run may be among those that are not known.
        (NOW - 40 * HOUR, []),
        # But not even then is the backup fresh enough.
        (NOW - 60 * HOUR, TOO_OLD),
        (None, []),
    ],
)
def test_a_good_backup_may_be_among_what_is_not_known(
    known: datetime | None, expected: list[object]
) -> None:
    assert kinds(site(nightly("TTTTTTTTffffff"), History(since=known))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, TOO_OLD),
        ({"resources": (JobResource("dump", "B", enabled=True),)}, TOO_OLD),
        ({"resources": (JobResource("dump", "B", enabled=False),)}, []),
        ({"resources": (JobResource("other", "B"),)}, []),
        # The configuration of today says nothing of a period long past.
        ({"resources": (JobResource("other", "B"),), "now": NOW + DAY}, TOO_OLD),
    ],
)
def test_a_job_that_exists_no_more_is_not_too_old(
    changes: dict[str, Any], expected: list[object]
) -> None:
    assert kinds(site(nightly("TTTTTTff"), **changes)) == expected


def test_a_job_that_is_run_by_other_means_than_a_schedule_is_judged_while_it_runs() -> None:
    assert kinds(site(nightly("TTTTTTff"), schedule=())) == TOO_OLD
    assert kinds(site(nightly("TTTTTT.."), schedule=())) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # The job goes on upon another client; what it wrote of the first grows old.
        ({}, []),
        ({"resources": (JobResource("dump", "B", client="db02-fd"),)}, []),
        # It was run once upon another client, by hand.
        ({"resources": (JobResource("dump", "B", client="db01-fd"),)}, TOO_OLD),
    ],
)
def test_a_job_that_is_another_clients_by_now_is_not_too_old(
    changes: dict[str, Any], expected: list[object]
) -> None:
    moved = made_run(99, at("20 12:00"), client="db02-fd")
    assert kinds(site([*nightly("TTTTTT.."), moved], **changes)) == expected


def test_a_job_that_runs_upon_two_clients_is_judged_for_each() -> None:
    once = made_run(0, at("10 12:00"), client="db02-fd")
    assert kinds(site([*nightly("TTTTTTff"), once])) == TOO_OLD
    both = [made_run(n, at("20 22:30"), "f", client=f"db0{n}-fd") for n in (1, 2)]
    assert kinds(site(both, WHOLE)) == [*NEVER, *NEVER]


def test_what_the_policy_demands_holds_without_a_schedule() -> None:
    assert kinds(site(nightly("TTTTTTff"), schedule=()), rule(any=DAY)) == TOO_OLD


@pytest.mark.parametrize("changes", [{"type": "V"}, {"type": "C", "prior_jobid": 1}])
def test_only_backups_protect(changes: dict[str, Any]) -> None:
    runs = [replace(run, **changes) for run in nightly("ffffff")]
    assert told(site(runs, WHOLE)) == []


# --- the state of each job ----------------------------------------------------------------------


def test_the_last_good_backup_is_known_by_level() -> None:
    runs = nightly("TTTTTf")
    runs = [replace(run, level=level) for run, level in zip(runs, "FIDIIF", strict=True)]
    (protection,) = protection_of(made_case(site(runs)))
    assert protection.last == {
        "any": GoodRun(5, at("19 23:00")),
        "I": GoodRun(5, at("19 23:00")),
        "D": GoodRun(3, at("17 23:00")),
        "F": GoodRun(1, at("15 23:00")),
    }
    assert (protection.state, protection.limit) == (ProtectionState.PROTECTED, 2 * DAY)


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ("TTTT", ProtectionState.PROTECTED),
        ("TTTTff", ProtectionState.TOO_OLD),
        ("fff", ProtectionState.NEVER),
        ("T", ProtectionState.UNKNOWN),
        ("R", ProtectionState.UNKNOWN),
    ],
)
def test_each_backup_job_has_a_state(statuses: str, state: ProtectionState) -> None:
    protections = protection_of(made_case(site(nightly(statuses), WHOLE)))
    assert [protection.state for protection in protections] == [state]


def test_jobs_come_by_client_and_name() -> None:
    runs = [
        made_run(1, at("20 22:30"), name="b", client="x"),
        made_run(2, at("20 22:30"), name="a", client="x"),
        made_run(3, at("20 22:30"), name="c", client="a"),
    ]
    found = protection_of(made_case(site(runs)))
    assert [(p.client, p.job) for p in found] == [("a", "c"), ("x", "a"), ("x", "b")]


@settings(max_examples=50, deadline=None)
@given(st.text("TfAR.Y", max_size=12), st.text("TfAR.Y", max_size=12), st.booleans())
def test_another_job_changes_nothing(one: str, other: str, whole: bool) -> None:
    history = WHOLE if whole else KNOWN
    strangers = [
        replace(run, jobid=run.jobid + 100, name="other", client="web01-fd")
        for run in nightly(other)
    ]
    alone = told(site(nightly(one), history))
    together = told(site([*nightly(one), *strangers], history))
    assert [notice for notice in together if notice.job == "dump"] == alone
