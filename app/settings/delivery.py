"""Who is told, by which way, and when: the settings of delivery, and the policy's audiences.

Secrets stand in NAME or in the file that NAME_FILE names; no sentence repeats them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.deliver.mail.address import Address, read_address, read_addresses
from app.deliver.rules import When
from app.i18n import msg
from app.policy import Audience, ChatWish, MailWish, Policy
from app.settings.reader import (
    Reader,
    Secret,
    is_host,
    is_loopback,
    is_web_address,
    without_credentials,
)

if TYPE_CHECKING:
    from app.deliver.mail.channel import Security

CHATS = ("slack", "mattermost", "discord", "teams", "google_chat", "webhook")
"""The services that post to a secret address, as their settings call them."""
_WHEN = tuple(one.value for one in When)
_SHORTEST_SECRET = 8
"""A path of fewer characters keeps nobody out, and masking it would tear words apart."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How the mail server is reached, and who writes.

    Attributes:
        host: name or address of the server.
        port: its port.
        security: how the connection is secured.
        username: for the login, "" for none.
        password: its password.
        ca_file: the authorities to trust; None for the public ones.
        sender: From.
        reply_to: Reply-To.
    """

    host: str
    port: int
    security: Security
    username: str
    password: Secret = field(repr=False)
    ca_file: Path | None
    sender: Address
    reply_to: tuple[Address, ...] = ()

    @property
    def password_in_clear(self) -> bool:
        """Whether the password travels unencrypted over a network."""
        plain = self.security.value == "plain"
        return plain and bool(self.password) and not is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """A secret address to post to.

    Attributes:
        service: which service, one of `CHATS`.
        setting: the name of the setting that the address comes from.
        url: the address.
        when: which reports are posted.
        secret: what a webhook's messages are signed with, "" for nothing.
    """

    service: str
    setting: str
    url: Secret
    when: When = When.ALWAYS
    secret: Secret = field(default=Secret(""))


@dataclass(frozen=True, slots=True)
class AudienceSettings:
    """Some people, what concerns them, and how they are reached.

    Attributes:
        name: "" for everybody, whom the settings name; else as in the policy file.
        clients: patterns of clients; none for all.
        jobs: patterns of job names; none for all.
        language: ko or en; "" for the report's.
        mail: whom a mail goes to; None for nobody.
        chats: where is posted.
    """

    name: str = ""
    clients: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    language: str = ""
    mail: MailWish | None = None
    chats: tuple[ChatSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """All that is set up of delivery.

    Attributes:
        mail: the mail server; None without mail.
        audiences: those who are reached by anything.
        ping: the address of the dead-man's switch, "" for none.
        textfile: where the numbers are written; None for nowhere.
        link: where people can read the reports folder, without a slash at its end; "" for nowhere.
        ca_file: the authorities to trust for webhooks and the ping; None for the public ones.
        proxy: the proxy for both, "" for none.
    """

    mail: MailSettings | None = None
    audiences: tuple[AudienceSettings, ...] = ()
    ping: Secret = field(default=Secret(""))
    textfile: Path | None = None
    link: str = ""
    ca_file: Path | None = None
    proxy: Secret = field(default=Secret(""))

    @property
    def silent(self) -> bool:
        """Whether nothing at all is set up."""
        return not (self.audiences or self.ping or self.textfile)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that no log may show, in each form that it may be shown in."""
        chats = [chat for audience in self.audiences for chat in audience.chats]
        words = [chat.secret for chat in chats if chat.secret]
        if self.mail is not None and self.mail.password:
            words.append(self.mail.password)
        for url in (*(chat.url for chat in chats), self.ping, self.proxy):
            words += map(Secret, _secret_parts(url))
        return tuple(words)


def read_delivery(
    values: Mapping[str, str | None], policy: Policy | None = None
) -> DeliverySettings:
    """Read what is set up of delivery.

    Args:
        values: the settings, with the variables that the audiences name.
        policy: whose audiences are told, too.

    Raises:
        SettingsError: naming everything that is missing or wrong, and how to mend it.
    """
    reader = Reader(values)
    audiences = policy.audiences if policy is not None else ()
    settings = DeliverySettings(
        mail=_mail(reader, audiences),
        audiences=tuple(_audiences(reader, audiences)),
        ping=_address(reader, "REPORT_PING_URL"),
        textfile=_textfile(reader),
        link=_link(reader),
        ca_file=reader.ca_file("REPORT_CA_FILE"),
        proxy=_checked(reader, "REPORT_PROXY", Secret(reader.text("REPORT_PROXY"))),
    )
    reader.done()
    return settings


# --- mail -----------------------------------------------------------------------------------------


