"""Nights that need no server, put on a page: from four small verdicts to ten thousand jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.assess import Assessment, assess
from app.assess.case import Case
from app.assess.finding import Cause, Finding, Kind, News, Notice, Severity
from app.assess.findings.gather import gather
from app.assess.nights import read_nights
from app.bacula.joblog import read_log
from app.bacula.model import Client, Job
from app.demo import Baculum
from app.i18n import msg
from app.period import Mode, PeriodRequest
from app.pipeline import Order, run
from app.policy import Mute, Policy
from app.report.document import build_document
from app.report.mail import MailText, render_mail
from app.report.render import Format, render_html, render_text
from app.report.view import ReportView, build_view
from app.settings import OutputSettings, read_api
from app.snapshot import Filters, Gap, GapSource, History, Snapshot, Source
from tests.unit.made import NIGHT, NOW, SEOUL, live_job, made_job, made_snapshot, open_job

GIGA = 1_000_000_000

CRITICAL_LOG = read_log(
    [
        "2026-11-20 23:00:00 backup-dir JobId 1: Start Backup JobId 1, Job=db01-dump",
        "2026-11-20 23:00:10 backup-dir JobId 1: Fatal error: bsockcore.c:250 Unable to connect to"
        ' Client: db01-fd on 10.20.0.7:9102. ERR=Connection refused "db01"',
    ]
)


def success(jobid: int, **changes: Any) -> Job:
    """A success whose numbers and ends differ from the next one's."""
    ended = NOW - timedelta(minutes=jobid % 600 + 1)
    varied: dict[str, Any] = {
        "name": f"backup-{jobid}",
        "client": f"server{jobid % 40:02d}-fd",
        "level": "FDI"[jobid % 3],
        "started": ended - timedelta(seconds=jobid * 37 % 9000 + 5),
        "ended": ended,
        "real_ended": ended,
        "files": jobid * 7919 % 100_000,
        "bytes": jobid * 7_654_321_987 % (3 * 10**12),
    }
    return made_job(jobid, **{**varied, **changes})


def good() -> Snapshot:
    """Everything succeeded."""
    return made_snapshot(*(success(jobid) for jobid in range(1, 9)))


def attention() -> Snapshot:
    """Nothing failed, one job finished with errors."""
    log = read_log(['web01-fd JobId 1: Could not stat "/srv/www/x": ERR=Permission denied'])
    return made_snapshot(made_job(1, errors=3), success(2), success(3), logs={1: log})


def critical() -> Snapshot:
    """One job of every outcome."""
    return made_snapshot(
        made_job(1, "f", name="db01-dump", client="db01-fd", errors=1),
        made_job(2, errors=2, client="files01-fd"),
        made_job(3, "A"),
        open_job(4, "C"),
        open_job(5, "R", client="nas01-fd"),
        made_job(6, "?"),
        success(7),
        success(8),
        logs={1: CRITICAL_LOG},
        live={
            4: live_job(4, "m", 'is waiting for an appendable Volume on Storage "Tape"'),
            5: live_job(5, "R", files=1_234, bytes=56 * GIGA, bytes_per_second=10**8),
        },
        clients=tuple(
            Client(number, name, "") for number, name in enumerate(("db01-fd", "spare01-fd"))
        ),
    )


def unknown() -> Snapshot:
    """Nothing could be had at all."""
    what = msg("Nothing listens at {address} (connection refused).", address="backup01:9096")
    cure = msg("Check BACULUM_API_HOST and BACULUM_API_PORT, and that the API's web server runs.")
    gaps = (Gap(GapSource.JOBS, what),)
    return replace(made_snapshot(), stopped=what, stopped_cure=cure, source=unsure(), gaps=gaps)


def unsure() -> Source:
    """A server of which nothing but the address is known."""
    return replace(made_snapshot().source, server="", api="", director="")


VERDICTS = {"good": good, "attention": attention, "critical": critical, "unknown": unknown}


