"""Findings put into words: by severity, each with what to do next and the jobs it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.assess.finding import Finding, News, Notice, Severity
from app.assess.findings.catalogue import CAUSES, TITLES
from app.i18n import N_, Message
from app.report.view.words import Words

FIRST = 10
"""How many jobs of a finding are shown at once."""
MOST = 200
"""How many jobs of a finding are listed at all; each failure has a card of its own besides."""
MOST_FINDINGS = 15
"""How many findings of one severity are shown at once."""
_RUNS = 2
"""How many runs of a job are linked, the newest; of a long row of failures one is enough."""
_LINES = 3
_LINE = 240
"""Lines of a log under a finding, and characters of one; the job's card has more."""
_SEVERITY_NAMES = {
    Severity.CRITICAL: N_("Critical"),
    Severity.WARNING: N_("Warning"),
    Severity.INFO: N_("Good to know"),
}


@dataclass(frozen=True, slots=True)
class JobLink:
    """A job by its JobId; `href` is its card, its page in the web interface, or ""."""

    jobid: str
    href: str


@dataclass(frozen=True, slots=True)
class Concern:
    """One of the jobs, servers or pools that a finding is about.

    Attributes:
        client: the client, "" for none.
        job: the job's name, "" for none.
        sentence: what is said of it; "" when the finding's own sentence says it.
        action: what to do about it; "" when it is what the finding says.
        badges: what is said in one or two words: how long, new, solved.
        links: its newest runs.
        more_runs: how many other runs there are, "" for none.
    """

    client: str
    job: str
    sentence: str
    action: str
    badges: tuple[str, ...]
    links: tuple[JobLink, ...]
    more_runs: str

    @property
    def named(self) -> bool:
        """Whether it has anything to show besides a sentence."""
        return bool(self.client or self.job or self.links)


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding.

    Attributes:
        key: stays the same from report to report.
        kind: kind of finding, for programs.
        severity: critical, warning or info, for the style.
        level: the severity in words.
        title: the kind in words.
        sentence: the finding.
        action: what to do next; "" when there is nothing, or each job has its own.
        since: since when, "" when not known.
        badges: in a row, new, solved, the cause.
        count: how many jobs, servers or pools it is about.
        evidence: lines of a log.
        alone: the only job, when there is just one and it has a name; else None.
        concerns: the jobs, the first few, when there are several.
        more: the jobs that are shown when asked for.
        all_label: what to ask with.
        every_label: what to ask with where none is shown at first.
        all_rest: how many jobs are not among the first few; "" for none.
        left_out: says how many are not listed at all; "" for none.
        muted: why it does not alarm and until when; "" when it does.
    """

    key: str
    kind: str
    severity: str
    level: str
    title: str
    sentence: str
    action: str
    since: str
    badges: tuple[str, ...]
    count: int
    evidence: tuple[str, ...]
    alone: Concern | None
    concerns: tuple[Concern, ...]
    more: tuple[Concern, ...]
    all_label: str
    every_label: str
    all_rest: str
    left_out: str
    muted: str


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one severity; `rest` are shown when asked for, with `rest_label`."""

    severity: str
    title: str
    count: int
    findings: tuple[FindingView, ...]
    rest: tuple[FindingView, ...]
    rest_label: str


