"""Many runs with faults thrown in: servers that refuse, drop and lie, and runs that are killed.

    python -m tests.integration.deliver.chaos 1000 7     runs, seed

Each run posts one report to three people by mail and to one webhook. What servers accepted, what
lies in the outbox and what was put aside must add up: no letter is lost, none arrives thrice, and
one arrives twice only if a server's answer, or the note of it, was lost after it was accepted.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope

from app.deliver.chat import webhook
from app.deliver.desk import Order, Patience, deliver
from app.deliver.mail.address import read_address, read_addresses
from app.deliver.mail.channel import Mail, Security, Server
from app.deliver.mail.message import Envelope as Addressees
from app.deliver.model import Channel, Letter, Results
from app.deliver.outbox import GIVE_UP_AFTER, Outbox
from app.deliver.web import Address
from app.i18n import Message
from tests.integration.deliver.mailserver import MailServer, Manners, hang_up
from tests.integration.deliver.webserver import Answer, WebServer
from tests.unit.deliver.made import MADE, a_parcel

PEOPLE = ("a@example.com", "b@example.com", "c@example.com")
_STEP = timedelta(hours=1)


class Killed(BaseException):
    """Stands for kill -9: nothing of this run is done after it."""


@dataclass
class Figures:
    """What came of it. A piece is one letter for one recipient."""

    runs: int = 0
    killed_before: int = 0
    killed_after: int = 0
    faults: int = 0
    pieces: int = 0
    once: int = 0
    twice: int = 0
    twice_unexplained: int = 0
    more: int = 0
    waiting: int = 0
    refused: int = 0
    given_up: int = 0
    in_doubt_unseen: int = 0
    lost: int = 0

    def __str__(self) -> str:
        return "\n".join(
            f"{one.name.replace('_', ' '):18} {getattr(self, one.name):6}" for one in fields(self)
        )


@dataclass
class Book:
    """What the servers know: the truth."""

    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    unsure: set[str] = field(default_factory=set)
    posted: set[tuple[str, str]] = field(default_factory=set)
    aside: dict[tuple[str, str], str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class Mortal:
    """A channel whose run may be killed before or after it sends."""

    def __init__(self, channel: Channel, chance: random.Random, book: Book, told: Figures) -> None:
        self._channel = channel
        self._chance = chance
        self._book = book
        self._told = told
        self.name = channel.name
        self.recipients = channel.recipients
        self.takes_page = channel.takes_page

    def send(
        self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
    ) -> Results:
        if self._chance.random() < 0.03:
            self._told.killed_before += 1
            raise Killed
        results = self._channel.send(letter, recipients, commit)
        if self._chance.random() < 0.03:
            self._told.killed_after += 1
            self._book.unsure.add(letter.id)
            raise Killed
        return results

    def probe(self) -> Message:
        return self._channel.probe()

    def describe(self) -> Message:
        return self._channel.describe()


class _Moody(list[str]):
    """Answers that are drawn anew for each command."""

    def __init__(self, draw: Callable[[], str]) -> None:
        super().__init__(["?", "?"])
        self._draw = draw

    def pop(self, _index: object = -1) -> str:
        return self._draw()


def _manners(chance: random.Random, book: Book, told: Figures) -> Manners:
    def draw(*answers: tuple[float, str]) -> Callable[[], str]:
        def one() -> str:
            dice = chance.random()
            for share, answer in answers:
                dice -= share
                if dice < 0:
                    told.faults += 1
                    return answer
            return ""

        return one

    async def data(mail: MailServer, smtp: SMTP, envelope: Envelope) -> str:
        mail.take(envelope)
        letter = str(mail.received.pop().message["Message-ID"]).strip("<>").partition("@")[0]
        dice = chance.random()
        if dice < 0.25:
            told.faults += 1
            return "451 later" if dice < 0.15 else "550 no" if dice < 0.17 else _drop(smtp)
        for recipient in envelope.rcpt_tos:
            book.copies[letter, recipient] += 1
        if dice < 0.33:
            told.faults += 1
            book.unsure.add(letter)
            return _drop(smtp)
        return "250 OK"

    recipient = draw((0.10, "451 greylisted"), (0.01, "550 no such user"), (0.04, "421 closing"))
    return Manners(
        hello=_Moody(draw((0.05, "421 busy"))),
        mail=_Moody(draw((0.05, "452 full"))),
        rcpt={one: _Moody(recipient) for one in PEOPLE},
        data=[data],
    )


def _drop(smtp: SMTP) -> str:
    hang_up(smtp)
    return "250 nobody hears it"


class _MoodyAnswers(list[Answer]):
    """Web answers that are drawn anew; what is accepted is noted by the server's list of posts."""

    def __init__(self, chance: random.Random, told: Figures) -> None:
        super().__init__([Answer(), Answer()])
        self._chance = chance
        self._told = told
        self.given: list[tuple[bool, bool]] = []

    def pop(self, _index: object = -1) -> Answer:
        dice = self._chance.random()
        accepted = dice >= 0.3
        lost = 0.25 <= dice < 0.35
        self.given.append((accepted, lost))
        if dice < 0.35:
            self._told.faults += 1
        if lost:
            return Answer(how="drop")
        if dice < 0.10:
            return Answer(500)
        if dice < 0.18:
            return Answer(429, {"Retry-After": "0"})
        if dice < 0.20:
            return Answer(400)
        return Answer(404) if dice < 0.25 else Answer(200)


