"""The calls of a run, the faults that can strike one, and what the run does about it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.api.faults import PASSING, ApiError
from app.api.faults import Fault as Wrong
from app.bacula.codes import OPEN_STATUS
from app.demo import Fault, FaultKind, Flavour
from app.demo.faults import BCONSOLE_MISSING
from app.snapshot import GapSource
from tests.faults import wire
from tests.faults.night import ENDING, FAILED
from tests.faults.whole import HASTE, LONGER, MEGABYTE, SHORT, Paging

V2_ONLY = (Fault(r"/api/v1/", FaultKind.WELCOME),)
"""A server that knows the second version of the API only."""


@dataclass(frozen=True)
class Call:
    """One kind of question.

    Attributes:
        name: what is asked.
        path: tells it from others; searched in path and query.
        gap: what is missing if it fails; None: nothing is said of it on the page.
        note: whether that is a note only.
        essential: whether nothing is known without it.
        optional: whether it may not be offered, which is a note.
        verdict: what a night that is well becomes without it.
        flavours: whom it is asked.
        paging: how many rows a page has, for it to be asked.
        server: faults that the server always has.
    """

    name: str
    path: str
    gap: GapSource | None = None
    note: bool = False
    essential: bool = False
    optional: bool = False
    verdict: str = "good"
    flavours: Sequence[Flavour] = (Flavour.BACULUM_15, Flavour.BACULUM_9_6)
    paging: Paging = SHORT
    server: Sequence[Fault] = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong.

    Attributes:
        name: what.
        wrong: what the run takes it for; None if it does no harm.
        kind: how the server does it.
        more: with which values.
        settings: settings that make it quick.
    """

    name: str
    wrong: Wrong | None
    kind: FaultKind
    more: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def at(self, call: Call) -> Fault:
        """The fault that strikes this call."""
        return Fault(call.path, self.kind, **self.more)


@dataclass(frozen=True)
class Expected:
    """What a run does about a fault.

    Attributes:
        code: its exit code.
        verdict: its verdict.
        gap: what the report says is missing.
        note: what it says only judging lacks.
    """

    code: int = 0
    verdict: str = "good"
    gap: GapSource | None = None
    note: GapSource | None = None


REFUSALS = frozenset(
    {
        Wrong.WRONG_PATH,
        Wrong.HTML,
        Wrong.NOT_FOUND,
        Wrong.MISSING,
        Wrong.LOGIN,
        Wrong.FORBIDDEN,
        Wrong.API,
    }
)
"""How a server says that it does not offer something, or not to this user."""


def expected(call: Call, wrong: Wrong | None) -> Expected:
    """Say what a run does if a call fails in a way."""
    if wrong is None:
        return Expected()
    if call.essential:
        return Expected(4, "unknown", GapSource.JOBS)
    if call.gap is None:
        return Expected(verdict=call.verdict)
    if call.note or (call.optional and wrong in REFUSALS):
        return Expected(note=call.gap)
    return Expected(5, call.verdict, call.gap)


# --- the calls --------------------------------------------------------------------------------

_OPEN = "".join(sorted(OPEN_STATUS))
_OFFSET = (Flavour.BACULUM_15,)
_NO_OFFSET = (Flavour.BACULUM_9_6, Flavour.BACULARIS_6)
_UNKNOWN: dict[str, Any] = {"gap": GapSource.JOBS, "verdict": "unknown"}
_LOST: dict[str, Any] = {"verdict": "attention"}
_BESIDE: dict[str, Any] = {**_LOST, "optional": True}

