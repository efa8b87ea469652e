"""The desk: decides what is due, writes letters, sends all that wait, and keeps the books.

Channels are independent: whatever happens to one, the others are tried. A letter is in the outbox
before it is tried, and leaves it when every recipient is settled.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.deliver.model import Cause, Channel, DeliveryError, Letter, Parcel, Results, Trouble
from app.deliver.outbox import GIVE_UP_AFTER, Outbox, OutboxError, Slip
from app.deliver.rules import Told, When, due, standing
from app.errors import ExitCode
from app.i18n import Message, msg, nmsg
from app.logs import LOGGER

LATE_AFTER = timedelta(minutes=10)
"""A letter that waited for longer is marked as late."""
_log = logging.getLogger(LOGGER)


@dataclass(frozen=True, slots=True)
class Order:
    """A report that a channel may want.

    Attributes:
        parcel: the report.
        channel: the channel's name.
        when: which reports it wants.
    """

    parcel: Parcel
    channel: str
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the desk tries. Times in seconds.

    Attributes:
        tries: attempts a run makes at most, while the trouble is a passing one.
        pause: before the second attempt; each further pause is twice as long.
        longest: a pause that a service asks for and that is longer is left to the next run.
        lock: how long another run that sends is waited for.
    """

    tries: int = 3
    pause: float = 2.0
    longest: float = 30.0
    lock: float = 300.0


class Fate(StrEnum):
    """What became of a letter for one recipient, in this run."""

    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a letter for one recipient.

    Attributes:
        letter_id: which letter.
        channel: through which channel.
        recipient: to whom.
        fate: sent; waiting for the next run; or failed for good.
        error: why it was not sent.
        late: whether an earlier run should have sent it.
        kept: whether a letter that waits lies on disk for the next run.
    """

    letter_id: str
    channel: str
    recipient: str
    fate: Fate
    error: DeliveryError | None = None
    late: bool = False
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run delivered.

    Attributes:
        deliveries: one for each letter and recipient.
        quiet: channels that nothing was due for.
        problems: what went wrong with the outbox itself.
    """

    deliveries: tuple[Delivery, ...] = ()
    quiet: tuple[str, ...] = ()
    problems: tuple[DeliveryError, ...] = ()

    @property
    def undelivered(self) -> tuple[Delivery, ...]:
        """What did not reach its recipient."""
        return tuple(one for one in self.deliveries if one.fate is not Fate.SENT)

    @property
    def delivered(self) -> bool:
        """Whether everything that was due, or waited, has reached everybody."""
        return not self.undelivered and not self.problems

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that this outcome asks for."""
        return ExitCode.DONE if self.delivered else ExitCode.DELIVERY


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent.

    Attributes:
        channel: the channel's name.
        cause: why; None if nothing is due.
        what: what would go where, without secrets.
        waiting: letters of earlier runs that would be sent along.
    """

    channel: str
    cause: Cause | None
    what: Message
    waiting: int


def plan(
    orders: Iterable[Order], channels: Iterable[Channel], outbox: Outbox, now: datetime
) -> list[Plan]:
    """Say what `deliver` would do; nothing is sent or written."""
    known = {channel.name: channel for channel in channels}
    waiting, _ = outbox.waiting()
    told = outbox.told()
    plans = []
    for order in orders:
        mine = [slip for slip in waiting if slip.letter.channel == order.channel]
        channel = known.get(order.channel)
        plans.append(
            Plan(
                order.channel,
                _due(order, mine, told.get(order.channel), now),
                channel.describe() if channel else _unknown(order.channel).what,
                len(mine),
            )
        )
    return plans


def deliver(
    orders: Iterable[Order],
    channels: Iterable[Channel],
    outbox: Outbox,
    now: datetime,
    patience: Patience | None = None,
) -> Outcome:
    """Send what is due and all that waits.

    Args:
        orders: the reports of this run; none to send only what waits.
        channels: every channel that is set up.
        outbox: where letters wait.
        now: the present, aware.
        patience: how long to try.

    Returns:
        What became of everything; this never raises because of a channel or the outbox.
    """
    return _Desk(channels, outbox, now, patience or Patience()).work(orders)


