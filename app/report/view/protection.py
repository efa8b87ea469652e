"""How old the last good backups are, put into words: one row a job, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.assess.protection import ANY, GoodRun, Protection, ProtectionState
from app.i18n import N_
from app.report.format import NOT_KNOWN
from app.report.view.words import Words

FEW = 15
"""So many jobs are shown at once, whatever their state."""
SHOWN = 25
"""Of more jobs, at most so many that are not protected are shown at once."""
FEWEST = 5
"""Of more jobs at least so many are shown: the oldest backups, also where all is well."""
MOST = 300
"""How many jobs are listed at all."""

_ORDER = {
    ProtectionState.NEVER: 0,
    ProtectionState.TOO_OLD: 1,
    ProtectionState.UNKNOWN: 2,
    ProtectionState.PROTECTED: 3,
}
_NAMES = {
    ProtectionState.NEVER: N_("never backed up"),
    ProtectionState.TOO_OLD: N_("too old"),
    ProtectionState.UNKNOWN: N_("not known"),
    ProtectionState.PROTECTED: N_("protected"),
}
_ICONS = {
    ProtectionState.NEVER: "failed",
    ProtectionState.TOO_OLD: "failed",
    ProtectionState.UNKNOWN: "unknown",
    ProtectionState.PROTECTED: "success",
}


@dataclass(frozen=True, slots=True)
class LastGood:
    """The last good backup of a level: its age, when it ended, where it is told about."""

    age: str
    ended: str
    href: str


@dataclass(frozen=True, slots=True)
class ProtectionRow:
    """One job.

    Attributes:
        client: the client.
        job: the job's name.
        kind: style of its state.
        state: its state in words.
        limit: how old the last good backup may be, "" when that is not known.
        age: how old the last good backup of any level is.
        levels: Full, Differential, Incremental; None where none is newer than a higher level's.
    """

    client: str
    job: str
    kind: str
    state: str
    limit: str
    age: str
    levels: tuple[LastGood | None, ...]

    @property
    def protected(self) -> bool:
        """Whether nothing is to be said about it."""
        return self.kind == "success"


@dataclass(frozen=True, slots=True)
class ProtectionView:
    """Every job.

    Attributes:
        line: how many there are in each state.
        rows: what is shown at once.
        rest: what is shown when asked for, with `rest_label`.
        left_out: says how many are not listed at all; "" for none.
    """

    line: str
    rows: tuple[ProtectionRow, ...]
    rest: tuple[ProtectionRow, ...]
    rest_label: str
    left_out: str


def view_protection(
    protections: Sequence[Protection], as_of: datetime, words: Words
) -> ProtectionView | None:
    """Return the table of protection; None when there is no backup job."""
    if not protections:
        return None
    tr = words.tr
    ranked = sorted(protections, key=_rank)
    listed = ranked[:MOST]
    if len(ranked) <= FEW:
        shown = len(ranked)
    else:
        shown = sum(one.state in (ProtectionState.NEVER, ProtectionState.TOO_OLD) for one in ranked)
        shown = min(max(shown, FEWEST), SHOWN)
    rest = listed[shown:]
    left = len(ranked) - len(listed)
    return ProtectionView(
        line=_line(protections, words),
        rows=tuple(_row(one, as_of, words) for one in listed[:shown]),
        rest=tuple(_row(one, as_of, words) for one in rest),
        rest_label=tr.plural("{count} more job", "{count} more jobs", len(rest)) if rest else "",
        left_out=tr.plural("and {count} more", "and {count} more", left) if left else "",
    )


def _rank(one: Protection) -> tuple[int, float, str, str]:
    last = one.last.get(ANY)
    return (_ORDER[one.state], last.ended.timestamp() if last else 0.0, one.client, one.job)


def _line(protections: Iterable[Protection], words: Words) -> str:
    states = [one.state for one in protections]
    parts = [
        f"{states.count(state):,} {words.tr(_NAMES[state])}" for state in _ORDER if state in states
    ]
    return " · ".join(parts)


def _row(one: Protection, as_of: datetime, words: Words) -> ProtectionRow:
    return ProtectionRow(
        client=one.client or NOT_KNOWN,
        job=one.job,
        kind=_ICONS[one.state],
        state=words.tr(_NAMES[one.state]),
        limit=(
            words.tr("at most {limit}", limit=words.fmt.span(one.limit))
            if one.limit is not None
            else ""
        ),
        age=_age(one.last.get(ANY), as_of, words),
        levels=tuple(_levels(one, as_of, words)),
    )


def _levels(one: Protection, as_of: datetime, words: Words) -> Iterable[LastGood | None]:
    told: set[int] = set()
    for level in ("F", "D", "I"):
        run = one.last.get(level)
        # A Full counts for all levels; it is told once.
        if run is None or run.jobid in told:
            yield None
            continue
        told.add(run.jobid)
        yield LastGood(_age(run, as_of, words), words.fmt.short(run.ended), words.place(run.jobid))


def _age(run: GoodRun | None, as_of: datetime, words: Words) -> str:
    return words.fmt.span(as_of - run.ended) if run is not None else NOT_KNOWN
