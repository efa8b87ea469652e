"""The mail itself: headers, text, HTML, and the full page attached.

Headers are put together here, not by `email.message`: its folding of long names and subjects beyond
ASCII has changed (and failed) from one Python to the next. The parts are MIME's, in base64.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.encoders import encode_base64
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from html import escape

from app.bacula.joblog import clean, clean_line
from app.deliver import wording
from app.deliver.mail.address import Address
from app.deliver.model import Letter, Page
from app.i18n import Translator

PACK_FROM = 2 * 1024 * 1024
"""A page of more bytes is attached as .gz."""
MOST_ATTACHED = 10 * 1024 * 1024
"""More bytes are not attached."""
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_HOST = re.compile(r"[^a-z0-9]+")
_BINARY = compat32.clone(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom and to whom a mail says it is.

    Attributes:
        sender: From; its domain is that of the Message-ID, too.
        to: To.
        cc: Cc.
        reply_to: Reply-To.
    """

    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = field(default=())


def message_id(letter: Letter, sender: Address) -> str:
    """Return the Message-ID: the same whenever this letter is sent."""
    return f"<{letter.id}@{sender.domain}>"


def build(letter: Letter, envelope: Envelope, *, attach: bool = True) -> bytes:
    """Return a whole message with CRLF at its lines' ends; the same letter gives the same bytes.

    Args:
        letter: what to send.
        envelope: from whom and to whom.
        attach: whether the full page may be attached.
    """
    attached, note = _attachment(letter, attach)
    notes = [wording.late_line(letter), note]
    text, html = _body(letter, notes)
    part: MIMEBase = MIMEText(text, "plain", "utf-8")
    if html:
        part = MIMEMultipart("alternative", _boundary(letter, "a"), [part, _html(html)])
    if attached is not None:
        part = MIMEMultipart("mixed", _boundary(letter, "m"), [part, attached])
    headers = "".join(f"{name}: {value}\r\n" for name, value in _headers(letter, envelope))
    return headers.encode() + part.as_bytes(policy=_BINARY)


def _headers(letter: Letter, envelope: Envelope) -> Iterator[tuple[str, str]]:
    parcel, sender = letter.parcel, envelope.sender
    yield "Message-ID", message_id(letter, sender)
    yield "Date", format_datetime(parcel.generated)
    yield "From", sender.header
    yield "To", _list(envelope.to)
    if envelope.cc:
        yield "Cc", _list(envelope.cc)
    if envelope.reply_to:
        yield "Reply-To", _list(envelope.reply_to)
    yield "Subject", _encoded("Subject", wording.subject(letter))
    yield "List-Id", f"<{_host_part(parcel.director)}.bacula-report.{sender.domain}>"
    # No answer of an absent person, please (RFC 3834, and Exchange's own way to say it).
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield "Content-Language", parcel.language


def _list(addresses: Sequence[Address]) -> str:
    return ",\r\n ".join(address.header for address in addresses)


def _encoded(name: str, value: str) -> str:
    """Return a header's value, folded; RFC 2047 where there is more than ASCII."""
    # What looks like an encoded word would be read as one.
    charset = "us-ascii" if value.isascii() and "=?" not in value else "utf-8"
    return Header(value, charset, header_name=name, maxlinelen=75).encode(linesep="\r\n")


def _host_part(director: str) -> str:
    return _HOST.sub("-", director.lower()).strip("-")[:63] or "director"


def _boundary(letter: Letter, kind: str) -> str:
    # Base64 has no equals sign followed by an underscore, so no part can hold it.
    return f"=_{kind}_{letter.id}"[:70]


def _html(html: str) -> MIMEText:
    # Halves of characters, which no encoding can write, are no reason to send nothing.
    return MIMEText(html.encode("utf-8", "replace").decode(), "html", "utf-8")


def _body(letter: Letter, notes: Sequence[str]) -> tuple[str, str]:
    """Return text and HTML, with the notes before what the report says."""
    told = [note for note in notes if note]
    text = "\n\n".join([*told, clean(letter.parcel.text)]).rstrip("\n") + "\n"
    html = letter.parcel.html
    if html and told:
        lines = "".join(f"<p><strong>{escape(note)}</strong></p>" for note in told)
        match = _BODY.search(html)
        at = match.end() if match else 0
        html = html[:at] + lines + html[at:]
    return text, html


def _attachment(letter: Letter, attach: bool) -> tuple[MIMEBase | None, str]:
    """Return the attachment, or why there is none although there is a page."""
    page = letter.parcel.page
    if page is None:
        return None, ""
    packed = _packed(page)
    if not attach or len(packed.content) > MOST_ATTACHED:
        tr = Translator(letter.parcel.language)
        return None, tr(
            "The full report is too large for a mail; it is kept as {name}.",
            name=clean_line(page.name),
        )
    if packed is page:
        part = MIMEBase("text", "html", charset="utf-8")
        part.set_payload(page.content)
        encode_base64(part)
    else:
        part = MIMEApplication(packed.content, "gzip")
    # As RFC 2231 has it where the name is more than ASCII.
    name = clean_line(packed.name)
    filename = name if name.isascii() else ("utf-8", "", name)
    part.add_header("Content-Disposition", "attachment", filename=filename)
    return part, ""


def _packed(page: Page) -> Page:
    if len(page.content) <= PACK_FROM:
        return page
    return Page(f"{page.name}.gz", gzip.compress(page.content, 6, mtime=0))
