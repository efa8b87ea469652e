"""How these tests ask: nights of a few lines, one call for a snapshot, and what is left behind."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from app.api.client import ApiClient
from app.api.session import Session
from app.collect import Question, collect
from app.demo import Baculum, Flavour, Night, job_row
from app.demo.night import Row, epoch
from app.demo.replies import Reply
from app.period import Mode, PeriodRequest
from app.policy import Policy
from app.snapshot import Filters, Snapshot

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=SEOUL)
PASSWORD = "demo-password"
WORKERS = 8
"""Calls made at the same time, unless told otherwise: as many as by default."""
ONLY_THE_PERIOD = Policy(look_back=timedelta(), success_logs=0)
"""Nothing is read for judging alone: no history, no logs of successes."""
BESIDE = ("jobs/show", "pools", "schedules/status", "volumes")
"""What is asked in every run, beside the jobs."""
OFFSET = [Flavour.BACULUM_15]
NO_OFFSET = [flavour for flavour in Flavour if flavour not in OFFSET]


def a_job(jobid: int, name: str = "files", *, ago: float = 2.0, **more: Any) -> Row:
    """A job that began so many hours ago and took six minutes, unless told otherwise."""
    start = NOW - timedelta(hours=ago)
    given: dict[str, Any] = {
        "client": "web01-fd",
        "zone": SEOUL,
        "scheduled": start,
        "started": start,
        "ended": start + timedelta(minutes=6),
        "files": jobid,
        **more,
    }
    return job_row(jobid, name, **given)


def an_open_job(jobid: int, name: str = "files", *, ago: float = 2.0, **more: Any) -> Row:
    """A job that has not ended."""
    return a_job(jobid, name, ago=ago, **{"status": "R", "ended": None, **more})


def a_live_job(row: Row, status: str = "R", **more: str) -> Row:
    """What the Director says of it."""
    return {
        "jobid": str(row["jobid"]),
        "job": row["job"],
        "name": row["name"],
        "level": row["level"],
        "type": row["type"],
        "status": status,
        "status_desc": "is running",
        "jobbytes": "0",
        "jobfiles": "0",
        "schedtime": row["schedtime"],
        "schedtime_epoch": epoch(datetime.fromisoformat(row["schedtime"]).replace(tzinfo=SEOUL)),
        **more,
    }


def a_night(*rows: Row, zone: tzinfo = SEOUL, **more: Any) -> Night:
    """A Director with these jobs and a client."""
    clients = [{"clientid": 1, "name": "web01-fd", "uname": "15.0"}]
    night = Night("small-dir", zone, [], **{"clients": clients, "told_at": NOW, **more})
    for row in rows:
        log = [(row["starttime"] or row["schedtime"], f"small-dir JobId {row['jobid']}: Error: x")]
        night.add(row, log)
    return night


def a_failed_night(count: int) -> Night:
    """So many failed jobs, each with a log."""
    return a_night(*(a_job(jobid, status="f") for jobid in range(1, count + 1)))


@contextmanager
def api_client(
    baculum: Baculum,
    *,
    url: str = "",
    username: str = "report",
    password: str = PASSWORD,
    ca_file: Path | None = None,
    workers: int = WORKERS,
    timeout: float = 10.0,
    tries: int = 3,
    deadline: float = 60.0,
    first_pause: float = 0.002,
) -> Iterator[ApiClient]:
    """A client that pauses for an instant only, and must leave no thread behind."""
    before = set(threading.enumerate())
    session = Session(url or baculum.url, username, password, ca_file=ca_file, connections=workers)
    try:
        yield ApiClient(
            session,
            timeout=timeout,
            tries=tries,
            deadline=deadline,
            workers=workers,
            first_pause=first_pause,
        )
    finally:
        session.close()
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith(("api", "connect")):
                thread.join(20)
                assert not thread.is_alive(), thread


def a_question(
    *,
    mode: Mode = Mode.TEST,
    now: datetime = NOW,
    zone: tzinfo | None = None,
    host_zone: tzinfo = UTC,
    filters: Filters | None = None,
    workers: int = WORKERS,
    start: datetime | None = None,
    end: datetime | None = None,
    policy: Policy | None = None,
) -> Question:
    """The last seven days, asked from a machine in UTC."""
    request = PeriodRequest(Mode.CUSTOM if start else mode, start, end)
    return Question(
        request, now, filters or Filters(), zone, host_zone, workers, policy or Policy()
    )


def snapshot_of(baculum: Baculum, question: Question | None = None, **client: Any) -> Snapshot:
    """Ask everything once."""
    question = question or a_question(workers=client.get("workers", WORKERS))
    with api_client(baculum, **client) as asked:
        return collect(asked, question)


def jobids(snapshot: Snapshot) -> list[int]:
    return [job.jobid for job in snapshot.jobs]


def gaps(snapshot: Snapshot) -> list[str]:
    """Each gap in one line: where, and why."""
    return [f"{gap.source}: {gap.reason}" for gap in snapshot.gaps]


def notes(snapshot: Snapshot) -> list[str]:
    """Each note in one line, likewise."""
    return [f"{note.source}: {note.reason}" for note in snapshot.notes]


def paths(baculum: Baculum, kind: str = "") -> list[str]:
    """What was asked, without /api/v1 and the query; only those that begin with `kind`."""
    found = [urlsplit(request.path).path.split("/", 3)[3] for request in baculum.requests]
    return [path for path in found if path.startswith(kind)]


def job_lists(baculum: Baculum) -> list[dict[str, str]]:
    """The queries of every request for a job list, in their order; without lists of one type."""
    return [query for query in all_job_lists(baculum) if "type" not in query]


def all_job_lists(baculum: Baculum) -> list[dict[str, str]]:
    """Likewise, with those of one type: the Restores and Verifies of long ago."""
    urls = [urlsplit(request.path) for request in baculum.requests]
    return [
        {name: values[0] for name, values in parse_qs(url.query).items()}
        for url in urls
        if url.path.endswith("/jobs")
    ]


def watch(
    baculum: Baculum,
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[str], str | None],
) -> None:
    """Let `before` see each request's target before it is answered, and perhaps change it."""
    answer = baculum.answers.answer

    def watched(method: str, target: str, authority: str) -> Reply:
        return answer(method, before(target) or target, authority)

    monkeypatch.setattr(baculum.answers, "answer", watched)


def rewrite(
    baculum: Baculum,
    monkeypatch: pytest.MonkeyPatch,
    pattern: str,
    edit: Callable[[Any], Any],
) -> None:
    """Let `edit` change the output of every answer whose request matches."""
    answer = baculum.answers.answer

    def edited(method: str, target: str, authority: str) -> Reply:
        reply = answer(method, target, authority)
        if re.search(pattern, target) is None:
            return reply
        envelope = json.loads(reply.body)
        output = edit(envelope["output"])
        return replace(reply, body=json.dumps({**envelope, "output": output}).encode())

    monkeypatch.setattr(baculum.answers, "answer", edited)


def answering(baculum: Baculum, monkeypatch: pytest.MonkeyPatch, pattern: str, body: bytes) -> None:
    """Answer with these bytes, whatever they are."""
    answer = baculum.answers.answer

    def answered(method: str, target: str, authority: str) -> Reply:
        reply = answer(method, target, authority)
        return replace(reply, body=body) if re.search(pattern, target) else reply

    monkeypatch.setattr(baculum.answers, "answer", answered)
