"""Every kind of call and everything that can go wrong with it.

An essential call that fails for good stops the snapshot with the right sentence and cure; any other
leaves a gap and everything else as it was. Nothing but a ReportError ever leaves `collect`.
"""

import base64
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol

import pytest

from app.api import session
from app.api.faults import PASSING, ApiError
from app.api.faults import Fault as Wrong
from app.collect import collect
from app.demo import Baculum, Fault, FaultKind, Flavour, Night, faults, told_night
from app.demo.faults import BCONSOLE_MISSING
from app.logdesk import GIVE_UP_LOGS
from app.snapshot import GapSource, Snapshot
from tests.integration.api.asking import (
    NOW,
    PASSWORD,
    SEOUL,
    WORKERS,
    a_failed_night,
    a_job,
    a_live_job,
    a_night,
    a_question,
    an_open_job,
    answering,
    api_client,
    gaps,
    job_lists,
    jobids,
    snapshot_of,
    watch,
)
from tests.integration.api.test_paging import a_catalog

pytestmark = [
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def no_password_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever happens: no password in any record, in plain or as it travels."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(session, "MAX_BODY", 2 * MEGABYTE)
    yield
    travelling = base64.b64encode(f"report:{PASSWORD}".encode()).decode()
    for record in caplog.records:
        told = f"{record.getMessage()} {record.args} {record.exc_info} {record.__dict__}"
        assert PASSWORD not in told
        assert travelling not in told
        assert "Basic " not in told


# --- what can be asked, and what can go wrong ------------------------------------------------


def a_mixed_night() -> Night:
    """A failure, a warning, a success, a running job and one that has just ended."""
    running = an_open_job(5, "vm", ago=3)
    ended = an_open_job(4, "db", ago=1)
    night = a_night(a_job(1), a_job(2, status="f"), a_job(3, errors=2), ended, running)
    live = a_live_job(running)
    night.running = [live]
    night.client_running = {"web01-fd": [{**live, "jobbytes": "99", "bytes_sec": "9"}]}
    told = told_night(NOW, SEOUL)
    night.pools, night.volumes, night.schedule = told.pools, told.volumes, told.schedule
    return night


def a_long_night() -> Night:
    """More than one page."""
    return a_catalog(1_100)


@dataclass(frozen=True)
class Call:
    """One kind of call: how it is told from others, where a failure shows, on which night.

    What is optional may be refused or not be offered: that is a note and no gap.
    """

    name: str
    path: str
    gap: GapSource | None
    night: Callable[[], Night] = a_mixed_night
    optional: bool = False

    def __str__(self) -> str:
        return self.name


FIRST = Call("first job page", r"/jobs/?\?limit=1000$", None)
LATER = Call("later job page", r"offset=", GapSource.JOBS, a_long_night)
OPEN = Call("open jobs", r"jobstatus=", GapSource.OPEN_JOBS)
LOG = Call("job log", r"/joblog/2", GapSource.JOB_LOGS)
LIVE = Call("live status", r"status/director", GapSource.LIVE_STATUS)
CLIENT = Call("client status", r"status/client", None)
CLIENTS = Call("clients", r"/clients$", GapSource.CLIENTS)
DIRECTORS = Call("directors", r"/directors$", None)
ONE = Call("one job", r"/jobs/4$", None)
SCHEDULE = Call("schedules", r"/schedules/status", GapSource.SCHEDULE, optional=True)
SHOW = Call("configured jobs", r"/jobs/(show|resnames)$", GapSource.CONFIGURATION, optional=True)
POOLS = Call("pools", r"/pools$", GapSource.POOLS, optional=True)
VOLUMES = Call("volumes", r"/volumes$", GapSource.VOLUMES, optional=True)
OPTIONAL = [SCHEDULE, SHOW, POOLS, VOLUMES]
CALLS = [FIRST, LATER, OPEN, LOG, LIVE, CLIENT, CLIENTS, DIRECTORS, ONE, *OPTIONAL]


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong, and what it is called."""

    name: str
    wrong: Wrong
    kind: FaultKind
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def at(self, path: str, times: int | None = None) -> Fault:
        return Fault(path, self.kind, times=times, **self.more)


def status(code: int, wrong: Wrong) -> Case:
    return Case(f"HTTP {code}", wrong, FaultKind.STATUS, {"status": code})


def error(code: int, wrong: Wrong, body: str | None = None) -> Case:
    name = f"error {code}" if body is None else f"error {code} with words"
    return Case(name, wrong, FaultKind.ERROR, {"code": code, "body": body})


def body(value: Any, wrong: Wrong = Wrong.SHAPE) -> Case:
    return Case(f"body {value}", wrong, FaultKind.BODY, {"body": value})


ELSEWHERE = "http://198.51.100.7:9096/api/v1/jobs"

QUICK = [
    Case("drop", Wrong.DROPPED, FaultKind.DROP),
    Case("reset", Wrong.DROPPED, FaultKind.RESET),
    Case("truncate", Wrong.DROPPED, FaultKind.TRUNCATE),
    Case("endless", Wrong.TOO_LARGE, FaultKind.ENDLESS),
    Case("gzip bomb", Wrong.TOO_LARGE, FaultKind.GZIP_BOMB, {"size": 20 * MEGABYTE}),
    Case("web page", Wrong.HTML, FaultKind.HTML),
    Case("welcome", Wrong.WRONG_PATH, FaultKind.WELCOME),
    Case("garbage", Wrong.NOT_JSON, FaultKind.GARBAGE),
    error(1, Wrong.API),
    error(2, Wrong.CATALOG),
    error(4, Wrong.DIRECTOR),
    error(4, Wrong.BCONSOLE, BCONSOLE_MISSING),
    error(5, Wrong.DIRECTOR),
    error(6, Wrong.LOGIN),
    error(7, Wrong.LOGIN),
    error(50, Wrong.MISSING),
    error(1000, Wrong.CATALOG),
    error(1000, Wrong.INTERNAL, "Internal error. Undefined column: job.realstarttime"),
    error(123456, Wrong.API),
    error(-1, Wrong.API),
    status(204, Wrong.HTTP),
    status(400, Wrong.BAD_REQUEST),
    status(401, Wrong.UNAUTHORIZED),
    status(403, Wrong.FORBIDDEN),
    status(404, Wrong.NOT_FOUND),
    status(418, Wrong.HTTP),
    status(429, Wrong.BUSY),
    status(500, Wrong.SERVER),
    status(502, Wrong.GATEWAY),
    status(503, Wrong.GATEWAY),
    status(504, Wrong.GATEWAY),
    status(507, Wrong.SERVER),
    status(999, Wrong.SERVER),
    Case("redirect", Wrong.REDIRECT, FaultKind.REDIRECT, {"location": ELSEWHERE}),
    Case("redirect to nowhere", Wrong.HTTP, FaultKind.REDIRECT, {"location": "http://[::bad/"}),
    *map(body, [None, "", "text", 7, 0.5, True, [], {}, [{}]]),
    *(body({"output": output, "error": 0}) for output in (None, "", "text", 7, True, 0.5)),
    body({"output": {"a": {"b": []}}, "error": 0}),
    body({"output": []}),
    body({"error": 0}),
    body({"output": "?", "error": None}),
    body({"output": "?", "error": "?"}),
    body({"output": "?", "error": []}),
    body({"output": "?", "error": {"code": 4}}),
    body({"output": None, "error": 1000}, Wrong.INTERNAL),
    body({"output": ["Internal error."], "error": "1000"}, Wrong.INTERNAL),
]
SLOW = Case("slow headers", Wrong.TIMEOUT, FaultKind.SLOW, {"seconds": 60.0})
DRIP = Case("dripping body", Wrong.TIMEOUT, FaultKind.DRIP, {"seconds": 0.02})
ENDLESS = Case("slow and endless", Wrong.TIMEOUT, FaultKind.ENDLESS, {"seconds": 0.02})

# A job list is looked for in every version where v1 has none.
NOT_HERE = {Wrong.WRONG_PATH, Wrong.HTML, Wrong.NOT_FOUND, Wrong.SHAPE}
# A later page is asked for once more with fewer rows then.
TOO_MUCH = {Wrong.SERVER, Wrong.DROPPED}
# Said of what a server does not offer, or not to this user.
REFUSALS = {
    Wrong.WRONG_PATH,
    Wrong.HTML,
    Wrong.NOT_FOUND,
    Wrong.MISSING,
    Wrong.LOGIN,
    Wrong.FORBIDDEN,
    Wrong.API,
}
# Then the names of the configured jobs are asked for instead of all that is shown of them.
NOT_SHOWN = {Wrong.WRONG_PATH, Wrong.HTML, Wrong.NOT_FOUND, Wrong.MISSING}


def expected_requests(call: Call, case: Case) -> int:
    # A web page where an API has answered before may be a mishap.
    passing = PASSING if call is FIRST else PASSING | {Wrong.HTML}
    tries = 3 if case.wrong in passing else 1
    if call is SHOW and case.wrong in NOT_SHOWN:
        return 2 * tries
    if call is FIRST and case.wrong in NOT_HERE:
        return 3
    return 2 * tries if call is LATER and case.wrong in TOO_MUCH else tries


def sentence(wrong: Wrong) -> str:
    return ApiError(wrong).what.msgid


def cure(wrong: Wrong) -> str:
    found = ApiError(wrong).cure
    assert found is not None
    return found.msgid


def assert_stopped(snapshot: Snapshot, wrong: Wrong) -> None:
    assert snapshot.stopped is not None
    assert snapshot.stopped_cure is not None
    assert (sentence(wrong), cure(wrong)) == (
        snapshot.stopped.msgid,
        snapshot.stopped_cure.msgid,
    )
    assert str(snapshot.stopped)
    assert str(snapshot.stopped_cure)
    assert [gap.source for gap in snapshot.gaps] == [GapSource.JOBS]
    assert snapshot.jobs == ()


def assert_else_intact(snapshot: Snapshot, healthy: Snapshot, call: Call) -> None:
    """Only what this call should have brought may differ from a night without faults."""
    assert snapshot.stopped is None
    if call is not LATER:
        assert healthy.jobs == snapshot.jobs
    assert (None if call is CLIENTS else healthy.clients) == snapshot.clients
    lost = {2} if call is LOG else set()
    assert {jobid: log for jobid, log in healthy.logs.items() if jobid not in lost} == snapshot.logs
    for one, had, expected in (
        (SCHEDULE, snapshot.schedule, healthy.schedule),
        (SHOW, snapshot.resources, healthy.resources),
        (POOLS, snapshot.pools, healthy.pools),
        (VOLUMES, snapshot.volumes, healthy.volumes),
    ):
        assert (None if call is one else expected) == had
    assert ("" if call is DIRECTORS else "small-dir") == snapshot.source.director
    if call is LIVE or healthy.live is None:
        assert snapshot.live is None
        return
    assert snapshot.live is not None
    assert list(snapshot.live) == [5]
    asked = call not in (CLIENT, CLIENTS)
    assert (99 if asked else 0) == snapshot.live[5].bytes


@cache
def healthy_snapshot(night: Callable[[], Night]) -> Snapshot:
    """The same night without any fault."""
    with Baculum(night()) as baculum:
        snapshot = snapshot_of(baculum)
    assert snapshot.gaps == ()
    return snapshot


class Suffer(Protocol):
    """Ask a night while something goes wrong; return what became of it, and the fault."""

    def __call__(
        self, call: Call, case: Case, times: int | None = None, **client: Any
    ) -> tuple[Snapshot, Fault]: ...


@pytest.fixture(scope="module")
def suffer() -> Iterator[Suffer]:
    """One server for each night; only its faults change."""
    with ExitStack() as running:
        servers: dict[Callable[[], Night], Baculum] = {}

        def suffered(
            call: Call, case: Case, times: int | None = None, **client: Any
        ) -> tuple[Snapshot, Fault]:
            if call.night not in servers:
                servers[call.night] = running.enter_context(Baculum(call.night()))
            baculum, fault = servers[call.night], case.at(call.path, times)
            baculum.faults[:] = [fault]
            snapshot = snapshot_of(baculum, **client)
            assert {request.method for request in baculum.requests} <= {"GET"}
            return snapshot, fault

        yield suffered


# --- one call fails --------------------------------------------------------------------------


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_without_any_job_list_the_snapshot_says_why(suffer: Suffer, case: Case) -> None:
    snapshot, fault = suffer(FIRST, case)
    assert expected_requests(FIRST, case) == fault.seen
    assert_stopped(snapshot, case.wrong)


# The others' sentences come from the same place: one of each way to fail will do.
EACH_WAY = [
    case
    for place, case in enumerate(QUICK)
    if case.kind not in {one.kind for one in QUICK[:place]}
    or case.name in {"HTTP 404", "HTTP 429", "HTTP 500", "HTTP 503", "error 4", "error 50"}
    or (case.kind is FaultKind.BODY and place % 3 == 0)
]


@pytest.mark.parametrize("case", EACH_WAY, ids=str)
@pytest.mark.parametrize("call", CALLS[1:], ids=str)
def test_one_failing_call_is_told_and_costs_nothing_else(
    suffer: Suffer, call: Call, case: Case
) -> None:
    snapshot, fault = suffer(call, case)
    assert expected_requests(call, case) == fault.seen
    told = {(gap.source, gap.reason.msgid) for gap in snapshot.gaps}
    noted = {(note.source, note.reason.msgid) for note in snapshot.notes}
    if call.optional and case.wrong in REFUSALS:
        told, noted = noted, told
    assert ({(call.gap, sentence(case.wrong))} if call.gap else set()) <= told
    assert {source for source, _ in told} == ({call.gap} if call.gap else set())
    assert {source for source, _ in noted} <= {GapSource.HISTORY, GapSource.SUCCESS_LOGS}
    assert all(gaps(snapshot))
    assert_else_intact(snapshot, healthy_snapshot(call.night), call)


# SHOW and the look whether the Director hangs ask for the same names.
@pytest.mark.parametrize("call", [call for call in CALLS if call is not SHOW], ids=str)
def test_one_slow_call_is_told_and_costs_nothing_else(suffer: Suffer, call: Call) -> None:
    snapshot, fault = suffer(call, SLOW, timeout=0.5, tries=1)
    assert fault.seen == 1
    if call is FIRST:
        assert_stopped(snapshot, Wrong.TIMEOUT)
        return
    reasons = {(gap.source, gap.reason.msgid) for gap in snapshot.gaps}
    assert ({(call.gap, sentence(Wrong.TIMEOUT))} if call.gap else set()) <= reasons
    assert_else_intact(snapshot, healthy_snapshot(call.night), call)


@pytest.mark.parametrize(
    ("call", "case"), [(FIRST, SLOW), (FIRST, DRIP), (FIRST, ENDLESS), (LOG, DRIP)], ids=str
)
def test_a_call_takes_its_time_limit_however_the_bytes_are_spread(
    suffer: Suffer, call: Call, case: Case
) -> None:
    """Three tries, although something comes all the time."""
    snapshot, fault = suffer(call, case, timeout=0.3)
    assert fault.seen == 3
    if call is FIRST:
        assert_stopped(snapshot, Wrong.TIMEOUT)
    else:
        assert [sentence(Wrong.TIMEOUT)] == [gap.reason.msgid for gap in snapshot.gaps]
        assert "within 0.3 seconds" in gaps(snapshot)[0]


HEALING = [case for case in QUICK if case.wrong in PASSING]


@pytest.mark.parametrize(
    ("call", "case", "times"),
    [(FIRST, case, 1) for case in HEALING]
    + [(call, case, 2) for call in CALLS for case in HEALING],
    ids=str,
)
def test_a_passing_fault_is_healed_by_trying_again(
    suffer: Suffer, call: Call, case: Case, times: int
) -> None:
    snapshot, fault = suffer(call, case, times)
    assert times + 1 == fault.seen
    assert snapshot.gaps == ()
    assert healthy_snapshot(call.night).jobs == snapshot.jobs
    assert snapshot.calls.failed == times


def test_a_file_daemon_that_keeps_the_api_waiting_is_asked_once(suffer: Suffer) -> None:
    """It is unreachable; asking again would only wait again."""
    snapshot, fault = suffer(CLIENT, SLOW, timeout=0.5)
    assert (fault.seen, snapshot.gaps) == (1, ())


def test_a_slow_answer_is_healed_by_trying_again() -> None:
    fault = SLOW.at(FIRST.path, 2)
    with Baculum(a_mixed_night(), faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, timeout=0.5)
    assert (fault.seen, snapshot.gaps) == (3, ())


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_a_call_is_tried_as_often_as_set(tries: int) -> None:
    fault = Fault(FIRST.path, FaultKind.STATUS, status=503)
    with Baculum(a_mixed_night(), faults=[fault]) as baculum:
        assert_stopped(snapshot_of(baculum, tries=tries), Wrong.GATEWAY)
    assert tries == fault.seen


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        (b"", Wrong.NOT_JSON),
        (b"[" * 200_000, Wrong.NOT_JSON),
        (b'{"output":' * 100_000, Wrong.NOT_JSON),
        (b'{"output":[],"error":0', Wrong.NOT_JSON),
        (b'{"output":[],"error":NaN}', Wrong.NOT_JSON),
        (b'{"output":[],"error":1e999}', Wrong.NOT_JSON),
        (b'{"output":[],"error":' + b"9" * 5_000 + b"}", Wrong.NOT_JSON),
        (b'{"output":["\xff\xfe\xb0"],"error":0}', Wrong.NOT_JSON),
        (b'<br />\n<b>Warning</b>: x in y.php\n{"output":[],"error":0}', Wrong.HTML),
        (b"\0" * 5_000, Wrong.NOT_JSON),
    ],
    ids=range(10),
)
def test_bytes_that_are_no_json_stop_the_snapshot(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, wrong: Wrong
) -> None:
    with Baculum(a_mixed_night()) as baculum:
        answering(baculum, monkeypatch, FIRST.path, sent)
        assert_stopped(snapshot_of(baculum), wrong)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_before_the_answer_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    with Baculum(a_mixed_night()) as baculum:
        answering(baculum, monkeypatch, "/clients$", '{"output":[],"error":"0"}'.encode(encoding))
        assert snapshot_of(baculum).clients == ()


# --- redirects -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place", ["{path}", "{url}{path}", "//127.0.0.1:{port}{path}", "?limit=1000", "/api/v1/jobs/"]
)
def test_a_redirect_on_the_same_server_is_followed(code: int, place: str) -> None:
    with Baculum(a_mixed_night()) as baculum:
        path = "/api/v1/jobs?limit=1000"
        location = place.format(path=path, url=baculum.url, port=baculum.port)
        fault = Fault(FIRST.path, FaultKind.REDIRECT, times=1, status=code, location=location)
        baculum.faults.append(fault)
        snapshot = snapshot_of(baculum)
        assert all(request.authorized for request in baculum.requests)
        # Never a question for all jobs, which would kill the server.
        assert all("limit" in query for query in job_lists(baculum))
    assert (fault.seen, len(snapshot.jobs), snapshot.gaps) == (2, 5, ())


@pytest.mark.parametrize("call", [FIRST, LOG, LIVE], ids=str)
@pytest.mark.parametrize(
    "place",
    [
        "{other}/api/v1/jobs",
        "//127.0.0.1:{port}/api/v1/jobs",
        "http://report:demo-password@127.0.0.1:{port}/",
        "http://localhost:{own}/api/v1/jobs",
        "https://127.0.0.1:{own}/api/v1/jobs",
    ],
)
def test_a_redirect_elsewhere_never_gets_the_password(call: Call, place: str) -> None:
    """To another port, host or scheme: it is told, and nobody is asked there."""
    with Baculum(a_mixed_night()) as other, Baculum(call.night()) as baculum:
        location = place.format(other=other.url, port=other.port, own=baculum.port)
        baculum.faults.append(Fault(call.path, FaultKind.REDIRECT, location=location))
        snapshot = snapshot_of(baculum)
        assert other.requests == []
    told = snapshot.gaps[0].reason
    assert sentence(Wrong.REDIRECT) == told.msgid
    assert "@" not in str(told)


@pytest.mark.parametrize(
    "location", ["", "/api/v1/jobs?limit=1000", "?limit=1000", "http://[", "#"]
)
def test_a_redirect_that_leads_nowhere_has_an_end(location: str) -> None:
    with Baculum(a_mixed_night()) as baculum:
        fault = Fault(FIRST.path, FaultKind.REDIRECT, location=location)
        baculum.faults.append(fault)
        assert_stopped(snapshot_of(baculum), Wrong.HTTP)
        assert len(baculum.requests) <= 4


# --- a Director that is down -------------------------------------------------------------------

HUNG = faults.director_hung(60.0)
LOCKED = [Fault("/catalog$", FaultKind.SLOW, seconds=60.0)]


@pytest.mark.parametrize(
    ("struck", "wrong"),
    [
        (faults.director_down(), Wrong.DIRECTOR),
        (faults.director_hung(), Wrong.DIRECTOR),
        (faults.bconsole_missing(), Wrong.BCONSOLE),
        (faults.database_down(), Wrong.CATALOG),
        (faults.not_configured(), Wrong.HTML),
        # The server waits longer for a dead Director than we do; then each part is asked alone.
        (HUNG, Wrong.DIRECTOR_SILENT),
        (HUNG + faults.database_down(), Wrong.CATALOG),
        (HUNG + LOCKED, Wrong.TIMEOUT),
        ([*HUNG, Fault("/catalog$", FaultKind.STATUS, status=500)], Wrong.TIMEOUT),
        ([Fault("/api/v1", FaultKind.WELCOME), *HUNG], Wrong.DIRECTOR_SILENT),
        ([Fault("/api/v1", FaultKind.HTML), *HUNG], Wrong.DIRECTOR_SILENT),
        ([Fault("/api/v1", FaultKind.STATUS, status=404), *HUNG], Wrong.DIRECTOR_SILENT),
        ([Fault("/api/v1", FaultKind.WELCOME), *faults.director_down()], Wrong.DIRECTOR),
    ],
)
def test_the_part_that_is_down_is_named(struck: list[Fault], wrong: Wrong) -> None:
    fresh = [replace(fault) for fault in struck]
    with Baculum(a_mixed_night(), faults=fresh) as baculum:
        assert_stopped(snapshot_of(baculum, timeout=0.5, tries=1), wrong)


@pytest.mark.parametrize(
    ("struck", "most"),
    [
        (Fault("/joblog", FaultKind.SLOW, seconds=60.0), GIVE_UP_LOGS + WORKERS),
        (Fault("/joblog", FaultKind.ERROR, code=4), GIVE_UP_LOGS + WORKERS),
        (Fault("/joblog", FaultKind.STATUS, status=401), GIVE_UP_LOGS + WORKERS),
        # What may pass and fails at once is given time as well.
        (Fault("/joblog", FaultKind.DROP), 299),
    ],
    ids=str,
)
def test_a_director_that_dies_midway_is_not_asked_for_every_log(struck: Fault, most: int) -> None:
    """Eight in a row, and those that were under way: then no more, and the gap names them all."""
    fault = replace(struck)
    with Baculum(a_failed_night(300), faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, timeout=0.3, tries=1)
    assert GIVE_UP_LOGS <= fault.seen <= most
    assert set(range(1, 301)) == {jobid for gap in snapshot.gaps for jobid in gap.jobids}
    assert {GapSource.JOB_LOGS} == {gap.source for gap in snapshot.gaps}
    assert len(snapshot.gaps) == 1
    assert snapshot.logs == {}


def test_logs_that_fail_now_and_then_do_not_end_the_others() -> None:
    """Only failures in a row count: here every job with a zero at its end."""
    fault = Fault(r"/joblog/\d*0\?", FaultKind.STATUS, status=500)
    with Baculum(a_failed_night(100), faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum)
    assert len(snapshot.logs) == 90
    assert [tuple(range(100, 0, -10))] == [gap.jobids for gap in snapshot.gaps]


@pytest.mark.parametrize("call", [LATER, OPEN, LIVE, SCHEDULE, SHOW, POOLS], ids=str)
def test_a_director_that_hangs_midway_is_named(call: Call) -> None:
    """Not the one call was slow: the Director answers no other either."""
    hung = [SLOW.at(call.path), SLOW.at("resnames")]
    with Baculum(call.night(), faults=hung) as baculum:
        snapshot = snapshot_of(baculum, timeout=0.5, tries=1)
    assert (call.gap, sentence(Wrong.DIRECTOR_SILENT)) in {
        (gap.source, gap.reason.msgid) for gap in snapshot.gaps
    }


def test_a_server_that_goes_away_leaves_what_was_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens any more after the first page."""
    with Baculum(a_mixed_night()) as baculum:
        lists = iter(range(100))

        def before(target: str) -> None:
            if next(lists) == 1:
                baculum.stop()

        watch(baculum, monkeypatch, before)
        snapshot = snapshot_of(baculum)
    assert jobids(snapshot) == [5, 4, 3, 2, 1]
    assert (snapshot.clients, snapshot.live) == (None, None)
    for_judging = {GapSource.HISTORY, GapSource.SUCCESS_LOGS}
    assert {gap.source for gap in snapshot.gaps} == set(GapSource) - for_judging
    assert {note.source for note in snapshot.notes} == for_judging
    assert any("connection refused" in told for told in gaps(snapshot))


def test_nothing_listens() -> None:
    with Baculum(a_mixed_night()) as baculum:
        pass
    assert_stopped(snapshot_of(baculum), Wrong.REFUSED)


@pytest.mark.parametrize("host", ["backup.invalid", "x" * 80, "a..b"])
def test_a_name_that_nobody_knows(host: str) -> None:
    with Baculum(a_mixed_night()) as baculum:
        snapshot = snapshot_of(baculum, url=f"http://{host}:9096")
    assert_stopped(snapshot, Wrong.NAME)
    assert host in gaps(snapshot)[0]


# --- one deadline for everything ---------------------------------------------------------------


def test_the_deadline_ends_everything_and_names_the_logs_that_are_missing() -> None:
    """A hundred logs of 0.2 s each, four at a time, in one second: twenty or so."""
    fault = Fault("/joblog", FaultKind.SLOW, seconds=0.2)
    with Baculum(a_failed_night(100), faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, deadline=1.0, workers=4)
    assert fault.seen <= 24
    (gap,) = snapshot.gaps
    assert sentence(Wrong.DEADLINE) == gap.reason.msgid
    assert str(gap.reason) == "The time for asking the API (1 seconds) was over."
    assert set(range(1, 101)) == set(snapshot.logs) | set(gap.jobids)
    assert not set(snapshot.logs) & set(gap.jobids)
    assert len(snapshot.jobs) == 100


@pytest.mark.parametrize("call", [FIRST, LATER, LOG], ids=str)
def test_a_call_that_the_deadline_cuts_short_is_no_slow_server(suffer: Suffer, call: Call) -> None:
    """The limit of a call was not reached: raising BACULUM_API_TIMEOUT would not help."""
    # Long enough for the calls before it, on a busy machine too.
    snapshot, fault = suffer(call, SLOW, timeout=30.0, deadline=2.0)
    assert fault.seen == 1
    assert sentence(Wrong.DEADLINE) == snapshot.gaps[0].reason.msgid
    if call is FIRST:
        assert_stopped(snapshot, Wrong.DEADLINE)


def test_no_pause_is_begun_that_would_outlast_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pause of an hour is not waited for within a minute: the first failure stands."""
    fault = Fault("/jobs", FaultKind.STATUS, status=503)
    with Baculum(a_mixed_night(), faults=[fault]) as baculum, api_client(baculum) as client:
        monkeypatch.setattr(client, "first_pause", 3_600.0)
        monkeypatch.setattr("app.api.client.LONGEST_PAUSE", 3_600.0)
        assert_stopped(collect(client, a_question()), Wrong.GATEWAY)
    assert fault.seen == 1


@pytest.mark.parametrize("workers", [1, 2, 4, 16])
def test_never_more_calls_at_once_than_workers(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """And as many at the same time, where there are logs enough."""
    gauge = Gauge(workers)
    with Baculum(a_failed_night(60), Flavour.BACULUM_9_6) as baculum:
        watch(baculum, monkeypatch, gauge.note)
        answer = baculum.answers.answer

        def answered(*args: Any) -> Any:
            try:
                return answer(*args)
            finally:
                gauge.leave()

        monkeypatch.setattr(baculum.answers, "answer", answered)
        snapshot = snapshot_of(baculum, workers=workers)
    assert len(snapshot.logs) == 60
    assert workers == gauge.most


class Gauge:
    """Counts who is inside; logs wait there until all workers are, if that may be."""

    def __init__(self, workers: int) -> None:
        self._full = threading.Barrier(workers)
        self._lock = threading.Lock()
        self._inside = 0
        self._logs = 0
        self.most = 0

    def note(self, target: str) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._logs += "/joblog" in target
            first = "/joblog" in target and self._logs <= self._full.parties
        if first:
            self._full.wait(20)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
