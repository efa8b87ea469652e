"""The whole page in words: head, counters, the cards of the jobs, servers and successes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.assess.model import Assessment, ClientState, JudgedClient, JudgedJob, Level, Reason
from app.bacula.clock import ClockSource
from app.bacula.codes import Outcome
from app.bacula.joblog import JobLog, clean_line
from app.i18n import N_, Message, Translator
from app.period import Mode
from app.report.format import NOT_KNOWN, Formatter
from app.report.view.brief import Brief, view_brief
from app.report.view.findings import FindingsView, view_findings
from app.report.view.nights import MatrixView, TrendsView, view_matrix, view_trends
from app.report.view.protection import ProtectionView, view_protection
from app.report.view.words import LEVELS, OUTCOMES, Words
from app.snapshot import Gap, GapSource

LOG_BUDGET = 4_000_000
"""Characters of full logs on one page; beyond, a job keeps the lines that state its cause."""

_ALWAYS_THERE = (Outcome.FAILED, Outcome.SUCCESS)
"""Outcomes whose section is there even when it is empty."""
_RARE = (Outcome.UNKNOWN, Outcome.RECOVERED)
"""Outcomes that have a counter only when there are any."""
_LEVEL_WORDS = {
    Level.GOOD: N_("All good"),
    Level.ATTENTION: N_("Look at this"),
    Level.CRITICAL: N_("Act now"),
    Level.UNKNOWN: N_("Not known"),
}
# Bacula's own names, as in `codes`; written out once more so that they can be collected for
# translation. A test holds both against each other.
_TYPES = {
    "B": N_("Backup"), "R": N_("Restore"), "V": N_("Verify"), "D": N_("Admin"), "C": N_("Copy"),
    "c": N_("Copy control"), "M": N_("Migrated"), "g": N_("Migration control"),
    "A": N_("Archive"), "S": N_("Scan"), "U": N_("Console"), "I": N_("Internal"),
}  # fmt: skip
_GAP_NAMES = {
    GapSource.JOBS: N_("the job list"),
    GapSource.OPEN_JOBS: N_("older running and waiting jobs"),
    GapSource.JOB_LOGS: N_("job logs"),
    GapSource.LIVE_STATUS: N_("the Director's live status"),
    GapSource.CLIENTS: N_("the list of servers"),
    GapSource.HISTORY: N_("the jobs of earlier weeks"),
    GapSource.CONFIGURATION: N_("the configured jobs"),
    GapSource.SCHEDULE: N_("the schedules"),
    GapSource.POOLS: N_("the pools"),
    GapSource.VOLUMES: N_("the volumes"),
    GapSource.SUCCESS_LOGS: N_("logs of successes"),
}
_JOBS = (GapSource.JOBS, GapSource.OPEN_JOBS)
"""Gaps that leave it open how many jobs there were."""
_MODES = {
    Mode.TEST: N_("one week (test)"),
    Mode.PRODUCTION: N_("last night (production)"),
    Mode.CUSTOM: N_("chosen period"),
}
_ZONE_SOURCES = {
    ClockSource.SETTING: N_("the Director's zone, by setting"),
    ClockSource.HOST: N_("the Director's zone, as this machine's"),
    ClockSource.LEARNED: N_("the Director's zone, learned from its answers"),
    ClockSource.ASSUMED: N_("this machine's zone; the Director's is not known"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One counter: jobs of one outcome. `anchor` is the section they are in, "" for none."""

    kind: str
    label: str
    count: str
    anchor: str
    share: float


