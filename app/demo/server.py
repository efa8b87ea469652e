"""The embedded Baculum's web server: sockets, passwords, faults; loopback unless told."""

import base64
import gzip
import hmac
import json
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from . import replies
from .answers import Answers
from .faults import APPLICATION_KINDS, Fault, FaultKind, strike
from .flavours import Flavour
from .night import Night
from .replies import Reply

_KEEP_ALIVE_SECONDS = 5.0
_KEEP_ALIVE_REQUESTS = 100
_SENDING_SECONDS = 60.0
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it. `status` is 0 where no answer was given."""

    method: str
    path: str
    status: int
    authorized: bool
    bytes_sent: int
    headers: dict[str, str]


class Baculum:
    """A Baculum or Bacularis on loopback; a context manager.

    `night`, `faults` and `latency` may be changed while it runs; `requests` records what came,
    `connections` counts over how many connections.
    `workers` bounds how many requests are served at once, as PHP's workers do. `php_zone` is
    the zone of PHP's date(), which epoch and age filters go through. With `real_waits` an
    unreachable client keeps its caller waiting as long as bconsole would.
    """

    def __init__(
        self,
        night: Night,
        flavour: Flavour = Flavour.BACULUM_15,
        *,
        username: str = "report",
        password: str = "demo-password",  # noqa: S107  it guards made-up jobs on loopback
        faults: Iterable[Fault] = (),
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        memory_rows: int | None = None,
        workers: int | None = None,
        php_zone: tzinfo = UTC,
        real_waits: bool = False,
    ) -> None:
        self.flavour = flavour
        self.faults: list[Fault] = list(faults)
        self.latency = latency
        self.requests: list[Request] = []
        self.connections = 0
        self._night = night
        self._credentials = f"{username}:{password}".encode()
        self._tls = tls
        self._address = (host, port)
        self._stopping = Event()
        self._gate: AbstractContextManager[Any] = (
            nullcontext() if workers is None else BoundedSemaphore(workers)
        )
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self._born = time.monotonic()
        self.answers = Answers(
            night,
            flavour,
            clock=self.now,
            php_zone=php_zone,
            memory_rows=flavour.traits.memory_rows if memory_rows is None else memory_rows,
            wait=self.pause if real_waits else _no_wait,
        )

    @property
    def night(self) -> Night:
        """What is told."""
        return self._night

    @night.setter
    def night(self, night: Night) -> None:
        self._night = night
        self._born = time.monotonic()
        self.answers.night = night

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._address[0]

    @property
    def port(self) -> int:
        """The port it listens on; known once it is started."""
        return self._address[1]

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        scheme = "http" if self._tls is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    def now(self) -> datetime:
        """The Director's clock: it starts when the night was told and runs on."""
        if self.night.told_at is None:
            return datetime.now(UTC)
        return self.night.told_at + timedelta(seconds=time.monotonic() - self._born)

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the server's own end."""
        self._stopping.wait(seconds)

    def start(self) -> Self:
        """Listen and serve in the background."""
        self._stopping.clear()
        self._server = _Server(self._address, self, self._tls)
        self._address = (self.host, self._server.server_port)
        self._thread = Thread(
            target=self._server.serve_forever, args=(0.02,), name="baculum", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close everything at once, whatever is still being answered."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        self._stopping.set()
        server.shutdown()
        server.server_close()
        server.hang_up()
        thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def stopping(self) -> bool:
        """Whether the end was called."""
        return self._stopping.is_set()

    @property
    def gate(self) -> AbstractContextManager[Any]:
        """One place among the workers."""
        return self._gate

    def knows(self, authorization: str | None) -> bool:
        """Whether these are the right credentials."""
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except ValueError:
            return False
        return hmac.compare_digest(given, self._credentials)


def _no_wait(seconds: float) -> None:
    """Skip bconsole's patience."""


class _Server(ThreadingHTTPServer):
    """Threads that die with the process, and sockets that can be hung up on."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], baculum: Baculum, tls: ssl.SSLContext | None
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.baculum = baculum
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for this host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        address = self.socket.getsockname()
        self.server_address = address
        self.server_name, self.server_port = str(address[0]), int(address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection; the TLS handshake belongs to its own thread."""
        if self._tls is None:
            self._serve(request, client_address)
            return
        request.settimeout(_KEEP_ALIVE_SECONDS)
        with self._tls.wrap_socket(request, server_side=True) as wrapped:
            self._serve(wrapped, client_address)

    def _serve(self, connection: socket.socket, client_address: Any) -> None:
        with self._lock:
            self._open.add(connection)
            self.baculum.connections += 1
        try:
            _Handler(connection, client_address, self)
        finally:
            with self._lock:
                self._open.discard(connection)

    def hang_up(self) -> None:
        """Shut every connection that is still open."""
        with self._lock:
            for connection in self._open:
                try:
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    """One connection, request after request."""

    protocol_version = "HTTP/1.1"
    timeout = _KEEP_ALIVE_SECONDS
    disable_nagle_algorithm = True
    server: _Server
    served = 0

    def do_GET(self) -> None:
        """Every method goes the same way."""
        baculum = self.server.baculum
        self._take_body()
        self.connection.settimeout(_SENDING_SECONDS)
        with baculum.gate:
            if not baculum.stopping:
                self._serve(baculum)
        self.connection.settimeout(_KEEP_ALIVE_SECONDS)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def version_string(self) -> str:
        """The web server in front of PHP."""
        return "Apache/2.4.71 (Debian)"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded, not printed."""

    def _take_body(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if length.isdecimal():
            self.rfile.read(int(length))

    def _serve(self, baculum: Baculum) -> None:
        self.served += 1
        authorized = baculum.knows(self.headers.get("Authorization"))
        if baculum.latency:
            baculum.pause(baculum.latency)
        stroke = strike(baculum.faults, self.path)
        if stroke.delay:
            baculum.pause(stroke.delay)
        fault = stroke.fault
        if fault and not authorized and fault.kind in APPLICATION_KINDS:
            fault = None
        if fault is None:
            self._finish(self._answer(baculum, authorized), authorized)
        else:
            self._suffer(baculum, fault, authorized)

    def _authority(self, baculum: Baculum) -> str:
        host = self.headers.get("Host")
        return f"{baculum.url.partition('://')[0]}://{host}" if host else baculum.url

    def _answer(self, baculum: Baculum, authorized: bool) -> Reply:
        if not authorized:
            return baculum.answers.unauthorized()
        return baculum.answers.answer(self.command, self.path, self._authority(baculum))

    def _suffer(self, baculum: Baculum, fault: Fault, authorized: bool) -> None:
        match fault.kind:
            case FaultKind.DROP:
                self._drop(authorized)
            case FaultKind.RESET:
                self._reset(authorized)
            case FaultKind.TRUNCATE:
                self._truncate(self._answer(baculum, authorized), authorized)
            case FaultKind.DRIP:
                self._drip(baculum, fault, self._answer(baculum, authorized), authorized)
            case FaultKind.ENDLESS:
                self._stream(_endless(baculum, fault.seconds), authorized)
            case FaultKind.WIRE | FaultKind.CUT:
                self._tamper(fault, self._answer(baculum, authorized), authorized)
            case FaultKind.OUTPUT:
                self._finish(_edited(self._answer(baculum, authorized), fault), authorized)
            case FaultKind.GONE:
                self._drop(authorized)
                baculum.stop()
            case FaultKind.GZIP_BOMB:
                headers = (("Content-Encoding", "gzip"),)
                self._stream(_pieces(_gzip_bomb(fault.size)), authorized, headers)
            case _:
                self._finish(_struck(baculum, fault, self._authority(baculum)), authorized)

    def _finish(self, reply: Reply, authorized: bool) -> None:
        """Send an answer whole, in one write."""
        if reply.dropped:
            self._drop(authorized)
            return
        body, headers = self._compressed(reply)
        head = self._head(reply, body, headers)
        wire = b"" if self.command == "HEAD" else body
        if wire and self._chunks(reply):
            wire = b"%x\r\n%b\r\n0\r\n\r\n" % (len(wire), wire)
        elif self._chunks(reply) and self.command != "HEAD":
            wire = b"0\r\n\r\n"
        self._record(reply.status, authorized, len(head) + len(wire))
        self.wfile.write(head + wire)

    def _compressed(self, reply: Reply) -> tuple[bytes, tuple[tuple[str, str], ...]]:
        wanted = "gzip" in self.headers.get("Accept-Encoding", "").lower()
        if not wanted or reply.content_type != replies.JSON_TYPE:
            return reply.body, reply.headers
        body = gzip.compress(reply.body, compresslevel=6, mtime=0)
        return body, (*reply.headers, ("Content-Encoding", "gzip"))

    def _chunks(self, reply: Reply) -> bool:
        return reply.chunked and self.request_version == "HTTP/1.1"

    def _head(self, reply: Reply, body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
        lines = [
            f"{reply.version} {reply.status} {_reason(reply.status)}",
            f"Date: {self.date_time_string()}",
            f"Server: {self.version_string()}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        if self._chunks(reply):
            if self.command != "HEAD":
                lines.append("Transfer-Encoding: chunked")
        else:
            lines.append(f"Content-Length: {len(body)}")
        if self._closes(reply) and ("Connection", "close") not in headers:
            lines.append("Connection: close")
        lines += [f"Content-Type: {reply.content_type}", "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _closes(self, reply: Reply) -> bool:
        if reply.version == "HTTP/1.0" or self.served >= _KEEP_ALIVE_REQUESTS:
            self.close_connection = True
        return self.close_connection

    def _record(self, status: int, authorized: bool, sent: int) -> None:
        self.server.baculum.requests.append(
            Request(self.command, self.path, status, authorized, sent, dict(self.headers))
        )

    def _drop(self, authorized: bool) -> None:
        self._record(0, authorized, 0)
        self.close_connection = True

    def _reset(self, authorized: bool) -> None:
        self._record(0, authorized, 0)
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.rfile.close()
        self.wfile.close()
        socket.socket.close(self.connection)

    def _truncate(self, reply: Reply, authorized: bool) -> None:
        """Promise the whole body and send half of it."""
        whole = Reply(reply.status, reply.body, reply.content_type, reply.headers)
        head = self._head(whole, whole.body, whole.headers)
        half = whole.body[: len(whole.body) // 2]
        self._record(reply.status, authorized, len(head) + len(half))
        self.close_connection = True
        self.wfile.write(head + half)

    def _tamper(self, fault: Fault, reply: Reply, authorized: bool) -> None:
        """Send other bytes than the right ones: head and body, not compressed, not in chunks."""
        whole = Reply(reply.status, reply.body, reply.content_type, reply.headers)
        sent = fault.edit(self._head(whole, whole.body, whole.headers) + whole.body)
        self._record(reply.status, authorized, len(sent))
        self.wfile.write(sent)
        self.close_connection |= fault.kind is FaultKind.CUT

    def _drip(self, baculum: Baculum, fault: Fault, reply: Reply, authorized: bool) -> None:
        whole = Reply(reply.status, reply.body, reply.content_type, reply.headers)
        head = self._head(whole, whole.body, whole.headers)
        self._record(reply.status, authorized, len(head) + len(whole.body))
        self.wfile.write(head)
        for byte in _pieces(whole.body, 1):
            if baculum.stopping:
                break
            self.wfile.write(byte)
            baculum.pause(fault.seconds)

    def _stream(
        self,
        pieces: Iterable[bytes],
        authorized: bool,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """A chunked JSON body of any length; the connection ends with it."""
        version = ("Baculum-API-Version", self.server.baculum.flavour.traits.version_header)
        reply = Reply(200, b"", replies.JSON_TYPE, (version, *headers), chunked=True)
        self.close_connection = True
        self.wfile.write(self._head(reply, b"", reply.headers))
        sent = 0
        try:
            for piece in pieces:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                sent += len(piece)
            self.wfile.write(b"0\r\n\r\n")
        finally:
            self._record(200, authorized, sent)


def _reason(status: int) -> str:
    """The words behind an HTTP code, also behind one that nobody knows."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _struck(baculum: Baculum, fault: Fault, authority: str) -> Reply:
    """The answer of a fault that is an ordinary answer of something else."""
    version = baculum.flavour.traits.version_header
    match fault.kind:
        case FaultKind.STATUS:
            text = "The server was unable to complete your request."
            if fault.body is not None:
                text = str(fault.body)
            return replies.apache_page(fault.status, _reason(fault.status), text)
        case FaultKind.REDIRECT:
            status = fault.status if 300 <= fault.status < 400 else 302
            where = (("Location", fault.location),)
            return replies.apache_page(status, "Found", "The document has moved.", where)
        case FaultKind.HTML:
            text = "Could not open the API configuration." if fault.body is None else fault.body
            return replies.exception_page(str(text))
        case FaultKind.WELCOME:
            return baculum.answers.welcome(authority)
        case FaultKind.ERROR:
            return baculum.answers.envelope(fault.text(), fault.code)
        case FaultKind.GARBAGE:
            return replies.json_reply(b'{"output":[{"jobid":1,"job":', version)
        case FaultKind.BODY:
            return replies.json_reply(replies.php_json(fault.body), version)
        case _:
            raise ValueError(f"{fault.kind} has no answer of its own")


def _edited(reply: Reply, fault: Fault) -> Reply:
    """The right answer with another output; what is no JSON stays as it is."""
    if reply.content_type != replies.JSON_TYPE:
        return reply
    envelope = json.loads(reply.body)
    told = {**envelope, "output": fault.edit(envelope["output"])}
    return replace(reply, body=replies.php_json(told))


def _pieces(body: bytes, size: int = _CHUNK) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _endless(baculum: Baculum, seconds: float) -> Iterator[bytes]:
    """A list of strings that never closes."""
    yield b'{"output":["'
    while not baculum.stopping:
        yield b"x" * _CHUNK
        baculum.pause(seconds)


@lru_cache(maxsize=2)
def _gzip_bomb(size: int) -> bytes:
    """`size` bytes of a JSON string, a thousandth of that on the wire."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    filler = b"x" * (1024 * 1024)
    parts = [packer.compress(b'{"error":0,"output":["')]
    parts += [packer.compress(filler) for _ in range(max(1, size // len(filler)))]
    parts += [packer.compress(b'"]}'), packer.flush()]
    return b"".join(parts)
