"""HTTP and nothing above it: authentication, TLS, time limits, redirects, size limits.

One call takes its timeout at most, from the name look-up to the last byte: requests' own timeout
starts anew with each packet, so a server that drips would hold a call for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)

from app import __version__
from app.api.faults import ApiError, Fault
from app.retry_after import seconds_to_wait

MAX_BODY = 64 * 1024 * 1024
"""Bytes of an answer, unpacked, that are read at most."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3
_NO_NAME = (NameResolutionError, socket.gaierror, LocationParseError)
_CHUNK = 64 * 1024
_AROUND = 1024 * 1024
"""Bytes of an answer beside its body that are read at most: head, marks of chunks, trailers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end.

    Attributes:
        status: the HTTP status.
        content_type: its header, "" if there is none.
        api_version: the header `Baculum-API-Version`, likewise.
        body: what was sent, unpacked.
        retry_after: for how many seconds the server asks to be left alone; None if it does not.
    """

    status: int
    content_type: str
    api_version: str
    body: bytes | bytearray
    retry_after: float | None = None


class _EndlessError(OSError):
    """More came than any answer needs."""


class _TimedReader(io.RawIOBase):
    """Reads from a socket until one moment, however the bytes are spread over time.

    And no more of them than an answer may have: heads, marks of chunks and trailers are read by
    libraries that set no limit to their sum, and take a chunk of -1 bytes for all that comes.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock = sock
        self._allowed = MAX_BODY + _AROUND
        # The socket's own file object keeps it open when the connection lets go of it.
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(remaining)
        received = self._raw.readinto(buffer)
        self._allowed -= received or 0
        if self._allowed < 0:
            raise _EndlessError
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """What http.client needs of a socket to read one response: a file."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._deadline = time.monotonic() + (sock.gettimeout() or 0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_TimedSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


def connect_in_time(connect: Callable[[], socket.socket], timeout: float | None) -> socket.socket:
    """Run `connect` in a thread of its own: a name look-up knows no time limit.

    Raises:
        TimeoutError: if there is no connection by then; one that comes later is closed.
        Exception: whatever `connect` raised.
    """
    connection: Future[socket.socket] = Future()

    def work() -> None:
        try:
            connection.set_result(connect())
        except Exception as error:
            connection.set_exception(error)

    threading.Thread(target=work, name="connect", daemon=True).start()
    try:
        return connection.result(timeout)
    except TimeoutError:
        connection.add_done_callback(_close_late)
        raise


def _close_late(connection: Future[socket.socket]) -> None:
    if connection.exception() is None:
        connection.result().close()


def authorities(ca_file: Path | None) -> str:
    """Return the file of the authorities whose certificates are trusted."""
    return str(ca_file) if ca_file else DEFAULT_CA_BUNDLE_PATH