FIRST = Call("the newest jobs", r"/jobs\?limit=10$", essential=True)
LATER = Call("further pages", r"offset=8$", **_UNKNOWN, flavours=_OFFSET)
LONG = Call("the longer page", r"offset=8$", **_UNKNOWN, flavours=_NO_OFFSET)
NAMES = Call("the job names", r"/jobs/resnames$", flavours=_NO_OFFSET)
NAME = Call("the jobs of a name", r"name=files01-files$", **_UNKNOWN, flavours=_NO_OFFSET)
HISTORY = Call("history", r"offset=(4[4-9]|[5-9]\d)$", GapSource.HISTORY, True, flavours=_OFFSET)
OLDER = replace(HISTORY, name="history at once", path=r"limit=10000$", paging=LONGER)
OLDER = replace(OLDER, flavours=_NO_OFFSET)
OPEN = Call("open jobs", f"jobstatus={_OPEN}$", GapSource.OPEN_JOBS, verdict="unknown")
BAD = Call("jobs that ended badly", r"jobstatus=AD", **_UNKNOWN)
PROOFS = Call("Restores and Verifies", r"type=[RV]$")
DIRECTORS = Call("directors", r"/directors$")
CLIENTS = Call("clients", r"/clients$", GapSource.CLIENTS, **_LOST)
LIVE = Call("the Director's status", r"status/director", GapSource.LIVE_STATUS, **_LOST)
PROGRESS = Call("a client's status", r"status/client")
ONE = Call("a job once more", rf"/jobs/{ENDING}$", **_LOST)
LOG = Call("the log of a failure", rf"/joblog/{FAILED}\?", GapSource.JOB_LOGS, **_LOST)
GOOD_LOG = Call("the log of a success", r"/joblog/1(18|19|20)\?", GapSource.SUCCESS_LOGS, True)
SHOW = Call("configured jobs", r"/jobs/(show|resnames)$", GapSource.CONFIGURATION, **_BESIDE)
SHOW = replace(SHOW, flavours=_OFFSET)
SCHEDULE = Call("schedules", r"/schedules/status", GapSource.SCHEDULE, **_BESIDE)
POOLS = Call("pools", r"/pools$", GapSource.POOLS, **_BESIDE)
VOLUMES = Call("Volumes", r"/volumes$", GapSource.VOLUMES, **_BESIDE)
_V2: dict[str, Any] = {"flavours": _OFFSET, "server": V2_ONLY}
NAMED = Call("directors, by v2", r"/v2/directors$", GapSource.LIVE_STATUS, **_LOST, **_V2)
LIVE_V2 = replace(NAMED, name="the Director's status, by v2", path=r"directors/rig-dir/status")
PROGRESS_V2 = Call("a client's status, by v2", r"/clients/\d+/status", **_V2)

CALLS = (
    *(FIRST, LATER, LONG, NAMES, NAME, HISTORY, OLDER, OPEN, BAD, PROOFS, DIRECTORS, CLIENTS),
    *(LIVE, PROGRESS, ONE, LOG, GOOD_LOG, SHOW, SCHEDULE, POOLS, VOLUMES),
    *(NAMED, LIVE_V2, PROGRESS_V2),
)


# --- the faults -------------------------------------------------------------------------------

ELSEWHERE = "http://198.51.100.7:9096/api/v1/jobs"


def _status(code: int, wrong: Wrong) -> Case:
    return Case(f"HTTP {code}", wrong, FaultKind.STATUS, {"status": code})


def _error(code: int, wrong: Wrong, words: str | None = None) -> Case:
    name = f"error {code}" if words is None else f"error {code}, {wrong}"
    return Case(name, wrong, FaultKind.ERROR, {"code": code, "body": words})


def _body(value: Any) -> Case:
    return Case(f"JSON {value!r}", Wrong.SHAPE, FaultKind.BODY, {"body": value})


def _silent(name: str, kind: FaultKind, seconds: float) -> Case:
    return Case(name, Wrong.TIMEOUT, kind, {"seconds": seconds}, HASTE)


def _redirect(name: str, wrong: Wrong, location: str, status: int = 302) -> Case:
    more = {"location": location, "status": status}
    return Case(f"redirect {name}", wrong, FaultKind.REDIRECT, more)


_NO_CODES: tuple[Any, ...] = (None, "?", [], {"code": 4})

ANSWERS = (
    Case("connection closed", Wrong.DROPPED, FaultKind.DROP),
    Case("connection reset", Wrong.DROPPED, FaultKind.RESET),
    Case("body truncated", Wrong.DROPPED, FaultKind.TRUNCATE),
    Case("body without end", Wrong.TOO_LARGE, FaultKind.ENDLESS),
    Case("gzip bomb", Wrong.TOO_LARGE, FaultKind.GZIP_BOMB, {"size": 8 * MEGABYTE}),
    Case("HTML at 200", Wrong.HTML, FaultKind.HTML),
    Case("Welcome at 200", Wrong.WRONG_PATH, FaultKind.WELCOME),
    Case("JSON cut off", Wrong.NOT_JSON, FaultKind.GARBAGE),
    _error(1, Wrong.API),
    _error(2, Wrong.CATALOG),
    _error(3, Wrong.LOGIN),
    _error(4, Wrong.DIRECTOR),
    _error(4, Wrong.BCONSOLE, BCONSOLE_MISSING),
    _error(5, Wrong.DIRECTOR),
    _error(6, Wrong.LOGIN),
    _error(7, Wrong.LOGIN),
    _error(50, Wrong.MISSING),
    _error(1000, Wrong.CATALOG),
    _error(1000, Wrong.INTERNAL, "Internal error. Undefined column: job.realstarttime"),
    _error(-1, Wrong.API),
    _error(10**30, Wrong.SHAPE),
    _status(204, Wrong.HTTP),
    _status(400, Wrong.BAD_REQUEST),
    _status(401, Wrong.UNAUTHORIZED),
    _status(403, Wrong.FORBIDDEN),
    _status(404, Wrong.NOT_FOUND),
    _status(407, Wrong.HTTP),
    _status(429, Wrong.BUSY),
    _status(500, Wrong.SERVER),
    _status(502, Wrong.GATEWAY),
    _status(503, Wrong.GATEWAY),
    _status(504, Wrong.GATEWAY),
    _status(511, Wrong.SERVER),
    _redirect("elsewhere", Wrong.REDIRECT, ELSEWHERE),
    _redirect("to another port", Wrong.REDIRECT, "//127.0.0.1:1/", 307),
    _redirect("to https", Wrong.REDIRECT, "https://127.0.0.1/", 308),
    _redirect("in a circle", Wrong.HTTP, "", 301),
    _redirect("to no address", Wrong.HTTP, "http://[::bad/"),
    *map(_body, (None, "text", 7, True, 0.5, [], [[]], {}, {"output": []}, {"error": 0})),
    *(_body({"output": output, "error": 0}) for output in (None, "text", 7, True, 0.5)),
    *(_body({"output": [], "error": code}) for code in _NO_CODES),
)
SILENT = (
    _silent("silence before the head", FaultKind.SLOW, 60.0),
    _silent("body in drops", FaultKind.DRIP, 0.05),
    _silent("slow and without end", FaultKind.ENDLESS, 0.05),
)


