"""One table of a policy file: values are taken out of it, and every problem is noted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.i18n import Message, msg

LONGEST_TOLD = 60
"""Characters of a value that are shown."""
_DAY = 86_400.0
_LARGE = 10**15


class Table:
    """Takes values out of one table and collects every problem instead of stopping at one."""

    def __init__(
        self,
        values: Mapping[str, Any],
        file: str,
        place: str,
        problems: list[tuple[Message, Message | None]],
    ) -> None:
        self._values = values
        self._file = file
        self._place = place
        self._problems = problems
        self._known: list[str] = []

    def here(self, key: str = "") -> dict[str, str]:
        """Return file and place for a sentence: `mute[2].until`; tables count from 1."""
        return {"file": self._file, "place": ".".join(filter(None, (self._place, key)))}

    def fail(self, what: Message, cure: Message | None) -> None:
        """Note a problem."""
        self._problems.append((what, cure))

    def has(self, *keys: str) -> bool:
        """Whether any of these is given, right or wrong."""
        return any(key in self._values for key in keys)

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """Return a number within limits."""
        return float(self._limited(key, (int, float), low, high, default))

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """Return a whole number within limits."""
        return int(self._limited(key, (int,), low, high, default))

    def days(self, key: str, low: float, high: float, default: Any) -> Any:
        """Return a length of time that is given in days; `default` when it is not given."""
        value = self._limited(key, (int, float), low, high, None)
        return default if value is None else timedelta(seconds=value * _DAY)

    def _limited(
        self, key: str, types: tuple[type, ...], low: float, high: float, default: Any
    ) -> Any:
        value: Any = self._take(key)
        if value is None:
            return default
        number = isinstance(value, types) and not isinstance(value, bool)
        if number and low <= value <= high:
            return value
        cure = msg("Give a number from {low} to {high}.", low=f"{low:g}", high=f"{high:g}")
        if types == (int,):
            cure = msg(
                "Give a whole number from {low} to {high}.", low=f"{low:g}", high=f"{high:g}"
            )
        self._wrong(key, value, cure)
        return default

    def pattern(self, key: str) -> str:
        """Return a pattern of names; without it everything fits."""
        value = self._take(key)
        if value is None:
            return "*"
        if not isinstance(value, str) or not value.strip():
            self._wrong(key, value, msg('Give a name in quotes; * and ? match, as in "web*".'))
            return "*"
        return value.strip()

    def sentence(self, key: str) -> str:
        """Return words that must be there."""
        cure = msg('Say why, in quotes, such as reason = "rebuilt in December".')
        value = self._take(key)
        if value is None:
            self._missing(key, cure)
        elif isinstance(value, str) and (words := _words(value)):
            return words
        else:
            self._wrong(key, value, cure)
        return ""

    def names(self, key: str) -> tuple[str, ...]:
        """Return patterns of names, a list in the file; without it none."""
        return tuple(
            name.strip()
            for name in self.strings(key, msg('Give a list of names, such as ["web*", "db01-fd"].'))
        )

    def strings(self, key: str, cure: Message) -> tuple[str, ...]:
        """Return a list of texts; without it none. The list may not be empty, nor its texts."""
        value = self._take(key)
        if value is None:
            return ()
        listed = value if isinstance(value, list) else []
        if listed and all(isinstance(one, str) and one.strip() for one in listed):
            return tuple(listed)
        self._wrong(key, value, cure)
        return ()

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """Return one of some words."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str) and value in choices:
            return value
        self._wrong(key, value, msg("Choose one of: {choices}.", choices=", ".join(choices)))
        return default

    def matching(self, key: str, form: re.Pattern[str], cure: Message, *, secret: bool) -> str:
        """Return a text of a form; "" without it.

        Args:
            key: its key.
            form: the whole of it must match.
            cure: what to write instead.
            secret: whether what does not match may be a secret, and is not shown.
        """
        value = self._take(key)
        if value is None:
            return ""
        if isinstance(value, str) and form.fullmatch(value):
            return value
        if secret:
            self.fail(msg("{file}: {place} is no such name.", **self.here(key)), cure)
        else:
            self._wrong(key, value, cure)
        return ""

    def table(self, key: str) -> Table | None:
        """Return a table within this one; None without it."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Table(value, self._file, self.here(key)["place"], self._problems)
        self._wrong(key, value, msg("Give a table, such as {key} = {{ … }}.", key=key))
        return None

    def date(self, key: str) -> date:
        """Return a day that must be there."""
        cure = msg("Give the last day without quotes, such as until = 2026-12-31.")
        value = self._take(key)
        if value is None:
            self._missing(key, cure)
        # A moment is a date, too, for Python.
        elif isinstance(value, date) and not isinstance(value, datetime):
            return value
        else:
            self._wrong(key, value, cure)
        return date.max

    def yes_or_no(self, key: str) -> bool | None:
        """Return true, false, or None when it is not said."""
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(key, value, msg("Give true or false, without quotes."))
        return None

    def tables(self, key: str) -> list[Table]:
        """Return the tables of a list, [[key]] in the file."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fail(
                msg("{file}: {place} is no list of tables.", **self.here(key)),
                msg("Begin each with a line [[{key}]], in two brackets.", key=key),
            )
            return []
        return [
            Table(one, self._file, f"{key}[{number}]", self._problems)
            for number, one in enumerate(value, 1)
        ]

    def done(self) -> None:
        """Note what nobody asked for."""
        for key in self._values:
            if key not in self._known:
                place = ".".join(filter(None, (self._place, _shortened(key))))
                self.fail(
                    msg("{file}: {place} is not known.", file=self._file, place=place),
                    msg("Choose one of: {choices}.", choices=", ".join(self._known)),
                )

    def _take(self, key: str) -> Any:
        self._known.append(key)
        return self._values.get(key)

    def _missing(self, key: str, cure: Message) -> None:
        self.fail(msg("{file}: {place} is not set.", **self.here(key)), cure)

    def _wrong(self, key: str, value: Any, cure: Message) -> None:
        self.fail(msg("{file}: {place} is {value}.", **self.here(key), value=shown(value)), cure)


def _words(text: str) -> str:
    """Return a text on one line, without what cannot be seen: it may steer a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def shown(value: Any) -> str:
    """Return a value as it may stand in a sentence: short, and on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        # One of thousands of digits cannot even be written.
        return str(value) if abs(value) < _LARGE else "…"
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    written = text if text.isprintable() else repr(text)
    return written if len(written) <= LONGEST_TOLD else f"{written[:LONGEST_TOLD]}…"
