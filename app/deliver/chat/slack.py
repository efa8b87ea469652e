"""Slack: blocks of an incoming webhook.

&, < and > are the only characters with a meaning that can be escaped; so no mention of a person or
of a whole channel comes through. `verbatim` leaves names alone that look like links.
Limits: header 150 characters, section 3,000, 50 blocks.
"""

from __future__ import annotations

from typing import Any

from app.deliver import wording
from app.deliver.chat.hook import Hook, Post, as_json
from app.deliver.model import Letter
from app.deliver.web import Address

_HEADER = 150
_SECTION = 2900
_SIGNS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}


def channel(name: str, address: Address) -> Hook:
    """Return the channel."""
    return Hook(name, "Slack", address, write)


def write(letter: Letter) -> Post:
    """Write a letter for Slack."""
    # Plain text is not parsed; nor is there a way to escape in it, should that ever change.
    head = wording.headline(letter).replace("<", "‹").replace(">", "›")
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": wording.cut(head, _HEADER), "emoji": False},
        },
        _section("\n".join(map(escape, wording.facts(letter)))),
    ]
    lines = [f"{_SIGNS.get(one, '')} {escape(line)}".strip() for one, line in _findings(letter)]
    if lines:
        blocks.append(_section("\n".join(lines)))
    if letter.parcel.link:
        label = escape(wording.link_label(letter))
        blocks.append(_section(f"<{_target(letter.parcel.link)}|{label}>"))
    return as_json(
        {
            "text": escape(wording.subject(letter)),
            "blocks": blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def escape(text: str) -> str:
    """Return text that Slack shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _findings(letter: Letter) -> list[tuple[str, str]]:
    return wording.findings(letter)


def _section(text: str) -> dict[str, Any]:
    bounded = wording.cut(text, _SECTION)
    # Not in the middle of an escaped character.
    if bounded != text and "&" in bounded[-7:] and ";" not in bounded[bounded.rindex("&") :]:
        bounded = bounded[: bounded.rindex("&")] + "…"
    return {"type": "section", "text": {"type": "mrkdwn", "text": bounded, "verbatim": True}}


def _target(link: str) -> str:
    return escape(link).replace("|", "%7C")
