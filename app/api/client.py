"""One request function: envelope, tries, deadline, statistics. Everything is asked through it."""

from __future__ import annotations

import json
import logging
import math
import re
import threading
import time
from collections.abc import Collection, Mapping
from typing import Any

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_exponential,
    wait_random,
)

from app.api.faults import PASSING, STRAIN, ApiError, Fault
from app.api.session import Answer, Session
from app.api.turns import Turns
from app.logs import LOGGER
from app.snapshot import CallStats

FIRST_PAUSE = 0.5
"""Seconds before the second try; each further pause is twice as long."""
LONGEST_PAUSE = 8.0
LONGEST_WISH = 30.0
"""Seconds that a server's Retry-After is heeded for, at most: it may be mistaken, or hostile."""
PATIENCE = 20
"""How many times the first pause (10 s) a server is given to find its feet again."""
SLOW = 1 / 2
"""Share of a call's time limit after which even a good answer shows a server that strains."""
_WELCOME = re.compile(r"Welcome in the \w+ API")
_CATALOG_WORDS = re.compile(r"TDbConnection|SQLSTATE\[08|DB connection|database", re.IGNORECASE)
_log = logging.getLogger(LOGGER)

_HTTP_FAULTS = {
    400: Fault.BAD_REQUEST,
    401: Fault.UNAUTHORIZED,
    403: Fault.FORBIDDEN,
    404: Fault.NOT_FOUND,
    429: Fault.BUSY,
    502: Fault.GATEWAY,
    503: Fault.GATEWAY,
    504: Fault.GATEWAY,
}
_LARGEST_CODE = 1_000_000
"""Beyond it a number is no code of any server, and would fill the page with digits."""
_MISSING_CODES = frozenset({10, 20, 50, 53})
_LOGIN_CODES = frozenset({3, 6, 7, 11})


