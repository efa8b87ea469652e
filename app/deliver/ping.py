"""The dead-man's ping: somebody else notices when no report comes.

As healthchecks.io does it, and what imitates it: the address itself for a success, /start and /fail
below it. A ping that fails is told, and changes nothing else.
"""

from __future__ import annotations

from enum import StrEnum

from app.deliver.model import DeliveryError, Trouble
from app.deliver.web import Address
from app.deliver.wording import cut_bytes
from app.i18n import Message, msg

_MOST = 5_000


class Signal(StrEnum):
    """What the watcher is told."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


class Ping:
    """The address of a watcher."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def send(self, signal: Signal, text: str = "") -> None:
        """Ping, once.

        Args:
            signal: success only after the report was delivered.
            text: some words for the watcher's log.

        Raises:
            DeliveryError: if the watcher was not reached.
        """
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        body = cut_bytes(text, _MOST).encode("utf-8", "replace")
        reply = self._address.post(body, headers, below=signal.value)
        if reply is not None:
            raise DeliveryError(
                msg(
                    "{host} does not take the ping (HTTP {status}).",
                    host=self._address.host,
                    status=reply.status,
                ),
                msg("Check REPORT_PING_URL."),
                reply.text,
                trouble=Trouble.REFUSED,
            )

    def probe(self) -> Message:
        """See whether the watcher answers, without a ping.

        Raises:
            DeliveryError: if it cannot be reached.
        """
        self._address.reach()
        return msg("{host} answers; no ping was sent.", host=self._address.host)

    def describe(self) -> Message:
        """Say where it pings."""
        return msg("a ping to {host}", host=self._address.host)
