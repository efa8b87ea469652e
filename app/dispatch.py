"""Delivers a report: to each audience its own, then the numbers, and the ping at last.

What is delivered was written before, and stays whatever happens here. The ping tells success only
when the API answered, the report was written, and everything has reached everybody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from app import __version__
from app.assess import Assessment, assess
from app.assess.narrow import narrow
from app.channels import Way, channels_of, ping_of, ways_to
from app.deliver import desk
from app.deliver.desk import Patience, Plan
from app.deliver.model import Channel, Count, DeliveryError, Page, Parcel, Point, report_id
from app.deliver.outbox import Outbox, OutboxError
from app.deliver.ping import Signal
from app.deliver.textfile import write_textfile
from app.errors import ExitCode, UsageError
from app.i18n import msg
from app.logs import LOGGER
from app.numbers import numbers_of
from app.policy import Policy
from app.report.mail import MailText, render_mail
from app.report.render import Format, render_html
from app.report.view import build_view
from app.settings.delivery import AudienceSettings, DeliverySettings

OUTBOX = "outbox"
"""The folder of what waits, in the reports folder."""
_log = logging.getLogger(LOGGER)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Report:
    """What is delivered.

    Attributes:
        assessment: what the night means.
        policy: what was expected.
        generated: when the report was made, aware, in the report's zone.
        language: of the report; an audience may have another one.
        web_url: address of the web interface for links, "" for none.
    """

    assessment: Assessment
    policy: Policy
    generated: datetime
    language: str
    web_url: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """The report as one audience gets it.

    Attributes:
        audience: for whom.
        assessment: what it tells.
        language: in which language.
        ending: what its page's file ends with; that of the report itself, or one of its own.
        page: that page; "" if the report has none, or if it is the report's own.
    """

    audience: AudienceSettings
    assessment: Assessment
    language: str
    ending: str
    page: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be sent to an audience through a channel.

    Attributes:
        plan: whether anything is due, and what would go where.
        subject: of the report that it would be.
    """

    plan: Plan
    subject: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the delivery.

    Attributes:
        complete: whether everything that was due, or waited, has reached everybody.
        planned: what would have been sent, if nothing was to be.
    """

    complete: bool = True
    planned: tuple[Planned, ...] = ()


class Dispatch:
    """The delivery of one run."""

    def __init__(
        self,
        settings: DeliverySettings,
        folder: Path,
        *,
        dry: bool = False,
        patience: Patience | None = None,
    ) -> None:
        """Prepare to deliver.

        Args:
            settings: what is set up.
            folder: the reports folder.
            dry: only say what would be delivered.
            patience: how long to try.
        """
        self._settings = settings
        self._outbox = Outbox(folder / OUTBOX)
        self._dry = dry
        self._patience = patience
        self._ways = {one.name: tuple(ways_to(one, settings)) for one in settings.audiences}
        self._started = time.monotonic()
        self._flawed = False

    # --- the dead-man's switch ---------------------------------------------------------------

    def begin(self) -> None:
        """Tell the watcher that a run begins, and warn of secrets that travel openly."""
        mail = self._settings.mail
        if mail is not None and mail.password_in_clear:
            _log.warning(
                msg(
                    "The mail password travels unencrypted to {host}; set REPORT_MAIL_SECURITY to "
                    "starttls or tls if you can.",
                    host=mail.host,
                )
            )
        self._ping(Signal.START)

    def end(self, *, well: bool, told: str = "") -> None:
        """Tell the watcher how the run ended.

        Args:
            well: whether the report was made and has reached everybody.
            told: some words for the watcher; it may be a stranger's, so no names.
        """
        self._ping(Signal.SUCCESS if well else Signal.FAIL, told)

    def _ping(self, signal: Signal, told: str = "") -> None:
        ping = None if self._dry else ping_of(self._settings)
        if ping is None:
            return
        try:
            ping.send(signal, told)
        except DeliveryError as error:
            _log.warning(error.told)

    # --- the report --------------------------------------------------------------------------

    def editions(self, report: Report, formats: Sequence[Format]) -> list[Edition]:
        """Return the report as each audience gets it; an own page where it is not the report's."""
        made = (
            self._unless_flawed(one, partial(self._edition, one, report, formats))
            for one in self._settings.audiences
        )
        return [one for one in made if one is not None]

    def _unless_flawed(self, audience: AudienceSettings, make: Callable[[], _T]) -> _T | None:
        """Return what is made for an audience; what goes wrong with it must not stop the others."""
        try:
            return make()
        except Exception as error:
            _log.debug("Unexpected error for %r", audience.name, exc_info=True)
            _log.error(desk.unforeseen(audience.name or "–", error).told)
            self._flawed = True
            return None

    def _edition(
        self, audience: AudienceSettings, report: Report, formats: Sequence[Format]
    ) -> Edition:
        language = audience.language or report.language
        filtered = bool(audience.clients or audience.jobs)
        assessment = report.assessment
        if filtered:
            part = narrow(assessment.snapshot, audience.clients, audience.jobs)
            assessment = assess(part, report.policy, pools=False)
        if Format.HTML not in formats:
            return Edition(audience, assessment, language, "")
        if not filtered and language == report.language:
            return Edition(audience, assessment, language, Format.HTML.value)
        view = build_view(
            assessment,
            generated=report.generated,
            language=language,
            version=__version__,
            web_url=report.web_url,
        )
        ending = f"{audience.name}.{Format.HTML.value}"
        return Edition(audience, assessment, language, ending, render_html(view))

    def send(
        self,
        report: Report,
        editions: Sequence[Edition],
        contents: Mapping[str, str],
        paths: Mapping[str, Path],
    ) -> Sent:
        """Deliver a report, and write the numbers.

        Args:
            report: the report.
            editions: as each audience gets it.
            contents: the text of each file, by its ending.
            paths: where each was written, by its ending; empty if that was not possible: who gets a
                mail reads it all the same.
        """
        made = (
            self._unless_flawed(one.audience, partial(self._parcel, report, one, contents, paths))
            for one in editions
        )
        parcels = [parcel for parcel in made if parcel is not None]
        orders = [
            desk.Order(parcel, way.channel.name, way.when)
            for parcel in parcels
            for way in self._ways[parcel.audience]
        ]
        if self._dry:
            return Sent(planned=tuple(self._planned(orders, report.generated)))
        if parcels and paths:
            self._keep(next(iter(paths.values())), parcels, report.generated)
        undelivered, complete = None, True
        if parcels:
            outcome = desk.deliver(
                orders, self._channels, self._outbox, report.generated, self._patience
            )
            undelivered, complete = len(outcome.undelivered), outcome.delivered
        written = self._write_numbers(report, undelivered)
        return Sent(complete=complete and written and not self._flawed)

    @property
    def _channels(self) -> Iterator[Channel]:
        return (way.channel for ways in self._ways.values() for way in ways)

    def _planned(self, orders: Sequence[desk.Order], now: datetime) -> Iterator[Planned]:
        for order, plan in zip(
            orders, desk.plan(orders, self._channels, self._outbox, now), strict=True
        ):
            yield Planned(plan, order.parcel.subject)

    def _keep(self, path: Path, parcels: Sequence[Parcel], now: datetime) -> None:
        try:
            self._outbox.keep(report_name(path), parcels, now)
        except OutboxError as error:
            _log.warning(error.told)

    def _parcel(
        self,
        report: Report,
        edition: Edition,
        contents: Mapping[str, str],
        paths: Mapping[str, Path],
    ) -> Parcel:
        """Put the report into words for an audience."""
        view = build_view(
            edition.assessment,
            generated=report.generated,
            language=edition.language,
            version=__version__,
            web_url=report.web_url,
        )
        page, link = self._page(report, edition, contents, paths)
        mail = MailText(view.brief.subject, "", "")
        if edition.audience.mail is not None:
            mail = render_mail(view, attached=page is not None, link=link)
        snapshot, brief = edition.assessment.snapshot, view.brief
        start, end = snapshot.period.start, snapshot.period.end
        return Parcel(
            report_id=report_id(snapshot.source.director, report.generated, start, end),
            audience=edition.audience.name,
            language=view.language,
            director=brief.director,
            generated=report.generated,
            start=start,
            end=end,
            period=brief.period,
            level=view.level,
            verdict=view.verdict,
            sentence=view.sentence,
            counts=tuple(Count(one.kind, one.label, one.number) for one in brief.counts),
            findings=tuple(Point(one.severity, one.sentence, one.action) for one in brief.points),
            keys=brief.keys,
            complete=brief.complete,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            page=page,
            link=link,
        )

    def _page(
        self,
        report: Report,
        edition: Edition,
        contents: Mapping[str, str],
        paths: Mapping[str, Path],
    ) -> tuple[Page | None, str]:
        """Return the page to be attached, and where it can be read."""
        if not edition.ending:
            return None, ""
        path = paths.get(edition.ending)
        name = (
            path.name
            if path is not None
            else (f"mail_{report.generated:%Y%m%d%H%M%S}.{edition.ending}")
        )
        # As the file has it.
        page = Page(name, contents[edition.ending].encode("utf-8", "replace"))
        link = self._settings.link
        return page, f"{link}/{quote(name)}" if link and path is not None else ""

    def _write_numbers(self, report: Report, undelivered: int | None) -> bool:
        """Write the node exporter's textfile; say whether that went well."""
        if self._settings.textfile is None:
            return True
        seconds = time.monotonic() - self._started
        numbers = numbers_of(
            report.assessment,
            report.policy,
            finished=report.generated + timedelta(seconds=seconds),
            seconds=seconds,
            undelivered=undelivered,
        )
        try:
            write_textfile(self._settings.textfile, numbers)
        except DeliveryError as error:
            _log.error(error.told)
            return False
        return True


