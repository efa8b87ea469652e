"""Discord: an embed of a webhook.

`allowed_mentions` forbids every mention. With wait=true the answer comes when the message has been
saved, and GET on the address tells whether it is valid. Limits: title 256, description 4,096.
"""

from __future__ import annotations

from typing import Any

from app.deliver import wording
from app.deliver.chat.hook import Hook, Post, as_json
from app.deliver.chat.markdown import cut, escape
from app.deliver.model import Letter
from app.deliver.web import Address

_TITLE = 250
_DESCRIPTION = 4000


def channel(name: str, address: Address) -> Hook:
    """Return the channel."""
    return Hook(name, "Discord", address, write, query="wait=true", readable=True)


def write(letter: Letter) -> Post:
    """Write a letter for Discord."""
    parcel = letter.parcel
    lines = [escape(line) for line in wording.facts(letter)]
    found = [f"• {escape(line)}" for _, line in wording.findings(letter)]
    embed: dict[str, Any] = {
        "title": cut(escape(wording.headline(letter)), _TITLE),
        "description": cut("\n".join([*lines, *found]), _DESCRIPTION),
        "color": int(wording.colour(parcel.level)[1:], 16),
        "timestamp": parcel.generated.isoformat(),
    }
    if parcel.link:
        embed["url"] = parcel.link
    return as_json({"embeds": [embed], "allowed_mentions": {"parse": []}})