def incomplete() -> Snapshot:
    """Gaps of every kind, on a night that was narrowed."""
    reason = msg("{address} did not answer within {seconds} seconds.", address="b:1", seconds="10")
    gaps = [Gap(source, reason) for source in GapSource if source is not GapSource.JOB_LOGS]
    gaps.append(Gap(GapSource.JOB_LOGS, reason, tuple(range(1, 31))))
    return replace(
        critical(),
        gaps=tuple(gaps),
        logs={},
        live=None,
        filters=Filters(("B",), ("web*",), ("*",)),
    )


def many(count: int, *others: Job) -> Snapshot:
    """So many successes."""
    return made_snapshot(*others, *(success(jobid) for jobid in range(1, count + 1)))


def copied() -> Snapshot:
    """A failure that a later run made up for, and a backup with its copy."""
    ends = [NOW - timedelta(hours=hour) for hour in (9, 8, 7, 2)]
    again: dict[str, Any] = {"name": "db01-dump", "client": "db01-fd"}
    times: list[dict[str, Any]] = [
        {"scheduled": e - timedelta(hours=1), "started": e - timedelta(minutes=50), "ended": e,
         "real_ended": e}
        for e in ends
    ]  # fmt: skip
    copy: dict[str, Any] = {
        **times[2],
        "real_ended": ends[3],
        "created": ends[3] - timedelta(minutes=5),
    }
    return made_snapshot(
        made_job(4, type="C", prior_jobid=3, name="copy-full", client="db01-fd", **copy),
        made_job(3, client="db01-fd", **times[2]),
        made_job(2, **again, **times[1]),
        made_job(1, "f", errors=1, **again, **times[0]),
        logs={1: CRITICAL_LOG},
    )


def run_of(jobid: int, back: int, server: int = 0, **changes: Any) -> Job:
    """A backup of a server in the night of 20 November, or so many nights before."""
    start = datetime(2026, 11, 20, 22, 15, tzinfo=SEOUL) - timedelta(days=back)
    start = (start + timedelta(minutes=server % 300)).astimezone(UTC)
    ended = start + timedelta(minutes=20 + (jobid * 7 + server) % 40)
    full = (20 - back) % 7 == 0
    varied: dict[str, Any] = {
        "name": f"server{server:02d}-data",
        "client": f"server{server:02d}-fd",
        "level": "F" if full else "I",
        "scheduled": start,
        "started": start,
        "ended": ended,
        "real_ended": ended,
        "files": 1_000 + server * 13 + back,
        "bytes": (40 if full else 3) * GIGA + server * GIGA // 5 + jobid % 97 * 10**7,
    }
    return made_job(jobid, **{**varied, **changes})


def fortnight(
    servers: int = 15,
    nights: int = 30,
    bad: Mapping[tuple[int, int], str] | None = None,
    **changes: Any,
) -> Snapshot:
    """So many servers with a backup each night; `bad` gives status letters by server and night."""
    letters = bad or {}
    jobs: list[Job] = []
    for back in range(nights):
        for server in range(servers):
            jobid = (nights - back) * servers + server
            letter = letters.get((server, back), "T")
            if letter == "-":
                continue
            empty = {"files": 0, "bytes": 0, "errors": 1} if letter in "fAE" else {}
            jobs.append(run_of(jobid, back, server, status=letter, **empty))
    jobs.sort(key=lambda job: -job.jobid)
    start = NIGHT.start.astimezone(UTC)
    recent = [job for job in jobs if (job.run_end or start) >= start]
    older = tuple(job for job in jobs if (job.run_end or start) < start)
    since = datetime(2026, 11, 20, 12, tzinfo=SEOUL) - timedelta(days=nights - 1)
    history = History(older, since.astimezone(UTC), whole=False)
    return made_snapshot(*recent, **{"history": history, **changes})


