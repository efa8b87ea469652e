"""A real HTTP server that answers as told, and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """One answer. `how`: "answer", "drop" (close instead) or "silent" (until the server ends)."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    how: str = "answer"


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that went away."""


class WebServer:
    """The server; used as a context. Answers are given in order; the last one stays."""

    def __init__(
        self, *answers: Answer, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> None:
        self.answers = list(answers) or [Answer()]
        self.asked: list[Asked] = []
        self._end = threading.Event()
        scheme = "https" if tls else "http"
        self._server = _Quiet((address, 0), self._handler())
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://{address}:{self.port}"

    @property
    def posts(self) -> list[Asked]:
        return [one for one in self.asked if one.method == "POST"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                web.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
                if answer.how == "silent":
                    web._end.wait(30)
                if answer.how != "answer":
                    self.close_connection = True
                    return
                content = b"" if self.command == "HEAD" else answer.body
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET = do_HEAD = do_OPTIONS = _answer

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    def __enter__(self) -> WebServer:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
