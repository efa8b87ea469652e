"""Reading a job's log: repair, clean, order, and find the lines that state the cause.

The rules for which lines accuse come from real logs; Bacula announces an unreadable file without
any severity word. Everything in a log is hostile input: file names are bytes, script output is
anything at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

MAX_LINE = 2_000
"""Characters of one line that are kept."""
FULL_HEAD = 300
FULL_TAIL = 200
"""Lines at the beginning and the end of a log that are kept in full."""
FULL_CHARS = 60_000
"""Characters of a log that are kept in full."""
MAX_CAUSES = 12
"""Cause lines that are kept for one job."""
LAST = 4
"""Entries that are kept as `JobLog.last`."""
ALIKE = 5
"""Lines of one kind (say, files that could not be read) that are kept as causes."""
MAX_ENTRY_LINES = 20
"""Lines of one entry that are kept as a cause or as one of the last; names may hold line feeds."""

_HIGH = re.compile(r"[\x80-\xff]+")
# Control sequences; operating system commands (titles, links), but only such as end, lest one that
# was never closed swallows what follows; and the short ones, such as the choice of a character set.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?\s(.*)", re.DOTALL)
_HEADER = re.compile(r"(?P<daemon>\S+) JobId (?P<jobid>\d+):\s*(?P<text>.*)", re.DOTALL)


def repair(text: str) -> str:
    """Undo the API's double encoding.

    Baculum and Bacularis utf8_encode() log text that already is UTF-8, so Korean arrives as two or
    three Latin-1 characters for one. Each run of such characters is decoded on its own: file names
    are bytes, and one invalid name must not spoil its line. A run in which nothing decodes was real
    Latin-1 and stays.
    """
    return _HIGH.sub(_repair_run, text)


def _repair_run(match: re.Match[str]) -> str:
    run = match.group()
    decoded = run.encode("latin-1").decode("utf-8", "replace")
    return run if not decoded.strip("\ufffd") else decoded


def clean(text: str) -> str:
    """Make text safe and readable: no ANSI sequences, control or direction-changing characters.

    Line feeds and tabs stay; carriage returns become line feeds; half surrogate pairs, which no
    encoding can write, become replacement characters.
    """
    text = _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))


def clean_line(text: str) -> str:
    """Like `clean`, for names: also without line feeds and tabs."""
    if text.isascii() and text.isprintable():
        # Nearly every name: nothing to clean, and there are thousands of rows.
        return " ".join(text.split())
    return " ".join(clean(text).split())


class Severity(IntEnum):
    """How strongly a log entry accuses; NONE is ordinary talk."""

    NONE = 0
    OUTPUT = 1
    WARNING = 2
    ACCUSING = 3
    ERROR = 4
    FATAL = 5


_SEVERITY_WORD = re.compile(r"\s*(fatal error|error|warning|security alert)\s*:", re.IGNORECASE)
_WORDS = {
    "fatal error": Severity.FATAL,
    "error": Severity.ERROR,
    "security alert": Severity.ERROR,
    "warning": Severity.WARNING,
}
_ACCUSING = re.compile(
    r"could not (?:stat|open|access|read)|cannot (?:open|read|stat|find)|will not descend"
    r"|cannot find any appendable volumes|please mount|please use the \"label\" command"
    r"|authorization|max (?:run|wait) time exceeded|connection (?:refused|reset|timed out)"
    r"|no route to host|network error|intervention needed|no space left|permission denied"
    r"|input/output error|canceled by|cancelled by|duplicate job|job canceled",
    re.IGNORECASE,
)
_VERIFY = re.compile(r"^\s*(?:new )?file:|\bdiffers?\b|not in catalog|missing", re.IGNORECASE)
_OUTPUT = re.compile(r"\s*(?:client)?(?:run)?(?:before|after)(?:failed)?(?:job|vss)?\s*:", re.I)
_SUMMARY = re.compile(r"(?:error:\s*)?bacula\b[^\n]{0,60}\d\.\d[^\n]*:", re.IGNORECASE)
_TERMINATION = re.compile(r"^[ \t]*Termination:(.*)$", re.MULTILINE)
_CONSEQUENCE = re.compile(
    r"no job status returned from fd|unexpected client job message"
    r"|bad response to runbeforenow|runscript failed\.|error: bacula ",
    re.IGNORECASE,
)
_UPGRADED = re.compile(
    r"no prior (?:or suitable )?full backup|prior failed job found in catalog\. upgrading to full",
    re.IGNORECASE,
)
_LEVEL_UPGRADED = re.compile(
    r"^[ \t]*Backup Level:(.{0,100}\bFull \(upgraded from .*)$", re.MULTILINE
)
_DIGITS = re.compile(r"\d+")
_QUOTED = re.compile(r"\".*\"|'.*'|/\S+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log.

    Attributes:
        stamp: the catalog's wall-clock time of the row, "" when it was not given.
        daemon: who wrote it, "" when it carries no header.
        jobid: whose log entry it is; None when it carries no header.
        text: what it says, cleaned, without header; may hold line feeds.
        severity: how strongly it accuses.
        summary: whether it is Bacula's closing summary.
    """

    stamp: str
    daemon: str
    jobid: int | None
    text: str
    severity: Severity
    summary: bool

    @property
    def line(self) -> str:
        """The entry as it is shown: daemon and text, cut to `MAX_LINE` characters a line."""
        text = f"{self.daemon}: {self.text}" if self.daemon else self.text
        return "\n".join(cut(line) for line in text.split("\n"))

    @property
    def excerpt(self) -> str:
        """The entry as a cause is shown: like `line`, but at most `MAX_ENTRY_LINES` lines."""
        lines = self.line.split("\n")
        if len(lines) <= MAX_ENTRY_LINES:
            return self.line
        return "\n".join([*lines[:MAX_ENTRY_LINES], f"[…+{len(lines) - MAX_ENTRY_LINES:,}]"])


