"""The job list of servers small and large: every job once, in few requests, whatever they honour.

What a list costs on the way: one page of 1,000; where that does not reach back far enough, pages of
5,000. A server that ignores `offset` is asked for 5,000 at once and then name by name.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from app import collect
from app.api import dialect, jobs
from app.bacula.model import Job
from app.demo import Baculum, Fault, FaultKind, Flavour, Night
from app.demo.flavours import TRAITS
from app.demo.night import CATALOG_TIME, Row
from app.period import Mode
from app.snapshot import Filters, GapSource
from tests.integration.api.asking import (
    BESIDE,
    NO_OFFSET,
    NOW,
    OFFSET,
    ONLY_THE_PERIOD,
    SEOUL,
    a_job,
    a_night,
    a_question,
    an_open_job,
    gaps,
    job_lists,
    jobids,
    paths,
    snapshot_of,
    watch,
)

pytestmark = [
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]

TYPICAL = [Flavour.BACULUM_15, Flavour.BACULUM_9_6, Flavour.BACULARIS_6]
MANY_NAMES = 30
PAGE = 5_000


@cache
def catalog(count: int, days: float = 6.9, names: int = MANY_NAMES) -> tuple[Row, ...]:
    """So many jobs, evenly over the last days, newest last."""
    template = a_job(1)
    step = timedelta(days=days) / max(count, 1)
    rows = []
    for jobid in range(1, count + 1):
        start = NOW - step * (count + 1 - jobid)
        started, ended = start.strftime(CATALOG_TIME), (start + step).strftime(CATALOG_TIME)
        name = f"job-{jobid % names:03d}"
        rows.append(
            {
                **template,
                "jobid": jobid,
                "job": f"{name}.{start:%Y-%m-%d_%H.%M.%S}_{jobid % 60:02d}",
                "name": name,
                "schedtime": started,
                "starttime": started,
                "endtime": ended,
                "realendtime": ended,
                "jobtdate": int((start + step).timestamp()),
            }
        )
    return tuple(rows)


def a_catalog(count: int, days: float = 6.9, names: int = MANY_NAMES) -> Night:
    night = a_night()
    night.jobs = list(catalog(count, days, names))
    night.job_names = sorted({row["name"] for row in night.jobs})
    return night


def all_of(count: int) -> list[int]:
    return list(range(count, 0, -1))


def largest(baculum: Baculum) -> int:
    """The largest limit that was asked for; 0 stands for a request without any."""
    return max(int(query.get("limit", 10**9)) for query in job_lists(baculum))


def missing_before(job: Job) -> str:
    """The gap that names when the oldest job was made up to which the list is whole."""
    assert job.created is not None
    return f"jobs: Jobs created before {job.created.astimezone(SEOUL):%Y-%m-%d %H:%M} are missing."


# --- whole catalogs ----------------------------------------------------------------------


# Lists asked for: the first page, the open jobs, those that ended badly where the first page is not
# the whole catalog, and, where it does not reach back far enough, the next page: after a short page
# too, for a server may allow fewer rows than were asked for.
# Then page after page of 5,000 | 5,000 at once, which says that there may be more: every name.
REQUESTS = {
    0: (2, 2),
    1: (3, 3),
    999: (3, 3),
    1_000: (4, 4),
    1_001: (4, 4),
    5_000: (5, 4 + MANY_NAMES),
    6_000: (5, 4 + MANY_NAMES),
    12_000: (7, 4 + MANY_NAMES),
}
# 11.0 and 13.0 answer as 9.6 does; the large catalogs need not be told three times.
LARGE = [(flavour, count) for flavour in TYPICAL for count in (6_000, 12_000)]
LARGE += [(flavour, 5_000) for flavour in TYPICAL[:2]]
SMALL = [(flavour, count) for flavour in Flavour for count in REQUESTS if count <= 1_001]


@pytest.mark.parametrize(("flavour", "count"), SMALL + LARGE)
def test_every_job_of_the_period_is_there_once(flavour: Flavour, count: int) -> None:
    with Baculum(a_catalog(count), flavour) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(count) == jobids(snapshot)
    assert snapshot.gaps == ()
    assert len(job_lists(baculum)) == REQUESTS[count][flavour not in OFFSET]
    assert largest(baculum) <= PAGE


@pytest.mark.parametrize("flavour", TYPICAL)
def test_a_hundred_thousand_jobs_are_read_as_far_back_as_needed(flavour: Flavour) -> None:
    """A thousand a day: what began a week before last night, or later, and no more."""
    question = a_question(mode=Mode.PRODUCTION, policy=ONLY_THE_PERIOD)
    with Baculum(a_catalog(100_000, 100.0, names=10), flavour) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert all_of(100_000)[:417] == jobids(snapshot)
    assert snapshot.gaps == ()
    assert len(job_lists(baculum)) == (5 if flavour in OFFSET else 4 + 10)
    assert largest(baculum) <= PAGE


@pytest.mark.parametrize("flavour", Flavour)
def test_an_old_catalog_needs_one_page_only(flavour: Flavour) -> None:
    """The common night: the first page reaches back far enough.

    Beside it the open jobs and those that ended badly, however old; the Director's name; the
    clients; what is asked in every run: nine requests.
    """
    question = a_question(mode=Mode.PRODUCTION, policy=ONLY_THE_PERIOD)
    with Baculum(a_catalog(6_000, 200.0), flavour) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert all_of(6_000)[:13] == jobids(snapshot)
    expected = ["clients", "directors", "jobs", "jobs", "jobs", *BESIDE]
    assert sorted(expected) == sorted(paths(baculum))


# --- servers that give little ------------------------------------------------------------


def test_few_names_are_asked_with_growing_limits() -> None:
    """Two names of 6,000 jobs each: the documented last resort of 10,000 rows."""
    with Baculum(a_catalog(12_000, names=2), Flavour.BACULUM_9_6) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(12_000) == jobids(snapshot)
    assert snapshot.gaps == ()
    limits = [(q.get("name"), int(q["limit"])) for q in job_lists(baculum) if "name" in q]
    assert sorted(limits) == [
        (name, limit) for name in ("job-000", "job-001") for limit in (1_000, PAGE, 10_000)
    ]


TENTH = 10


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of everything, so that a long list is quickly made."""
    for room in (dialect, jobs):
        monkeypatch.setattr(room, "FIRST_PAGE", 1_000 // TENTH)
    for room in (jobs, collect):
        monkeypatch.setattr(room, "PAGE", PAGE // TENTH)
    monkeypatch.setattr(jobs, "OVERLAP", jobs.OVERLAP // TENTH)
    monkeypatch.setattr(jobs, "LAST_RESORT", tuple(n // TENTH for n in jobs.LAST_RESORT))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("flavour", NO_OFFSET)
def test_what_the_memory_of_a_server_holds_stays_and_the_rest_is_a_gap(flavour: Flavour) -> None:
    """Each name's newest 500; asking for 1,000 kills the server, once per name."""
    with Baculum(a_catalog(1_200, names=2), flavour, memory_rows=550) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(1_200)[:1_000] == jobids(snapshot)
    assert [gap.source for gap in snapshot.gaps] == [GapSource.JOBS, GapSource.JOBS]
    assert "(500 jobs at once)" in gaps(snapshot)[0]
    assert re.fullmatch(r"jobs: Jobs created before 2026-11-18 .* are missing\.", gaps(snapshot)[1])
    assert [int(q["limit"]) for q in job_lists(baculum)].count(1_000) == 2


@pytest.mark.usefixtures("small_pages")
def test_a_long_page_is_asked_for_again_unless_the_server_broke_down_over_it() -> None:
    """A passing 503 is none of the page's; a 500 is that of a page that is too long."""
    seen = {}
    for status in (503, 500):
        fault = Fault("limit=1000&name=job-000", FaultKind.STATUS, status=status, times=1)
        with Baculum(a_catalog(1_200, names=2), Flavour.BACULUM_9_6, faults=[fault]) as baculum:
            seen[status] = gaps(snapshot_of(baculum)), fault.seen
    assert seen[503] == ([], 2)
    assert "(500 jobs at once)" in seen[500][0][0]
    assert seen[500][1] == 1


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("flavour", Flavour)
def test_a_server_that_cannot_hold_a_page_is_asked_for_fewer(flavour: Flavour) -> None:
    """Its first hundred it gave: the rest comes by hundreds, or name by name."""
    with Baculum(a_catalog(600), flavour, memory_rows=300) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(600) == jobids(snapshot)
    assert snapshot.gaps == ()


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("flavour", Flavour)
def test_a_page_that_fails_leaves_what_was_had_and_a_gap(flavour: Flavour) -> None:
    fault = Fault(r"jobs\?limit=\d+&(offset|name)", FaultKind.ERROR, code=4)
    with Baculum(a_catalog(600), flavour, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(600)[:100] == jobids(snapshot)
    assert gaps(snapshot)[0].endswith("cannot reach the Bacula Director.")
    assert gaps(snapshot)[1] == missing_before(snapshot.jobs[-1])


@pytest.mark.usefixtures("small_pages")
def test_a_name_that_fails_does_not_hide_how_far_back_the_whole_list_goes() -> None:
    """Names asked before it reach further back than what is known of all."""
    fault = Fault(r"name=job-007", FaultKind.STATUS, status=500)
    with Baculum(a_catalog(1_200), Flavour.BACULUM_13, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum)
    oldest = next(job for job in snapshot.jobs if job.jobid == 1_200 - PAGE // TENTH + 1)
    assert gaps(snapshot)[1] == missing_before(oldest)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(
    "fault",
    [
        Fault("resnames", FaultKind.WELCOME),
        Fault("resnames", FaultKind.HTML),
        Fault("resnames", FaultKind.STATUS, status=404),
        Fault("resnames", FaultKind.STATUS, status=500),
        Fault("resnames", FaultKind.ERROR, code=1),
        Fault("resnames", FaultKind.BODY, body={"output": {}, "error": 0}),
        Fault("resnames", FaultKind.BODY, body={"output": {"d": []}, "error": 0}),
        Fault("resnames", FaultKind.BODY, body={"output": {"d": [None, 3, ""]}, "error": 0}),
        Fault("resnames", FaultKind.BODY, body={"output": {"d": ["job-001"]}, "error": 0}),
        Fault("resnames", FaultKind.BODY, body={"output": ["job-001"], "error": 0}),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.code}-{fault.body}",
)
def test_without_the_job_names_limits_grow(fault: Fault) -> None:
    """Missing, empty, or fewer than the list itself shows."""
    with Baculum(a_catalog(550), Flavour.BACULUM_13, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(550) == jobids(snapshot)
    assert snapshot.gaps == ()
    assert [query["limit"] for query in job_lists(baculum)][-2:] == ["500", "1000"]


def honouring(flavour: Flavour, monkeypatch: pytest.MonkeyPatch, *without: str) -> Flavour:
    """The same server, which ignores some parameters in silence."""
    traits = TRAITS[flavour]
    fewer = replace(traits, job_parameters=traits.job_parameters - set(without))
    monkeypatch.setitem(TRAITS, flavour, fewer)
    return flavour


@pytest.mark.usefixtures("small_pages")
def test_where_the_name_filter_is_ignored_limits_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    flavour = honouring(Flavour.BACULUM_11, monkeypatch, "name")
    with Baculum(a_catalog(1_200), flavour) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(1_200) == jobids(snapshot)
    assert snapshot.gaps == ()


@pytest.mark.usefixtures("small_pages")
def test_where_nothing_helps_the_last_resort_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 rows at once are the most that is ever asked for."""
    flavour = honouring(Flavour.BACULUM_11, monkeypatch, "name")
    with Baculum(a_catalog(2_500), flavour) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(2_500)[:2_000] == jobids(snapshot)
    assert "(2,000 jobs at once)" in gaps(snapshot)[0]
    assert gaps(snapshot)[1] == missing_before(snapshot.jobs[-1])
    assert largest(baculum) == 2_000


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("status_filter", [True, False])
def test_where_no_filter_is_honoured_the_newest_jobs_still_count_once(
    monkeypatch: pytest.MonkeyPatch, status_filter: bool
) -> None:
    """The open jobs that were asked for are then simply the newest: some may be missing."""
    ignored = ["name", "type", "level"] + ([] if status_filter else ["jobstatus"])
    flavour = honouring(Flavour.BACULARIS_6, monkeypatch, *ignored)
    with Baculum(a_catalog(600), flavour) as baculum:
        snapshot = snapshot_of(baculum)
    assert all_of(600) == jobids(snapshot)
    assert [gap.source for gap in snapshot.gaps] == ([] if status_filter else [GapSource.OPEN_JOBS])


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("most", [3, 7, 99, 100, 300])
def test_a_server_that_allows_fewer_rows_than_asked_for_is_read_on(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """A short page is no end where the server takes an offset."""
    count = min(most * 5 + 3, 1_000)
    with Baculum(a_catalog(count), Flavour.BACULUM_15) as baculum:
        watch(baculum, monkeypatch, lambda target: capped(target, most))
        snapshot = snapshot_of(baculum)
    assert all_of(count) == jobids(snapshot)
    assert snapshot.gaps == ()


def capped(target: str, most: int) -> str:
    return re.sub(r"limit=(\d+)", lambda found: f"limit={min(int(found[1]), most)}", target)


# --- a list that moves -------------------------------------------------------------------


def at_list(number: int, act: Callable[[], Any]) -> Callable[[str], None]:
    """Do something right before the job list is asked for the n-th time."""
    asked = iter(range(10_000))

    def before(target: str) -> None:
        if re.search(r"/jobs\?limit=\d+($|&offset|&name)", target) and next(asked) == number:
            act()

    return before


MOVES = [(Flavour.BACULUM_15, 1), (Flavour.BACULUM_15, 2), (Flavour.BACULUM_13, 1)]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("new", [1, 6, 40])
@pytest.mark.parametrize(("flavour", "at"), MOVES)
def test_jobs_that_begin_between_two_pages_hide_no_older_ones(
    monkeypatch: pytest.MonkeyPatch, flavour: Flavour, new: int, at: int
) -> None:
    night = a_catalog(620)
    with Baculum(night, flavour) as baculum:

        def begin() -> None:
            night.jobs += [a_job(620 + n, "job-001", ago=0.2) for n in range(1, new + 1)]

        watch(baculum, monkeypatch, at_list(at, begin))
        snapshot = snapshot_of(baculum)
    found = jobids(snapshot)
    assert all_of(620) == [jobid for jobid in found if jobid <= 620]
    assert len(found) == len(set(found))
    assert snapshot.gaps == ()


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("gone", [1, 6, 90])
@pytest.mark.parametrize(("flavour", "at"), MOVES)
def test_jobs_deleted_between_two_pages_hide_no_others(
    monkeypatch: pytest.MonkeyPatch, flavour: Flavour, gone: int, at: int
) -> None:
    """More than pages overlap; the newest among them."""
    night = a_catalog(620)
    with Baculum(night, flavour) as baculum:

        def delete() -> None:
            del night.jobs[-gone:]

        watch(baculum, monkeypatch, at_list(at, delete))
        snapshot = snapshot_of(baculum)
    assert set(all_of(620 - gone)) <= set(jobids(snapshot))
    assert len(snapshot.jobs) == len(set(jobids(snapshot)))
    assert snapshot.gaps == ()


@pytest.mark.usefixtures("small_pages")
def test_the_catalog_pruned_to_nothing_between_two_pages_is_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    night = a_catalog(620)
    for flavour in (Flavour.BACULUM_15, Flavour.BACULUM_13):
        with Baculum(night, flavour) as baculum:
            watch(baculum, monkeypatch, at_list(1, lambda: baculum.night.jobs.clear()))
            snapshot = snapshot_of(baculum)
        assert len(snapshot.jobs) == (100 if flavour in OFFSET else 0)


def test_rows_that_come_twice_count_once() -> None:
    night = a_night(a_job(1), a_job(2), a_job(2), a_job(3))
    with Baculum(night) as baculum:
        assert jobids(snapshot_of(baculum)) == [3, 2, 1]


# --- old jobs ----------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("count", [10, 12_000])
def test_old_jobs_that_still_matter_are_found(flavour: Flavour, count: int) -> None:
    """One runs since twenty days, one began five days before the period and ended within it."""
    night = a_catalog(count, 40.0)
    for row in night.jobs:
        row["jobid"] += 1_000
    long_ago, ended = NOW - timedelta(days=20), NOW - timedelta(hours=3)
    began = datetime(2026, 11, 20, 22, 0, tzinfo=SEOUL) - timedelta(days=5)
    old = an_open_job(1, scheduled=long_ago, started=long_ago)
    slow = a_job(2, scheduled=began, started=began, ended=ended)
    done = a_job(3, scheduled=began, started=began, ended=began + timedelta(days=4))
    night.jobs[:0] = [old]
    place = sum(row["schedtime"] < slow["schedtime"] for row in night.jobs)
    night.jobs[place:place] = [slow, done]
    for jobid, row in enumerate(night.jobs, 1):
        row["jobid"] = jobid
    night.job_names.append("files")
    with Baculum(night, flavour) as baculum:
        snapshot = snapshot_of(baculum, a_question(mode=Mode.PRODUCTION))
    found = set(jobids(snapshot))
    assert {old["jobid"], slow["jobid"]} <= found
    assert done["jobid"] not in found
    assert gaps(snapshot) == []


def test_more_open_jobs_than_one_page_holds_are_a_gap() -> None:
    """Nobody has 5,000 jobs open; if so, the oldest may be missing, and the report says so."""
    night = a_catalog(5_200)
    night.jobs = [{**row, "jobstatus": "R", "endtime": None} for row in night.jobs]
    with Baculum(night, Flavour.BACULUM_13) as baculum:
        snapshot = snapshot_of(baculum, a_question(filters=Filters(jobs=("nothing",))))
    assert "open jobs: " in gaps(snapshot)[0]
    assert "(5,000 jobs at once)" in gaps(snapshot)[0]
