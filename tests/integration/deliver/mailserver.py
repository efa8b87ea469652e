"""A real SMTP server whose manners can be told beforehand; on loopback, unless told otherwise."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Received:
    """One mail the server took."""

    sender: str
    recipients: list[str]
    content: bytes
    tls: bool

    @property
    def message(self) -> EmailMessage:
        return BytesParser(policy=default).parsebytes(self.content)


Answer = Callable[["MailServer", SMTP, Envelope], Awaitable[str]]


@dataclass
class Manners:
    """What the server does; by default it takes everything.

    Answers are given in order, one for each command; the last one stays. What begins with 250 lets
    the command have its effect; a function does everything itself.
    """

    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: list[str | Answer] = field(default_factory=list)
    hello: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)


def _next(answers: list[Any]) -> Any:
    if not answers:
        return None
    return answers.pop(0) if len(answers) > 1 else answers[0]


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self._server.greeted.append(hostname)
        session.host_name = hostname
        answer = _next(self._server.manners.hello)
        return [answer] if answer else responses

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = _next(self._server.manners.mail)
        if answer:
            return str(answer)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        self._server.asked.append(address)
        answer = _next(self._server.manners.rcpt.get(address, []))
        if answer and not answer.startswith("250"):
            return str(answer)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = _next(self._server.manners.data)
        if callable(answer):
            return str(await answer(self._server, server, envelope))
        if answer and not answer.startswith("250"):
            return str(answer)
        self._server.take(envelope, session.ssl is not None)
        return "250 OK"


class MailServer:
    """The server; used as a context."""

    def __init__(
        self,
        manners: Manners | None = None,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN"),
        largest: int = 0,
        utf8: bool = True,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.manners = manners or Manners()
        self.received: list[Received] = []
        self.asked: list[str] = []
        self.greeted: list[str] = []
        self.address = address
        self.port = port
        self._login = login
        self._ended = threading.Event()
        self._tls = tls
        self.loop = asyncio.new_event_loop()
        self.never = asyncio.Event()
        self._options: dict[str, Any] = {
            "hostname": "mx.example",
            "tls_context": starttls,
            "enable_SMTPUTF8": utf8,
            "data_size_limit": largest or None,
            "loop": self.loop,
            "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - set(mechanisms),
        }
        if login:
            self._options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": starttls is not None,
            }

    def take(self, envelope: Envelope, tls: bool = False) -> None:
        """Take a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append(
            Received(str(envelope.mail_from), list(envelope.rcpt_tos), content, tls)
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        assert self._login is not None
        wanted = tuple(part.encode() for part in self._login)
        return AuthResult(success=(data.login, data.password) == wanted, handled=False)

    def __enter__(self) -> MailServer:
        def protocol() -> SMTP:
            return SMTP(_Handler(self), **self._options)

        # In its own thread from the beginning: another loop may be running in this one.
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        starting = self.loop.create_server(protocol, self.address, self.port, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    async def _end(self) -> None:
        self._server.close()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def hang_up(smtp: SMTP) -> None:
    """Close the connection, whatever was still to be said."""
    assert isinstance(smtp.transport, asyncio.Transport)
    smtp.transport.abort()


async def drop_after_taking(mail: MailServer, smtp: SMTP, envelope: Envelope) -> str:
    """Take the mail, and close the connection instead of saying so."""
    mail.take(envelope)
    return await drop(mail, smtp, envelope)


async def drop(_mail: MailServer, smtp: SMTP, _envelope: Envelope) -> str:
    """Close the connection, without the mail."""
    hang_up(smtp)
    return "250 nobody hears it"


async def fall_silent(mail: MailServer, _smtp: SMTP, _envelope: Envelope) -> str:
    """Say nothing any more."""
    await mail.never.wait()
    return "451 at last"
