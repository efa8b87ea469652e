"""Nights that need no server, put on a page: from four small verdicts to ten thousand jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.assess import Assessment, assess
from app.bacula.joblog import read_log
from app.bacula.model import Client, Job
from app.demo import Baculum
from app.i18n import msg
from app.period import Mode, PeriodRequest
from app.pipeline import Order, run
from app.report.document import build_document
from app.report.render import Format, render_html, render_text
from app.report.view import ReportView, build_view
from app.settings import OutputSettings, read_api
from app.snapshot import Filters, Gap, GapSource, Snapshot, Source
from tests.unit.made import NOW, SEOUL, live_job, made_job, made_snapshot, open_job

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


def view_of(snapshot: Snapshot, language: str = "en", **more: Any) -> ReportView:
    """What is shown of a night."""
    return build_view(assess(snapshot), generated=NOW, language=language, version="1.2.3", **more)


def page_of(snapshot: Snapshot, language: str = "en", **more: Any) -> str:
    """The page of a night."""
    return render_html(view_of(snapshot, language, **more))


def text_of(snapshot: Snapshot, language: str = "en", **more: Any) -> str:
    """The plain text of a night."""
    return render_text(view_of(snapshot, language, **more))


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
