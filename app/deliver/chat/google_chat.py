"""Google Chat: a text message of a webhook.

Nothing can be escaped in it, so what has a meaning is broken by an invisible character: `<` begins
links and mentions, `*`, `_`, `~` and backquotes change the writing. A message may have 32,000
bytes.
"""

from __future__ import annotations

import re

from app.deliver import wording
from app.deliver.chat.hook import Hook, Post, as_json
from app.deliver.model import Letter
from app.deliver.web import Address

_WHOLE = 16_000
_MARKS = re.compile(r"([<*_~`])")


def channel(name: str, address: Address) -> Hook:
    """Return the channel."""
    return Hook(name, "Google Chat", address, write)


def write(letter: Letter) -> Post:
    """Write a letter for Google Chat."""
    lines = [f"*{escape(wording.headline(letter))}*"]
    lines += [escape(line) for line in wording.facts(letter)]
    lines += [f"• {escape(line)}" for _, line in wording.findings(letter)]
    text = wording.cut_bytes("\n".join(lines), _WHOLE)
    link = letter.parcel.link
    if link:
        text += f"\n<{link.replace('|', '%7C').replace('>', '%3E')}|{wording.link_label(letter)}>"
    return as_json({"text": text})


def escape(text: str) -> str:
    """Return text without a meaning in Google Chat."""
    return _MARKS.sub("\\1\u200b", text)