@dataclass(frozen=True, slots=True)
class LogView:
    """A log behind its disclosure. `note` says what was left out, "" if nothing was."""

    title: str
    head: str
    note: str
    tail: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value; `width` is the room it takes on a phone: "", wide or full."""

    label: str
    value: str
    width: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A job that is no plain success. Notes are conclusions, errors what its log states."""

    kind: str
    jobid: str
    name: str
    client: str
    badges: tuple[str, ...]
    headline: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    errors: str
    log: LogView | None
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """The cards of one outcome."""

    kind: str
    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: what is read, and what it is sorted by ("" sorts by the text)."""

    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class SuccessRow:
    """One success."""

    jobid: str
    url: str
    client: str
    job: str
    level: str
    ended: Cell
    duration: Cell
    files: Cell
    size: Cell
    rate: Cell


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy that went well: no second backup, told beside its original."""

    jobid: str
    url: str
    client: str
    job: str
    original: str
    original_href: str
    ended: str
    size: str


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server and how many of its jobs went how."""

    name: str
    kind: str
    state: str
    counts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """The whole report, ready to be placed.

    Attributes:
        findings: what the letters do not say; None when nothing could be judged.
        matrix: the servers in the last nights; None when too little is known of them.
        trends: the last nights in numbers; likewise.
        protection: how old the last good backups are; None when there is no backup job.
        copies: good copies, each with its original.
        certain: whether every job is known.
        brief: the same in a few words.
    """

    language: str
    title: str
    level: str
    verdict: str
    sentence: str
    next_step: str
    facts: tuple[Fact, ...]
    banner: tuple[str, ...]
    tiles: tuple[Tile, ...]
    servers_line: str
    sum_line: str
    volume_line: str
    sections: tuple[Section, ...]
    servers: tuple[ServerRow, ...]
    idle: tuple[str, ...]
    successes: tuple[SuccessRow, ...]
    copies: tuple[CopyRow, ...]
    copies_line: str
    findings: FindingsView | None
    matrix: MatrixView | None
    trends: TrendsView | None
    protection: ProtectionView | None
    nothing_failed: str
    nothing_done: str
    certain: bool
    version: str
    brief: Brief


def build_view(
    assessment: Assessment,
    *,
    generated: datetime,
    language: str,
    version: str,
    web_url: str = "",
) -> ReportView:
    """Put an assessment into words.

    Args:
        assessment: what to show.
        generated: when the report is made, aware.
        language: ko or en.
        version: this program's version, for the footer.
        web_url: address of the web interface for links, "" for none.
    """
    return _Builder(assessment, generated, language, version, web_url).build()


class _Builder:
    def __init__(
        self, assessment: Assessment, generated: datetime, language: str, version: str, web: str
    ) -> None:
        self._a = assessment
        self._snapshot = assessment.snapshot
        self._generated = generated
        self._version = version
        zone = self._snapshot.period.start.tzinfo or UTC
        self._fmt = Formatter(language, zone)
        self._tr = Translator(language, self._fmt.write)
        self._words = Words(self._tr, self._fmt, web, _with_card(assessment))
        self._log_budget = LOG_BUDGET

    def build(self) -> ReportView:
        assessment, tr = self._a, self._tr
        stopped = self._snapshot.stopped is not None
        certain = not stopped and not any(gap.source in _JOBS for gap in self._snapshot.gaps)
        cure = self._snapshot.stopped_cure
        files, size = assessment.backed_up
        volume = tr(
            "Finished backups hold {files} files and {size}",
            files=self._fmt.number(files),
            size=self._fmt.size(size),
        )
        return ReportView(
            language=tr.language,
            title=self._title(),
            level=assessment.verdict.level.value,
            verdict=tr(_LEVEL_WORDS[assessment.verdict.level]),
            sentence=tr.text(assessment.verdict.sentence),
            next_step=tr.text(cure) if stopped and cure is not None else "",
            facts=tuple(self._head()),
            banner=tuple(self._gap(gap) for gap in self._snapshot.gaps),
            tiles=tuple(self._tiles()),
            servers_line=self._servers_line(),
            sum_line=self._sum_line(),
            volume_line="" if stopped else volume,
            sections=tuple(self._sections()),
            servers=tuple(self._server(client) for client in assessment.clients),
            idle=assessment.idle_clients,
            successes=tuple(self._successes()),
            copies=tuple(self._copy(copy) for copy in assessment.copies),
            copies_line=self._copies_line(),
            findings=None if stopped else self._findings(),
            matrix=view_matrix(assessment.nights, self._words),
            trends=view_trends(assessment.nights, self._words),
            protection=view_protection(assessment.protections, self._as_of(), self._words),
            nothing_failed=tr("No job failed.") if certain else tr("No failure is known."),
            nothing_done=(
                tr("No job succeeded in this period.") if certain else tr("No success is known.")
            ),
            certain=certain,
            version=self._version,
            brief=view_brief(assessment, self._words),
        )

    def _title(self) -> str:
        source = self._snapshot.source
        return self._tr("Backup report · {name}", name=source.director or source.host)

    def _head(self) -> Iterable[Fact]:
        tr, fmt, snapshot = self._tr, self._fmt, self._snapshot
        period, source = snapshot.period, snapshot.source
        yield Fact(tr("Generated"), fmt.moment(self._generated))
        yield Fact(
            tr("Period"),
            tr(
                "{start} to {end} · {mode}",
                start=fmt.moment(period.start),
                end=fmt.moment(period.end),
                mode=tr(_MODES[snapshot.mode]),
            ),
        )
        yield Fact(tr("Time zone"), self._zone_line())
        server = " · ".join(part for part in (source.server, source.api) if part)
        yield Fact(tr("Asked"), f"{source.host} ({server})" if server else source.host)
        if source.director:
            yield Fact(tr("Director"), source.director)
        if snapshot.filters:
            yield Fact(tr("Only"), self._filters())

    def _zone_line(self) -> str:
        snapshot = self._snapshot
        end = snapshot.period.end
        shown = self._fmt.zone(end)
        clock = Formatter(self._tr.language, snapshot.source.zone).zone(end)
        if end.utcoffset() != end.astimezone(snapshot.source.zone).utcoffset():
            return self._tr("{shown}; the Director's clock is {clock}", shown=shown, clock=clock)
        return f"{shown} · {self._tr(_ZONE_SOURCES[snapshot.source.zone_source])}"

    def _filters(self) -> str:
        filters, tr = self._snapshot.filters, self._tr
        parts = [
            (tr("type"), filters.types),
            (tr("client"), filters.clients),
            (tr("job"), filters.jobs),
        ]
        told = (f"{label} {', '.join(values)}" for label, values in parts if values)
        return clean_line(" · ".join(told))

    def _gap(self, gap: Gap) -> str:
        what = self._tr(_GAP_NAMES[gap.source])
        if gap.jobids:
            shown = ", ".join(str(jobid) for jobid in sorted(gap.jobids)[:20])
            more = len(gap.jobids) - 20
            if more > 0:
                shown += self._tr(" and {count} more", count=more)
            what = self._tr("{what} (JobId {jobids})", what=what, jobids=shown)
        return self._tr("{what}: {reason}", what=what, reason=self._tr.text(gap.reason))

    def _as_of(self) -> datetime:
        return min(self._snapshot.now, self._snapshot.period.end)

    def _findings(self) -> FindingsView:
        snapshot, past = self._snapshot, self._a.past
        past_known = past.whole or past.since is not None
        return view_findings(
            self._a.findings,
            self._words,
            notes=tuple(self._gap(note) for note in snapshot.notes),
            judged=bool(self._a.jobs and past_known and not snapshot.gaps and not snapshot.notes),
        )

    def _tiles(self) -> Iterable[Tile]:
        total = sum(self._a.counts.values()) or 1
        for outcome, count in self._a.counts.items():
            if outcome in _RARE and not count:
                continue
            yield Tile(
                kind=outcome.value,
                label=self._tr(OUTCOMES[outcome]),
                count=NOT_KNOWN if self._snapshot.stopped else self._fmt.number(count),
                anchor=outcome.value if count or outcome in _ALWAYS_THERE else "",
                share=round(count * 100 / total, 2),
            )

    def _servers_line(self) -> str:
        if self._snapshot.stopped:
            return ""
        states = self._a.client_states
        line = self._tr.plural(
            "{count} server: {fine} fine, {troubled} with problems, {progress} in progress",
            "{count} servers: {fine} fine, {troubled} with problems, {progress} in progress",
            len(self._a.clients),
            fine=states[ClientState.FINE],
            troubled=states[ClientState.TROUBLED],
            progress=states[ClientState.IN_PROGRESS],
        )
        idle = len(self._a.idle_clients)
        if not idle:
            return line
        more = self._tr.plural(
            "{count} more had no job in this period", "{count} more had no job in this period", idle
        )
        return f"{line}; {more}"

    def _sum_line(self) -> str:
        if self._snapshot.stopped:
            return ""
        counted = [(o, n) for o, n in self._a.counts.items() if n]
        total = self._tr.plural("{count} job", "{count} jobs", sum(n for _, n in counted))
        if len(counted) < 2:
            return total
        parts = " + ".join(f"{n:,} {self._tr(OUTCOMES[o])}" for o, n in counted)
        return f"{parts} = {total}"

    def _copies_line(self) -> str:
        count = len(self._a.copies)
        if not count:
            return ""
        return self._tr.plural(
            "{count} copy of a backup, not counted",
            "{count} copies of backups, not counted",
            count,
        )

    def _sections(self) -> Iterable[Section]:
        for outcome in Outcome:
            if outcome is Outcome.SUCCESS:
                continue
            cards = tuple(self._card(j) for j in self._a.jobs if j.outcome is outcome)
            if cards or outcome is Outcome.FAILED:
                yield Section(outcome.value, self._tr(OUTCOMES[outcome]), cards)

    def _card(self, judged: JudgedJob) -> Card:
        job = judged.job
        headline = self._tr.text(judged.headline)
        notes = [self._tr.text(r.text) for r in judged.reasons if isinstance(r.text, Message)]
        errors = [self._reason(r) for r in judged.reasons if isinstance(r.text, str)]
        return Card(
            kind=judged.outcome.value,
            jobid=str(job.jobid),
            name=job.name,
            client=job.client,
            badges=tuple(self._badges(judged)),
            headline=headline,
            facts=tuple(self._facts(judged)),
            notes=tuple(note for note in notes if note != headline),
            errors="\n".join(errors),
            log=self._log(judged.log),
            url=self._words.url(job.jobid),
        )

    def _badges(self, judged: JudgedJob) -> Iterable[str]:
        job = judged.job
        yield self._kind_of_job(job.type, job.level)
        if job.status not in ("T", "R", "C") or judged.outcome is Outcome.UNKNOWN:
            yield self._tr("status {letter}", letter=job.status or "?")

    def _kind_of_job(self, job_type: str, level: str) -> str:
        kind = self._tr(_TYPES[job_type]) if job_type in _TYPES else job_type or NOT_KNOWN
        if not level or job_type in ("D", "R", "c", "g"):
            return kind
        name = self._tr(LEVELS[level]) if level in LEVELS else level
        if job_type in ("B", "V"):
            return name
        return f"{kind} · {name}"

    def _facts(self, judged: JudgedJob) -> Iterable[Fact]:
        tr, fmt, job = self._tr, self._fmt, judged.job
        if job.is_open:
            yield from self._open_facts(judged)
            return
        if job.run_start is not None:
            yield Fact(tr("Started"), fmt.moment(job.run_start), "wide")
        elif job.scheduled is not None:
            yield Fact(tr("Scheduled"), fmt.moment(job.scheduled), "wide")
        yield Fact(tr("Ended"), fmt.moment(job.run_end), "wide")
        yield Fact(tr("Duration"), fmt.span(job.duration(self._snapshot.now)))
        yield Fact(tr("Files"), fmt.number(job.files))
        yield Fact(tr("Size"), fmt.size(job.bytes))
        if job.errors:
            yield Fact(tr("Errors"), fmt.number(job.errors))
        if judged.made_up_by:
            yield Fact(tr("Made up for by"), f"JobId {judged.made_up_by}")
        if job.pool:
            yield Fact(tr("Pool"), job.pool)

    def _open_facts(self, judged: JudgedJob) -> Iterable[Fact]:
        tr, fmt, job, live = self._tr, self._fmt, judged.job, judged.live
        if judged.since is not None:
            label = (
                tr("Running since") if judged.outcome is Outcome.RUNNING else tr("Waiting since")
            )
            span = fmt.span(max(self._snapshot.now - judged.since, timedelta()))
            yield Fact(label, f"{fmt.moment(judged.since)} ({span})", "full")
        if job.scheduled is not None and job.scheduled > self._snapshot.now:
            yield Fact(tr("Scheduled"), fmt.moment(job.scheduled), "wide")
        if live is None:
            return
        if live.files or live.bytes:
            yield Fact(tr("So far"), self._progress(live.files, live.bytes), "wide")
        if live.bytes_per_second:
            yield Fact(tr("Rate"), f"{fmt.size(live.bytes_per_second)}/s")
        if live.current_file:
            yield Fact(tr("Current file"), live.current_file, "full")

    def _progress(self, files: int | None, size: int | None) -> str:
        return self._tr.plural(
            "{count} file, {size}", "{count} files, {size}", files or 0, size=self._fmt.size(size)
        )

    def _reason(self, reason: Reason) -> str:
        text = self._tr.text(reason.text)
        if not reason.alike:
            return text
        more = self._tr.plural(
            "… and {count} more line like this", "… and {count} more lines like this", reason.alike
        )
        return f"{text}\n{more}"

    def _log(self, log: JobLog | None) -> LogView | None:
        if log is None or not log.total:
            return None
        size = sum(map(len, log.head)) + sum(map(len, log.tail))
        if size > self._log_budget:
            return LogView(
                self._tr.plural("Full log ({count} line)", "Full log ({count} lines)", log.total),
                "",
                self._tr("Left out: the logs of this page are too long. Look at it in Bacula."),
                "",
            )
        self._log_budget -= size
        note = ""
        if log.omitted:
            note = self._tr.plural(
                "… {count} line left out …", "… {count} lines left out …", log.omitted
            )
        return LogView(
            self._tr.plural("Full log ({count} line)", "Full log ({count} lines)", log.total),
            "\n".join(log.head),
            note,
            "\n".join(log.tail),
        )

    def _server(self, client: JudgedClient) -> ServerRow:
        words = {
            ClientState.FINE: self._tr("fine"),
            ClientState.IN_PROGRESS: self._tr("in progress"),
            ClientState.TROUBLED: self._tr("problems"),
        }
        counts = tuple(
            (o.value, f"{client.outcomes[o]:,} {self._tr(OUTCOMES[o])}")
            for o in Outcome
            if client.outcomes.get(o)
        )
        return ServerRow(client.name, client.worst.value, words[client.state], counts)

    def _successes(self) -> Iterable[SuccessRow]:
        fmt, now = self._fmt, self._snapshot.now
        done = [one.job for one in self._a.counted if one.outcome is Outcome.SUCCESS]
        # Newest first, as one wants to know what came last; unknown ends behind.
        done.sort(key=lambda job: job.run_end.timestamp() if job.run_end else 0, reverse=True)
        for job in done:
            duration = job.duration(now)
            seconds = int(duration.total_seconds()) if duration is not None else -1
            rate = (job.bytes or 0) // seconds if seconds > 0 else -1
            ended = int(job.run_end.timestamp()) if job.run_end else 0
            yield SuccessRow(
                jobid=str(job.jobid),
                url=self._words.url(job.jobid),
                client=job.client or NOT_KNOWN,
                job=job.name,
                level=self._kind_of_job(job.type, job.level),
                ended=Cell(fmt.short(job.run_end), str(ended)),
                duration=Cell(fmt.span(duration), str(seconds)),
                files=Cell(fmt.number(job.files), _key(job.files)),
                size=Cell(fmt.size(job.bytes), _key(job.bytes)),
                rate=Cell(fmt.rate(job.bytes, duration), str(rate)),
            )

    def _copy(self, judged: JudgedJob) -> CopyRow:
        job, original = judged.job, judged.copy_of or judged.job.prior_jobid
        return CopyRow(
            jobid=str(job.jobid),
            url=self._words.url(job.jobid),
            client=job.client or NOT_KNOWN,
            job=job.name,
            original=str(original) if original else "",
            original_href=self._words.place(original),
            ended=self._fmt.short(job.run_end),
            size=self._fmt.size(job.bytes),
        )


def _with_card(assessment: Assessment) -> frozenset[int]:
    """Return the JobIds of what is no plain success: each has a card."""
    return frozenset(one.job.jobid for one in assessment.jobs if one.outcome is not Outcome.SUCCESS)


def _key(value: int | None) -> str:
    return str(-1 if value is None else value)