class ApiClient:
    """Asks one API. May be used by several threads.

    Attributes:
        api_version_header: the last `Baculum-API-Version` header seen, "" if none.
        first_pause: seconds before the second try of a call; each further pause is longer.
    """

    def __init__(
        self,
        session: Session,
        *,
        timeout: float,
        tries: int,
        deadline: float,
        workers: int = 8,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        """Start the clock.

        Args:
            session: where requests go.
            timeout: seconds one try may take.
            tries: how often a call is tried at most; only passing faults are tried again.
            deadline: seconds from now that all calls together may take.
            workers: calls under way at the same time, at most; further ones wait their turn, and
                there are fewer of them while the server strains.
            first_pause: seconds before the second try, at least.
        """
        self._session = session
        self._timeout = timeout
        self._tries = tries
        self._allowed = deadline
        self._ends = time.monotonic() + deadline
        self.first_pause = first_pause
        self._turns = Turns(workers, self.patience)
        self._lock = threading.Lock()
        self._stats = CallStats()
        self._known = False
        self.api_version_header = ""

    @property
    def address(self) -> str:
        """Host and port of the API."""
        return self._session.address

    @property
    def stats(self) -> CallStats:
        """What was asked so far."""
        return self._stats

    @property
    def patience(self) -> float:
        """Seconds that a server is given to find its feet again."""
        return PATIENCE * self.first_pause

    @property
    def width(self) -> int:
        """Calls that may be under way at the same time now: fewer while the server strains."""
        return self._turns.width

    @property
    def allowed(self) -> float:
        """Seconds that all calls together may take."""
        return self._allowed

    @property
    def remaining(self) -> float:
        """Seconds left for all calls together."""
        return self._ends - time.monotonic()

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        expect: type | None = None,
        tries: int | None = None,
        timeout: float | None = None,
        final: Collection[Fault] = (),
    ) -> Any:
        """Ask for `path` and return the envelope's output.

        Args:
            path: path below the host, such as /api/v1/jobs.
            params: the query; unknown parameters are silently ignored by every server.
            expect: the type the output must have: list, dict or str.
            tries: another number of tries than the client's own.
            timeout: a shorter time limit than the client's own.
            final: faults after which this call is not tried again, though they may pass elsewhere.

        Raises:
            ApiError: saying which part is at fault; HTTP 200 alone proves nothing.
        """
        most = tries or self._tries

        def give_up(state: RetryCallState) -> bool:
            # A pause that would end after the deadline is not worth beginning.
            return state.attempt_number >= most or state.upcoming_sleep >= self.remaining

        attempts = Retrying(
            stop=give_up,
            wait=self._pause,
            retry=retry_if_exception(lambda error: self._may_pass(error, final)),
            before_sleep=self._tell,
            reraise=True,
        )
        limit = min(timeout or self._timeout, self._timeout)
        return attempts(self._in_turn, path, params, expect, limit)

    def _may_pass(self, error: BaseException, final: Collection[Fault]) -> bool:
        if not isinstance(error, ApiError) or error.fault in final:
            return False
        # A web page at HTTP 200 tells of another server than the API; or, of one that has spoken
        # as the API before, of an exception of PHP's (API.md section 1).
        return error.fault in PASSING or (error.fault is Fault.HTML and self._known)

    def _pause(self, state: RetryCallState) -> float:
        """Return the seconds before the next try: ever more, or as many as the server asks for."""
        own = wait_exponential(self.first_pause, LONGEST_PAUSE)(state)
        own += wait_random(0, self.first_pause)(state)
        error = state.outcome.exception() if state.outcome else None
        wish = error.retry_after if isinstance(error, ApiError) else None
        return max(own, min(wish or 0, LONGEST_WISH))

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0
        fault = error.fault if isinstance(error, ApiError) else error
        _log.warning(
            "GET %s: %s; try %d follows in %.1f s",
            state.args[0],
            fault,
            state.attempt_number + 1,
            pause,
        )

    def _in_turn(
        self, path: str, params: Mapping[str, Any] | None, expect: type | None, timeout: float
    ) -> Any:
        era = self._turns.take()
        started = time.monotonic()
        strained = False
        try:
            return self._once(path, params, expect, timeout)
        except ApiError as error:
            strained = error.fault in STRAIN
            raise
        finally:
            slow = time.monotonic() - started > timeout * SLOW
            self._turns.give(era, strained=strained or slow)

    def _once(
        self, path: str, params: Mapping[str, Any] | None, expect: type | None, timeout: float
    ) -> Any:
        remaining = self.remaining
        if remaining <= 0:
            raise self._too_late()
        started = time.monotonic()
        received, told, failed = 0, "no answer", 1
        try:
            answer = self._session.get(path, params, min(timeout, remaining))
            received, told = len(answer.body), str(answer.status)
            output = self._open(answer, expect)
            failed = 0
            return output
        except ApiError as error:
            told = f"{told} ({error.fault})"
            _log.debug("%s %s", error, error.detail)
            if error.fault is Fault.TIMEOUT and remaining < timeout:
                # Not the server was slow: there was hardly any time left for it.
                raise self._too_late(error.detail) from error
            raise
        finally:
            seconds = time.monotonic() - started
            self._count(seconds, received, failed)
            query = "&".join(f"{name}={value}" for name, value in (params or {}).items())
            _log.debug(
                "GET %s%s -> %s, %.3f s, %d bytes",
                path,
                f"?{query}" if query else "",
                told,
                seconds,
                received,
            )

    def _too_late(self, detail: str = "") -> ApiError:
        return ApiError(Fault.DEADLINE, seconds=f"{self._allowed:g}", detail=detail)

    def _count(self, seconds: float, received: int, failed: int) -> None:
        with self._lock:
            old = self._stats
            self._stats = CallStats(
                old.requests + 1,
                old.seconds + seconds,
                old.received + received,
                old.failed + failed,
            )

    def _open(self, answer: Answer, expect: type | None) -> Any:
        """Take the output out of its envelope, or say what the answer is instead."""
        if answer.api_version:
            self.api_version_header = answer.api_version
        if answer.status != 200:
            fault = _HTTP_FAULTS.get(answer.status)
            if fault is None:
                fault = Fault.SERVER if answer.status >= 500 else Fault.HTTP
            raise self._error(
                fault,
                detail=_start(answer.body),
                status=answer.status,
                retry_after=answer.retry_after,
            )
        envelope = self._parse(answer)
        if not isinstance(envelope, dict) or "output" not in envelope or "error" not in envelope:
            raise self._error(Fault.SHAPE, detail=_start(answer.body))
        output, code = envelope["output"], envelope["error"]
        if code not in (0, "0"):
            raise self._api_error(code, output)
        if expect is not str and isinstance(output, str) and _WELCOME.match(output):
            raise self._error(Fault.WRONG_PATH, detail=output[:200])
        if expect is not None and not isinstance(output, expect):
            raise self._error(Fault.SHAPE, detail=_start(answer.body))
        self._known = True
        return output

    def _parse(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.body, parse_float=_finite, parse_constant=_finite)
        except (ValueError, RecursionError) as error:
            start = answer.body[:200].lstrip().lower()
            html = "html" in answer.content_type.lower() or start.startswith(b"<")
            fault = Fault.HTML if html else Fault.NOT_JSON
            raise self._error(fault, detail=_start(answer.body)) from error

    def _api_error(self, code: Any, output: Any) -> ApiError:
        """Say which part stands behind one of the API's own error codes (API.md section 3)."""
        detail = output if isinstance(output, str) else ""
        try:
            number = int(code)
        except (TypeError, ValueError):
            return self._error(Fault.SHAPE, detail=detail)
        if abs(number) > _LARGEST_CODE:
            return self._error(Fault.SHAPE, detail=detail)
        fault = Fault.API
        if number == 4:
            fault = Fault.BCONSOLE if "Exitcode=>12" in detail else Fault.DIRECTOR
        elif number == 5:
            fault = Fault.DIRECTOR
        elif number == 2:
            fault = Fault.CATALOG
        elif number == 1000:
            fault = Fault.CATALOG if _CATALOG_WORDS.search(detail) else Fault.INTERNAL
        elif number in _MISSING_CODES:
            fault = Fault.MISSING
        elif number in _LOGIN_CODES:
            fault = Fault.LOGIN
        return self._error(fault, detail=detail, code=number)

    def _error(self, fault: Fault, *, detail: str = "", **values: Any) -> ApiError:
        return ApiError(fault, detail=detail, address=self.address, **values)


def _finite(text: str) -> float:
    """Read a number of JSON, which knows neither infinity nor NaN; no field can mean them."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _start(body: bytes | bytearray) -> str:
    """Return the beginning of an answer for the console log."""
    return body[:300].decode("utf-8", "replace")