class _Desk:
    def __init__(
        self, channels: Iterable[Channel], outbox: Outbox, now: datetime, patience: Patience
    ) -> None:
        self._channels = {channel.name: channel for channel in channels}
        self._outbox = outbox
        self._now = now
        self._patience = patience
        self._deliveries: list[Delivery] = []
        self._problems: list[DeliveryError] = []
        # What stopped a channel in this run: its other letters need not try it.
        self._stopped: dict[str, DeliveryError] = {}
        self._untried: Counter[str] = Counter()

    def work(self, orders: Iterable[Order]) -> Outcome:
        fresh, loose, quiet = self._post(orders)
        with self._outbox.locked(self._patience.lock) as held:
            # First what has no file: no other run knows of it.
            for slip in loose:
                self._send(slip)
            if held:
                self._send_waiting(fresh)
            else:
                self._problem(
                    OutboxError(
                        msg("Another run is still sending what is in the outbox."),
                        msg("What waits there is sent by that run or the next one."),
                    )
                )
        return Outcome(tuple(self._deliveries), tuple(quiet), tuple(self._problems))

    def _post(self, orders: Iterable[Order]) -> tuple[list[str], list[Slip], list[str]]:
        """Write a letter for each order that is due; return their ids and what has no file."""
        fresh: list[str] = []
        loose: list[Slip] = []
        quiet: list[str] = []
        waiting, _ = self._outbox.waiting()
        told = self._outbox.told()
        for order in orders:
            mine = [slip for slip in waiting if slip.letter.channel == order.channel]
            cause = _due(order, mine, told.get(order.channel), self._now)
            channel = self._channels.get(order.channel)
            if cause is None:
                quiet.append(order.channel)
                _log.info(msg("Nothing is due for {channel}.", channel=order.channel))
                continue
            if channel is None:
                self._problem(_unknown(order.channel))
                continue
            letter = _letter(order, channel, cause, self._now)
            fresh.append(letter.id)
            try:
                self._outbox.post(letter)
            except OutboxError as error:
                self._problem(error)
                loose.append(self._outbox.aside(letter))
        return fresh, loose, quiet

    def _send_waiting(self, fresh: list[str]) -> None:
        slips, problems = self._outbox.waiting(self._now)
        for problem in problems:
            self._problem(problem)
        # What is new first: an old letter must not keep it waiting.
        new = [slip for slip in slips if slip.letter.id in fresh]
        new.sort(key=lambda slip: fresh.index(slip.letter.id))
        old = [slip for slip in slips if slip.letter.id not in fresh]
        for slip in (*new, *old):
            # Younger ones are of a run that waits for this one to end.
            late = self._now - slip.letter.posted > LATE_AFTER
            slip.letter = replace(slip.letter, late=late)
            self._send(slip)
        for channel, count in self._untried.items():
            _log.error(
                nmsg(
                    "{count} more letter waits for {channel}.",
                    "{count} more letters wait for {channel}.",
                    count,
                    channel=channel,
                )
            )
        self._outbox.tidy(self._now)

    def _send(self, slip: Slip) -> None:
        before = slip.pending
        if not before:
            # All was settled, and the run ended before the letter was moved.
            self._settle(slip)
            return
        # Exhausted: a run ended in the middle of the second attempt.
        results = self._attempt(slip) if not slip.exhausted else _same(before, _doubtful_twice())
        slip.note(results)
        if slip.pending and self._now - slip.letter.posted >= GIVE_UP_AFTER:
            slip.give_up(
                msg("It was given up after {count} days.", count=GIVE_UP_AFTER.days),
            )
        self._settle(slip)
        failed = set(slip.failed)
        for recipient in before:
            why = results[recipient]
            unsent = Fate.FAILED if recipient in failed else Fate.WAITING
            self._done(slip, recipient, Fate.SENT if why is None else unsent, why)
        self._log(slip, results)
        if any(error is None for error in results.values()):
            self._tell(slip.letter)

    def _settle(self, slip: Slip) -> None:
        try:
            self._outbox.settle(slip, self._now)
        except OutboxError as error:
            self._problem(error)

    def _attempt(self, slip: Slip) -> Results:
        """Try a letter as often as is sensible; never raises."""
        pending = slip.pending
        channel = self._channels.get(slip.letter.channel)
        if channel is None:
            return _same(pending, _unknown(slip.letter.channel))
        if channel.name in self._stopped:
            return _same(pending, _untried(channel.name, self._stopped[channel.name]))
        pause = self._patience.pause
        for left in reversed(range(max(self._patience.tries, 1))):
            try:
                results = channel.send(slip.letter, pending, slip.commit)
            except DeliveryError as error:
                wait = pause if error.retry_after is None else error.retry_after
                if (
                    not left
                    or error.trouble is not Trouble.PASSING
                    or wait > self._patience.longest
                ):
                    self._stopped[channel.name] = error
                    return _same(pending, error)
                _log.info(
                    msg("{channel}: {what} Trying again.", channel=channel.name, what=error.what)
                )
                slip.note({})
                time.sleep(wait)
                pause *= 2
            except Exception as error:
                # A channel with a flaw must not take the others with it.
                _log.debug("Unexpected error in %s", channel.name, exc_info=True)
                return _same(pending, unforeseen(channel.name, error, committed=slip.committed))
            else:
                return {one: results.get(one, _unanswered(channel.name)) for one in pending}
        raise AssertionError("at least one try")

    def _tell(self, letter: Letter) -> None:
        told = Told(standing(letter.parcel), letter.parcel.generated, self._now)
        try:
            self._outbox.tell(letter.channel, told)
        except OutboxError as error:
            self._problem(error)

    def _done(self, slip: Slip, recipient: str, fate: Fate, error: DeliveryError | None) -> None:
        letter = slip.letter
        delivery = Delivery(
            letter.id, letter.channel, recipient, fate, error, letter.late, slip.folder is not None
        )
        self._deliveries.append(delivery)

    def _log(self, slip: Slip, results: Results) -> None:
        """Tell of a letter: a line for those that got it, and one for each reason why not."""
        letter, failed = slip.letter, set(slip.failed)
        by_reason: dict[int, list[str]] = {}
        for recipient, error in results.items():
            by_reason.setdefault(id(error), []).append(recipient)
        for recipients in by_reason.values():
            error = results[recipients[0]]
            values = {"channel": letter.channel, "recipients": ", ".join(recipients)}
            if error is None:
                _log.info(
                    msg("Sent late by {channel} to {recipients}.", **values)
                    if letter.late
                    else msg("Sent by {channel} to {recipients}.", **values)
                )
            elif failed.issuperset(recipients):
                told = msg(
                    "Not delivered by {channel} to {recipients}: {why}", **values, why=error.told
                )
                _log.error(told)
            elif error.__cause__ is not None and error.__cause__ is self._stopped.get(
                letter.channel
            ):
                # The reason was told with the letter that was tried.
                self._untried[letter.channel] += 1
            elif slip.folder is None:
                _log.error(
                    msg(
                        "Not delivered by {channel} to {recipients}, and not kept: {why}",
                        **values,
                        why=error.told,
                    )
                )
            else:
                _log.error(
                    msg(
                        "Not yet delivered by {channel} to {recipients}; it waits in the outbox: "
                        "{why}",
                        **values,
                        why=error.told,
                    )
                )

    def _problem(self, error: DeliveryError) -> None:
        # A disk that is full is so for every letter.
        if str(error) not in map(str, self._problems):
            _log.error(error.told)
        self._problems.append(error)


