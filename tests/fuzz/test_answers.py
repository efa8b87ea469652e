"""Whole answers over a real connection: from their bytes to the page, whatever a server says."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app import __version__
from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError
from app.api.fields import number
from app.api.session import Session
from app.api.status import fetch_running
from app.assess import Level, assess
from app.bacula.codes import Outcome
from app.collect import Question, collect
from app.i18n import LANGUAGES
from app.period import Mode, PeriodRequest
from app.report.document import build_document, render_json
from app.report.render import render_html, render_text
from app.report.view import build_view
from app.snapshot import Filters, GapSource, Snapshot
from tests import rig
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import HOSTILE, LOGS, TEXT, VALUES, hold, odd_row, odd_rows, some_row, unsafe
from tests.fuzz.test_report import parsed
from tests.fuzz.test_rows import shown

PASSWORD = "-".join(["correct", "horse", "battery"])


@dataclass
class Told:
    """What the server says to the next requests.

    Attributes:
        body: to every request; None: what `outputs` has for its path.
        outputs: by the path without /api/v1/; "" for all others.
        envelopes: whole envelopes by path, before the outputs.
    """

    body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    envelopes: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, path: str) -> bytes:
        if self.body is not None:
            return self.body
        rest = path.removeprefix("/api/v1/")
        for known in (rest, rest.partition("/")[0] + "/"):
            if known in self.envelopes:
                return json.dumps(self.envelopes[known]).encode()
            if known in self.outputs:
                return json.dumps({"output": self.outputs[known], "error": 0}).encode()
        return json.dumps({"output": "Not there", "error": 50}).encode()


class Server:
    """Says what it is told to say, on loopback."""

    def __init__(self) -> None:
        self.told = Told()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                told = server.told
                content = told.answer(urlsplit(self.path).path)
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.session = Session(f"http://127.0.0.1:{self.port}", "report", PASSWORD, connections=4)

    def close(self) -> None:
        self.session.close()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def client(self, told: Told, workers: int = 4) -> ApiClient:
        """A client that asks it, each request once."""
        self.told = told
        return ApiClient(self.session, timeout=20, tries=1, deadline=60, workers=workers)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


# --- one answer -------------------------------------------------------------------------------

ENVELOPES = st.fixed_dictionaries(
    {}, optional={"output": VALUES, "error": VALUES | st.sampled_from([0, "0", 4, 50, 1000, -1])}
)
JSON = st.one_of(ENVELOPES, VALUES).map(json.dumps)
BODIES = st.one_of(
    JSON.map(str.encode),
    st.builds(
        lambda text, at, more: text.encode()[:at] + more, JSON, st.integers(0, 80), st.binary()
    ),
    JSON.map(lambda text: text.encode("utf-16")),
    JSON.map(lambda text: b"\xef\xbb\xbf" + text.encode()),
    HOSTILE.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=60),
    st.integers(1, 3_000).map(lambda n: b"[" * n),
    st.integers(4_000, 5_000).map(lambda n: b'{"error":0,"output":' + b"9" * n + b"}"),
    st.sampled_from(
        [b"", b"<html>", b'{"output":[],"error":0}x', b'{"output":1e999,"error":0}',
         b'{"output":NaN,"error":0}', b'{"error":0,"error":1,"output":[]}',
         b'{"output":["\\ud800"],"error":0}', b'{"output":[],"error":1e400}', b"null"]
    ),
)  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "text/html", "application/json; charset=utf-16", "x", ""]
        ),
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "br", "identity", "x"]),
        "Baculum-API-Version": st.sampled_from(["0.1", "9" * 300, "<b>"]),
        "Location": st.sampled_from(
            ["http://[", "//evil/x", "http://evil\x1b[31m/", "http://127.0.0.1:1/", "/x", ""]
        ),
        "Retry-After": st.sampled_from(["0", "1e999", "nan", "-5", "Sat, 31 Feb", "x"]),
    },
)


@fuzz(2)
@given(
    body=BODIES | BODIES.map(gzip.compress),
    status=st.sampled_from([200] * 8 + [204, 301, 302, 400, 401, 404, 418, 429, 500, 503, 599]),
    headers=HEADERS,
    expect=st.sampled_from([None, list, dict, str]),
)
def test_an_answer_is_what_was_expected_or_a_fault_with_a_sentence_and_a_cure(
    server: Server, body: bytes, status: int, headers: dict[str, str], expect: type | None
) -> None:
    client = server.client(Told(body, status, headers))
    try:
        output = client.get("/api/v1/jobs", {"limit": 1}, expect=expect)
    except ApiError as error:
        hold(error, PASSWORD)
        return
    assert status == 200
    assert client.stats.failed == 0
    assert expect is None or isinstance(output, expect)
    json.dumps(output, allow_nan=False)


@fuzz(2)
@given(st.lists(odd_row("jobs", 0) | VALUES, max_size=3), HOSTILE)
@example([], "\ud800")
@example([], "../../x?y#z")
def test_the_live_status_is_asked_of_a_director_of_any_name(
    server: Server, rows: list[Any], director: str
) -> None:
    client = server.client(Told(body=json.dumps({"output": rows, "error": 0}).encode()))
    try:
        live, _ = fetch_running(client, Dialect("v2", "x"), director)
    except ApiError:
        return
    assert all(jobid == one.jobid for jobid, one in live.items())
    assert len(live) <= len(rows)


# --- all of them ------------------------------------------------------------------------------

RUNNING = tuple(rig.output("dirstatus_v1_steady_running"))
LISTS = {
    "clients": odd_rows("clients"),
    "pools": odd_rows("pools"),
    "volumes": odd_rows("volumes"),
    "schedules/status": odd_rows("schedules/status"),
    "jobs/show": shown(),
    "jobs/resnames": st.dictionaries(TEXT, st.lists(TEXT | VALUES, max_size=3) | VALUES),
    "directors": st.lists(TEXT | VALUES, max_size=2) | st.just(["rig-dir"]),
    "status/director/": st.lists(st.sampled_from(RUNNING) | VALUES, max_size=4),
    "status/client/": st.lists(st.sampled_from(RUNNING) | VALUES, max_size=2),
    "joblog/": LOGS | st.lists(VALUES, max_size=3),
}


@st.composite
def servers(draw: st.DrawFn) -> Told:
    """A server whose lists are odd, and some of whose answers are no lists at all."""
    outputs: dict[str, Any] = {"jobs": draw(odd_rows("jobs"))}
    envelopes: dict[str, Any] = {}
    for path, rows in LISTS.items():
        how = draw(st.sampled_from(["rows", "rows", "rows", "value", "envelope", "missing"]))
        if how == "rows":
            outputs[path] = draw(rows)
        elif how == "value":
            outputs[path] = draw(VALUES)
        elif how == "envelope":
            envelopes[path] = draw(ENVELOPES)
    return Told(outputs=outputs, envelopes=envelopes)


def collected(server: Server, told: Told) -> Snapshot:
    question = Question(
        request=PeriodRequest(Mode.TEST),
        now=rig.RIG_NOW,
        filters=Filters(),
        zone=None,
        host_zone=rig.RIG_ZONE,
        workers=4,
    )
    return collect(server.client(told), question)


@fuzz(1)
@given(servers(), st.sampled_from(LANGUAGES))
def test_whatever_a_server_says_becomes_a_page(server: Server, told: Told, language: str) -> None:
    night = collected(server, told)
    assessment = assess(night)
    view = build_view(assessment, generated=night.now, language=language, version=__version__)
    html, text = render_html(view), render_text(view)
    parsed(html)
    assert not unsafe(html, lines=True)
    assert not unsafe(text, lines=True)
    document = json.loads(render_json(
        build_document(assessment, generated=night.now, language=language)))  # fmt: skip
    assert PASSWORD not in text + json.dumps(document)
    assert not unsafe(json.dumps(document, ensure_ascii=False), lines=True)
    # What cannot be read is told, and so is what could not be had: it is not all good then.
    rows = told.outputs["jobs"]
    broken = [row for row in rows if not isinstance(row, dict) or not _numbered(row)]
    if broken and night.stopped is None:
        assert GapSource.JOBS in {gap.source for gap in night.gaps}
        assert assessment.verdict.level is not Level.GOOD


def _numbered(row: dict[str, Any]) -> bool:
    return (number(row.get("jobid")) or 0) > 0


@fuzz(0.5)
@given(
    st.sampled_from(["clients", "pools", "volumes", "schedules/status"]),
    VALUES.filter(lambda value: not isinstance(value, dict)),
    st.data(),
)
def test_a_row_that_cannot_be_read_is_told_not_left_out(
    server: Server, path: str, rubbish: Any, data: st.DataObject
) -> None:
    """What it would have said is not known, so the whole is no longer all good."""
    rows = [data.draw(some_row(path)), rubbish]
    outputs = {"jobs": [], "directors": ["rig-dir"], path: data.draw(st.permutations(rows))}
    gaps = {gap.source.value for gap in collected(server, Told(outputs=outputs)).gaps}
    assert path.partition("/")[0].removesuffix("s") in {gap.removesuffix("s") for gap in gaps}


@fuzz(0.5)
@given(st.lists(some_row("jobs"), max_size=6, unique_by=lambda row: row["jobid"]), st.randoms())
def test_the_order_in_which_a_list_comes_makes_no_other_night(
    server: Server, rows: list[dict[str, Any]], dice: random.Random
) -> None:
    outputs = {"directors": ["rig-dir"], "joblog/": []}
    one = collected(server, Told(outputs={**outputs, "jobs": rows}))
    two = collected(server, Told(outputs={**outputs, "jobs": dice.sample(rows, len(rows))}))
    assert two.jobs == one.jobs
    assert two.logs == one.logs
    assert assess(two).verdict == assess(one).verdict


@fuzz(0.5)
@given(st.lists(some_row("jobs"), min_size=1, max_size=5, unique_by=lambda row: row["jobid"]),
       st.data())  # fmt: skip
def test_a_log_that_is_rubbish_makes_no_failure_good(
    server: Server, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    outputs = {"directors": ["rig-dir"], "jobs": rows}
    log = data.draw(st.lists(VALUES, max_size=3) | VALUES | LOGS)
    night = collected(server, Told(outputs={**outputs, "joblog/": log}))
    bad = {row["jobid"] for row in rows if row["jobstatus"] in "fEA"}
    outcomes = {one.job.jobid: one.outcome for one in assess(night).jobs}
    assert not {jobid for jobid in bad if outcomes.get(jobid) is Outcome.SUCCESS}
    logged = [row for row in log if isinstance(row, str)] if isinstance(log, list) else []
    if bad & outcomes.keys() and (not isinstance(log, list) or (log and not logged)):
        assert GapSource.JOB_LOGS in {gap.source for gap in night.gaps}
