"""`python -m bench.phases`: the stages of one run, each with its CPU time. One run a process.

This follows `app.pipeline.run`, whose stages it calls one by one. Where a server is given it is
asked; otherwise the answers come without HTTP, and only judging and rendering mean anything.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from app import __version__
from app.api.client import ApiClient
from app.api.session import Answer, Session
from app.assess import assess
from app.collect import Question, collect
from app.period import Mode, PeriodRequest
from app.pipeline import no_garbage, open_session
from app.report.document import build_document, render_json
from app.report.render import render_html
from app.report.view import build_view
from app.report.write import prepare, write_report
from app.settings import read_api
from app.snapshot import Filters, Snapshot
from bench.catalog import ZONE, Extent, build

_WORKERS = 4
_spent: dict[str, float] = {}


@contextmanager
def _stage(name: str) -> Iterator[None]:
    begun = time.process_time()
    yield
    _spent[name] = time.process_time() - begun


def main() -> None:
    """Read the order from stdin, print the CPU seconds of each stage and the sizes."""
    order = json.load(sys.stdin)
    _spent["start"] = time.process_time()
    now = datetime.now(UTC).replace(microsecond=0)
    if "settings" in order:
        snapshot = _ask(order, now)
    else:
        extent = Extent(**order["extent"])
        snapshot = collect_without_http(NoHttp("baculum-15.0", extent, now), extent, now)
    # As the pipeline does.
    gc.freeze()
    with no_garbage():
        with _stage("assess"):
            assessment = assess(snapshot)
        with _stage("view"):
            view = build_view(assessment, generated=now, language="en", version=__version__)
        with _stage("render html"):
            page = render_html(view)
        with _stage("render json"):
            document = render_json(build_document(assessment, generated=now, language="en"))
    with TemporaryDirectory() as folder, _stage("write"):
        prepare(Path(folder))
        write_report(Path(folder), {"html": page, "json": document}, now)
    # What the page would weigh without its successes: the rest is what they weigh.
    bare_page = render_html(replace(view, successes=()))
    rows = len(view.successes)
    size, bare_size = len(page.encode()), len(bare_page.encode())
    if "page" in order:
        Path(order["page"]).write_text(page, "utf-8")
    told = {
        "cpu": _spent,
        "complete": assessment.complete,
        "jobs": len(assessment.jobs),
        "history": len(snapshot.history.jobs),
        "successes": rows,
        "html": size,
        "json": len(document.encode()),
        "per_row": (size - bare_size) / rows if rows else 0,
    }
    print(json.dumps(told))


def _ask(order: Mapping[str, Any], now: datetime) -> Snapshot:
    """Collect from the server that the order names."""
    api = read_api(order["settings"])
    start, end = (datetime.fromisoformat(order[name]) for name in ("start", "end"))
    session = open_session(api)
    client = ApiClient(
        session, timeout=api.timeout, tries=api.tries, deadline=api.deadline, workers=api.workers
    )
    with _stage("collect"):
        snapshot = collect(client, _question(start, end, now, api.workers))
    session.close()
    return snapshot


def collect_without_http(session: NoHttp, extent: Extent, now: datetime) -> Snapshot:
    """Collect from a catalog in this very process."""
    client = ApiClient(session, timeout=900, tries=1, deadline=900, workers=_WORKERS)
    return collect(client, _question(extent.start(now), now, now, _WORKERS))


def _question(start: datetime, end: datetime, now: datetime, workers: int) -> Question:
    return Question(
        request=PeriodRequest(Mode.CUSTOM, start.astimezone(ZONE), end.astimezone(ZONE)),
        now=now,
        filters=Filters(),
        zone=None,
        host_zone=ZONE,
        workers=workers,
    )


class NoHttp(Session):
    """Takes the answers of the embedded Baculum without a socket between.

    Attributes:
        asked: the paths that were asked for, in their order.
    """

    def __init__(self, server: str, extent: Extent, now: datetime) -> None:
        # The embedded server is needed here only, and its import is no part of a report's start.
        from app.demo import Flavour
        from app.demo.answers import Answers

        flavour = Flavour(server)
        self.host = self.address = "made-up"
        self.asked: list[str] = []
        self._answers = Answers(
            build(extent, now),
            flavour,
            clock=lambda: now,
            php_zone=UTC,
            memory_rows=flavour.traits.memory_rows,
            wait=lambda _: None,
        )

    def get(self, path: str, params: Mapping[str, Any] | None, timeout: float) -> Answer:
        """Return the answer at once."""
        target = f"{path}?{urlencode(params)}" if params else path
        self.asked.append(target)
        reply = self._answers.answer("GET", target, self.address)
        return Answer(reply.status, reply.content_type, "0.2", reply.body)


if __name__ == "__main__":
    main()
