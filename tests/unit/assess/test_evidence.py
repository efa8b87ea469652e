"""Evidence that backups can be restored is missed only where the past is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from app.assess.finding import Kind, Notice, Severity
from app.assess.findings.evidence import notices
from app.bacula.model import Job
from app.policy import JobRule, Policy
from app.snapshot import Filters, GapSource, History, Snapshot
from tests.unit.made import NIGHT, NOW, in_full, made_case, made_run, made_snapshot

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WHOLE = History(whole=True)
KNOWN = History(since=NOW - 35 * DAY)
NO_RESTORE = [Kind.NO_RESTORE_TEST]
NO_VERIFY = [Kind.NO_VERIFY]


def run(days: float, type_: str = "B", status: str = "T", **changes: Any) -> Job:
    """A run of another name for each type, so many days ago."""
    due = (NOW - days * DAY).astimezone(UTC)
    jobid = round(10_000 - days * 10) * 100 + ord(type_)
    return made_run(jobid, due, status, **{"name": f"job {type_}", "type": type_, **changes})


def backups(days: int = 20, **changes: Any) -> list[Job]:
    """A backup each night, and of the catalog, too."""
    catalog = [run(n + 0.4, name="BackupCatalog", client="dir-fd") for n in range(days)]
    return [*(run(n + 0.5, **changes) for n in range(days)), *(catalog if days > 1 else [])]


def site(runs: Iterable[Job], history: History = KNOWN, **changes: Any) -> Snapshot:
    runs = list(runs)
    past = [job for job in runs if job.run_end is not None and job.run_end < NIGHT.start]
    snapshot = made_snapshot(*(job for job in runs if job not in past))
    return replace(snapshot, history=replace(history, jobs=tuple(past)), **changes)


def told(snapshot: Snapshot, *, client: str = "db01-fd") -> list[Notice]:
    return [n for n in in_full(notices(made_case(snapshot))) if n.client in (client, "")]


def kinds(snapshot: Snapshot) -> list[Kind]:
    return [notice.kind for notice in told(snapshot)]


# --- restores -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], NO_RESTORE),
        ([run(3, "R")], []),
        ([run(3, "R", "W")], []),
        ([run(3, "R", "f")], NO_RESTORE),
        ([run(3, "R", "A")], NO_RESTORE),
        ([run(0, "R", "R")], NO_RESTORE),
        ([run(3, "R", client="web01-fd")], NO_RESTORE),
        ([run(20, "R"), run(3, "R", "f")], []),
    ],
)
def test_a_server_of_which_nothing_was_restored(more: list[Job], expected: list[Kind]) -> None:
    assert kinds(site([*backups(), *more])) == expected


@pytest.mark.parametrize(
    ("history", "days", "expected"),
    [
        (KNOWN, 20, NO_RESTORE),
        (WHOLE, 20, NO_RESTORE),
        # A server that is new, a past that is not known.
        (KNOWN, 14, []),
        (WHOLE, 14, []),
        (History(since=NOW - 14 * DAY), 20, NO_RESTORE),
        (History(since=NOW - 14 * DAY + HOUR), 20, []),
        (History(), 20, []),
    ],
)
def test_a_restore_is_missed_after_two_weeks(
    history: History, days: int, expected: list[Kind]
) -> None:
    assert kinds(site(backups(days), history)) == expected


@pytest.mark.parametrize(
    "others",
    [
        [run(0.5, client="a-fd")],
        [*backups(client="a-fd", name="a"), run(3, "R", client="a-fd")],
    ],
)
def test_a_server_that_lacks_nothing_hides_none_that_does(others: list[Job]) -> None:
    others = [replace(job, jobid=job.jobid + 5_000_000) for job in others]
    assert kinds(site([*others, *backups()])) == NO_RESTORE


def test_the_latest_try_counts_whatever_else_is_known() -> None:
    """The proofs of long ago are told after the runs of late."""
    long_ago = History(since=NOW - 35 * DAY, proofs=(run(200, "R"), run(190, "R", "f")))
    assert kinds(site([*backups(), run(3, "R")], long_ago)) == []
    failed = History(since=NOW - 35 * DAY, proofs=(run(190, "R", "f"),))
    (notice,) = told(site([*backups(), run(3, "R", "f")], failed))
    assert notice.jobids == (run(3, "R", "f").jobid,)


def test_a_restore_is_evidence_for_half_a_year() -> None:
    old = History(since=NOW - 300 * DAY)
    assert kinds(site([*backups(200), run(179, "R")], old)) == []
    assert kinds(site([*backups(200), run(180, "R")], old)) == []
    assert kinds(site([*backups(200), run(180.1, "R")], old)) == NO_RESTORE
    (notice,) = told(site([*backups(200), run(181, "R")], old))
    assert str(notice.sentence) == (
        "The last good Restore of db01-fd was 2026-05-23 23:30, 180 days, 23:30:00 ago."
    )
    assert notice.since is not None
    assert len(notice.jobids) == 1


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (run(90, "R"), []),
        (run(181, "R"), NO_RESTORE),
        (run(90, "R", "f"), NO_RESTORE),
        (run(90, "R", client="web01-fd"), NO_RESTORE),
        (run(90, "V"), [*NO_RESTORE]),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_restore_from_before_the_look_back_is_evidence(
    proof: Job, expected: list[Kind], whole: bool
) -> None:
    history = replace(KNOWN, proofs=(proof,), proofs_whole=whole)
    assert kinds(site(backups(), history)) == expected


def test_who_verified_long_ago_is_told_to_verify_again() -> None:
    proofs = (run(90, "V", client="web01-fd"),)
    history = replace(KNOWN, proofs=proofs, proofs_whole=True)
    assert kinds(site([*backups(), run(3, "R")], history)) == NO_VERIFY


@pytest.mark.parametrize(
    ("more", "history", "sentence"),
    [
        (
            [],
            KNOWN,
            "db01-fd has had no Restore in the last 35 days; nothing is known of the time before.",
        ),
        ([], replace(KNOWN, proofs_whole=True), "The catalog holds no Restore of db01-fd."),
        ([], WHOLE, "The catalog holds no Restore of db01-fd."),
        (
            [run(9, "R", "f"), run(3, "R", "f")],
            WHOLE,
            "No good Restore of db01-fd is known; the last one (2026-11-17 23:30) did not succeed.",
        ),
    ],
)
def test_it_is_said_how_far_the_past_is_known(
    more: list[Job], history: History, sentence: str
) -> None:
    (notice,) = told(site([*backups(), *more], history))
    assert (notice.severity, str(notice.sentence)) == (Severity.INFO, sentence)


# --- verifies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        # A site that verifies nothing has decided so.
        ([], []),
        ([run(3, "V", client="web01-fd")], NO_VERIFY),
        ([run(3, "V")], []),
        ([run(3, "V", "W")], []),
        ([run(3, "V", "D")], NO_VERIFY),
        ([run(3, "V", "f")], NO_VERIFY),
        ([run(9, "V"), run(3, "V", "D")], []),
    ],
)
def test_a_server_of_which_nothing_was_verified(more: list[Job], expected: list[Kind]) -> None:
    assert kinds(site([*backups(), run(3, "R"), *more])) == expected


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        (
            KNOWN,
            "db01-fd has had no good Verify in the last 35 days; nothing is known of the time"
            " before.",
        ),
        (replace(KNOWN, proofs_whole=True), "The catalog holds no good Verify of db01-fd."),
        (WHOLE, "The catalog holds no good Verify of db01-fd."),
    ],
)
def test_a_missing_verify_says_how_far_the_past_is_known(history: History, sentence: str) -> None:
    runs = [*backups(), run(3, "R"), run(3, "V", client="web01-fd")]
    assert [str(notice.sentence) for notice in told(site(runs, history))] == [sentence]


def test_an_old_verify_is_told_with_its_date() -> None:
    runs = [*backups(200), run(3, "R"), run(190, "V")]
    (notice,) = told(site(runs, History(since=NOW - 300 * DAY)))
    assert "that found no difference was 2026-05-14 23:30" in str(notice.sentence)


# --- the catalog --------------------------------------------------------------------------------


def of_catalog(runs: Iterable[Job], history: History = KNOWN, **changes: Any) -> list[str]:
    """What is said of the catalog's backup, where servers are backed up and restored."""
    others = [run(n + 0.5) for n in range(10)]
    snapshot = site([*others, *runs], history, **changes)
    found = [n for n in in_full(notices(made_case(snapshot))) if n.kind is Kind.CATALOG_BACKUP]
    assert all(notice.severity is Severity.WARNING for notice in found)
    return [str(notice.sentence) for notice in found]


