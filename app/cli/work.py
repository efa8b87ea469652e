"""What each command does, once its options are parsed.

Everything heavy is imported where it is used, so that `--help` is quick.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.environment import host_zone, with_environment
from app.cli.process import pass_signals_by, put, talk, tint
from app.errors import ExitCode, SettingsError, UsageError
from app.i18n import Translator, language_for, msg
from app.period import Mode, PeriodRequest

if TYPE_CHECKING:
    from app.dispatch import Planned
    from app.logs import Masker
    from app.pipeline import Result
    from app.policy import Policy
    from app.settings import LogSettings
    from app.settings.delivery import DeliverySettings


def run_report(
    options: Mapping[str, Any],
    values: Mapping[str, str | None],
    period: PeriodRequest,
    *,
    sends: bool = True,
) -> int:
    """Read the settings, set up the log, make one report, and deliver it if `sends`.

    Returns:
        The exit code.
    """
    import logging

    from app.logs import LOGGER
    from app.pipeline import Order, run
    from app.report.render import Format
    from app.settings import read_api, read_log, read_output
    from app.snapshot import Filters

    language = language_for(options["lang"] or values.get("REPORT_LANG"), os.environ)
    reading = _Reading()
    api = reading.attempt(lambda: read_api(values))
    directory = options["output"]
    output = reading.attempt(lambda: read_output(values, directory=directory, language=language))
    log = reading.attempt(lambda: read_log(values))
    policy, delivery = _read_delivery(values, reading, sends=sends)
    reading.done()
    if options.get("send") or options.get("dry_run"):
        _need_somebody(delivery)
    masker = _set_up_log(
        options, log, language, [api.password, *delivery.secrets], username=api.username
    )
    formats: Sequence[Format] = [
        {"html": Format.HTML, "json": Format.JSON, "text": Format.TEXT}[name]
        for name in options["formats"]
    ]
    order = Order(
        period=period,
        filters=Filters(options["types"], options["clients"], options["jobs"]),
        formats=formats,
        now=datetime.now(UTC),
        host_zone=host_zone(),
        policy=policy,
    )
    made: list[Path] = []
    try:
        result = run(
            order, api, output, delivery, dry=bool(options.get("dry_run")), written=made.extend
        )
        for path in result.paths[1:]:
            logging.getLogger(LOGGER).info(msg("Also written: {path}", path=str(path)))
        if result.sent is not None:
            _show_plan(result.sent.planned, Translator(language), masker)
        # As bytes: the path is printed as it is, whatever the terminal's encoding.
        put(os.fsencode(result.paths[0]))
        # Nothing is left that could be stopped; what was done must not be denied.
        pass_signals_by()
        return _exit_code(result, options["fail_on"])
    except (KeyboardInterrupt, SystemExit) as error:
        if not made:
            raise
        _ = Translator(language)
        if delivery.silent:
            told = _("Stopped; the report had been written: {path}", path=str(made[0]))
        else:
            told = _("Stopped while it was being sent; the report is {path}.", path=str(made[0]))
        talk(told)
        code = getattr(error, "code", None)
        return code if isinstance(code, int) else 128 + signal.SIGINT


class _Reading:
    """Reads several groups of settings, and tells of everything that is wrong at once."""

    def __init__(self) -> None:
        self.problems: list[Any] = []

    def attempt(self, read: Callable[[], Any]) -> Any:
        """Return what is read, or None if something is wrong with it."""
        try:
            return read()
        except SettingsError as error:
            self.problems.extend(error.problems)

    def done(self) -> None:
        """Stop if anything is wrong.

        Raises:
            SettingsError: naming all of it.
        """
        if self.problems:
            raise SettingsError(self.problems)


def _read_delivery(
    values: Mapping[str, str | None], reading: _Reading, *, sends: bool
) -> tuple[Policy, DeliverySettings]:
    """Read what is expected, and who is told; what is wrong is noted."""
    from app.assess.finding import Kind
    from app.settings import read_expectations
    from app.settings.delivery import DeliverySettings, read_delivery

    policy = reading.attempt(lambda: read_expectations(values, [kind.value for kind in Kind]))
    if not sends or policy is None:
        return policy, DeliverySettings()

    def read() -> DeliverySettings:
        # The policy names variables of its own.
        variables = [name for audience in policy.audiences for name in audience.variables]
        names = [*variables, *(f"{name}_FILE" for name in variables)]
        return read_delivery(with_environment(values, names), policy)

    return policy, reading.attempt(read) or DeliverySettings()


def _need_somebody(delivery: DeliverySettings) -> None:
    """See that there is somebody to be told.

    Raises:
        UsageError: if there is nobody.
    """
    if not delivery.audiences:
        raise UsageError(
            msg("Nobody is set up to get the report."),
            msg("Set REPORT_MAIL_HOST, REPORT_SLACK_URL or another channel; see .env.example."),
        )


def _set_up_log(
    options: Mapping[str, Any],
    log: LogSettings,
    language: str,
    secrets: Sequence[str],
    *,
    username: str = "",
) -> Masker:
    """Set up the log; return what hides secrets."""
    from app.logs import Masker, set_up

    masker = Masker(secrets, username)
    level = "DEBUG" if options["verbose"] else log.level
    set_up(
        level=level,
        log_format=log.format,
        directory=log.directory,
        masker=masker,
        console_level="WARNING" if options["quiet"] else level,
        language=language,
    )
    return masker


def _show_plan(planned: Sequence[Planned], _: Translator, masker: Masker) -> None:
    """Say what would be sent, on stderr."""
    from app.i18n import nmsg

    why = {
        "always": msg("every report is wanted"),
        "first": msg("it would be the first one"),
        "problem": msg("there are problems"),
        "change": msg("something has changed"),
        "alive": msg("a week of silence is over"),
    }
    for one in planned:
        plan = one.plan
        lines = [_("{channel}: nothing is due", channel=plan.channel)]
        if plan.cause is not None:
            frame = {"channel": plan.channel, "what": plan.what, "why": why[plan.cause.value]}
            lines = [_("{channel}: would send {what}; {why}", **frame), one.subject]
        if plan.waiting:
            told = nmsg(
                "{count} letter that waits would be sent, too",
                "{count} letters that wait would be sent, too",
                plan.waiting,
            )
            lines.append(_.text(told))
        talk(masker("\n    ".join(lines)))


def _exit_code(result: Result, fail_on: str) -> ExitCode:
    """Choose the exit code: what is missing counts before what is found.

    What did not reach people counts before what they would have read.
    """
    from app.assess import Level

    assessment = result.assessment
    if assessment.snapshot.stopped is not None:
        return ExitCode.API
    if not result.delivered:
        return ExitCode.DELIVERY
    if not assessment.complete:
        return ExitCode.INCOMPLETE
    level = assessment.verdict.level
    reached = {
        # Critical: a job failed, or a critical finding, that is not muted.
        "never": False,
        "failed": level is Level.CRITICAL,
        "warning": level is not Level.GOOD,
    }[fail_on]
    return ExitCode.FINDINGS if reached else ExitCode.DONE


def check_all(values: Mapping[str, str | None], _: Translator) -> ExitCode:
    """Print each step as it ends."""
    from app.check import SETTINGS_STEP, State, Step, check, check_delivery
    from app.logs import Masker
    from app.settings import read_api

    marks = {State.OK: ("✓", "green"), State.FAILED: ("✗", "red"), State.SKIPPED: ("–", None)}
    masker = Masker()

    def show(step: Step) -> bool:
        """Print a step; return whether it failed."""
        mark, colour = marks[step.state]
        line = f"{_.text(step.name)}: {_.text(step.told)}  ({step.seconds:.3f} s)"
        put(f"{click.style(mark, fg=tint(colour))} {masker(line)}")
        if step.cure is not None:
            put(f"  → {masker(_.text(step.cure))}")
        return step.state is State.FAILED

    reading = _Reading()
    api = reading.attempt(lambda: read_api(values))
    _policy, delivery = _read_delivery(values, reading, sends=True)
    for what, cure in reading.problems:
        show(Step(SETTINGS_STEP, State.FAILED, 0.0, what, cure))
    if reading.problems:
        return ExitCode.SETTINGS
    masker = Masker([api.password, *delivery.secrets], api.username)
    show(Step(SETTINGS_STEP, State.OK, 0.0, msg("all there")))
    # Each is tried, whatever became of the others.
    unusable = sum(show(step) for step in check(api))
    unreached = sum(show(step) for step in check_delivery(delivery))
    if unusable:
        return ExitCode.API
    return ExitCode.DELIVERY if unreached else ExitCode.DONE


def deliver_waiting(
    options: Mapping[str, Any], values: Mapping[str, str | None], language: str
) -> ExitCode:
    """Send what waits, and given reports again; the API is not asked."""
    from app.dispatch import deliver_again
    from app.settings import read_log, read_output

    reading = _Reading()
    directory = options["output"]
    output = reading.attempt(lambda: read_output(values, directory=directory, language=language))
    log = reading.attempt(lambda: read_log(values))
    _policy, delivery = _read_delivery(values, reading, sends=True)
    reading.done()
    _need_somebody(delivery)
    _set_up_log(options, log, language, delivery.secrets)
    return deliver_again(
        delivery,
        output.directory,
        [Path(name) for name in options["reports"]],
        now=datetime.now(UTC),
        failed=options["again"],
    )


def run_demo(options: Mapping[str, Any]) -> int:
    """Run the same pipeline against the embedded Baculum; nothing leaves this machine."""
    from zoneinfo import ZoneInfo

    from app.demo import Baculum, Flavour, told_night

    try:
        flavour = Flavour(options["server"])
    except ValueError as error:
        raise UsageError(
            msg("--server {value!r} is not known.", value=options["server"]),
            msg("Choose one of: {choices}.", choices=", ".join(one.value for one in Flavour)),
        ) from error
    zone = host_zone()
    if not isinstance(zone, ZoneInfo):
        zone = ZoneInfo("UTC")
    username, password = "demo", "demo-password"
    night = told_night(datetime.now(UTC), zone)
    with Baculum(night, flavour, username=username, password=password) as server:
        values: dict[str, str | None] = {
            "BACULUM_API_HOST": server.host,
            "BACULUM_API_PORT": str(server.port),
            "BACULUM_API_USERNAME": username,
            "BACULUM_API_PASSWORD": password,
            "REPORT_DIR": os.environ.get("REPORT_DIR"),
            "REPORT_LANG": os.environ.get("REPORT_LANG"),
            "REPORT_LOG_DIR": "",
        }
        request = PeriodRequest(Mode(options["mode"]))
        return run_report(options, values, request, sends=False)