def cut(line: str, limit: int = MAX_LINE) -> str:
    """Cut a line that is too long to read, and say how much is missing."""
    return line if len(line) <= limit else f"{line[:limit]} […+{len(line) - limit:,}]"


@dataclass(frozen=True, slots=True)
class Cause:
    """A log entry that states the cause, and how many more of its kind there are."""

    text: str
    severity: Severity
    alike: int = 0


@dataclass(frozen=True, slots=True)
class JobLog:
    """A job's log, bounded: what accuses, and the log itself up to a limit.

    Attributes:
        causes: entries that state the cause, the order of time kept.
        headline: the one line that says it best, "" if no entry accuses.
        head: the first lines of the log.
        tail: its last lines, when the middle was left out.
        omitted: how many lines were left out between them.
        total: how many lines the log has.
        termination: the summary's Termination line, "" when there is no summary.
        last: the last lines before the summary, for a log in which nothing accuses.
        of_job: the JobId that the log is about; a copy that was given up carries the log of its
            original. None when no row names one.
        until: the wall-clock time of its last entry, "" when no entry has one.
        upgraded: the line that tells why the job ran as a Full though another level was asked for,
            "" when it did not.
    """

    causes: tuple[Cause, ...]
    headline: str
    head: tuple[str, ...]
    tail: tuple[str, ...]
    omitted: int
    total: int
    termination: str
    last: tuple[str, ...] = ()
    of_job: int | None = None
    until: str = ""
    upgraded: str = ""


def parse_entry(row: str) -> Entry:
    """Read one log row as the API gives it, with or without a leading time."""
    text = clean(repair(row)).strip("\n ")
    stamped = _STAMP.match(text)
    stamp, text = (stamped.group(1), stamped.group(2)) if stamped else ("", text)
    header = _HEADER.match(text)
    daemon, jobid = (header["daemon"], int(header["jobid"][:18])) if header else ("", None)
    text = header["text"] if header else text
    summary = _is_summary(text)
    severity = Severity.NONE if summary else severity_of(text)
    return Entry(stamp, daemon, jobid, text, severity, summary)


def _is_summary(text: str) -> bool:
    """Tell Bacula's closing summary from an entry that quotes a name with line feeds in it."""
    if not _TERMINATION.search(text):
        return False
    return bool(_SUMMARY.match(text)) or severity_of(text) is Severity.NONE