def _wire(name: str, wrong: Wrong | None, edit: wire.Edit, *, closed: bool = False) -> Case:
    kind = FaultKind.CUT if closed else FaultKind.WIRE
    return Case(name, wrong, kind, {"edit": edit})


def _hushed(name: str, edit: wire.Edit) -> Case:
    return Case(name, Wrong.TIMEOUT, FaultKind.WIRE, {"edit": edit}, HASTE)


_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
_BUSY = b"HTTP/1.1 503 Busy"
_BOMB = wire.packed_bomb(40 * MEGABYTE)

WIRE = (
    # lengths
    _wire("length too long", Wrong.DROPPED, wire.with_length(b"99999"), closed=True),
    _hushed("length too long, then silence", wire.with_length(b"99999")),
    _wire("length too short", Wrong.NOT_JSON, wire.with_length(b"10")),
    _wire("length 0", Wrong.NOT_JSON, wire.with_length(b"0")),
    _wire("length -5", None, wire.with_length(b"-5"), closed=True),
    _wire("length of 5,000 digits", None, wire.with_length(b"9" * 5_000), closed=True),
    _wire("two lengths", Wrong.DROPPED, wire.with_headers(b"Content-Length: 3")),
    _wire("no length", None, wire.without_length, closed=True),
    _wire("two answers", None, lambda answer: answer + answer),
    _wire("closed after each answer", None, bytes, closed=True),
    # heads
    _wire("header of 100 kB", Wrong.DROPPED, wire.with_headers(b"X: " + b"a" * 100_000)),
    _wire("1,000 headers", Wrong.DROPPED, wire.with_headers(*[b"X: a"] * 1_000)),
    _wire("header without colon", None, wire.with_headers(b"nonsense")),
    _wire("control characters", None, wire.with_headers(b"Baculum-API-Version: \0\x1b[2J\xff")),
    _wire("HTTP/0.9", Wrong.DROPPED, lambda answer: answer.partition(b"\r\n\r\n")[2], closed=True),
    _wire("HTTP/9.9", Wrong.DROPPED, wire.with_status(b"HTTP/9.9 200 OK"), closed=True),
    _wire("status abc", Wrong.DROPPED, wire.with_status(b"HTTP/1.1 abc OK"), closed=True),
    _wire("status 2000", Wrong.DROPPED, wire.with_status(b"HTTP/1.1 2000 OK"), closed=True),
    _wire("HTTP 100 before", None, wire.before(_CONTINUE * 100)),
    _wire("HTTP 103 before", Wrong.HTTP, wire.before(_HINT)),
    _wire("HTTP 101", Wrong.HTTP, wire.with_status(b"HTTP/1.1 101 Switching Protocols")),
    _wire("HTTP 206", Wrong.HTTP, wire.with_status(b"HTTP/1.1 206 Partial Content")),
    _wire("HTTP 302 to nowhere", Wrong.HTTP, wire.with_status(b"HTTP/1.1 302 Found")),
    _wire("HTTP 304", Wrong.HTTP, wire.with_status(b"HTTP/1.1 304 Not Modified")),
    _wire(
        "Retry-After beyond all dates",
        Wrong.GATEWAY,
        wire.with_status(_BUSY, b"Retry-After: Fri, 01 Jan 99999999999 00:00:00 GMT"),
    ),
    _wire("Retry-After 1e999", Wrong.GATEWAY, wire.with_status(_BUSY, b"Retry-After: 1e999")),
    # chunks
    _wire("chunk by byte", None, wire.in_chunks(lambda b: _bytewise(b) + b"0\r\n\r\n")),
    _wire("chunk without end", Wrong.DROPPED, wire.in_chunks(wire.chunk), closed=True),
    _wire(
        "chunk of xyz bytes",
        Wrong.DROPPED,
        wire.in_chunks(lambda body: wire.chunk(body, b"xyz")),
        closed=True,
    ),
    _wire(
        "chunk of 2**64 bytes",
        Wrong.DROPPED,
        wire.in_chunks(lambda body: wire.chunk(body, b"f" * 16)),
        closed=True,
    ),
    _wire(
        "chunk of -1 bytes",
        Wrong.TOO_LARGE,
        wire.in_chunks(lambda body: wire.chunk(b"x" * (5 * MEGABYTE), b"-1")),
        closed=True,
    ),
    _wire(
        "trailers without end",
        Wrong.TOO_LARGE,
        wire.in_chunks(lambda body: wire.chunk(body) + b"0\r\n" + b"X: a\r\n" * MEGABYTE),
        closed=True,
    ),
    # encodings
    _wire("gzip that is none", Wrong.NOT_JSON, wire.with_headers(b"Content-Encoding: gzip")),
    _wire("deflate", None, wire.with_body(zlib.compress, b"Content-Encoding: deflate")),
    _wire("raw deflate", None, wire.with_body(wire.raw_deflated, b"Content-Encoding: deflate")),
    _wire("gzip twice", None, wire.with_body(wire.twice_packed, b"Content-Encoding: gzip, gzip")),
    _wire(
        "gzip nine times",
        Wrong.NOT_JSON,
        wire.with_body(wire.twice_packed, b"Content-Encoding: " + b", ".join([b"gzip"] * 9)),
    ),
    _wire(
        "gzip cut off",
        Wrong.NOT_JSON,
        wire.with_body(lambda body: wire.twice_packed(body)[:-9], b"Content-Encoding: gzip"),
    ),
    _wire(
        "gzip bomb of known length",
        Wrong.TOO_LARGE,
        wire.with_body(lambda _: _BOMB, b"Content-Encoding: gzip"),
    ),
    _wire("brotli", Wrong.NOT_JSON, wire.with_body(lambda _: b"\x0b\x02", b"Content-Encoding: br")),
    _wire("EUC-KR", Wrong.NOT_JSON, wire.output('["비밀"]'.encode("euc-kr"))),
    _wire("UTF-16", None, wire.with_body(lambda body: body.decode().encode("utf-16"))),
    _wire("byte order mark", None, wire.with_body(lambda body: b"\xef\xbb\xbf" + body)),
    # JSON
    _wire("empty body", Wrong.NOT_JSON, wire.with_body(lambda _: b"")),
    _wire("5,000 NULs", Wrong.NOT_JSON, wire.with_body(lambda _: b"\0" * 5_000)),
    _wire("500,000 brackets", Wrong.NOT_JSON, wire.output(b"[" * 500_000 + b"]" * 500_000)),
    _wire("number of 5,000 digits", Wrong.NOT_JSON, wire.output(b"[" + b"9" * 5_000 + b"]")),
    _wire("NaN", Wrong.NOT_JSON, wire.output(b"[NaN]")),
    _wire("PHP warning before", Wrong.HTML, wire.with_body(lambda b: b"<br />\n<b>W</b>" + b)),
    _wire("PHP notice behind", Wrong.NOT_JSON, wire.with_body(lambda b: b + b"\n<br />Notice")),
    _wire("key twice", None, wire.with_body(lambda b: b'{"error":1000,"output":"x",' + b[1:])),
)


def _bytewise(body: bytes) -> bytes:
    return b"".join(wire.chunk(bytes([one])) for one in body)


CASES = (*ANSWERS, *SILENT, *WIRE)


def tries(wrong: Wrong) -> int:
    """How often a call is made that fails in a way, unless something else answers instead."""
    return 3 if wrong in PASSING else 1


def sentence(wrong: Wrong) -> re.Pattern[str]:
    """What the report says of it, in English."""
    parts = re.split(r"\{\w+\}", ApiError(wrong).what.msgid)
    return re.compile(".+".join(map(re.escape, parts)))


@dataclass(frozen=True)
class Cell:
    """A fault at a call of a server; where it is in the matrix decides how it is told."""

    call: Call
    case: Case
    flavour: Flavour
    language: str

    def __str__(self) -> str:
        return f"{self.call}, {self.flavour}: {self.case}"


def cells() -> Iterator[tuple[int, Cell]]:
    """The whole matrix, each with its number along the diagonals."""
    for row, call in enumerate(CALLS):
        for column, case in enumerate(CASES):
            for depth, flavour in enumerate(call.flavours):
                diagonal = row + column + 5 * depth
                yield diagonal, Cell(call, case, flavour, ("en", "ko")[(row + column // 2) % 2])
