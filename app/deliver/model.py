"""What is delivered, by what, and what can go wrong on the way.

A `Parcel` is one report for one audience, already in words; a `Letter` is a parcel on its way
through one channel. Channels make one attempt; whether and when there is another one is the desk's
business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from app.errors import ExitCode, ReportError
from app.i18n import Message

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Trouble(StrEnum):
    """What kind of failure it is, and so what becomes of the letter."""

    PASSING = "passing"
    """It may be gone at the next try: the letter waits."""
    SETTINGS = "settings"
    """The channel is not set up rightly: the letter waits until it is."""
    REFUSED = "refused"
    """This letter is not wanted and never will be: it is put aside."""
    DOUBTFUL = "doubtful"
    """All was sent and no answer came: the letter may have arrived. It is sent once more."""


class DeliveryError(ReportError):
    """A letter did not reach a recipient, or none at all.

    Attributes:
        trouble: what kind of failure it is.
        retry_after: seconds that the service asks to wait for; None if it does not say.
    """

    exit_code = ExitCode.DELIVERY

    def __init__(
        self,
        what: Message,
        cure: Message | None = None,
        detail: str = "",
        *,
        trouble: Trouble = Trouble.PASSING,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, cure, detail)
        self.trouble = trouble
        self.retry_after = retry_after

    @property
    def permanent(self) -> bool:
        """Whether the same attempt fails again until a person changes something."""
        return self.trouble in (Trouble.SETTINGS, Trouble.REFUSED)


@dataclass(frozen=True, slots=True)
class Count:
    """How many jobs had an outcome.

    Attributes:
        kind: the outcome's value, such as "failed".
        label: its name in the reader's language.
        number: how many.
    """

    kind: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Point:
    """One finding in short.

    Attributes:
        severity: critical, warning or info.
        sentence: the finding, in the reader's language.
        action: what to do; "" for nothing.
    """

    severity: str
    sentence: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The full page, to be attached.

    Attributes:
        name: its file name.
        content: the HTML, encoded.
    """

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One report for one audience, in one language and already in words.

    Attributes:
        report_id: the same for the same report, wherever and whenever it is sent (`report_id`).
        audience: for whom; "" for everybody.
        language: ko or en.
        director: the Director's name.
        generated: when the report was made, aware, in the reader's zone.
        start: begin of its period, aware.
        end: end of its period, aware.
        period: the period in words.
        level: the verdict's level: good, attention, critical or unknown.
        verdict: the level in one word.
        sentence: why, in one sentence.
        counts: jobs per outcome, without outcomes that no job had.
        findings: what somebody should act upon, the gravest first.
        keys: what stays the same while the same is wrong (`Finding.key`), of every finding that
            alarms; they decide whether something has changed.
        complete: whether everything that was asked for was had.
        subject: the mail's subject.
        text: the mail's text.
        html: the mail's HTML, "" for a mail of plain text.
        page: the full page; None if there is none.
        link: where the page can be read, "" for nowhere.
    """

    report_id: str
    audience: str
    language: str
    director: str
    generated: datetime
    start: datetime
    end: datetime
    period: str
    level: str
    verdict: str
    sentence: str
    counts: tuple[Count, ...]
    findings: tuple[Point, ...]
    keys: tuple[str, ...]
    complete: bool
    subject: str
    text: str
    html: str = ""
    page: Page | None = None
    link: str = ""


def report_id(director: str, generated: datetime, start: datetime, end: datetime) -> str:
    """Return the identity of a report; it sorts by time and is fit for file and host names.

    Args:
        director: the Director's name.
        generated: when the report was made, aware.
        start: begin of its period, aware.
        end: end of its period, aware.
    """
    told = "\n".join((director, *(f"{at.astimezone(UTC):%FT%T.%f}" for at in (start, end))))
    return f"{generated.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_digest(told, 12)}"


class Cause(StrEnum):
    """Why a letter is sent."""

    ALWAYS = "always"
    FIRST = "first"
    PROBLEM = "problem"
    CHANGE = "change"
    ALIVE = "alive"


@dataclass(frozen=True, slots=True)
class Letter:
    """A parcel on its way through one channel.

    Attributes:
        channel: the channel's name.
        recipients: to whom, as the channel calls them.
        posted: when it was written, aware.
        parcel: what is sent.
        cause: why it is sent.
        late: whether an earlier run should have sent it.
    """

    channel: str
    recipients: tuple[str, ...]
    posted: datetime
    parcel: Parcel
    cause: Cause = Cause.ALWAYS
    late: bool = False

    @property
    def id(self) -> str:
        """The identity of this report in this channel, fit for file names and Message-IDs."""
        told = self.parcel.report_id
        if not _FILE_NAME.fullmatch(told):
            told = _digest(told, 24)
        return f"{told}-{_digest(self.parcel.audience + chr(10) + self.channel, 8)}"


Results = Mapping[str, DeliveryError | None]
"""What became of each recipient: None if the letter was accepted for it."""


class Channel(Protocol):
    """One way to people. It is asked by one thread at a time."""

    @property
    def name(self) -> str:
        """What the outbox remembers it by; no two channels share one."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom it reaches; shown to people, so without secrets."""

    @property
    def takes_page(self) -> bool:
        """Whether it has a use for the full page."""

    def send(
        self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
    ) -> Results:
        """Send a letter, once.

        Args:
            letter: what to send.
            recipients: to which of the letter's recipients.
            commit: called when the next byte may make the service accept the letter; what it
                raises ends the attempt before that byte is sent.

        Returns:
            What became of each recipient.

        Raises:
            DeliveryError: if the channel as a whole is in trouble, whatever the letter; it then
                holds for every recipient.
        """

    def probe(self) -> Message:
        """Try the channel without sending anything to anybody; return what was found.

        Raises:
            DeliveryError: if a letter would not get through.
        """

    def describe(self) -> Message:
        """Say what it sends where, without secrets."""


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:length]