def report_name(path: Path) -> str:
    """Return what the files of a report have in common: the name without any ending."""
    return path.name.partition(".")[0]


def deliver_again(
    settings: DeliverySettings,
    folder: Path,
    reports: Sequence[Path],
    *,
    now: datetime,
    failed: bool = False,
    patience: Patience | None = None,
) -> ExitCode:
    """Send what waits in the outbox, and given reports again.

    Args:
        settings: what is set up.
        folder: the reports folder, for the outbox.
        reports: files of the reports to be sent again, to everybody who is set up by now.
        now: the present, aware.
        failed: whether what was put aside for good is tried once more, too.
        patience: how long to try.

    Returns:
        Done, or that something is undelivered.

    Raises:
        UsageError: if a report is not kept any more.
        OutboxError: if the outbox cannot be used.
    """
    outbox = Outbox(folder / OUTBOX)
    orders = [order for path in reports for order in _orders_again(settings, outbox, path)]
    wait = (patience or Patience()).lock
    if failed:
        with outbox.locked(wait) as held:
            if not held:
                raise OutboxError(
                    msg("Another run is still sending what is in the outbox."),
                    msg("Try again when it has ended."),
                )
            outbox.put_back()
    waiting, _ = outbox.waiting()
    if not (waiting or orders):
        _log.info(msg("Nothing waits in the outbox."))
    return desk.deliver(orders, channels_of(settings), outbox, now, patience).exit_code


def _orders_again(settings: DeliverySettings, outbox: Outbox, path: Path) -> Iterator[desk.Order]:
    if not path.is_file():
        raise UsageError(
            msg("There is no report {path}.", path=str(path)),
            msg("Give the path of a file of the report."),
        )
    ways: dict[str, tuple[Way, ...]] = {
        one.name: tuple(ways_to(one, settings)) for one in settings.audiences
    }
    parcels = outbox.kept(report_name(path), path.parent)
    if not parcels:
        raise UsageError(
            msg("Of {path} nothing is kept that could be sent.", path=str(path)),
            msg("Make the report anew, with --from, --to and --send."),
        )
    for parcel in parcels:
        for way in ways.get(parcel.audience, ()):
            yield desk.Order(parcel, way.channel.name)
