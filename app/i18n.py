"""Messages that are written in English and read in Korean or English.

Pure code says what it means as a `Message` (an English msgid and its values); only where a person
reads is it turned into text, by a `Translator`. No other room opens a catalogue.
"""

from __future__ import annotations

import gettext as gettext_module
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

DOMAIN = "bacula_report"
LANGUAGES = ("ko", "en")
_LOCALE_DIR = Path(__file__).parent / "locale"


def N_(msgid: str) -> str:
    """Mark a literal for extraction; it is translated later, where it is shown."""
    return msgid


class Size(int):
    """A number of bytes; it is written with its unit."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with named values, not yet in any language.

    `values` may hold other messages; they are translated along. Moments (aware datetimes), lengths
    of time and `Size`s are written as the reader's language and zone want it. With `plural`, the
    value named `count` chooses the form.
    """

    msgid: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""

    def __str__(self) -> str:
        """Return the English text, for logs and debugging."""
        return Translator("en").text(self)


def msg(msgid: str, /, **values: Any) -> Message:
    """Build a `Message`; `msgid` must be a literal so that it can be extracted."""
    return Message(msgid, values)


def nmsg(singular: str, plural: str, count: int, /, **values: Any) -> Message:
    """Build a `Message` whose form depends on `count`, which is also a value of that name."""
    return Message(singular, {"count": count, **values}, plural)


class Translator:
    """Turns messages into one language. English is the source language and needs no catalogue."""

    def __init__(self, language: str, write: Callable[[Any], str] | None = None) -> None:
        """Translate into `language`.

        Args:
            language: ko or en.
            write: writes moments, lengths of time and sizes; without it they are written plainly.
        """
        self._write = write or _plainly
        self._labels: dict[str, str] = {}
        self.language = language if language in LANGUAGES else "en"
        self._catalogue: gettext_module.NullTranslations = (
            gettext_module.NullTranslations()
            if self.language == "en"
            else gettext_module.translation(DOMAIN, _LOCALE_DIR, languages=[self.language])
        )

    def __call__(self, msgid: str, /, **values: Any) -> str:
        """Translate a literal msgid and put its values in."""
        if values:
            return self.text(Message(msgid, values))
        # A label: there are few, and each is asked for once a job.
        label = self._labels.get(msgid)
        if label is None:
            label = self._labels[msgid] = self.text(Message(msgid))
        return label

    def plural(self, singular: str, plural: str, count: int, /, **values: Any) -> str:
        """Translate the form that `count` asks for; `count` is also a value."""
        return self.text(Message(singular, {"count": count, **values}, plural))

    def text(self, message: Message | str) -> str:
        """Return `message` in this language; plain strings (names, log lines) pass unchanged."""
        if isinstance(message, str):
            return message
        template = (
            self._catalogue.ngettext(message.msgid, message.plural, message.values["count"])
            if message.plural
            else self._catalogue.gettext(message.msgid)
            if message.msgid
            else ""
        )
        if not message.values:
            return template
        return template.format(**{name: self._value(v) for name, v in message.values.items()})

    def _value(self, value: Any) -> Any:
        if isinstance(value, Message):
            return self.text(value)
        if isinstance(value, datetime | timedelta | Size):
            return self._write(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        return value


def _plainly(value: Any) -> str:
    """Write a value for logs, where there is no formatter."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:d} B" if isinstance(value, Size) else str(value)


def language_for(choice: str | None, environment: Mapping[str, str]) -> str:
    """Choose ko or en: an explicit choice first, then the POSIX locale variables.

    `ko`, `ko_KR.UTF-8`, `ko-KR`, `korean` are Korean; anything else is English.
    """
    named = (choice, *(environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")))
    locale = next((name for name in named if name), "")
    # Not by its first letters alone: kok is Konkani.
    return "ko" if re.split(r"[_.@-]", locale.strip().lower())[0] in ("ko", "korean") else "en"