def _letter(order: Order, channel: Channel, cause: Cause, now: datetime) -> Letter:
    parcel = order.parcel if channel.takes_page else replace(order.parcel, page=None)
    return Letter(channel.name, channel.recipients, now, parcel, cause)


def _due(order: Order, waiting: Sequence[Slip], told: Told | None, now: datetime) -> Cause | None:
    """Return why a report is due; what waits is as good as told, since it will be sent."""
    for slip in waiting:
        parcel = slip.letter.parcel
        if told is None or parcel.generated >= told.generated:
            told = Told(standing(parcel), parcel.generated, slip.letter.posted)
    return due(order.when, order.parcel, told, now)


def _same(recipients: Iterable[str], error: DeliveryError) -> Results:
    return dict.fromkeys(recipients, error)


def _unknown(channel: str) -> DeliveryError:
    return DeliveryError(
        msg("There is no channel {channel} any more.", channel=channel),
        msg("Set it up again; what waits for it is given up after a week."),
        trouble=Trouble.SETTINGS,
    )


def _untried(channel: str, reason: DeliveryError) -> DeliveryError:
    error = DeliveryError(
        msg(
            "It was not tried after {channel} had failed: {what}", channel=channel, what=reason.what
        ),
        reason.cure,
        trouble=Trouble.SETTINGS if reason.permanent else Trouble.PASSING,
    )
    error.__cause__ = reason
    return error


def _doubtful_twice() -> DeliveryError:
    return DeliveryError(
        msg("It was sent twice, and each time the run ended before the answer came."),
        msg("Ask the recipient whether it arrived."),
        trouble=Trouble.REFUSED,
    )


def unforeseen(channel: str, error: Exception, *, committed: bool = False) -> DeliveryError:
    """Return the error of a flaw of this program, so that it stops nothing else."""
    return DeliveryError(
        msg(
            "The channel {channel} failed in a way that nobody foresaw ({kind}).",
            channel=channel,
            kind=type(error).__name__,
        ),
        msg("Please report it, with the end of the log file."),
        trouble=Trouble.DOUBTFUL if committed else Trouble.PASSING,
    )


def _unanswered(channel: str) -> DeliveryError:
    return DeliveryError(
        msg("The channel {channel} does not say what became of it.", channel=channel)
    )
