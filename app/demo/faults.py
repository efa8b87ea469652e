"""Faults that can be switched on while the server runs.

The first matching fault answers instead of the server; a SLOW one only delays and lets the
next matching one, or the server, answer. Exhausted faults are passed over.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"  # any HTTP code with an HTML body
    DROP = "drop"  # the connection is closed without an answer
    RESET = "reset"  # the connection is reset (RST)
    TRUNCATE = "truncate"  # the body ends before its Content-Length
    HTML = "html"  # text/html at 200
    WELCOME = "welcome"  # the Welcome string at 200 with error 0
    ERROR = "error"  # a JSON error code
    SLOW = "slow"  # a delay before the headers
    DRIP = "drip"  # the body byte by byte with pauses
    ENDLESS = "endless"  # a body without an end
    REDIRECT = "redirect"  # to `location`
    GARBAGE = "garbage"  # invalid JSON
    BODY = "body"  # a given JSON value as the whole body
    GZIP_BOMB = "gzip-bomb"  # a small body that swells
    OUTPUT = "output"  # the right output, changed by `edit`
    WIRE = "wire"  # the right bytes, changed by `edit`; then silence
    CUT = "cut"  # the right bytes, changed by `edit`; then the connection is closed
    GONE = "gone"  # the server closes everything and listens no more


# Answered by the application, so after the password was checked.
APPLICATION_KINDS = frozenset(
    {
        FaultKind.WELCOME,
        FaultKind.ERROR,
        FaultKind.GARBAGE,
        FaultKind.BODY,
        FaultKind.TRUNCATE,
        FaultKind.DRIP,
        FaultKind.ENDLESS,
        FaultKind.GZIP_BOMB,
        FaultKind.OUTPUT,
        FaultKind.WIRE,
        FaultKind.CUT,
    }
)

_NO_DATABASE = (
    "TDbConnection failed to establish DB connection: SQLSTATE[08006] [7] connection to server "
    'at "127.0.0.1", port 5999 failed: Connection refused\n\tIs the server running on that host '
    "and accepting TCP/IP connections?"
)
_BCONSOLE = "Problem with connection to bconsole. Output=>"
DIRECTOR_DOWN = f"{_BCONSOLE}Connecting to Director 127.0.0.1:9197, Exitcode=>1"
DIRECTOR_HUNG = (
    f"{_BCONSOLE}Connecting to Director 127.0.0.1:9101\nDirector authorization problem.\n"
    "Most likely the passwords do not agree.\nIf you are using TLS, there may have been a "
    "certificate validation error during the TLS handshake.\nFor help, please see "
    "http://www.bacula.org/rel-manual/en/problems/Bacula_Frequently_Asked_Que.html, Exitcode=>1"
)
BCONSOLE_MISSING = f"{_BCONSOLE}sh: 1: /usr/sbin/bconsole-missing: not found, Exitcode=>127"

ERROR_TEXTS: dict[int, str] = {
    1: "Invalid command.",
    2: f"Problem with connection to database. {_NO_DATABASE}",
    3: "Database access is not supported by this API instance.",
    4: DIRECTOR_DOWN,
    5: "Invalid director.",
    6: "Problem with authentication to Baculum API.",
    7: "Problem with authorization to Baculum API.",
    10: "Client does not exist.",
    11: "Bconsole support is disabled.",
    20: "Storage does not exist.",
    50: "Job does not exist.",
    53: "Client does not exist.",
    80: "JSON tools support is disabled.",
    520: "Invalid property.",
    1000: f"Internal error. {_NO_DATABASE}",
}


def _as_it_is(sent: Any) -> Any:
    """Change nothing."""
    return sent


@dataclass
class Fault:
    """One thing that goes wrong, and where.

    `path` is a regular expression searched in path and query. `times` is how often it
    happens (None: always), `after` how many matching requests are let through before.
    `seconds` is the delay of SLOW, and the pause between bytes or chunks of DRIP and ENDLESS.
    `body` is the JSON value of BODY, or a text instead of the usual one. `edit` is given what the
    server would have sent, and returns what is sent instead: a JSON value for OUTPUT, bytes with
    their head for WIRE and CUT.
    """

    path: str
    kind: FaultKind
    times: int | None = None
    after: int = 0
    status: int = 500
    seconds: float = 0.0
    location: str = ""
    code: int = 1000
    body: Any = None
    size: int = 256 * 1024 * 1024
    edit: Callable[[Any], Any] = field(default=_as_it_is, compare=False, repr=False)
    seen: int = field(default=0, init=False, compare=False)

    def applies(self, target: str) -> bool:
        """Whether this request is struck; counts the requests that match."""
        if re.search(self.path, target) is None:
            return False
        self.seen += 1
        turn = self.seen - self.after
        return turn > 0 and (self.times is None or turn <= self.times)

    def text(self) -> str:
        """The message of an ERROR."""
        if self.body is not None:
            return str(self.body)
        return ERROR_TEXTS.get(self.code, "Internal error.")


@dataclass(frozen=True, slots=True)
class Stroke:
    """What strikes one request: a delay first, then perhaps a fault."""

    delay: float = 0.0
    fault: Fault | None = None


_LOCK = Lock()


def strike(faults: Sequence[Fault], target: str) -> Stroke:
    """Pick what happens to this request; faults count their turns."""
    delay = 0.0
    with _LOCK:
        for fault in tuple(faults):
            if not fault.applies(target):
                continue
            if fault.kind is not FaultKind.SLOW:
                return Stroke(delay, fault)
            delay += fault.seconds
    return Stroke(delay)


_WITH_BCONSOLE = (
    r"/api/v\d/(jobs|joblog|clients|filesets|schedules|status|directors/|storages|pools)"
)
_WITH_CATALOG = (
    r"/api/v\d/(jobs(?!/resnames)|joblog|clients(?!.*/status)|volumes|pools"
    r"|storages(?!.*/status)|filesets|dbsize)"
)


def director_down(seconds: float = 0.0) -> list[Fault]:
    """The Director does not answer: error 4 wherever bconsole is asked (15 s on real ones)."""
    return _slow_error(seconds, DIRECTOR_DOWN)


def director_hung(seconds: float = 0.0) -> list[Fault]:
    """The Director accepts and stays silent (20 s on real ones)."""
    return _slow_error(seconds, DIRECTOR_HUNG)


def bconsole_missing() -> list[Fault]:
    """The API's host has no bconsole."""
    return _slow_error(0.0, BCONSOLE_MISSING)


def database_down() -> list[Fault]:
    """The catalog database refuses connections; the Director's own knowledge still comes."""
    return [
        Fault(r"/api/v\d/catalog", FaultKind.ERROR, code=2),
        Fault(_WITH_CATALOG, FaultKind.ERROR, code=1000),
    ]


def not_configured() -> list[Fault]:
    """The API was installed and never set up: an HTML page at HTTP 200 for everything."""
    return [Fault(r"/api/", FaultKind.HTML)]


def _slow_error(seconds: float, text: str) -> list[Fault]:
    faults = [Fault(_WITH_BCONSOLE, FaultKind.ERROR, code=4, body=text)]
    if seconds:
        faults.insert(0, Fault(_WITH_BCONSOLE, FaultKind.SLOW, seconds=seconds))
    return faults