def troubled() -> Assessment:
    """A night with nearly everything an operator may be told, beside fifteen servers."""
    bad = {(1, back): "f" for back in range(6)}
    bad |= {(4, 0): "f", (4, 7): "f", (6, 3): "A", (7, 0): "A", (9, 5): "-", (9, 0): "-"}
    bad |= {(3, 2): "W", (11, 1): "f", (12, 9): "f"}
    note = Gap(GapSource.POOLS, msg("{address} did not answer within {seconds} seconds.",
                                    address="backup01:9096", seconds="10"))  # fmt: skip
    snapshot = fortnight(bad=bad, notes=(note,))
    ids = {job.client: job.jobid for job in snapshot.jobs}
    log = ("server01-fd: Fatal error: bnet.c:884 Authorization problem: password refused",)
    found = [
        Notice(
            Kind.NEVER_BACKED_UP, Severity.CRITICAL,
            msg("nas02-fd has never had a good backup: 3 runs since {since}, all failed.",
                since=NOW - timedelta(days=12)),
            action=msg("Run the job nas02-data by hand and look at its log."),
            client="nas02-fd", job="nas02-data", since=NOW - timedelta(days=12),
        ),
        Notice(
            Kind.FAILED, Severity.CRITICAL,
            msg("server01-data failed: the password was refused."),
            action=msg("Compare the Password of the Client resource with bacula-fd.conf."),
            client="server01-fd", job="server01-data", jobids=(ids["server01-fd"],),
            since=NOW - timedelta(days=6), nights=6, news=News.CONTINUING,
            cause=Cause.AUTHENTICATION, evidence=log,
        ),
        *unreachable(14),
        Notice(
            Kind.MISSED, Severity.CRITICAL,
            msg("server09-data was due at {due} and did not run.", due=NOW - timedelta(hours=9)),
            action=msg("See whether its Schedule and the job are enabled, and run it."),
            client="server09-fd", job="server09-data", since=NOW - timedelta(hours=9),
            news=News.NEW,
        ),
        Notice(
            Kind.POOL_FULL, Severity.WARNING,
            msg("The pool Full has 47 of at most 50 Volumes."),
            action=msg("Raise Maximum Volumes, or let old Volumes be used again."), detail="Full",
        ),
        Notice(
            Kind.HIDDEN_ERRORS, Severity.WARNING,
            msg("web03-data succeeded, but its log names 214 files that could not be read."),
            action=msg("Look at the log, and exclude what need not be saved."),
            client="web03-fd", job="web03-data", news=News.NEW,
            evidence=('web03-fd: Could not stat "/srv/www/cache/x": ERR=Permission denied',),
        ),
        Notice(Kind.SOLVED, Severity.INFO,
               msg("server12-data works again after 1 bad night."), news=News.SOLVED,
               client="server12-fd", job="server12-data"),
        Notice(Kind.NO_RESTORE_TEST, Severity.INFO,
               msg("Of server00-fd no restore was tried in the last 30 days."),
               client="server00-fd"),
        Notice(Kind.NO_RESTORE_TEST, Severity.INFO,
               msg("Of server02-fd no restore was tried in the last 30 days."),
               client="server02-fd"),
        Notice(Kind.TOO_OLD, Severity.CRITICAL,
               msg("The last good backup of old01-data is 21 days old."),
               client="old01-fd", job="old01-data", since=NOW - timedelta(days=20)),
    ]  # fmt: skip
    mute = Mute("decommissioned at the end of the year", date(2026, 12, 31), job="old01-*")
    return found_in(snapshot, found, Policy(mutes=(mute,)))


def unreachable(count: int) -> list[Notice]:
    """So many failures of one cause."""
    return [
        Notice(
            Kind.FAILED, Severity.CRITICAL,
            msg("{job} failed: the File Daemon was not reached.", job=f"branch{number:02d}-home"),
            action=msg("See whether the machine is on and bacula-fd answers on port 9102."),
            client=f"branch{number:02d}-fd", job=f"branch{number:02d}-home",
            jobids=(90_000 + number,), since=NOW - timedelta(hours=9), news=News.NEW,
            cause=Cause.CLIENT_UNREACHABLE,
        )
        for number in range(count)
    ]  # fmt: skip


def broken(
    count: int, others: int = 0, *, name: str = "branch{n:04d}", lines: Sequence[str] = ()
) -> Snapshot:
    """So many failures, each with a log of its own, and so many successes."""
    said = lines or (
        "Fatal error: bsockcore.c:250 Unable to connect to Client: {name}-fd on 10.20.0.7:9102."
        " ERR=Connection refused",
        "Fatal error: No Job status returned from FD.",
    )
    names = {n: name.format(n=n) for n in range(1, count + 1)}
    jobs = [
        made_job(n, "f", name=f"{one}-home", client=f"{one}-fd", errors=1)
        for n, one in names.items()
    ]
    logs = {
        n: read_log([f"backup-dir JobId {n}: {line.format(name=one, n=n)}" for line in said])
        for n, one in names.items()
    }
    well = (success(jobid) for jobid in range(50_000, 50_000 + others))
    return made_snapshot(*jobs, *well, logs=logs)


