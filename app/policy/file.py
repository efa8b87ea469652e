"""The policy file: TOML, read all at once, with every problem, its place and its cure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from datetime import timedelta
from fnmatch import fnmatchcase

from app.errors import SettingsError
from app.i18n import Message, msg
from app.policy.audiences import read_audiences
from app.policy.model import JobRule, Mute, Policy
from app.policy.table import LONGEST_TOLD, Table, shown

_HOUR = 3_600.0
_LONGEST_AGE = 3_650
_AGES = {
    "max_age_days": "any",
    "max_age_full_days": "F",
    "max_age_differential_days": "D",
    "max_age_incremental_days": "I",
}
"""Keys of a [[job]], and the level letter that each is about."""
_POSITION = re.compile(r"(?<!\s)\s*\(at (?:line (\d+), column \d+|end of document)\)$")


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
    table = Table(content, name, "", problems)
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
        audiences=read_audiences(table.tables("audience")),
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
        reason=_POSITION.sub("", told).rstrip(".")[:LONGEST_TOLD],
    )
    if position is None:
        what = msg(
            "{file} is not TOML: {reason}.", file=name, reason=told.rstrip(".")[:LONGEST_TOLD]
        )
    return what, msg("Write it like the example, examples/policy.toml.")


def _rule(table: Table) -> JobRule:
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


def _mute(table: Table, kinds: Collection[str]) -> Mute:
    mute = Mute(
        reason=table.sentence("reason"),
        until=table.date("until"),
        kind=table.pattern("kind"),
        job=table.pattern("job"),
        client=table.pattern("client"),
        pool=table.pattern("pool"),
    )
    if not table.has("kind", "job", "client", "pool"):
        table.fail(
            msg("{file}: {place} would mute everything.", **table.here()),
            msg("Give one of: {choices}.", choices="kind, job, client, pool"),
        )
    elif kinds and not any(fnmatchcase(kind, mute.kind) for kind in kinds):
        table.fail(
            msg("{file}: {place} is {value}.", **table.here("kind"), value=shown(mute.kind)),
            msg("Choose one of: {choices}.", choices=", ".join(kinds)),
        )
    table.done()
    return mute
