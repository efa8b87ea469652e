"""Mattermost: a message of an incoming webhook, in Markdown.

Mentions work in webhooks, also @all: an invisible character after the @ stops them. Servers accept
16,383 characters, older ones 4,000.
"""

from __future__ import annotations

from app.deliver import wording
from app.deliver.chat.hook import Hook, Post, as_json
from app.deliver.chat.markdown import cut, escape, target
from app.deliver.model import Letter
from app.deliver.web import Address

_TEXT = 3800


def channel(name: str, address: Address) -> Hook:
    """Return the channel."""
    return Hook(name, "Mattermost", address, write)


def write(letter: Letter) -> Post:
    """Write a letter for Mattermost."""
    parcel = letter.parcel
    lines = [escape(line) for line in wording.facts(letter)]
    found = [f"- {escape(line)}" for _, line in wording.findings(letter)]
    text = "\n".join([*lines, *(["", *found] if found else [])])
    attachment = {
        "fallback": escape(wording.subject(letter)),
        "color": wording.colour(parcel.level),
        "title": escape(wording.headline(letter)),
        "text": cut(text, _TEXT),
    }
    if parcel.link:
        attachment["title_link"] = target(parcel.link)
    return as_json({"username": "bacula-report", "attachments": [attachment]})
