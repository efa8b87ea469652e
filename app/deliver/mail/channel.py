"""Mail as a channel: one conversation a letter, and what each reply means for each recipient."""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from app.api.session import authorities
from app.deliver.mail.address import Address
from app.deliver.mail.message import Envelope, build
from app.deliver.mail.smtp import Conversation, NotOffered, Unanswered, Unwilling
from app.deliver.model import DeliveryError, Letter, Results, Trouble
from app.deliver.wording import quoted
from app.i18n import Message, msg, nmsg
from app.logs import Masker

STEP = 30.0
"""Seconds that a server may be silent."""
DEADLINE = 180.0
"""Seconds that one conversation may take."""
_TOO_LARGE = frozenset({523, 552})


class Security(StrEnum):
    """How the connection is secured."""

    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.PLAIN: 25}
"""The usual port of each."""


@dataclass(frozen=True, slots=True)
class Server:
    """How the mail server is reached. Times in seconds.

    Attributes:
        host: name or address.
        port: its port.
        security: how the connection is secured.
        username: for the login, "" for none.
        password: its password.
        ca_file: the authorities to trust; None for the public ones.
        step: how long the server may be silent.
        deadline: how long one conversation may take.
    """

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    step: float = STEP
    deadline: float = DEADLINE

    @property
    def address(self) -> str:
        """Host and port, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Mail:
    """Mail to some people, through one server."""

    takes_page = True

    def __init__(self, name: str, server: Server, envelope: Envelope) -> None:
        self.name = name
        self._server = server
        self._envelope = envelope
        login = f"\0{server.username}\0{server.password}" if server.password else ""
        told = base64.b64encode(login.encode()).decode("ascii")
        self._mask = Masker([server.password, told], server.username)
        everybody = (*envelope.to, *envelope.cc)
        # The same mailbox in To and Cc gets one copy.
        self._people = {address.envelope: address for address in everybody}

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return the addresses of To and Cc, each once."""
        return tuple(self._people)

    def send(
        self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
    ) -> Results:
        """Send a letter, once (see `model.Channel`)."""
        results = self._converse(lambda smtp: self._hand_over(smtp, letter, recipients, commit))
        if self._all_too_large(results) and letter.parcel.page is not None:
            return self._converse(
                lambda smtp: self._hand_over(smtp, letter, recipients, commit, attach=False)
            )
        return results

    def probe(self) -> Message:
        """Go as far as the last recipient, then take it all back (see `model.Channel`)."""

        def ask(smtp: Conversation) -> Results:
            self._sender(smtp, 0, self.recipients)
            results = self._recipients(smtp, self.recipients)
            smtp.docmd("RSET")
            return results

        refused = [error for error in self._converse(ask).values() if error is not None]
        if refused:
            raise refused[0]
        return nmsg(
            "{server} takes mail for {count} recipient; nothing was sent.",
            "{server} takes mail for all {count} recipients; nothing was sent.",
            len(self._people),
            server=self._server.address,
        )

    def describe(self) -> Message:
        """Say who would get a mail."""
        return msg(
            "a mail from {sender} to {recipients}, by {server} ({security})",
            sender=str(self._envelope.sender),
            recipients=", ".join(self.recipients),
            server=self._server.address,
            security=self._server.security.value,
        )

    def _hand_over(
        self,
        smtp: Conversation,
        letter: Letter,
        recipients: Sequence[str],
        commit: Callable[[], None],
        *,
        attach: bool = True,
    ) -> Results:
        message = build(letter, self._envelope, attach=attach)
        if attach and 0 < smtp.largest < len(message):
            message = build(letter, self._envelope, attach=False)
        self._sender(smtp, len(message), recipients)
        results = self._recipients(smtp, recipients)
        taken = [one for one, error in results.items() if error is None]
        if not taken:
            smtp.docmd("RSET")
            return results
        try:
            smtp.content(message, commit)
        except Unwilling as error:
            refusal = self._refusal(
                msg("{server} refuses the mail: {reply}.", **self._reply(error)),
                msg("See the mail server's log."),
                error,
            )
            return {**results, **dict.fromkeys(taken, refusal)}
        return results

    def _sender(self, smtp: Conversation, size: int, recipients: Sequence[str]) -> None:
        sender = self._envelope.sender
        utf8 = sender.needs_utf8 or any(not one.isascii() for one in recipients)
        # Headers name everybody, also those that have got theirs.
        utf8 = utf8 or any(one.needs_utf8 for one in (*self._people.values(), *self._replies))
        smtp.envelope(sender.envelope, size, utf8=utf8)

    @property
    def _replies(self) -> tuple[Address, ...]:
        return self._envelope.reply_to

    def _recipients(
        self, smtp: Conversation, recipients: Sequence[str]
    ) -> dict[str, DeliveryError | None]:
        results: dict[str, DeliveryError | None] = {}
        for recipient in recipients:
            try:
                smtp.recipient(recipient)
            except Unwilling as error:
                if error.code == 421:
                    raise
                values = {"recipient": recipient, **self._reply(error)}
                results[recipient] = self._refusal(
                    msg("{server} refuses mail to {recipient}: {reply}.", **values),
                    msg("Check REPORT_MAIL_TO and REPORT_MAIL_CC, and the mail server's rules."),
                    error,
                )
            else:
                results[recipient] = None
        return results

    @staticmethod
    def _refusal(what: Message, cure: Message, error: Unwilling) -> DeliveryError:
        trouble = Trouble.PASSING if error.passing else Trouble.REFUSED
        refusal = DeliveryError(what, None if error.passing else cure, trouble=trouble)
        refusal.__cause__ = error
        return refusal

    @staticmethod
    def _all_too_large(results: Results) -> bool:
        causes = [error.__cause__ if error else None for error in results.values()]
        return bool(causes) and all(
            isinstance(cause, Unwilling) and (cause.code in _TOO_LARGE or "5.3.4" in cause.text)
            for cause in causes
        )

    def _converse(self, work: Callable[[Conversation], Results]) -> Results:
        """Have one conversation; whatever ends it is the channel's own trouble."""
        server = self._server
        step = _Step()
        try:
            context = self._context()
            implicit = context if server.security is Security.TLS else None
            secure = context if server.security is Security.STARTTLS else None
            with Conversation(
                server.host, server.port, tls=implicit, step=server.step, deadline=server.deadline
            ) as smtp:
                smtp.greet(secure)
                if server.username:
                    step.login = True
                    smtp.sign_in(server.username, server.password)
                    step.login = False
                results = work(smtp)
                smtp.farewell()
                return results
        except Unwilling as error:
            raise self._unwilling(error, step) from error
        except NotOffered as error:
            raise self._not_offered(error) from error
        except Unanswered as error:
            raise DeliveryError(
                msg(
                    "{server} did not say whether it takes the mail before the connection ended.",
                    server=server.address,
                ),
                trouble=Trouble.DOUBTFUL,
            ) from error
        except (OSError, UnicodeError, smtplib.SMTPException) as error:
            # A host name that cannot be one is a UnicodeError.
            raise self._broken(error) from error

    def _context(self) -> ssl.SSLContext | None:
        if self._server.security is Security.PLAIN:
            return None
        try:
            return ssl.create_default_context(cafile=authorities(self._server.ca_file))
        except OSError as error:
            raise DeliveryError(
                msg(
                    "The CA certificates in {path} cannot be read.",
                    path=authorities(self._server.ca_file),
                ),
                msg("Check REPORT_MAIL_CA_FILE."),
                str(error),
                trouble=Trouble.SETTINGS,
            ) from error

    def _unwilling(self, error: Unwilling, step: _Step) -> DeliveryError:
        trouble = Trouble.PASSING if error.passing else Trouble.SETTINGS
        if step.login:
            what = msg("{server} refuses the user name or password: {reply}.", **self._reply(error))
            cure = msg("Check REPORT_MAIL_USERNAME and REPORT_MAIL_PASSWORD.")
        else:
            what = msg("{server} does not take mail from here: {reply}.", **self._reply(error))
            cure = msg(
                "Check REPORT_MAIL_FROM, whether a login is needed, and the mail server's rules."
            )
        return DeliveryError(what, None if error.passing else cure, trouble=trouble)

    def _not_offered(self, error: NotOffered) -> DeliveryError:
        server = {"server": self._server.address}
        match error.what:
            case "STARTTLS":
                what = msg("{server} offers no STARTTLS; nothing was sent.", **server)
                cure = msg("Set REPORT_MAIL_SECURITY to tls (port 465), or plain within one host.")
            case "AUTH":
                offered = error.offered or "-"
                what = msg(
                    "{server} offers no login known here ({offered}).", offered=offered, **server
                )
                cure = msg("Check REPORT_MAIL_SECURITY and the port, or leave out the user name.")
            case _:
                what = msg("{server} takes no addresses beyond ASCII (SMTPUTF8).", **server)
                cure = msg("Use addresses whose part before the @ is plain ASCII.")
        return DeliveryError(what, cure, trouble=Trouble.SETTINGS)

    def _broken(self, error: Exception) -> DeliveryError:
        values = {"server": self._server.address}
        beneath = _beneath(error)
        detail = self._mask(quoted(str(error)))
        check = msg("Check REPORT_MAIL_HOST, REPORT_MAIL_PORT, the network and the firewall.")
        for one in beneath:
            if isinstance(one, ssl.SSLCertVerificationError):
                why = one.verify_message.rstrip(".") or "certificate verify failed"
                return DeliveryError(
                    msg("The certificate of {server} is not trusted: {why}.", why=why, **values),
                    msg("Set REPORT_MAIL_CA_FILE, and REPORT_MAIL_HOST to the certificate's name."),
                    detail,
                    trouble=Trouble.SETTINGS,
                )
            if isinstance(one, ssl.SSLError) and not isinstance(one, ssl.SSLEOFError):
                return DeliveryError(
                    msg("{server} does not speak TLS as expected.", **values),
                    msg("Check REPORT_MAIL_SECURITY and REPORT_MAIL_PORT."),
                    detail,
                    trouble=Trouble.SETTINGS,
                )
            if isinstance(one, socket.gaierror | UnicodeError):
                what = msg("The host name {host} is not known.", host=self._server.host)
                return DeliveryError(what, check, detail)
            if isinstance(one, TimeoutError):
                return DeliveryError(
                    msg("{server} did not answer in time.", **values), check, detail
                )
            if isinstance(one, ConnectionRefusedError):
                what = msg("Nothing listens at {server} (connection refused).", **values)
                return DeliveryError(what, check, detail)
        if any(
            isinstance(one, smtplib.SMTPServerDisconnected | ConnectionError) for one in beneath
        ):
            return DeliveryError(msg("{server} closed the connection.", **values), None, detail)
        return DeliveryError(msg("{server} cannot be reached.", **values), check, detail)

    def _reply(self, error: Unwilling) -> dict[str, str]:
        words = self._mask(quoted(error.text)).rstrip(".")
        return {"server": self._server.address, "reply": f"{error.code} {words}".strip()}


@dataclass(slots=True)
class _Step:
    login: bool = False


def _beneath(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
