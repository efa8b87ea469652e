"""From notices to findings: what is muted is set apart, what says the same is said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.assess.case import Case
from app.assess.finding import Finding, Kind, Notice, Severity
from app.assess.findings.catalogue import ACTIONS, together
from app.i18n import msg
from app.policy import Mute

_SEVERITIES = tuple(Severity)
_KINDS = tuple(Kind)
_POOLS = frozenset({Kind.POOL_FULL, Kind.ROOM, Kind.EXPIRING})
"""Kinds that are found of a pool, which their detail names; several pools are told together."""
_OF_A_POOL = _POOLS | {Kind.VOLUME_ERROR}
"""Kinds whose detail is a pool, by which they may be muted."""
_UNPROTECTED = frozenset({Kind.NEVER_BACKED_UP, Kind.TOO_OLD})
_SEE = {
    Kind.FAILED: msg("See the failure below."),
    Kind.MISSED: msg("See the missing run below."),
}
"""What to do about a job without a recent backup, where another finding tells it."""
_NEVER = datetime.max.replace(tzinfo=UTC)


def gather(notices: Iterable[Notice], case: Case) -> tuple[Finding, ...]:
    """Gather notices into findings, the gravest first.

    Forty failures with one cause are one finding with forty notices. A muted notice never shares a
    finding with one that is not.
    """
    # A period that ends at midnight is that of the day before.
    today = (case.as_of.astimezone(case.zone) - timedelta(microseconds=1)).date()
    groups: dict[tuple[object, ...], list[Notice]] = {}
    muted: dict[tuple[object, ...], Mute | None] = {}
    for notice in _once(list(notices)):
        pool = notice.detail if notice.kind in _OF_A_POOL else ""
        mute = case.policy.mute(notice.kind.value, notice.job, notice.client, today, pool)
        detail = "" if notice.kind in _POOLS else notice.detail
        key = (notice.kind, notice.severity, notice.cause, detail, mute)
        groups.setdefault(key, []).append(notice)
        muted[key] = mute
    findings = [_finding(group, muted[key]) for key, group in groups.items()]
    return tuple(sorted(findings, key=_rank))


def _once(notices: list[Notice]) -> Iterator[Notice]:
    """Let only one of the findings about a job say what to do: the one that tells what happened."""
    told = {
        (n.kind, n.client, n.job)
        for n in notices
        if n.kind in _SEE and n.severity is not Severity.INFO
    }
    for notice in notices:
        if notice.kind in _UNPROTECTED:
            by = (kind for kind in _SEE if (kind, notice.client, notice.job) in told)
            kind = next(by, None)
            yield replace(notice, action=_SEE[kind]) if kind is not None else notice
        else:
            yield notice


def _finding(group: list[Notice], mute: Mute | None) -> Finding:
    group.sort(key=lambda n: (-n.nights, n.since or _NEVER, n.client, n.job, n.detail, n.jobids))
    first = group[0]
    sentence = first.sentence if len(group) == 1 else together(group)
    differ = any(notice.action != first.action for notice in group)
    common = msg(ACTIONS[first.cause]) if differ and first.cause is not None else None
    return Finding(first.kind, first.severity, sentence, tuple(group), mute, common)


def _rank(finding: Finding) -> tuple[int, int, int, int, str]:
    return (
        _SEVERITIES.index(finding.severity),
        _KINDS.index(finding.kind),
        -len(finding.notices),
        -finding.nights,
        finding.key,
    )
