"""What a site expects of its backups: thresholds, exceptions, and what is muted. Pure.

Good defaults judge most sites; a small TOML file changes them (`read_policy`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from app.errors import SettingsError
from app.i18n import Message, msg


@dataclass(frozen=True, slots=True)
class JobRule:
    """What is expected of jobs; of all rules that fit a job, the last one that says it counts.

    Attributes:
        job: pattern of job names (* and ?).
        client: pattern of client names.
        max_age: how old the last good backup may be, by level letter (F, D, I) or "any"; what is
            not given is learned from the job's own rhythm.
        expected: whether the job is missed when it does not run; None: not said here.
        unusual: whether unusual sizes, counts and durations are told; None: not said here.
    """

    job: str = "*"
    client: str = "*"
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    expected: bool | None = None
    unusual: bool | None = None

    def fits(self, job: str, client: str) -> bool:
        """Whether the rule is about this job."""
        return fnmatchcase(job, self.job) and fnmatchcase(client, self.client)


@dataclass(frozen=True, slots=True)
class Mute:
    """Findings that are known and shall not alarm, with a reason and a last day.

    Attributes:
        reason: why, for the page.
        until: the last day on which it is muted, in the report's zone.
        kind: pattern of finding kinds, such as `missed` or `*`.
        job: pattern of job names.
        client: pattern of client names.
    """

    reason: str
    until: date
    kind: str = "*"
    job: str = "*"
    client: str = "*"

    def fits(self, kind: str, job: str, client: str, today: date) -> bool:
        """Whether a finding of today is muted by this."""
        return (
            today <= self.until
            and fnmatchcase(kind, self.kind)
            and fnmatchcase(job, self.job)
            and fnmatchcase(client, self.client)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that can be expected.

    Attributes:
        look_back: how far before the period history is read; zero reads none.
        success_logs: of how many successes the log is read, at most, to see whether they hide
            errors.
        rules: what is expected of certain jobs.
        mutes: what shall not alarm.
        age_factor: a backup is too old when its age exceeds so many times the job's rhythm.
        late: how long after its time a job may begin before it is late.
        pool_full: share of its maximum of Volumes from which on a pool is nearly full.
        room: a forecast of fewer days of room than this is told.
        unusual_factor: how many times larger or smaller than usual is unusual.
    """

    look_back: timedelta = timedelta(days=35)
    success_logs: int = 100
    rules: tuple[JobRule, ...] = ()
    mutes: tuple[Mute, ...] = ()
    age_factor: float = 2.0
    late: timedelta = timedelta(hours=2)
    pool_full: float = 0.9
    room: timedelta = timedelta(days=14)
    unusual_factor: float = 3.0

    def max_age(self, job: str, client: str, level: str) -> timedelta | None:
        """Return how old the last good backup of a level ("any" for all) may be; None: learn it."""
        said = [r.max_age[level] for r in self._rules(job, client) if level in r.max_age]
        return said[-1] if said else None

    def expects(self, job: str, client: str) -> bool:
        """Whether a job is missed when it does not run."""
        said = [r.expected for r in self._rules(job, client) if r.expected is not None]
        return said[-1] if said else True

    def tells_unusual(self, job: str, client: str) -> bool:
        """Whether unusual numbers of a job are told."""
        said = [r.unusual for r in self._rules(job, client) if r.unusual is not None]
        return said[-1] if said else True

    def mute(self, kind: str, job: str, client: str, today: date) -> Mute | None:
        """Return what mutes a finding today; None when nothing does."""
        return next((m for m in self.mutes if m.fits(kind, job, client, today)), None)

    def _rules(self, job: str, client: str) -> list[JobRule]:
        return [rule for rule in self.rules if rule.fits(job, client)]


# --- the file -----------------------------------------------------------------------------------

_DAY = 86_400.0
_HOUR = 3_600.0
_LONGEST_AGE = 3_650
_LONGEST_TOLD = 60
_LARGE = 10**15
_AGES = {
    "max_age_days": "any",
    "max_age_full_days": "F",
    "max_age_differential_days": "D",
    "max_age_incremental_days": "I",
}
"""Keys of a [[job]], and the level letter that each is about."""
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


