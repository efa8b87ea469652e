"""Parcels and letters as JSON, and back. What does not fit is an error, never a guess."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from app.deliver.model import Cause, Count, Letter, Page, Parcel, Point

FORMAT = 1
"""The files' form; a new one gets a new number."""
NOT_READABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    OverflowError,
)
"""What reading anything else than a letter raises."""
_TEXTS = (
    "report_id", "audience", "language", "director", "period", "level", "verdict", "sentence",
    "subject", "text", "html", "link",
)  # fmt: skip


def as_json(value: Any) -> bytes:
    """Return a value as JSON, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def tell_letter(letter: Letter) -> dict[str, Any]:
    """Return a letter as JSON; its page lies beside it."""
    return {
        "format": FORMAT,
        "channel": letter.channel,
        "recipients": list(letter.recipients),
        "posted": letter.posted.isoformat(),
        "cause": letter.cause.value,
        "parcel": tell_parcel(letter.parcel),
    }


def read_letter(told: Mapping[str, Any], page: Callable[[str], bytes | None]) -> Letter:
    """Read a letter back.

    Args:
        told: what `tell_letter` returned.
        page: returns the content of the page of that name, None if it is gone.

    Raises:
        ValueError, KeyError, TypeError, ...: if it is none (`NOT_READABLE`).
        OSError: what `page` raises.
    """
    check_format(told)
    return Letter(
        channel=text_of(told["channel"]),
        recipients=tuple(text_of(one) for one in told["recipients"]),
        posted=moment_of(told["posted"]),
        cause=Cause(told["cause"]),
        parcel=read_parcel(told["parcel"], page),
    )


def tell_parcel(parcel: Parcel) -> dict[str, Any]:
    """Return a parcel as JSON; of its page, the name."""
    told = asdict(replace(parcel, page=None))
    for name in ("generated", "start", "end"):
        told[name] = told[name].isoformat()
    told["page"] = parcel.page.name if parcel.page else None
    return told


def read_parcel(told: Mapping[str, Any], page: Callable[[str], bytes | None]) -> Parcel:
    """Read a parcel back (see `read_letter`)."""
    named = told["page"]
    content = None if named is None else page(text_of(named))
    return Parcel(
        **{name: text_of(told[name]) for name in _TEXTS},
        generated=moment_of(told["generated"]),
        start=moment_of(told["start"]),
        end=moment_of(told["end"]),
        counts=tuple(map(_count, told["counts"])),
        findings=tuple(
            Point(*(text_of(one[name]) for name in ("severity", "sentence", "action")))
            for one in told["findings"]
        ),
        keys=tuple(text_of(one) for one in told["keys"]),
        complete=bool(told["complete"]),
        page=None if content is None else Page(text_of(named), content),
    )


def _count(told: Mapping[str, Any]) -> Count:
    number = told["number"]
    if not isinstance(number, int):
        raise TypeError(f"{type(number).__name__} instead of a number")
    return Count(text_of(told["kind"]), text_of(told["label"]), number)


def check_format(told: Mapping[str, Any]) -> None:
    """Refuse a file of another form.

    Raises:
        ValueError: if it is one.
    """
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']}")


def text_of(value: Any) -> str:
    """Return a text that can be written again; anything else is an error."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    value.encode()
    return value


def moment_of(value: Any) -> datetime:
    """Return a moment with its offset, not near the ends of the calendar; all else is an error."""
    moment = datetime.fromisoformat(text_of(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no offset")
    if not 1971 <= moment.year <= 9990:
        raise ValueError(f"{value} cannot be told in every zone")
    return moment
