"""What a backup rests on is looked at; a chain that cannot be known to be broken is not told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assess.finding import Kind, Notice, Severity
from app.assess.findings.chain import notices
from app.bacula.model import Job, Pool, Volume
from app.snapshot import GapSource, History, Snapshot
from tests.unit.made import NIGHT, NOW, at, in_full, made_case, made_log, made_run, made_snapshot

DAY = timedelta(days=1)
WHOLE = History(whole=True)
KNOWN = History(since=NIGHT.start - 35 * DAY)
BROKEN = [(Kind.BROKEN_CHAIN, Severity.CRITICAL)]
WEAK = [(Kind.BROKEN_CHAIN, Severity.WARNING)]


def chain(text: str, **changes: Any) -> list[Job]:
    """One run a night, the last for the last night: level and status, such as "FT IT If"."""
    runs = text.split()
    last = at("20 22:30")
    return [
        made_run(n, last - (len(runs) - n) * DAY, run[1], level=run[0], **changes)
        for n, run in enumerate(runs, 1)
    ]


def site(runs: Iterable[Job], history: History = KNOWN, **changes: Any) -> Snapshot:
    runs = list(runs)
    past = [run for run in runs if run.run_end is not None and run.run_end < NIGHT.start]
    snapshot = made_snapshot(*(run for run in runs if run not in past))
    return replace(snapshot, history=replace(history, jobs=tuple(past)), **changes)


def told(snapshot: Snapshot) -> list[Notice]:
    return in_full(notices(made_case(snapshot)))


def kinds(snapshot: Snapshot) -> list[tuple[Kind, Severity]]:
    return [(notice.kind, notice.severity) for notice in told(snapshot)]


# --- the Full beneath ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "history", "expected"),
    [
        ("FT IT IT", WHOLE, []),
        ("FT DT IT", WHOLE, []),
        ("fT IT", WHOLE, []),
        ("FT", WHOLE, []),
        ("IT IT FT", WHOLE, []),
        # None that succeeded, and all is known.
        ("IT", WHOLE, BROKEN),
        ("DT", WHOLE, BROKEN),
        ("Ff IT IT", WHOLE, BROKEN),
        ("FA IT", WHOLE, BROKEN),
        ("FR IT", WHOLE, BROKEN),
        # What is older is not known.
        ("IT IT", KNOWN, []),
        ("Ff IT", KNOWN, []),
        # Nothing good at all: another finding tells. No level: an Admin's.
        ("If", WHOLE, []),
        ("Ff", WHOLE, []),
    ],
)
def test_an_incremental_without_a_full_restores_nothing(
    runs: str, history: History, expected: list[object]
) -> None:
    assert kinds(site(chain(runs), history)) == expected


def test_a_full_that_was_pruned_since_a_period_long_past_is_not_missed() -> None:
    for later, expected in ((timedelta(), BROKEN), (100 * DAY, [])):
        assert kinds(site(chain("IT IT"), WHOLE, now=NOW + later)) == expected


def test_it_is_said_which_backup_has_no_full() -> None:
    (notice,) = told(site(chain("IT DT"), WHOLE))
    assert str(notice.sentence) == (
        "dump on db01-fd cannot be restored: its last good backup, the Differential of "
        "2026-11-20 14:00, has no Full beneath it in the catalog."
    )
    assert (notice.jobids, notice.since) == ((2,), at("20 23:00"))


def test_a_copy_of_a_full_can_be_restored() -> None:
    """Its original was purged from the catalog."""
    copy = made_run(9, at("18 22:30"), level="F", type="C", prior_jobid=77)
    assert told(site([*chain("IT IT"), copy], WHOLE)) == []


@pytest.mark.parametrize(
    ("status", "level", "expected"),
    [
        ("T", "F", []),
        ("f", "F", BROKEN),
        ("A", "F", BROKEN),
        ("Y", "F", BROKEN),
        ("T", "I", BROKEN),
    ],
)
def test_only_a_good_copy_of_a_full_can_be_restored(
    status: str, level: str, expected: list[object]
) -> None:
    """Nobody knows of what it is a copy, so that it stands for no run."""
    copy = made_run(9, at("18 22:30"), status, level=level, type="C")
    assert kinds(site([*chain("IT IT"), copy], WHOLE)) == expected


@pytest.mark.parametrize(
    "other",
    [
        made_run(100, at("01 22:30"), "f", name="never-good"),
        made_run(100, at("01 22:30"), level="F", name="a-full"),
    ],
)
def test_a_job_without_a_chain_hides_no_broken_one(other: Job) -> None:
    assert kinds(site([other, *chain("IT IT")], WHOLE)) == BROKEN


def test_a_migrated_full_is_a_full() -> None:
    runs = chain("FT IT IT")
    assert told(site([replace(runs[0], type="M"), *runs[1:]], WHOLE)) == []


def test_verify_levels_rest_on_no_full() -> None:
    runs = [replace(run, type="V") for run in chain("DT IT")]
    assert told(site(runs, WHOLE)) == []


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ("FT IT Ff IT", WEAK),
        ("FT IT FA IT", WEAK),
        ("FT Ff FA IT", WEAK),
        # It was made up for.
        ("FT Ff FT IT", []),
        # Of the failure itself another finding tells, until something rests on the older one.
        ("FT IT Ff", []),
        ("FT IT Ff If", []),
        ("FT If IT", []),
        ("FT IT FR IT", []),
    ],
)
def test_a_failed_full_leaves_later_backups_on_an_older_one(
    runs: str, expected: list[object]
) -> None:
    assert kinds(site(chain(runs))) == expected


def test_both_fulls_are_named() -> None:
    (notice,) = told(site(chain("FT IT Ff IT")))
    assert str(notice.sentence) == (
        "dump on db01-fd still rests on the Full of 2026-11-17 14:00: "
        "the Full of 2026-11-19 14:00 went wrong and was not repeated."
    )
    assert (notice.jobids, notice.since) == ((1, 3), at("19 23:00"))


def test_of_several_fulls_that_went_wrong_the_latest_is_told_since_the_first() -> None:
    (notice,) = told(site(chain("FT Ff FA IT")))
    assert (notice.jobids, notice.since) == ((1, 2, 3), at("18 23:00"))
    assert "the Full of 2026-11-19 14:00 went wrong" in str(notice.sentence)


def test_a_newer_full_may_be_among_what_is_not_known() -> None:
    assert told(site(chain("FT IT Ff IT"), History(since=at("18 00:00")))) == []


def test_nothing_is_said_of_chains_when_the_list_of_jobs_has_a_gap() -> None:
    gaps = made_snapshot(gaps=[GapSource.JOBS]).gaps
    for runs in ("IT", "FT Ff IT"):
        assert told(site(chain(runs), WHOLE, gaps=gaps)) == []


# --- pruned and expired -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purged", "expected"), [((), []), ((0,), WEAK), ((1,), []), ((0, 1, 2), WEAK)]
)
def test_a_full_without_file_records_is_a_weak_base(
    purged: Sequence[int], expected: list[object]
) -> None:
    runs = chain("FT IT IT")
    runs = [replace(run, purged=n in purged) for n, run in enumerate(runs)]
    assert kinds(site(runs)) == expected


def pool(retention: timedelta | None, **changes: Any) -> Pool:
    return replace(Pool("Full", 1, None, retention, None), **changes)


def volume(written: datetime, keeps: timedelta | None, **changes: Any) -> Volume:
    """A full Volume, begun five days before it was last written to."""
    told = Volume("Full-1", "Full", "Full", 1, None, keeps, written - 5 * DAY, written)
    return replace(told, **changes)


BASE_ENDS = at("18 23:00")
SINCE_BASE = NOW - BASE_ENDS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pools": (pool(SINCE_BASE - timedelta(seconds=1)),)}, WEAK),
        ({"pools": (pool(SINCE_BASE),)}, []),
        ({"pools": (pool(DAY, recycle=False),)}, []),
        ({"pools": (pool(None),)}, []),
        ({"pools": (pool(DAY, name="Other"),)}, []),
        ({"pools": None}, []),
        # The Volumes themselves know better than their pool.
        ({"pools": (pool(DAY),), "volumes": ()}, []),
        ({"pools": (pool(DAY),), "volumes": (volume(BASE_ENDS, 30 * DAY),)}, []),
        ({"volumes": (volume(BASE_ENDS, DAY),)}, WEAK),
        ({"volumes": (volume(BASE_ENDS, DAY, recycle=False),)}, []),
        ({"volumes": (volume(BASE_ENDS, DAY, status="Append"),)}, []),
        ({"volumes": (volume(BASE_ENDS, DAY, pool="Other"),)}, []),
        # It was written to after the Full, so it is kept longer.
        ({"volumes": (volume(BASE_ENDS + DAY, 2 * DAY),)}, []),
        # Not those that hold it: one full before, one begun after.
        ({"volumes": (volume(BASE_ENDS - DAY, timedelta(hours=1)),)}, []),
        ({"volumes": (volume(NOW, timedelta(), first_written=BASE_ENDS + DAY),)}, []),
        # Which of two holds it is not known: one is still kept.
        ({"volumes": (volume(BASE_ENDS, DAY), volume(BASE_ENDS, 30 * DAY))}, []),
        # A period long past; a list with a gap.
        ({"pools": (pool(DAY),), "now": NOW + DAY}, []),
        ({"volumes": (volume(BASE_ENDS, DAY),), "now": NOW + DAY}, []),
        ({"volumes": (volume(BASE_ENDS, DAY),),
          "notes": made_snapshot(gaps=[GapSource.VOLUMES]).gaps}, []),
    ],
)  # fmt: skip
def test_a_full_whose_volumes_may_be_overwritten_is_a_weak_base(
    changes: dict[str, Any], expected: list[object]
) -> None:
    assert kinds(site(chain("FT IT IT"), **changes)) == expected


def test_it_is_said_since_when_it_may_be_overwritten() -> None:
    (notice,) = told(site(chain("FT IT IT"), pools=(pool(DAY),)))
    assert notice.since == BASE_ENDS + DAY
    assert "in Pool Full may have been overwritten since 2026-11-19 14:00" in str(notice.sentence)


def test_the_gravest_weakness_of_a_chain_is_told_once() -> None:
    runs = chain("FT Ff IT")
    snapshot = site([replace(runs[0], purged=True), *runs[1:]])
    assert "file records" in str(told(snapshot)[0].sentence)
    (notice,) = told(replace(snapshot, pools=(pool(DAY),)))
    assert "overwritten" in str(notice.sentence)


# --- upgraded -----------------------------------------------------------------------------------

NO_FULL = made_log("d-dir JobId 1: No prior Full backup Job record found.")
FAILED = made_log("d-dir JobId 1: Prior failed job found in catalog. Upgrading to Full.")


@pytest.mark.parametrize(
    ("runs", "history", "log", "reason", "acts"),
    [
        ("Ff FT", WHOLE, NO_FULL, "there was no good Full of it yet", False),
        ("IT FT", KNOWN, NO_FULL, "the catalog had no suitable Full of it", True),
        ("FT", History(), NO_FULL, "the catalog had no suitable Full of it", True),
        ("FT IT FT", KNOWN, NO_FULL, "the Full of 2026-11-18 14:00 could not be used", True),
        ("FT Ff FT", WHOLE, FAILED, "the last Full had failed", False),
    ],
)
def test_it_is_told_why_a_job_ran_as_a_full(
    runs: str, history: History, log: Any, reason: str, acts: bool
) -> None:
    jobs = chain(runs)
    found = told(site(jobs, history, logs={len(jobs): log}))
    assert [(n.kind, n.severity, n.jobids) for n in found] == [
        (Kind.UPGRADED, Severity.INFO, (len(jobs),))
    ]
    assert reason in str(found[0].sentence)
    assert (found[0].action is not None) is acts
    assert found[0].evidence == (log.upgraded,)


def test_an_upgrade_is_told_since_it_began_beside_a_first_run() -> None:
    begun = at("20 22:35")
    upgraded = replace(chain("IT FT")[1], started=begun)
    first = made_run(50, at("20 22:30"), level="F", name="new")
    runs = [first, chain("IT FT")[0], upgraded]
    (notice,) = told(site(runs, KNOWN, logs={50: NO_FULL, 2: NO_FULL}))
    assert (notice.job, notice.since) == ("dump", begun)


@pytest.mark.parametrize("history", [WHOLE, KNOWN])
def test_the_first_run_of_a_job_has_to_be_a_full(history: History) -> None:
    assert told(site(chain("FT"), history, logs={1: NO_FULL})) == []


def test_a_job_that_moved_to_another_client_is_no_new_one() -> None:
    moved = [replace(run, jobid=9) for run in chain("FT", client="db09-fd")]
    (notice,) = told(site([*chain("FT"), *moved], KNOWN, logs={9: NO_FULL}))
    assert (notice.kind, notice.client) == (Kind.UPGRADED, "db09-fd")


@pytest.mark.parametrize(
    ("log", "changes"),
    [
        (made_log("d-dir JobId 1: Start Backup JobId 1"), {}),
        # The log of a copy is that of its original.
        (NO_FULL, {"type": "C", "prior_jobid": 7}),
    ],
)
def test_a_full_that_was_asked_for_is_not_told(log: Any, changes: dict[str, Any]) -> None:
    assert told(site(chain("FT", **changes), WHOLE, logs={1: log})) == []


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("FDI"), st.sampled_from("TfAR")), max_size=8),
    st.lists(st.tuples(st.sampled_from("FDI"), st.sampled_from("TfAR")), max_size=8),
    st.booleans(),
)
def test_another_job_changes_nothing(
    one: list[tuple[str, str]], other: list[tuple[str, str]], whole: bool
) -> None:
    history = WHOLE if whole else KNOWN
    runs = chain(" ".join(map("".join, one)))
    strangers = chain(" ".join(map("".join, other)), name="other", client="web01-fd")
    strangers = [replace(run, jobid=run.jobid + 100) for run in strangers]
    together = told(site([*runs, *strangers], history))
    assert [n for n in together if n.job == "dump"] == told(site(runs, history))
