"""Joins the stages of a run: collect, assess, view, render, write. The only room that knows all."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from app import __version__
from app.api.client import ApiClient
from app.api.session import Session
from app.assess import Assessment, assess
from app.collect import Question, collect
from app.i18n import msg
from app.logs import LOGGER
from app.period import PeriodRequest
from app.policy import Policy
from app.report.document import build_document, render_json
from app.report.render import Format, render_html, render_text
from app.report.view import build_view
from app.report.write import prepare, write_report
from app.settings import ApiSettings, OutputSettings
from app.snapshot import Filters

_log = logging.getLogger(LOGGER)


@dataclass(frozen=True, slots=True)
class Order:
    """What one run is to do.

    Attributes:
        period: which period.
        filters: what the jobs are narrowed to.
        formats: what to write; the first is the report whose path is the result.
        now: the present, aware.
        host_zone: this machine's zone.
        policy: what is expected of the backups.
    """

    period: PeriodRequest
    filters: Filters
    formats: Sequence[Format]
    now: datetime
    host_zone: tzinfo
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Result:
    """What one run did."""

    assessment: Assessment
    paths: Sequence[Path]


def run(order: Order, api: ApiSettings, output: OutputSettings) -> Result:
    """Make one report.

    Raises:
        UsageError: if the period is impossible.
        WriteError: if the report cannot be written.
    """
    started = time.monotonic()
    prepare(output.directory)
    if api.password_in_clear:
        _log.warning(
            msg("The password travels unencrypted to {host}; use https if you can.", host=api.host)
        )
    session = open_session(api)
    try:
        client = ApiClient(
            session,
            timeout=api.timeout,
            tries=api.tries,
            deadline=api.deadline,
            workers=api.workers,
        )
        question = Question(
            request=order.period,
            now=order.now,
            filters=order.filters,
            zone=output.zone,
            host_zone=order.host_zone,
            workers=api.workers,
            policy=order.policy,
        )
        snapshot = collect(client, question)
    finally:
        session.close()
    asked = time.monotonic()
    assessment = assess(snapshot, order.policy)
    contents = render(assessment, order, output)
    generated = order.now.astimezone(snapshot.period.start.tzinfo)
    paths = write_report(output.directory, contents, generated)
    _tell(assessment, started, asked)
    return Result(assessment, paths)


def open_session(api: ApiSettings) -> Session:
    """Return the HTTP session that the settings describe."""
    return Session(
        api.base_url,
        api.username,
        api.password,
        ca_file=api.ca_file,
        connections=api.workers,
    )


def render(assessment: Assessment, order: Order, output: OutputSettings) -> dict[str, str]:
    """Return the text of each format, by file ending, in the order of the formats."""
    rendered = _render_pages(assessment, order, output)
    if Format.JSON in order.formats:
        # After the pages: of many jobs, their view and the document would not fit side by side.
        document = build_document(assessment, generated=order.now, language=output.language)
        rendered[Format.JSON.value] = render_json(document)
    return {one.value: rendered[one.value] for one in order.formats}


def _render_pages(assessment: Assessment, order: Order, output: OutputSettings) -> dict[str, str]:
    view = build_view(
        assessment,
        generated=order.now,
        language=output.language,
        version=__version__,
        web_url=output.web_url,
    )
    renderers = {Format.HTML: render_html, Format.TEXT: render_text}
    return {
        one.value: render_page(view)
        for one, render_page in renderers.items()
        if one in order.formats
    }


def _tell(assessment: Assessment, started: float, asked: float) -> None:
    calls = assessment.snapshot.calls
    now = time.monotonic()
    _log.info(assessment.verdict.sentence)
    _log.info(
        msg(
            "Done in {seconds} s, of which the API {api} s "
            "({requests} requests, {failed} failed, {size} kB).",
            seconds=f"{now - started:.2f}",
            api=f"{asked - started:.2f}",
            requests=calls.requests,
            failed=calls.failed,
            size=f"{calls.received / 1000:,.1f}",
        )
    )