def catalog(*days: float, status: str = "T", **changes: Any) -> list[Job]:
    names = {"name": "BackupCatalog", "client": "dir-fd"}
    return [run(n, "B", status, **{**names, **changes}) for n in days]


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"name": "nightly", "fileset": "Catalog"},
        {"name": "backup-catalog"},
        {"name": "bacula_db"},
        {"name": "x", "fileset": "BareosDatabase"},
    ],
)
def test_the_backup_of_the_catalog_is_known_by_its_name_or_fileset(names: dict[str, Any]) -> None:
    assert of_catalog(catalog(0.4, 1.4, 2.4, 3.4, **names)) == []


@pytest.mark.parametrize(
    ("history", "sentences"),
    [
        (KNOWN, ["No backup of the catalog is known from the last 35 days."]),
        (WHOLE, ["The catalog holds no backup of itself."]),
        (History(since=NOW - 7 * DAY), ["No backup of the catalog is known from the last 7 days."]),
        (History(since=NOW - 7 * DAY + HOUR), []),
        (History(), []),
    ],
)
def test_a_catalog_without_a_backup(history: History, sentences: list[str]) -> None:
    assert of_catalog([], history) == sentences


def test_a_site_of_a_week_has_time_to_set_it_up() -> None:
    for days, count in ((5, 0), (8, 1)):
        runs = [run(n + 0.5) for n in range(days)]
        found = [n.kind for n in notices(made_case(site(runs, WHOLE)))]
        assert found.count(Kind.CATALOG_BACKUP) == count


