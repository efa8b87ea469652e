"""Reading a job's log: repair, clean, order, and find the lines that state the cause.

The rules for which lines accuse come from real logs; Bacula announces an unreadable file without
any severity word. Everything in a log is hostile input: file names are bytes, script output is
anything at all.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice, pairwise

MAX_ROW = 500_000
"""Characters of one row that are read; Bacula itself writes a few thousand at most."""
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
# A row may be empty but for its time.
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?:\s(.*)|\Z)", re.DOTALL)
_STAMPED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?:\s|\Z)")
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
        if len(text) <= MAX_LINE:
            return text
        return "\n".join(cut(line) for line in text.split("\n"))

    @property
    def excerpt(self) -> str:
        """The entry as a cause is shown: like `line`, but at most `MAX_ENTRY_LINES` lines."""
        line = self.line
        more = line.count("\n") + 1 - MAX_ENTRY_LINES
        if more <= 0:
            return line
        return "\n".join([*line.split("\n", MAX_ENTRY_LINES)[:MAX_ENTRY_LINES], f"[…+{more:,}]"])


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


def _readable(row: str) -> str:
    """Return a row repaired and cleaned."""
    text = cut(row, MAX_ROW)
    if not (text.isascii() and text.isprintable()):
        # Most rows need no more than a look.
        text = clean(repair(text))
    return text.strip("\n ")


def _stamp_of(row: str) -> str:
    """Return the time of a row, "" if it has none."""
    stamped = _STAMPED.match(_readable(row))
    return stamped.group(1) if stamped else ""


def parse_entry(row: str) -> Entry:
    """Read one log row as the API gives it, with or without a leading time."""
    text = _readable(row)
    stamped = _STAMP.match(text)
    stamp, text = (stamped.group(1), stamped.group(2) or "") if stamped else ("", text)
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


def in_order(rows: Sequence[str]) -> Iterator[Entry]:
    """Yield the entries of a log by time, stably: the API gives them in no certain order.

    An entry without a time stays behind its predecessor. The closing summary is the last of its
    second. One after the other, as a long log read whole takes ten times its room.
    """
    places: dict[tuple[str, bool], tuple[str, bool]] = {}
    place = ("", False)
    keys: list[tuple[str, bool]] = []
    for row in rows:
        summary = "Termination:" in row and parse_entry(row).summary
        place = (_stamp_of(row) or place[0], summary)
        # Many rows have the same one; it is kept once.
        place = places.setdefault(place, place)
        keys.append(place)
    if all(earlier <= later for earlier, later in pairwise(keys)):
        return map(parse_entry, rows)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return (parse_entry(rows[number]) for number in order)


def read_log(rows: Iterable[str], *, verify: bool = False) -> JobLog:
    """Read a whole log as the API gives it, in little more room than its rows take.

    Args:
        rows: the answer of /joblog, one string a row, with or without times.
        verify: whether the job is a Verify, whose found differences are what it was run to find.
    """
    given = rows if isinstance(rows, Sequence) else list(rows)
    causes, lines, upgrade = _Causes(verify=verify), _Lines(), _Upgrade()
    stamp_from = _shown_from(given)
    spoken: deque[Entry] = deque(maxlen=LAST)
    termination, until = "", ""
    of_job: int | None = None
    for entry in in_order(given):
        causes.add(entry)
        upgrade.add(entry)
        shown = f"{entry.stamp[stamp_from:]} {entry.line}" if entry.stamp else entry.line
        lines.add(shown.split("\n"))
        until = max(until, entry.stamp)
        of_job = of_job if entry.jobid is None else entry.jobid
        if entry.summary:
            termination = _TERMINATION.findall(entry.text)[-1].strip()
        else:
            spoken.append(entry)
    head, tail = lines.bounded()
    found = causes.found()
    return JobLog(
        causes=found,
        headline=_headline(found),
        head=head,
        tail=tail,
        omitted=lines.total - len(head) - len(tail),
        total=lines.total,
        termination=termination,
        last=tuple(entry.excerpt for entry in spoken),
        until=until,
        of_job=of_job,
        upgraded=upgrade.why,
    )


def _shown_from(rows: Iterable[str]) -> int:
    """Return from which place of a time on it is shown: without its day, if all are of one."""
    days = {stamp[:10] for row in rows if (stamp := _stamp_of(row))}
    return 11 if len(days) <= 1 else 5


class _Upgrade:
    """Finds the first line that tells why another level became a Full, else the summary's line."""

    def __init__(self) -> None:
        self._said = ""
        self._level = ""

    @property
    def why(self) -> str:
        """The line, "" if there is none."""
        return self._said or self._level

    def add(self, entry: Entry) -> None:
        """Look at the next entry."""
        if entry.summary:
            level = None if self._level else _LEVEL_UPGRADED.search(entry.text)
            if level is not None:
                self._level = cut(level.group(1).strip())
        elif not self._said and entry.severity is Severity.NONE and _UPGRADED.match(entry.text):
            self._said = cut(entry.text.split("\n", 1)[0].strip())


class _Causes:
    """Gathers the entries that state the cause, alike ones folded.

    Script output counts only where something else went wrong; when there is more than fits, the
    strongest are kept: of each severity so many of the first as fit.
    """

    def __init__(self, *, verify: bool) -> None:
        self._verify = verify
        self._causes: list[Cause] = []
        self._kept: dict[str, list[int]] = {}
        self._strong: Counter[Severity] = Counter()

    def add(self, entry: Entry) -> None:
        """Look at the next entry."""
        severity = _accuses(entry, verify=self._verify)
        if severity is Severity.NONE:
            return
        kind = f"{severity}{_kind(entry.text)}"
        line = entry.excerpt
        alike = self._kept.get(kind, [])
        if len(alike) >= ALIKE or any(self._causes[place].text == line for place in alike):
            last = self._causes[alike[-1]]
            self._causes[alike[-1]] = replace(last, alike=last.alike + 1)
        elif self._strong[severity] < MAX_CAUSES:
            self._strong[severity] += 1
            self._kept[kind] = [*alike, len(self._causes)]
            self._causes.append(Cause(line, severity))

    def found(self) -> tuple[Cause, ...]:
        """Return them, at most `MAX_CAUSES`."""
        causes = self._causes
        if all(cause.severity is Severity.OUTPUT for cause in causes):
            return ()
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


class _Lines:
    """The lines of a log: all if they fit the bounds, else its beginning and its end."""

    def __init__(self) -> None:
        self.total = 0
        self._chars = 0
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=FULL_TAIL)

    def add(self, lines: Sequence[str]) -> None:
        """Take the next lines."""
        self.total += len(lines)
        self._chars += sum(map(len, lines))
        self._first += lines[: FULL_HEAD + FULL_TAIL - len(self._first)]
        self._last.extend(lines[-FULL_TAIL:])

    def bounded(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the beginning and the end; the beginning is all if nothing is left out."""
        if self.total <= FULL_HEAD + FULL_TAIL and self._chars <= FULL_CHARS:
            return tuple(self._first), ()
        head = _fitting(self._first[:FULL_HEAD], FULL_CHARS * 3 // 5)
        rest = islice(reversed(self._last), self.total - len(head))
        tail = _fitting(rest, FULL_CHARS * 2 // 5)
        return tuple(head), tuple(reversed(tail))


def _fitting(lines: Iterable[str], budget: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        budget -= len(line)
        if budget < 0:
            break
        kept.append(line)
    return kept
