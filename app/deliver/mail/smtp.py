"""SMTP as smtplib speaks it, within time limits, and with each reply weighed.

smtplib's own time limit starts anew with each packet, and covers no name look-up. STARTTLS is asked
for or not; it is never given up in silence.
"""

from __future__ import annotations

import base64
import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from app.api.session import connect_in_time

_CHUNK = 64 * 1024
_LINE_START = re.compile(rb"(?m)^\.")


class Unwilling(Exception):
    """The server answers with a code that is no success.

    Attributes:
        code: the reply's code.
        text: the reply's words.
    """

    def __init__(self, code: int, text: bytes) -> None:
        super().__init__(code)
        self.code = code
        self.text = text.decode("utf-8", "replace")

    @property
    def passing(self) -> bool:
        """Whether another try may succeed; a code that is none is a broken conversation."""
        return not 500 <= self.code < 600


class NotOffered(Exception):
    """The server does not offer what is needed.

    Attributes:
        what: STARTTLS, AUTH or SMTPUTF8.
        offered: what it offers of the kind, "" for nothing.
    """

    def __init__(self, what: str, offered: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.offered = offered


class _InTime(io.RawIOBase):
    """Reads from a socket, waiting for each packet and for all of them only so long."""

    def __init__(self, sock: socket.socket, remaining: Callable[[], float]) -> None:
        super().__init__()
        self._sock = sock
        self._remaining = remaining

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._remaining())
        return self._sock.recv_into(buffer)


class Conversation(smtplib.SMTP):
    """One connection to one server."""

    def __init__(
        self, host: str, port: int, *, tls: ssl.SSLContext | None, step: float, deadline: float
    ) -> None:
        """Connect and read the greeting.

        Args:
            host: the server.
            port: its port.
            tls: for TLS from the first byte on; None without.
            step: seconds that the server may be silent.
            deadline: seconds for the whole conversation.

        Raises:
            OSError: if there is no connection.
            Unwilling: if the server does not want one.
            smtplib.SMTPException: if what answers does not speak SMTP.
        """
        self._tls = tls
        self._step = step
        self._ends = time.monotonic() + deadline
        super().__init__(local_hostname="localhost", timeout=step)
        # For the certificate's name; connect() sets it in some versions of Python only.
        self._host = host
        try:
            self._expect(220, self.connect(host, port))
            self.local_hostname = self._own_name()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Conversation:
        """Return itself; the end of the block closes the connection without another word."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def _remaining(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, self._step)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        limit = self._remaining()
        sock = connect_in_time(lambda: socket.create_connection((host, port), limit), limit)
        try:
            # The last line follows the content in a packet of its own, and waits for nothing.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return sock
            sock.settimeout(self._remaining())
            return self._tls.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def _own_name(self) -> str:
        """Return what to call oneself, without asking DNS, which may not answer."""
        name = socket.gethostname()
        if "." in name.strip(".") and name.isascii():
            return name
        assert self.sock is not None  # noqa: S101 - connected a line before
        address = self.sock.getsockname()[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply in time."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_InTime(self.sock, self._remaining))
        return super().getreply()

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send in time."""
        content = s.encode(self.command_encoding) if isinstance(s, str) else s
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            for start in range(0, len(content), _CHUNK):
                self.sock.settimeout(self._remaining())
                self.sock.sendall(content[start : start + _CHUNK])
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected("not sent") from error

    def greet(self, secure: ssl.SSLContext | None) -> None:
        """Say who is there, and secure the connection if that is asked for.

        Raises:
            NotOffered: if the server knows no STARTTLS; nothing secret has been said then.
        """
        self._hello()
        if secure is None:
            return
        if not self.has_extn("starttls"):
            raise NotOffered("STARTTLS")
        if self.sock is not None:
            self.sock.settimeout(self._remaining())
        self._expect(220, self.starttls(context=secure))
        self._hello()

    def _hello(self) -> None:
        code, text = self.ehlo()
        if not 200 <= code < 300:
            code, text = self.helo()
        if not 200 <= code < 300:
            raise Unwilling(code, text)

    def sign_in(self, username: str, password: str) -> None:
        """Log in, by PLAIN or LOGIN; smtplib itself can send no password beyond ASCII.

        Raises:
            NotOffered: if the server offers neither.
            Unwilling: if it refuses.
        """
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            told = _base64(f"\0{username}\0{password}")
            self._expect(235, self.docmd("AUTH PLAIN", told))
        elif "LOGIN" in offered:
            self._expect(334, self.docmd("AUTH LOGIN"))
            self._expect(334, self.docmd(_base64(username)))
            self._expect(235, self.docmd(_base64(password)))
        else:
            raise NotOffered("AUTH", " ".join(offered))

    def envelope(self, sender: str, size: int, *, utf8: bool) -> None:
        """Name the sender and announce the size, in bytes; 0 if not known.

        Raises:
            NotOffered: if an address needs SMTPUTF8 and the server does not know it.
            Unwilling: if it refuses.
        """
        options = []
        if utf8:
            if not self.has_extn("smtputf8"):
                raise NotOffered("SMTPUTF8")
            self.command_encoding = "utf-8"
            options.append("SMTPUTF8")
        if size and self.has_extn("size"):
            options.append(f"SIZE={size}")
        self._expect(250, self.mail(sender, options))

    @property
    def largest(self) -> int:
        """How many bytes a message may have; 0 if the server does not say."""
        told = self.esmtp_features.get("size", "")
        return int(told) if told.isdecimal() else 0

    def recipient(self, address: str) -> None:
        """Name a recipient.

        Raises:
            Unwilling: if it is refused.
        """
        code, text = self.rcpt(address)
        if code not in (250, 251, 252):
            # Too many recipients, as older servers say it (RFC 5321, 4.5.3.1.10).
            raise Unwilling(452 if code == 552 else code, text)

    def content(self, message: bytes, commit: Callable[[], None]) -> None:
        """Send the message.

        Args:
            message: all of it, with CRLF at its lines' ends.
            commit: called when all but its last line, the full stop, has been sent.

        Raises:
            Unwilling: if it is refused.
            Unanswered: if the connection ends before the reply to the full stop.
        """
        self._expect(354, self.docmd("DATA"))
        self.send(_LINE_START.sub(b"..", message))
        if not message.endswith(b"\r\n"):
            self.send(b"\r\n")
        self._still_there()
        commit()
        try:
            self.send(b".\r\n")
            reply = self.getreply()
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Unanswered from error
        if reply[0] == -1:
            raise Unanswered
        self._expect(250, reply)

    def _still_there(self) -> None:
        """Notice a connection that has ended: what was sent may only lie in this host's buffers."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            self.sock.settimeout(0)
            # Beneath TLS, which cannot look without taking.
            ended = socket.socket.recv(self.sock, 1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected("not sent") from error
        if ended:
            self.close()
            raise smtplib.SMTPServerDisconnected("closed")

    def farewell(self) -> None:
        """End in good manners, if the server still listens."""
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            self.close()

    @staticmethod
    def _expect(wanted: int, reply: tuple[int, bytes]) -> None:
        code, text = reply
        if code != wanted and not (wanted == 250 and 200 <= code < 300):
            raise Unwilling(code, text)


class Unanswered(Exception):
    """All of a message was sent, and the connection ended before the server said what it does."""


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
