"""`python -m bench.phases`: the stages of one run, each with its CPU time. One run a process.

This follows `app.pipeline.run`, whose stages it calls one by one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app import __version__
from app.api.client import ApiClient
from app.assess import assess
from app.collect import Question, collect
from app.period import Mode, PeriodRequest
from app.pipeline import open_session
from app.report.document import build_document, render_json
from app.report.render import render_html
from app.report.view import build_view
from app.report.write import prepare, write_report
from app.settings import read_api
from app.snapshot import Filters
from bench.catalog import ZONE

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
    api = read_api(order["settings"])
    now = datetime.now(UTC)
    question = Question(
        request=PeriodRequest(
            Mode.CUSTOM,
            datetime.fromisoformat(order["start"]),
            datetime.fromisoformat(order["end"]),
        ),
        now=now,
        filters=Filters(),
        zone=None,
        host_zone=ZONE,
        workers=api.workers,
    )
    session = open_session(api)
    client = ApiClient(session, timeout=api.timeout, tries=api.tries, deadline=api.deadline)
    with _stage("collect"):
        snapshot = collect(client, question)
    session.close()
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
    told = {
        "cpu": _spent,
        "complete": assessment.complete,
        "jobs": len(assessment.jobs),
        "successes": rows,
        "html": size,
        "json": len(document.encode()),
        "per_row": (size - bare_size) / rows if rows else 0,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