def read_policy(text: str, name: str, kinds: Collection[str] = ()) -> Policy:
    """Read a policy file.

    Args:
        text: its content, TOML.
        name: what it is called in sentences about it.
        kinds: the kinds of findings there are, for [[mute]]; empty: not checked.

    Raises:
        SettingsError: naming everything that is wrong, where, and how to mend it.
    """
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError([_syntax(text, name, error)]) from error
    problems: list[tuple[Message, Message | None]] = []
    table = _Table(content, name, "", problems)
    defaults = Policy()
    policy = Policy(
        look_back=table.days("look_back_days", 0, 366, defaults.look_back),
        success_logs=int(table.whole("success_logs", 0, 10_000, defaults.success_logs)),
        age_factor=table.number("age_factor", 1, 100, defaults.age_factor),
        late=timedelta(
            seconds=table.number("late_hours", 0, 720, defaults.late.total_seconds() / _HOUR)
            * _HOUR
        ),
        pool_full=table.number("pool_full_percent", 1, 100, defaults.pool_full * 100) / 100,
        room=table.days("room_days", 0, _LONGEST_AGE, defaults.room),
        unusual_factor=table.number("unusual_factor", 1.1, 1_000, defaults.unusual_factor),
        rules=tuple(_rule(one) for one in table.tables("job")),
        mutes=tuple(_mute(one, kinds) for one in table.tables("mute")),
    )
    table.done()
    if problems:
        raise SettingsError(problems)
    return policy


def _syntax(text: str, name: str, error: Exception) -> tuple[Message, Message]:
    """Say where a file stops being TOML; its own words are English and follow the line."""
    told = str(error) if isinstance(error, ValueError) else "nested too deeply"
    position = _POSITION.search(told)
    last = max(len(text.splitlines()), 1)
    what = msg(
        "{file}: line {line} is not TOML: {reason}.",
        file=name,
        line=position[1] if position and position[1] else str(last),
        reason=_POSITION.sub("", told).rstrip(".")[:_LONGEST_TOLD],
    )
    if position is None:
        what = msg(
            "{file} is not TOML: {reason}.", file=name, reason=told.rstrip(".")[:_LONGEST_TOLD]
        )
    return what, msg("Write it like the example, examples/policy.toml.")


def _rule(table: _Table) -> JobRule:
    rule = JobRule(
        job=table.pattern("name"),
        client=table.pattern("client"),
        max_age={
            letter: age
            for key, letter in _AGES.items()
            if (age := table.days(key, 0.1, _LONGEST_AGE, None)) is not None
        },
        expected=table.yes_or_no("expected"),
        unusual=table.yes_or_no("unusual"),
    )
    keys = (*_AGES, "expected", "unusual")
    if not table.has(*keys):
        table.fail(
            msg("{file}: {place} says nothing about its jobs.", **table.here()),
            msg("Give one of: {choices}.", choices=", ".join(keys)),
        )
    table.done()
    return rule


def _mute(table: _Table, kinds: Collection[str]) -> Mute:
    mute = Mute(
        reason=table.sentence("reason"),
        until=table.date("until"),
        kind=table.pattern("kind"),
        job=table.pattern("job"),
        client=table.pattern("client"),
    )
    if not table.has("kind", "job", "client"):
        table.fail(
            msg("{file}: {place} would mute everything.", **table.here()),
            msg("Give one of: {choices}.", choices="kind, job, client"),
        )
    elif kinds and not any(fnmatchcase(kind, mute.kind) for kind in kinds):
        table.fail(
            msg("{file}: {place} is {value}.", **table.here("kind"), value=_told(mute.kind)),
            msg("Choose one of: {choices}.", choices=", ".join(kinds)),
        )
    table.done()
    return mute


class _Table:
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
        elif isinstance(value, str) and value.strip():
            return " ".join(value.split())
        else:
            self._wrong(key, value, cure)
        return ""

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

    def tables(self, key: str) -> list[_Table]:
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
            _Table(one, self._file, f"{key}[{number}]", self._problems)
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
        self.fail(msg("{file}: {place} is {value}.", **self.here(key), value=_told(value)), cure)


def _told(value: Any) -> str:
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
    return written if len(written) <= _LONGEST_TOLD else f"{written[:_LONGEST_TOLD]}…"