def spiteful(evil: Sequence[str]) -> Assessment:
    """Findings, past nights, copies and notes that mean no good, wherever a text can stand."""
    first, last = evil[0], evil[-1]
    past = tuple(
        run_of(1_000 + 50 * back + n, back + 1, n, name=one, client=one, status="fTTA"[back % 4])
        for back in range(6)
        for n, one in enumerate(evil)
    )
    own = [run_of(5_000 + n, 0, n, name=one, client=one) for n, one in enumerate(evil)]
    copy = made_job(6_000, type="C", prior_jobid=5_000, name=first, client=last)
    since = datetime(2026, 11, 12, 12, tzinfo=SEOUL).astimezone(UTC)
    snapshot = made_snapshot(
        copy,
        *own,
        history=History(past, since),
        notes=tuple(Gap(GapSource.POOLS, msg("{evil}", evil=one)) for one in evil),
    )
    kinds = (Kind.FAILED, Kind.MISSED, Kind.UNUSUAL, Kind.ROOM, Kind.SOLVED)
    found = [
        Notice(
            kind,
            severity,
            msg("{evil}", evil=one),
            action=msg("{evil}", evil=one),
            client=one,
            job=one,
            jobids=(5_000 + n, 77),
            since=NOW - timedelta(hours=9),
            nights=n,
            evidence=(one, last),
        )
        for n, one in enumerate(evil)
        for kind, severity in zip(kinds, (*Severity, *Severity), strict=False)
    ]
    mutes = (Mute(first, date(2026, 12, 31), kind="missed"), Mute(last, date.max, kind="solved"))
    return found_in(snapshot, found, Policy(mutes=mutes))


def found_in(
    snapshot: Snapshot, notices: Iterable[Notice], policy: Policy | None = None
) -> Assessment:
    """A night in which just this was found."""
    judged = assess(snapshot)
    case = Case(snapshot, judged.jobs, judged.past, policy or Policy())
    findings: tuple[Finding, ...] = gather(notices, case)
    return replace(judged, findings=findings, nights=read_nights(case, findings))


def view_of(night: Snapshot | Assessment, language: str = "en", **more: Any) -> ReportView:
    """What is shown of a night."""
    assessment = assess(night) if isinstance(night, Snapshot) else night
    return build_view(assessment, generated=NOW, language=language, version="1.2.3", **more)


def page_of(night: Snapshot | Assessment, language: str = "en", **more: Any) -> str:
    """The page of a night."""
    return render_html(view_of(night, language, **more))


def text_of(night: Snapshot | Assessment, language: str = "en", **more: Any) -> str:
    """The plain text of a night."""
    return render_text(view_of(night, language, **more))


def mail_of(
    night: Snapshot | Assessment, language: str = "en", *, web_url: str = "", **more: Any
) -> MailText:
    """The mail of a night."""
    return render_mail(view_of(night, language, web_url=web_url), **more)


def reported(
    server: Baculum,
    folder: Path,
    *,
    language: str = "en",
    formats: Sequence[Format] = tuple(Format),
    web: str = "",
) -> Sequence[Path]:
    """The files of the report of a week that a server tells; for tests that may connect."""
    values = {
        "BACULUM_API_HOST": server.host,
        "BACULUM_API_PORT": str(server.port),
        "BACULUM_API_USERNAME": "report",
        "BACULUM_API_PASSWORD": "demo-password",
        "BACULUM_API_TRIES": "1",
    }
    order = Order(PeriodRequest(Mode.TEST), Filters(), formats, datetime.now(UTC), SEOUL)
    return run(order, read_api(values), OutputSettings(folder, language, None, web)).paths


def document_of(night: Snapshot | Assessment, language: str = "en") -> dict[str, Any]:
    """The JSON of a night, as data."""
    assessment = assess(night) if isinstance(night, Snapshot) else night
    return build_document(assessment, generated=NOW, language=language)
