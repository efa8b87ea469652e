"""Microsoft Teams: an Adaptive Card for a Workflows webhook (Power Automate).

The old connectors' addresses take the same card. A whole message may have 28 KB; text blocks know
a little Markdown. Mentions need an entity that is not sent.
"""

from __future__ import annotations

import json
import re
from typing import Any

from app.deliver import wording
from app.deliver.chat.hook import Hook, Post, as_json
from app.deliver.chat.markdown import target
from app.deliver.model import Letter
from app.deliver.web import Address

_WHOLE = 20_000
_COLOURS = {"good": "Good", "attention": "Warning", "critical": "Attention"}
# Text blocks know bold, italics, links and code; more backslashes would be shown.
_MARKS = re.compile(r"([\\*_\[\]`])")
_SEVERITIES = {"critical": "Attention", "warning": "Warning"}


def channel(name: str, address: Address) -> Hook:
    """Return the channel."""
    return Hook(name, "Microsoft Teams", address, write)


def write(letter: Letter) -> Post:
    """Write a letter for Teams."""
    parcel = letter.parcel
    head = _block(wording.headline(letter), color=_COLOURS.get(parcel.level, "Default"))
    body = [{**head, "size": "Large", "weight": "Bolder"}]
    body += [_block(line) for line in wording.facts(letter)]
    for severity, line in wording.findings(letter):
        body.append(_block(f"• {line}", color=_SEVERITIES.get(severity, "Default")))
    # In bytes, Korean may take three times its length.
    while len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")) > _WHOLE:
        body.pop()
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": wording.subject(letter),
        "body": body,
    }
    if parcel.link:
        label = wording.link_label(letter)
        card["actions"] = [{"type": "Action.OpenUrl", "title": label, "url": target(parcel.link)}]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return as_json({"type": "message", "attachments": [attachment]})


def _block(text: str, *, color: str = "Default") -> dict[str, Any]:
    return {"type": "TextBlock", "text": _MARKS.sub(r"\\\1", text), "wrap": True, "color": color}
