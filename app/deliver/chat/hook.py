"""A channel that posts to one secret address; what it posts is told by a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.deliver.model import DeliveryError, Letter, Results, Trouble
from app.deliver.web import Address
from app.i18n import Message, msg


@dataclass(frozen=True, slots=True)
class Post:
    """What is posted."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(message: Mapping[str, Any]) -> Post:
    """Return a post of JSON."""
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    return Post(body, {"Content-Type": "application/json; charset=utf-8"})


class Hook:
    """One webhook."""

    takes_page = False

    def __init__(
        self,
        name: str,
        service: str,
        address: Address,
        write: Callable[[Letter], Post],
        *,
        query: str = "",
        readable: bool = False,
    ) -> None:
        """Set a webhook up.

        Args:
            name: the channel's name.
            service: what the service is called, for people.
            address: where it is.
            write: makes the post for a letter.
            query: what to add to the address.
            readable: whether GET on the address is known to tell whether it is valid, and no more.
        """
        self.name = name
        self._service = service
        self._address = address
        self._write = write
        self._query = query
        self._readable = readable

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return the host: whoever reads the chat is its own business."""
        return (self._address.host,)

    def send(
        self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
    ) -> Results:
        """Post a letter, once (see `model.Channel`)."""
        post = self._write(letter)
        reply = self._address.post(post.body, post.headers, commit, query=self._query)
        if reply is None:
            return dict.fromkeys(recipients)
        error = DeliveryError(
            msg(
                "{host} refuses the message (HTTP {status}).",
                host=self._address.host,
                status=reply.status,
            ),
            msg("Please report it, with what the service says."),
            reply.text,
            trouble=Trouble.REFUSED,
        )
        return dict.fromkeys(recipients, error)

    def probe(self) -> Message:
        """See whether the service answers; nothing is posted (see `model.Channel`)."""
        self._address.reach(whole=self._readable)
        if self._readable:
            return msg("{host} knows the address.", host=self._address.host)
        return msg("{host} answers; nothing was posted.", host=self._address.host)

    def describe(self) -> Message:
        """Say where it posts to."""
        return msg(
            "a message to {service} at {host}", service=self._service, host=self._address.host
        )
