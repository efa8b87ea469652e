"""What the channels say alike: the mark of a late letter, short lines, texts cut to a length."""

from __future__ import annotations

from app.bacula.joblog import clean, clean_line
from app.deliver.model import Letter
from app.i18n import Translator

MOST_FINDINGS = 10
"""Findings a chat message tells; the rest are counted."""
LONGEST_LINE = 300
_COLOURS = {"good": "#2e7d32", "attention": "#b26a00", "critical": "#c62828"}
_NO_COLOUR = "#616161"


def cut(text: str, most: int) -> str:
    """Return a text of at most so many characters; one that was cut ends with an ellipsis."""
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def cut_bytes(text: str, most: int) -> str:
    """Return a text that takes at most so many bytes in UTF-8."""
    content = text.encode("utf-8", "replace")
    if len(content) <= most:
        return text
    return content[: max(most - 3, 0)].decode("utf-8", "ignore").rstrip() + "…"


def late_line(letter: Letter) -> str:
    """Return the sentence that marks a late letter, "" for one in time."""
    if not letter.late:
        return ""
    return Translator(letter.parcel.language)(
        "Late: this report was made at {made} and could not be sent then.",
        made=letter.parcel.generated,
    )


def subject(letter: Letter) -> str:
    """Return the subject, marked if the letter is late; one line without control characters."""
    told = clean_line(letter.parcel.subject)
    if letter.late:
        told = Translator(letter.parcel.language)(
            "[late, of {made}] {subject}", made=letter.parcel.generated, subject=told
        )
    return cut(told, LONGEST_LINE)


def headline(letter: Letter) -> str:
    """Return Director and verdict in one line."""
    parcel = letter.parcel
    told = f"[{parcel.director}] {parcel.verdict}" if parcel.director else parcel.verdict
    return cut(clean_line(told), LONGEST_LINE)


def sentence(letter: Letter) -> str:
    """Return the verdict's sentence, in one line."""
    return cut(clean_line(letter.parcel.sentence), LONGEST_LINE)


def counts(letter: Letter) -> str:
    """Return the jobs per outcome, in one line."""
    return " · ".join(f"{one.number:,} {clean_line(one.label)}" for one in letter.parcel.counts)


def findings(letter: Letter) -> list[tuple[str, str]]:
    """Return the gravest findings as (severity, line); a last line counts what is left out."""
    told = letter.parcel.findings
    lines = [
        (one.severity, cut(clean_line(one.sentence), LONGEST_LINE)) for one in told[:MOST_FINDINGS]
    ]
    rest = len(told) - len(lines)
    if rest:
        tr = Translator(letter.parcel.language)
        lines.append(
            ("", tr.plural("… and {count} more finding", "… and {count} more findings", rest))
        )
    return lines


def facts(letter: Letter) -> list[str]:
    """Return the lines that follow the headline, those that say nothing left out."""
    parcel, tr = letter.parcel, Translator(letter.parcel.language)
    lines = [sentence(letter), counts(letter), clean_line(parcel.period), late_line(letter)]
    if not parcel.complete:
        lines.append(tr("Not everything that was asked could be read."))
    return [line for line in lines if line]


def link_label(letter: Letter) -> str:
    """Return what the link to the page is called."""
    return Translator(letter.parcel.language)("Open the report")


def colour(level: str) -> str:
    """Return the colour of a level, as #rrggbb."""
    return _COLOURS.get(level, _NO_COLOUR)


def quoted(reply: str, most: int = 200) -> str:
    """Return a server's own words, safe to show."""
    return cut(" ".join(clean(reply).split()), most)
