"""Text that Markdown shows as it is, for the services that speak it."""

from __future__ import annotations

import re

# What Mattermost's reader lets a backslash stand before, and no more: others would show it.
_MARKS = re.compile(r"([\\`*_{}\[\]()>#+\-.!|~])")
_UNSEEN = "\u200b"


def escape(text: str) -> str:
    """Return text without a meaning in Markdown, and without mentions."""
    return _MARKS.sub(r"\\\1", text).replace("@", f"@{_UNSEEN}")


def cut(text: str, most: int) -> str:
    """Return escaped text of at most so many characters, not cut behind a lone backslash."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    lone = (len(kept) - len(kept.rstrip("\\"))) % 2
    return (kept[:-1] if lone else kept).rstrip() + "…"


def target(link: str) -> str:
    """Return an address that ends where it should."""
    return link.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
