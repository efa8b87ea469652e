"""Joins the stages of a run: collect, assess, view, render, write, deliver. Knows them all."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from app import __version__
from app.api.client import ApiClient
from app.api.session import Session
from app.assess import Assessment, assess
from app.collect import Question, collect
from app.errors import WriteError
from app.i18n import msg
from app.logs import LOGGER
from app.period import PeriodRequest
from app.policy import Policy
from app.report.document import build_document, render_json
from app.report.render import Format, read_templates, render_html, render_text
from app.report.view import build_view
from app.report.write import prepare, write_report
from app.settings import ApiSettings, OutputSettings
from app.snapshot import Filters

if TYPE_CHECKING:
    from app.deliver.desk import Patience
    from app.dispatch import Dispatch, Sent
    from app.settings.delivery import DeliverySettings

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
    """What one run did.

    Attributes:
        assessment: what the night means.
        paths: the files of the report, the report itself first.
        sent: what became of its delivery; None when nothing was to be delivered.
    """

    assessment: Assessment
    paths: Sequence[Path]
    sent: Sent | None = None

    @property
    def delivered(self) -> bool:
        """Whether nothing was left undelivered."""
        return self.sent is None or self.sent.complete


def run(
    order: Order,
    api: ApiSettings,
    output: OutputSettings,
    delivery: DeliverySettings | None = None,
    *,
    dry: bool = False,
    patience: Patience | None = None,
    written: Callable[[Sequence[Path]], None] = lambda paths: None,
) -> Result:
    """Make one report, and deliver it.

    Args:
        order: what to do.
        api: how the API is reached.
        output: what is written, and where.
        delivery: what is set up of delivery; None to deliver nothing.
        dry: only say what would be delivered.
        patience: how long to try to deliver.
        written: told the report's files as soon as they are there.

    Raises:
        UsageError: if the period is impossible.
        WriteError: if the report cannot be written; it is delivered all the same if it was made.
    """
    if delivery is None or delivery.silent:
        prepare(output.directory)
        night = _ask(order, api, output)
        paths = _write(render(night.assessment, order, output), output, night, written)
        return Result(night.assessment, paths)
    # Mail, webhooks and the textfile bring libraries of their own.
    from app.dispatch import Dispatch

    dispatch = Dispatch(delivery, output.directory, dry=dry, patience=patience)
    dispatch.begin()
    try:
        result = _make_and_send(order, api, output, dispatch, written)
    except Exception:
        dispatch.end(well=False)
        raise
    answered = result.assessment.snapshot.stopped is None
    level = result.assessment.verdict.level.value
    dispatch.end(well=answered and result.delivered, told=level)
    return result


def _make_and_send(
    order: Order,
    api: ApiSettings,
    output: OutputSettings,
    dispatch: Dispatch,
    written: Callable[[Sequence[Path]], None],
) -> Result:
    from app.dispatch import Report

    # What cannot be kept can still be told.
    failure: WriteError | None = None
    try:
        prepare(output.directory)
    except WriteError as error:
        failure = error
    night = _ask(order, api, output)
    report = Report(
        night.assessment, order.policy, night.generated, output.language, output.web_url
    )
    editions = dispatch.editions(report, order.formats)
    contents = render(night.assessment, order, output)
    contents |= {one.ending: one.page for one in editions if one.page}
    paths: list[Path] = []
    if failure is None:
        try:
            paths = _write(contents, output, night, written)
        except WriteError as error:
            failure = error
    sent = dispatch.send(report, editions, contents, dict(zip(contents, paths, strict=False)))
    if failure is not None:
        raise failure
    return Result(night.assessment, paths, sent)


@dataclass(frozen=True, slots=True)
class _Night:
    """What was found, the report's own time, and when asking began and ended (monotonic)."""

    assessment: Assessment
    generated: datetime
    started: float
    asked: float


def _ask(order: Order, api: ApiSettings, output: OutputSettings) -> _Night:
    """Ask the API and judge."""
    started = time.monotonic()
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
        if Format.HTML in order.formats:
            # Nothing else can be done until the first answer is there.
            Thread(target=read_templates, args=(output.language,), daemon=True).start()
        snapshot = collect(client, question)
    finally:
        session.close()
    asked = time.monotonic()
    # What was collected stays to the end: nobody needs to search it for garbage again.
    gc.freeze()
    generated = order.now.astimezone(snapshot.period.start.tzinfo)
    with no_garbage():
        assessment = assess(snapshot, order.policy)
    return _Night(assessment, generated, started, asked)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Do without the search for garbage: a quarter of judging and rendering, which leave none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write(
    contents: dict[str, str],
    output: OutputSettings,
    night: _Night,
    written: Callable[[Sequence[Path]], None],
) -> list[Path]:
    paths = write_report(output.directory, contents, night.generated)
    written(paths)
    _tell(night)
    return paths


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
    with no_garbage():
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


def _tell(night: _Night) -> None:
    calls = night.assessment.snapshot.calls
    now = time.monotonic()
    _log.info(night.assessment.verdict.sentence)
    _log.info(
        msg(
            "Done in {seconds} s, of which the API {api} s "
            "({requests} requests, {failed} failed, {size} kB).",
            seconds=f"{now - night.started:.2f}",
            api=f"{night.asked - night.started:.2f}",
            requests=calls.requests,
            failed=calls.failed,
            size=f"{calls.received / 1000:,.1f}",
        )
    )
