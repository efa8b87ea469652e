"""Numbers, sizes, times and durations as Koreans and English speakers write them. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from app.bacula.clock import zone_name
from app.i18n import Size

NOT_KNOWN = "–"
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB", "RB", "QB")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = {"en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "ko": list("월화수목금토일")}
_SPAN_UNITS = {
    "en": (" d", " h", " min", " s"),
    "ko": ("일", "시간", "분", "초"),
}


class Formatter:
    """Writes values in one language and one zone."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self._language = language if language in _WEEKDAYS else "en"
        self._zone = zone

    def write(self, value: datetime | timedelta | Size) -> str:
        """Return a value of a sentence: a moment, a length of time or a size."""
        if isinstance(value, datetime):
            return self.short(value)
        return self.span(value) if isinstance(value, timedelta) else self.size(value)

    def number(self, value: int | None) -> str:
        """Return a count with thousands separators."""
        return NOT_KNOWN if value is None else f"{value:,}"

    def size(self, value: float | None) -> str:
        """Return bytes in decimal units, as Bacula's own summaries do: three digits are enough."""
        if value is None:
            return NOT_KNOWN
        try:
            amount, unit = float(value), 0
        except OverflowError:
            return NOT_KNOWN
        # 999.5 would be written as 1000 of its unit.
        while abs(amount) >= 999.5 and unit < len(_UNITS) - 1:
            amount, unit = amount / 1000, unit + 1
        if not abs(amount) < 999.5:
            # Nobody has such an amount of anything.
            return NOT_KNOWN
        digits = 0 if unit == 0 or abs(amount) >= 99.95 else 1 if abs(amount) >= 9.995 else 2
        return f"{amount:.{digits}f} {_UNITS[unit]}"

    def rate(self, value: int | None, span: timedelta | None) -> str:
        """Return bytes per second over a span; nothing sensible comes of less than a second."""
        if value is None or span is None or span < timedelta(seconds=1) or not value:
            return NOT_KNOWN
        try:
            per_second = value / span.total_seconds()
        except OverflowError:
            return NOT_KNOWN
        return f"{self.size(per_second)}/s"

    def span(self, value: timedelta | None) -> str:
        """Return a duration in its two largest units."""
        if value is None:
            return NOT_KNOWN
        seconds = max(int(value.total_seconds()), 0)
        days, rest = divmod(seconds, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        parts = list(zip((days, hours, minutes, seconds), _SPAN_UNITS[self._language], strict=True))
        first = next((i for i, (amount, _) in enumerate(parts) if amount), len(parts) - 1)
        return " ".join(
            f"{amount}{unit}" for amount, unit in parts[first : first + 2] if amount or first == 3
        )

    def moment(self, value: datetime | None) -> str:
        """Return a full date with weekday and minutes."""
        if value is None:
            return NOT_KNOWN
        local = value.astimezone(self._zone)
        day = _WEEKDAYS[self._language][local.weekday()]
        if self._language == "ko":
            return f"{local.year}년 {local.month}월 {local.day}일 ({day}) {local:%H:%M}"
        return f"{day} {local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"

    def short(self, value: datetime | None) -> str:
        """Return day and minute, for tables."""
        if value is None:
            return NOT_KNOWN
        local = value.astimezone(self._zone)
        if self._language == "ko":
            return f"{local.month}월 {local.day}일 {local:%H:%M}"
        return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"

    def day(self, value: date) -> str:
        """Return a day without its year, as nights are named."""
        if self._language == "ko":
            return f"{value.month}월 {value.day}일"
        return f"{value.day} {_MONTHS[value.month - 1]}"

    def full_day(self, value: date) -> str:
        """Return a day with weekday and year."""
        weekday = self.weekday(value)
        if self._language == "ko":
            return f"{value.year}년 {value.month}월 {value.day}일 ({weekday})"
        return f"{weekday} {value.day} {_MONTHS[value.month - 1]} {value.year}"

    def weekday(self, value: date) -> str:
        """Return a day's short name in the week."""
        return _WEEKDAYS[self._language][value.weekday()]

    def iso(self, value: datetime | None) -> str | None:
        """Return ISO 8601 with offset, to the second; None stays None."""
        if value is None:
            return None
        local = value.astimezone(self._zone)
        if (local.utcoffset() or timedelta()) % timedelta(minutes=1):
            # Some zones of long ago were off by seconds, which RFC 3339 cannot write.
            local = value.astimezone(UTC)
        return local.isoformat(timespec="seconds")

    def zone(self, at: datetime) -> str:
        """Return the zone's name and offset."""
        return zone_name(self._zone, at)