@dataclass(frozen=True, slots=True)
class FindingsView:
    """All findings.

    Attributes:
        alarms: what should be acted upon, critical first.
        info: what is good to know; None when there is nothing.
        muted: what is known and does not alarm; None when there is nothing.
        calm: said when there is nothing to act upon and that could be judged; else "".
        notes: what could not be judged, and why.
    """

    alarms: tuple[Group, ...]
    info: Group | None
    muted: Group | None
    calm: str
    notes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say at all."""
        return not (self.alarms or self.info or self.muted or self.calm or self.notes)


def view_findings(
    findings: Sequence[Finding], words: Words, *, notes: tuple[str, ...], judged: bool
) -> FindingsView:
    """Put findings into words.

    Args:
        findings: in their order.
        words: language and links.
        notes: what could not be judged, in words.
        judged: whether everything was had that judging needs.
    """
    open_ones = [one for one in findings if one.muted is None]
    alarms = tuple(
        _group(severity.value, words.tr(_SEVERITY_NAMES[severity]), found, words)
        for severity in (Severity.CRITICAL, Severity.WARNING)
        if (found := [one for one in open_ones if one.severity is severity])
    )
    infos = [one for one in open_ones if one.severity is Severity.INFO]
    muted = [one for one in findings if one.muted is not None]
    calm = judged and not (alarms or muted)
    return FindingsView(
        alarms=alarms,
        info=(
            _group("info", words.tr(_SEVERITY_NAMES[Severity.INFO]), infos, words)
            if infos
            else None
        ),
        muted=_group("muted", words.tr("Muted"), muted, words) if muted else None,
        calm=words.tr("There is nothing else to act upon.") if calm else "",
        notes=notes,
    )


def _group(severity: str, title: str, found: Sequence[Finding], words: Words) -> Group:
    shown = tuple(_finding(finding, words) for finding in found)
    rest = shown[MOST_FINDINGS:]
    label = words.tr.plural("{count} more finding", "{count} more findings", len(rest))
    return Group(severity, title, len(shown), shown[:MOST_FINDINGS], rest, label if rest else "")


def _finding(finding: Finding, words: Words) -> FindingView:
    tr, notices = words.tr, finding.notices
    action = finding.action
    if finding.common_action is None and any(notice.action != action for notice in notices):
        action = None
    badges = tuple(_badges(finding, words))
    said = None if len(notices) == 1 else badges
    concerns = [_concern(notice, said, action, words) for notice in notices[:MOST]]
    alone = concerns[0] if len(notices) == 1 else None
    left, hidden = len(notices) - MOST, len(notices) - FIRST
    return FindingView(
        key=finding.key,
        kind=finding.kind.value,
        severity="muted" if finding.muted else finding.severity.value,
        level=tr(_SEVERITY_NAMES[finding.severity]),
        title=tr(TITLES[finding.kind]),
        sentence=tr.text(finding.sentence),
        action=tr.text(action) if action is not None else "",
        since=words.fmt.short(finding.since) if finding.since is not None else "",
        badges=badges,
        count=len(notices),
        evidence=_evidence(notices),
        alone=alone if alone is not None and alone.named else None,
        concerns=() if alone is not None else tuple(concerns[:FIRST]),
        more=tuple(concerns[FIRST:]),
        all_label=tr.plural("Show {count} more", "Show {count} more", len(concerns[FIRST:])),
        every_label=tr.plural("Show {count}", "Show all {count}", len(concerns)),
        all_rest=tr.plural("and {count} more", "and {count} more", hidden) if hidden > 0 else "",
        left_out=tr.plural("and {count} more", "and {count} more", left) if left > 0 else "",
        muted=_muted(finding, words),
    )


def _badges(told: Finding | Notice, words: Words) -> Iterable[str]:
    if told.nights > 1:
        yield words.tr.plural("{count} night in a row", "{count} nights in a row", told.nights)
    if told.news is News.NEW:
        yield words.tr("new")
    elif told.news is News.SOLVED:
        yield words.tr("solved")
    if isinstance(told, Finding) and told.cause is not None:
        yield words.tr(CAUSES[told.cause])


def _concern(
    notice: Notice, said: Sequence[str] | None, common: Message | None, words: Words
) -> Concern:
    """Put one notice into words, but for what its finding says already.

    Args:
        notice: what was found.
        said: the badges of the finding; None when it is about this notice alone, and says it all.
        common: what the finding says is to be done.
        words: language and links.
    """
    own = notice.action if common is None else None
    runs = sorted(notice.jobids, reverse=True)
    return Concern(
        client=notice.client,
        job=notice.job,
        sentence="" if said is None else words.tr.text(notice.sentence),
        action=words.tr.text(own) if own is not None else "",
        badges=() if said is None else tuple(b for b in _badges(notice, words) if b not in said),
        links=tuple(JobLink(str(one), words.place(one)) for one in runs[:_RUNS]),
        more_runs=f"+{len(runs) - _RUNS:,}" if len(runs) > _RUNS else "",
    )


def _evidence(notices: Sequence[Notice]) -> tuple[str, ...]:
    """Return a few lines of the first that has any: the others say the same."""
    entries = next((notice.evidence for notice in notices if notice.evidence), ())
    lines = [line for entry in entries for line in entry.splitlines() if line.strip()]
    return tuple(line if len(line) <= _LINE else f"{line[: _LINE - 1]}…" for line in lines[:_LINES])


def _muted(finding: Finding, words: Words) -> str:
    if finding.muted is None:
        return ""
    until = words.fmt.full_day(finding.muted.until)
    return words.tr("Muted until {day}: {reason}", day=until, reason=finding.muted.reason)