class _Connection(HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        return connect_in_time(super()._new_conn, self.timeout)


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        return connect_in_time(super()._new_conn, self.timeout)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class TimedAdapter(HTTPAdapter):
    """Keeps to one moment for the whole of a call: name look-up, connection and answer."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools of such connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _NoRedirects(requests.Session):
    """Leaves redirects alone: requests would read their bodies without any limit, to follow one."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Session:
    """Sends GET requests to one API and reads whole answers. May be used by several threads."""

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        ca_file: Path | None = None,
        connections: int = 8,
    ) -> None:
        self._base_url = base_url
        parts = urlsplit(base_url)
        self.host = parts.hostname or ""
        self.address = parts.netloc
        self._session = _NoRedirects()
        # No proxy, .netrc or CA bundle from the environment: the password goes to one host only.
        self._session.trust_env = False
        # As bytes: requests would encode text as Latin-1, which cannot write Korean.
        self._session.auth = HTTPBasicAuth(username.encode(), password.encode())
        self._session.verify = authorities(ca_file)
        self._session.headers["User-Agent"] = f"bacula-report/{__version__}"
        self._session.headers["Accept"] = "application/json"
        self._session.headers["Accept-Encoding"] = "gzip, deflate"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = TimedAdapter(pool_connections=1, pool_maxsize=connections, pool_block=False)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def get(self, path: str, params: Mapping[str, Any] | None, timeout: float) -> Answer:
        """Send one GET request and read the answer to its end.

        Redirects are followed only within the same scheme, host and port.

        Args:
            path: the path, beginning with a slash.
            params: the query.
            timeout: seconds for everything.

        Raises:
            ApiError: if there is no complete answer.
        """
        deadline = time.monotonic() + timeout
        url, query = self._base_url + path, params
        for _ in range(_MAX_REDIRECTS + 1):
            answer, asked, location = self._send(url, query, deadline, timeout)
            if location is None:
                return answer
            try:
                target = urljoin(asked, location)
                origin = _origin(target)
            except ValueError:
                break
            if origin != _origin(self._base_url):
                raise self._error(Fault.REDIRECT, target=origin)
            # A redirect that loses the query must not turn into a question for everything.
            url, query = target, None if urlsplit(target).query else params
        # In a circle, or to what is no address at all.
        raise self._error(Fault.HTTP, detail=location or "", status=answer.status)

    def _send(
        self, url: str, params: Mapping[str, Any] | None, deadline: float, timeout: float
    ) -> tuple[Answer, str, str | None]:
        """Return the answer, what was asked in the end, and where a redirect leads."""
        limit: Any = Timeout(total=max(deadline - time.monotonic(), 0.001))
        try:
            with self._session.get(
                url,
                params=params,
                timeout=limit,
                allow_redirects=False,
                stream=True,
            ) as response:
                location = response.headers.get("Location")
                if response.status_code not in _REDIRECTS:
                    location = None
                answer = Answer(
                    status=response.status_code,
                    content_type=response.headers.get("Content-Type", ""),
                    api_version=response.headers.get("Baculum-API-Version", ""),
                    body=self._read(response),
                    retry_after=seconds_to_wait(
                        response.headers.get("Retry-After"), datetime.now(UTC)
                    ),
                )
        except requests.RequestException as error:
            raise self._classify(error, timeout) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._classify(error, timeout) from error
        return answer, response.url, location

    def _read(self, response: requests.Response) -> bytearray:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > MAX_BODY:
                raise self._error(Fault.TOO_LARGE, limit=MAX_BODY // (1024 * 1024))
        # As it is: there may not be room for it twice.
        return body

    def _classify(self, error: Exception, timeout: float) -> ApiError:
        """Find out which part is at fault from what lies beneath the error."""
        chain = _causes(error)
        detail = f"{type(error).__name__}: {error}"
        if _find(chain, _EndlessError):
            return self._error(Fault.TOO_LARGE, detail=detail, limit=MAX_BODY // (1024 * 1024))
        if isinstance(error, requests.exceptions.SSLError) or _find(chain, ssl.SSLError):
            return self._tls_error(chain, detail)
        if any(_find(chain, kind) for kind in _NO_NAME):
            return self._error(Fault.NAME, detail=detail, host=self.host)
        if _find(chain, ConnectionRefusedError):
            return self._error(Fault.REFUSED, detail=detail)
        # Before the time-outs: some versions of urllib3 count it among them.
        if _find(chain, NewConnectionError):
            return self._error(Fault.UNREACHABLE, detail=detail)
        if _find(chain, ConnectTimeoutError) or _find(chain, TimeoutError):
            return self._error(Fault.TIMEOUT, detail=detail, seconds=f"{timeout:g}")
        if isinstance(error, requests.Timeout):
            return self._error(Fault.TIMEOUT, detail=detail, seconds=f"{timeout:g}")
        if isinstance(error, requests.exceptions.ContentDecodingError):
            return self._error(Fault.NOT_JSON, detail=detail)
        return self._error(Fault.DROPPED, detail=detail)

    def _tls_error(self, chain: list[BaseException], detail: str) -> ApiError:
        for one in chain:
            if isinstance(one, ssl.SSLCertVerificationError):
                reason = one.verify_message.rstrip(".") or "certificate verify failed"
                return self._error(Fault.CERTIFICATE, detail=detail, reason=reason)
        return self._error(Fault.TLS, detail=detail)

    def _error(self, fault: Fault, *, detail: str = "", **values: Any) -> ApiError:
        return ApiError(fault, detail=detail, address=self.address, **values)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        port = None
    return f"{parts.scheme}://{parts.hostname or ''}:{port}"


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and all that lies beneath it, however the libraries wrapped it."""
    found: list[BaseException] = []
    queue: list[Any] = [error]
    while queue:
        one = queue.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            queue += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


def _find(chain: list[BaseException], kind: type[BaseException]) -> bool:
    return any(isinstance(one, kind) for one in chain)