def test_a_catalog_of_an_hour_misses_nothing() -> None:
    """That it has nothing older does not make it old."""
    history = History(since=NOW - 35 * DAY, whole=True)
    young = [run(n / 100, name=f"job{n}") for n in range(1, 5)]
    assert list(notices(made_case(site(young, history)))) == []


def test_where_nothing_is_backed_up_the_catalog_is_not_missed() -> None:
    assert list(notices(made_case(site([run(3, "R"), run(0.5, status="f")])))) == []


@pytest.mark.parametrize(
    ("days", "stale"),
    [
        # With a rhythm that is known another finding tells: too old.
        ((5.4, 6.4, 7.4, 8.4), False),
        ((0.4,), False),
        ((7.9,), False),
        ((8.1,), True),
        ((8.1, 15.1), True),
    ],
)
def test_a_stale_backup_of_the_catalog(days: tuple[float, ...], stale: bool) -> None:
    assert bool(of_catalog(catalog(*days))) is stale


def test_a_disabled_backup_of_the_catalog_is_stale() -> None:
    """No other finding calls it too old: it is meant not to run."""
    runs = catalog(5.4, 6.4, 7.4, 8.4)
    (sentence,) = of_catalog(runs, schedule=())
    assert sentence.startswith("The last good backup of the catalog (BackupCatalog on dir-fd) was ")


def test_a_stale_backup_of_the_catalog_is_told_with_the_last_good_one() -> None:
    last = catalog(8.1)[0]
    others = [run(n + 0.5) for n in range(10)]
    (found,) = [
        n for n in told(site([*others, last]), client="dir-fd") if n.kind is Kind.CATALOG_BACKUP
    ]
    assert (found.client, found.job, found.jobids) == ("dir-fd", "BackupCatalog", (last.jobid,))
    assert found.since == last.run_end


def test_what_the_policy_allows_is_not_stale() -> None:
    others = [run(n + 0.5) for n in range(10)]
    snapshot = site([*others, *catalog(10.4, 17.4)])
    allowed = Policy(rules=(JobRule("BackupCatalog", max_age={"any": 20 * DAY}),))
    for policy, stale in ((Policy(), True), (allowed, False)):
        kinds = {notice.kind for notice in notices(made_case(snapshot, policy))}
        assert (Kind.CATALOG_BACKUP in kinds) is stale


def test_the_best_of_several_backups_of_the_catalog_counts() -> None:
    assert of_catalog([*catalog(20.4), *catalog(0.4, name="catalog-to-tape")]) == []


def test_a_backup_of_the_catalog_that_never_was_good_is_told_once() -> None:
    failed = catalog(0.4, 1.4, status="f")
    assert of_catalog(failed, WHOLE) == []
    assert of_catalog(failed, History(since=NOW - 10 * DAY)) == [
        "The backup of the catalog (BackupCatalog on dir-fd) has not succeeded in the last 10 days."
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"filters": Filters(types=("B",))},
        {"filters": Filters(clients=("db*",))},
        {"gaps": made_snapshot(gaps=[GapSource.JOBS]).gaps},
    ],
)
def test_nothing_is_said_where_something_is_hidden(changes: dict[str, Any]) -> None:
    runs = [run(n + 0.5) for n in range(20)]
    assert list(notices(made_case(site(runs, **changes)))) == []