def run(runs: int, seed: int, folder: Path) -> Figures:
    """Do so many runs, an hour apart; then let the servers recover and count."""
    chance = random.Random(seed)
    told, book = Figures(), Book()
    outbox = Outbox(folder / "outbox")
    answers = _MoodyAnswers(chance, told)
    with MailServer(_manners(chance, book, told)) as mail, WebServer() as web:
        web.answers = answers
        address = Address(web.url + "/hook", setting="REPORT_WEBHOOK_URL", timeout=5)
        server = Server("127.0.0.1", mail.port, Security.PLAIN, step=5)
        people = Addressees(read_address("report@example.com"), read_addresses(",".join(PEOPLE)))
        channels: list[Channel] = [
            Mail("mail", server, people),
            webhook.channel("webhook", address),
        ]
        now = MADE
        for number in range(runs):
            now = MADE + number * _STEP
            parcel = a_parcel(now, page=None, html="")
            mortals = [Mortal(one, chance, book, told) for one in channels]
            for one in channels:
                letter = Letter(one.name, one.recipients, now, parcel)
                book.posted |= {(letter.id, recipient) for recipient in one.recipients}
            told.runs += 1
            orders = [Order(parcel, one.name) for one in channels]
            with suppress(Killed):
                deliver(orders, mortals, outbox, now, Patience(tries=2, pause=0, longest=1))
            # At once: what was put aside is not kept for ever.
            _look_aside(outbox.folder / "failed", book)
        for (accepted, lost), asked in zip(answers.given, web.posts, strict=True):
            key = asked.headers["Idempotency-Key"]
            if accepted:
                book.copies[key, address.host] += 1
                if lost:
                    book.unsure.add(key)
    _count(outbox, book, told)
    return told


def _count(outbox: Outbox, book: Book, told: Figures) -> None:
    slips, problems = outbox.waiting()
    assert not problems
    waiting = {(slip.letter.id, one) for slip in slips for one in slip.pending}
    told.pieces = len(book.posted)
    for piece in book.posted:
        copies = book.copies[piece]
        if copies == 1:
            told.once += 1
        elif copies == 2:
            told.twice += 1
            told.twice_unexplained += piece[0] not in book.unsure
        elif copies > 2:
            told.more += 1
        elif piece in waiting:
            told.waiting += 1
        elif piece in book.aside:
            reason = book.aside[piece]
            if "given up" in reason:
                told.given_up += 1
            elif "before the" in reason or "without an answer" in reason:
                told.in_doubt_unseen += 1
            else:
                told.refused += 1
        else:
            told.lost += 1


def _look_aside(folder: Path, book: Book) -> None:
    for letter in folder.iterdir() if folder.exists() else ():
        if letter.name in book.seen:
            continue
        book.seen.add(letter.name)
        state = json.loads((letter / "state.json").read_text())
        for recipient, one in state["recipients"].items():
            if one["fate"] == "failed":
                book.aside[letter.name, recipient] = one["reason"]


def main() -> None:
    """Run and print the figures."""
    logging.disable(logging.CRITICAL)
    runs, seed = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{run(runs, seed, Path(folder))}\n")


if __name__ == "__main__":
    assert GIVE_UP_AFTER > _STEP
    main()