def _mail(reader: Reader, audiences: tuple[Audience, ...]) -> MailSettings | None:
    """Read the mail server, if anybody is to get a mail."""
    theirs = any(audience.mail is not None for audience in audiences)
    if not (theirs or reader.text("REPORT_MAIL_HOST") or reader.text("REPORT_MAIL_TO")):
        return None
    from app.deliver.mail.channel import PORTS, Security

    needed = msg("Mail needs it; see .env.example.")
    host = reader.required("REPORT_MAIL_HOST", needed)
    if host and not is_host(host):
        reader.fail(
            msg("REPORT_MAIL_HOST is {value!r}.", value=without_credentials(host)),
            msg("Give a host name or address only; port and security have their own settings."),
        )
    choices = tuple(one.value for one in Security)
    security = Security(reader.choice("REPORT_MAIL_SECURITY", choices, fold=str.lower))
    port = PORTS[security]
    if reader.text("REPORT_MAIL_PORT"):
        port = reader.number("REPORT_MAIL_PORT", int, 1, 65535)
    username = reader.text("REPORT_MAIL_USERNAME")
    password = reader.secret("REPORT_MAIL_PASSWORD", required=bool(username))
    if password and not username:
        reader.fail(
            msg("{name} is not set.", name="REPORT_MAIL_USERNAME"),
            msg("Set it, or leave out the password, too."),
        )
    if not theirs:
        reader.required("REPORT_MAIL_TO", needed)
    sender = _addresses(reader, "REPORT_MAIL_FROM", lambda text: (read_address(text),))
    if not reader.text("REPORT_MAIL_FROM"):
        reader.required("REPORT_MAIL_FROM", needed)
    return MailSettings(
        host=host.strip("[]"),
        port=port,
        security=security,
        username=username,
        password=password,
        ca_file=reader.ca_file("REPORT_MAIL_CA_FILE"),
        sender=sender[0] if sender else Address("", "nobody", "localhost"),
        reply_to=_addresses(reader, "REPORT_MAIL_REPLY_TO"),
    )


def _addresses(
    reader: Reader,
    name: str,
    read: Callable[[str], tuple[Address, ...]] = read_addresses,
) -> tuple[Address, ...]:
    written = reader.text(name)
    if not written:
        return ()
    try:
        found = read(written)
    except ValueError as error:
        reader.fail(
            msg("{name} has {value!r}, which is no mail address.", name=name, value=str(error)),
            msg("Write it like backup@example.com, or Backup <backup@example.com>."),
        )
        return ()
    return found


# --- audiences ------------------------------------------------------------------------------------


def _audiences(reader: Reader, audiences: tuple[Audience, ...]) -> list[AudienceSettings]:
    """Return everybody, whom the settings name, and the policy's audiences."""
    to, cc = _addresses(reader, "REPORT_MAIL_TO"), _addresses(reader, "REPORT_MAIL_CC")
    when = _when(reader, "REPORT_MAIL_WHEN")
    wishes = [
        ChatWish(
            chat,
            f"REPORT_{chat.upper()}_URL",
            "REPORT_WEBHOOK_SECRET" if chat == "webhook" else "",
            _when(reader, f"REPORT_{chat.upper()}_WHEN"),
        )
        for chat in CHATS
    ]
    everybody = AudienceSettings(
        mail=MailWish(to, cc, when) if to else None,
        chats=tuple(chat for wish in wishes if (chat := _chat(reader, wish)) is not None),
    )
    told = [everybody] if everybody.mail is not None or everybody.chats else []
    for audience in audiences:
        chats = (_chat(reader, wish, needed_by=audience.name) for wish in audience.chats)
        told.append(
            AudienceSettings(
                name=audience.name,
                clients=audience.clients,
                jobs=audience.jobs,
                language=audience.language,
                mail=audience.mail,
                chats=tuple(chat for chat in chats if chat is not None),
            )
        )
    return told


def _when(reader: Reader, name: str) -> When:
    return When(reader.choice(name, _WHEN, fold=str.lower))


def _chat(reader: Reader, wish: ChatWish, *, needed_by: str = "") -> ChatSettings | None:
    """Read a secret address; None where there is none. One that an audience names must be there."""
    names = [name for name in (wish.variable, wish.secret) if name] if needed_by else []
    for name in names:
        if not (reader.raw(name).strip() or reader.text(f"{name}_FILE")):
            reader.fail(
                msg("{name} is not set.", name=name),
                msg(
                    "The audience {audience} of the policy file needs it, or {file}.",
                    audience=needed_by,
                    file=f"{name}_FILE",
                ),
            )
    url = _address(reader, wish.variable)
    secret = reader.secret(wish.secret) if wish.secret and url else Secret("")
    return ChatSettings(wish.service, wish.variable, url, wish.when, secret) if url else None


# --- addresses and files --------------------------------------------------------------------------


def _address(reader: Reader, name: str) -> Secret:
    """Read a secret web address; "" without it."""
    return _checked(reader, name, Secret(reader.secret(name).strip()))


def _checked(reader: Reader, name: str, url: Secret) -> Secret:
    if not url:
        return url
    from app.deliver.web import web_address

    wrong = web_address(url)
    if wrong is not None:
        reader.fail(msg("{name} is not a web address.", name=name), wrong)
    return url


def _textfile(reader: Reader) -> Path | None:
    written = reader.text("REPORT_TEXTFILE")
    if not written:
        return None
    from app.deliver.textfile import ENDING

    if not written.endswith(ENDING) or "\0" in written:
        reader.fail(
            msg("REPORT_TEXTFILE is {value!r}.", value=written),
            msg("Its name must end with {ending}, or the node exporter does not read it.",
                ending=ENDING),
        )  # fmt: skip
    return Path(written)


def _link(reader: Reader) -> str:
    url = reader.text("REPORT_LINK_URL").rstrip("/")
    if url and not is_web_address(url):
        reader.fail(
            msg("{name} is not a web address.", name="REPORT_LINK_URL"),
            msg("Give it without user and password, such as https://backup01/reports."),
        )
    return url


def _secret_parts(url: str) -> list[str]:
    """Return an address, and what of it is the secret: path, query, and a password."""
    if not url:
        return []
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return [url]
    pieces = [parts.path, parts.path.strip("/"), parts.query, parts.path.rpartition("/")[2]]
    pieces += [piece.partition("=")[2] for piece in parts.query.split("&")]
    words = [url, password, *(piece for piece in pieces if len(piece) >= _SHORTEST_SECRET)]
    return [word for word in words if word]