def severity_of(text: str) -> Severity:
    """Say how strongly a text accuses: by its severity word, else by its phrases."""
    word = _SEVERITY_WORD.match(text)
    if word:
        return _WORDS[word.group(1).lower()]
    if _ACCUSING.search(text):
        return Severity.ACCUSING
    return Severity.OUTPUT if _OUTPUT.match(text) else Severity.NONE


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Sort entries by time, stably: the API gives them in no certain order.

    An entry without a time stays behind its predecessor. The closing summary is the last of its
    second.
    """
    keyed: list[tuple[str, bool, Entry]] = []
    stamp = ""
    for entry in entries:
        stamp = entry.stamp or stamp
        keyed.append((stamp, entry.summary, entry))
    keyed.sort(key=lambda item: item[:2])
    return [entry for _, _, entry in keyed]


def read_log(rows: Iterable[str], *, verify: bool = False) -> JobLog:
    """Read a whole log as the API gives it.

    Args:
        rows: the answer of /joblog, one string a row, with or without times.
        verify: whether the job is a Verify, whose found differences are what it was run to find.
    """
    entries = in_order([parse_entry(row) for row in rows])
    causes = find_causes(entries, verify=verify)
    stamp_from = 11 if len({entry.stamp[:10] for entry in entries if entry.stamp}) <= 1 else 5
    lines: list[str] = []
    for entry in entries:
        shown = f"{entry.stamp[stamp_from:]} {entry.line}" if entry.stamp else entry.line
        lines.extend(shown.split("\n"))
    head, tail = _bounded(lines)
    terminations = [t for e in entries if e.summary for t in _TERMINATION.findall(e.text)]
    spoken = [entry.excerpt for entry in entries if not entry.summary]
    return JobLog(
        causes=causes,
        headline=_headline(causes),
        head=head,
        tail=tail,
        omitted=len(lines) - len(head) - len(tail),
        total=len(lines),
        termination=terminations[-1].strip() if terminations else "",
        last=tuple(spoken[-LAST:]),
        until=max((entry.stamp for entry in entries), default=""),
        of_job=next((e.jobid for e in reversed(entries) if e.jobid is not None), None),
        upgraded=_upgraded(entries),
    )


def _upgraded(entries: Sequence[Entry]) -> str:
    """Return the first line that tells why another level became a Full, else the summary's line."""
    for entry in entries:
        if entry.severity is Severity.NONE and not entry.summary and _UPGRADED.match(entry.text):
            return cut(entry.text.split("\n", 1)[0].strip())
    for entry in entries:
        level = _LEVEL_UPGRADED.search(entry.text) if entry.summary else None
        if level is not None:
            return cut(level.group(1).strip())
    return ""


def find_causes(entries: Sequence[Entry], *, verify: bool = False) -> tuple[Cause, ...]:
    """Return the entries that state the cause, alike ones folded, at most `MAX_CAUSES`.

    Script output counts only where something else went wrong; when there is more than fits, the
    strongest are kept.
    """
    accused = [
        (entry, severity)
        for entry in entries
        if (severity := _accuses(entry, verify=verify)) > Severity.NONE
    ]
    if all(severity is Severity.OUTPUT for _, severity in accused):
        accused = []
    kept: dict[str, list[Cause]] = {}
    order: list[tuple[str, int]] = []
    folded: dict[str, int] = {}
    for entry, severity in accused:
        kind = f"{severity}{_kind(entry.text)}"
        alike = kept.setdefault(kind, [])
        line = entry.excerpt
        if any(cause.text == line for cause in alike) or len(alike) >= ALIKE:
            folded[kind] = folded.get(kind, 0) + 1
            continue
        order.append((kind, len(alike)))
        alike.append(Cause(line, severity))
    for kind, count in folded.items():
        last = kept[kind][-1]
        kept[kind][-1] = Cause(last.text, last.severity, count)
    causes = [kept[kind][index] for kind, index in order]
    if len(causes) > MAX_CAUSES:
        strongest = sorted(range(len(causes)), key=lambda i: (-causes[i].severity, i))
        causes = [causes[i] for i in sorted(strongest[:MAX_CAUSES])]
    return tuple(causes)


def _accuses(entry: Entry, *, verify: bool) -> Severity:
    if entry.summary:
        return Severity.NONE
    if verify and entry.severity is Severity.NONE and _VERIFY.search(entry.text.split("\n", 1)[0]):
        return Severity.ACCUSING
    return entry.severity


def _kind(text: str) -> str:
    return _DIGITS.sub("", _QUOTED.sub("", text.strip()))[:40]


def _headline(causes: Sequence[Cause]) -> str:
    """Choose the line that says it best: the first strong one that is no mere consequence."""
    if not causes:
        return ""
    own = [cause for cause in causes if not _CONSEQUENCE.search(cause.text)] or list(causes)
    for wanted in ((Severity.FATAL, Severity.ERROR), (Severity.ACCUSING,), (Severity.WARNING,)):
        for cause in own:
            if cause.severity in wanted:
                return cause.text.split("\n", 1)[0]
    return own[0].text.split("\n", 1)[0]


def _bounded(lines: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keep a log whole if it fits the bounds, else its beginning and its end."""
    if len(lines) <= FULL_HEAD + FULL_TAIL and sum(map(len, lines)) <= FULL_CHARS:
        return tuple(lines), ()
    head = _fitting(lines[:FULL_HEAD], FULL_CHARS * 3 // 5)
    rest = lines[len(head) :]
    tail = _fitting(rest[: -FULL_TAIL - 1 : -1], FULL_CHARS * 2 // 5)
    return tuple(head), tuple(reversed(tail))


def _fitting(lines: Iterable[str], budget: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        budget -= len(line)
        if budget < 0:
            break
        kept.append(line)
    return kept
