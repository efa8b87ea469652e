"""The commands: their options, what each does, and its exit code.

Everything heavy is imported where it is used, so that `--help` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import click

from app import __version__
from app.cli.environment import host_zone, read_environment
from app.cli.help import Group, early_language, teach_click
from app.cli.process import (
    SIGTERM_EXIT,
    end,
    heed_signals,
    hold_standard_streams,
    put,
    say,
    talk,
    tint,
)
from app.errors import ExitCode, ReportError, SettingsError, UsageError
from app.i18n import LANGUAGES, Translator, language_for, msg
from app.period import Mode, PeriodRequest, parse_bound

if TYPE_CHECKING:
    from app.pipeline import Result

FORMATS = ("html", "json", "text")
FAIL_ON = ("never", "warning", "failed")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with a documented code; never a traceback."""
    hold_standard_streams()
    argv = list(sys.argv[1:] if arguments is None else arguments)
    language = early_language(argv)
    _ = Translator(language)
    teach_click(language)
    heed_signals()
    code: int = ExitCode.DONE
    try:
        code = build(language).main(argv, prog_name="bacula-report", standalone_mode=False) or 0
    except ReportError as error:
        say(_, error)
        code = error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        talk(error.format_message())
        code = ExitCode.USAGE
    except click.ClickException as error:
        code = error.exit_code
        with suppress(OSError):
            error.show()
    except (click.Abort, KeyboardInterrupt):
        talk(_("Interrupted; no report was written."))
        code = 128 + signal.SIGINT
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else ExitCode.USAGE
        if code == SIGTERM_EXIT:
            talk(_("Stopped; no report was written."))
    except Exception as error:
        code = _unexpected(_, error)
    end(code)


def _unexpected(_: Translator, error: Exception) -> ExitCode:
    """Tell of an error that nobody foresaw; its traceback goes to the log file only."""
    import logging

    from app.logs import LOGGER

    logger = logging.getLogger(LOGGER)
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            record = logger.makeRecord(
                LOGGER, logging.ERROR, __file__, 0, "Unexpected error", (), sys.exc_info()
            )
            handler.handle(record)
    what = msg(
        "This program failed in a way that nobody foresaw ({kind}).", kind=type(error).__name__
    )
    cure = msg("Please report it, with the end of the log file.")
    say(_, ReportError(what, cure))
    return ExitCode.WRITE


def build(language: str) -> click.Group:
    """Return the command with its help in one language."""
    _ = Translator(language)

    def report_options(command: Callable[..., None]) -> Callable[..., None]:
        """Add what `bacula-report` and `bacula-report demo` have in common."""
        for option in reversed(
            (
                click.option(
                    "--output",
                    metavar="DIR",
                    help=_("Folder for the reports.  [REPORT_DIR; default: reports]"),
                ),
                click.option(
                    "--lang",
                    type=click.Choice(LANGUAGES),
                    help=_("Language.  [REPORT_LANG; default: by the locale]"),
                ),
                click.option(
                    "--format",
                    "formats",
                    default="html,json",
                    show_default=True,
                    callback=_split_formats,
                    metavar="LIST",
                    help=_("What to write: html, json, text, separated by commas."),
                ),
                click.option(
                    "--type",
                    "types",
                    multiple=True,
                    metavar="LETTER",
                    help=_("Only jobs of this type (B, R, V, D, C, ...). Repeatable."),
                ),
                click.option(
                    "--client",
                    "clients",
                    multiple=True,
                    metavar="NAME",
                    help=_("Only jobs of this client (* and ? match). Repeatable."),
                ),
                click.option(
                    "--job",
                    "jobs",
                    multiple=True,
                    metavar="NAME",
                    help=_("Only jobs of this name (* and ? match). Repeatable."),
                ),
                click.option(
                    "--fail-on",
                    type=click.Choice(FAIL_ON),
                    default="never",
                    show_default=True,
                    metavar="WHEN",
                    help=_("failed: exit with 1 if a job failed; warning: or needs a look."),
                ),
                click.option("-v", "--verbose", is_flag=True, help=_("Log every request.")),
                click.option("-q", "--quiet", is_flag=True, help=_("Log only what is wrong.")),
            )
        ):
            command = option(command)
        return command

    @click.group(
        cls=Group,
        invoke_without_command=True,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        help=_("Report what happened to the Bacula backups of a period, as one HTML file.")
        + "\n\n\b\n"
        + _("Examples:")
        + "\n  bacula-report --mode production"
        + '\n  bacula-report --from 2026-11-01 --to 2026-11-07 --client "web*" --lang ko'
        + "\n  bacula-report check"
        + "\n  bacula-report demo",
        epilog=_(
            "Settings come from the environment and .env; see .env.example. Exit codes: 0 done, "
            "1 --fail-on was reached, 2 usage, 3 settings, 4 API unusable, 5 incomplete, "
            "6 not delivered, 7 not written."
        ),
    )
    @click.option(
        "--mode",
        type=click.Choice([Mode.TEST.value, Mode.PRODUCTION.value]),
        metavar="MODE",
        help=_("test: the last seven days. production: since yesterday 22:00."),
    )
    @click.option(
        "--from",
        "start",
        metavar="TIME",
        help=_("Begin of another period, in the Director's zone."),
    )
    @click.option("--to", "end", metavar="TIME", help=_("Its end.  [default: now]"))
    @click.option(
        "--env-file",
        metavar="FILE",
        help=_("File with settings.  [default: .env, if it exists]"),
    )
    @report_options
    @click.version_option(__version__, prog_name="bacula-report")
    @click.pass_context
    def report(context: click.Context, /, **options: Any) -> None:
        context.obj = options
        if context.invoked_subcommand:
            return
        period = _period(options["mode"], options["start"], options["end"])
        values = read_environment(options["env_file"])

        def work() -> ExitCode:
            return _exit_code(_run_report(options, values, period), options["fail_on"])

        chosen = options["lang"] or values.get("REPORT_LANG")
        context.exit(_told(language_for(chosen, os.environ), work))

    about_check = _(
        "Check settings, network, TLS, password, API, catalog and Director, step by step."
    )

    @report.command(help=about_check, short_help=about_check)
    @click.option("--env-file", metavar="FILE", help=_("File with settings.  [default: .env]"))
    @click.option("--lang", type=click.Choice(LANGUAGES), help=_("Language.  [REPORT_LANG]"))
    @click.pass_context
    def check(context: click.Context, /, **options: Any) -> None:
        given = context.obj
        values = read_environment(options["env_file"] or given["env_file"])
        chosen = options["lang"] or given["lang"] or values.get("REPORT_LANG")
        spoken = language_for(chosen, os.environ)
        context.exit(_told(spoken, lambda: _check(values, Translator(spoken))))

    about_demo = _("Make a report of an invented night, from a Baculum that is built in.")

    @report.command(help=about_demo, short_help=about_demo)
    @click.option(
        "--mode",
        type=click.Choice([Mode.TEST.value, Mode.PRODUCTION.value]),
        metavar="MODE",
        default=Mode.TEST.value,
        show_default=True,
        help=_("test: the last seven days. production: since yesterday 22:00."),
    )
    @click.option(
        "--server",
        metavar="VERSION",
        default="baculum-15.0",
        show_default=True,
        help=_("baculum-9.6, -11.0, -13.0, -15.0 or bacularis-6.3."),
    )
    @report_options
    @click.pass_context
    def demo(context: click.Context, /, **options: Any) -> None:
        result = _demo(options)
        context.exit(_exit_code(result, options["fail_on"]))

    return report


def _told(language: str, work: Callable[[], ExitCode]) -> ExitCode:
    """Do the work of a command; tell its errors in the language that the settings ask for."""
    try:
        return work()
    except ReportError as error:
        say(Translator(language), error)
        return error.exit_code


def _run_report(
    options: Mapping[str, Any], values: Mapping[str, str | None], period: PeriodRequest
) -> Result:
    """Read the settings, set up the log, and make one report."""
    from app.assess.finding import Kind
    from app.logs import LOGGER, Masker, set_up
    from app.pipeline import Order, run
    from app.report.render import Format
    from app.settings import read_api, read_expectations, read_log, read_output
    from app.snapshot import Filters

    language = language_for(options["lang"] or values.get("REPORT_LANG"), os.environ)
    problems: list[Any] = []

    def attempt(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except SettingsError as error:
            problems.extend(error.problems)

    api = attempt(lambda: read_api(values))
    directory = options["output"]
    output = attempt(lambda: read_output(values, directory=directory, language=language))
    log = attempt(lambda: read_log(values))
    policy = attempt(lambda: read_expectations(values, [kind.value for kind in Kind]))
    if problems:
        raise SettingsError(problems)
    level = "DEBUG" if options["verbose"] else log.level
    set_up(
        level=level,
        log_format=log.format,
        directory=log.directory,
        masker=Masker([api.password], api.username),
        console_level="WARNING" if options["quiet"] else level,
        language=language,
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
    result = run(order, api, output)
    import logging

    for path in result.paths[1:]:
        logging.getLogger(LOGGER).info(msg("Also written: {path}", path=str(path)))
    # As bytes: the path is printed as it is, whatever the terminal's encoding.
    put(os.fsencode(result.paths[0]))
    return result


def _exit_code(result: Result, fail_on: str) -> ExitCode:
    """Choose the exit code: what is missing counts before what is found."""
    from app.assess import Level

    assessment = result.assessment
    if assessment.snapshot.stopped is not None:
        return ExitCode.API
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


def _period(mode: str | None, start: str | None, end: str | None) -> PeriodRequest:
    """Turn --mode or --from/--to into a request.

    Raises:
        UsageError: if they contradict each other or are no times.
    """
    if mode and (start or end):
        raise UsageError(
            msg("--mode and --from/--to exclude each other."), msg("Give one of them.")
        )
    if mode:
        return PeriodRequest(Mode(mode))
    if not start:
        raise UsageError(
            msg("The period is missing."),
            msg("Give --mode test, --mode production, or --from and --to; see --help."),
        )
    return PeriodRequest(
        Mode.CUSTOM,
        _bound("--from", start, last=False),
        _bound("--to", end, last=True) if end else None,
    )


def _bound(option: str, text: str, *, last: bool) -> datetime:
    try:
        return parse_bound(text, end=last)
    except ValueError as error:
        raise UsageError(
            msg("{option} {value!r} is not a time.", option=option, value=text),
            msg('Write it like 2026-11-20 or "2026-11-20 22:00".'),
        ) from error


def _split_formats(_context: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise UsageError(
            msg("--format {value!r} is not known.", value=value),
            msg("Give one or more of: {choices}.", choices=", ".join(FORMATS)),
        )
    return names


def _check(values: Mapping[str, str | None], _: Translator) -> ExitCode:
    """Print each step as it ends."""
    from app.assess.finding import Kind
    from app.check import SETTINGS_STEP, State, Step, check
    from app.logs import Masker
    from app.settings import read_api, read_expectations

    marks = {State.OK: ("✓", "green"), State.FAILED: ("✗", "red"), State.SKIPPED: ("–", None)}
    failed = False
    masker = Masker()

    def show(step: Step) -> None:
        mark, colour = marks[step.state]
        line = f"{_.text(step.name)}: {_.text(step.told)}  ({step.seconds:.3f} s)"
        put(f"{click.style(mark, fg=tint(colour))} {masker(line)}")
        if step.cure is not None:
            put(f"  → {masker(_.text(step.cure))}")

    api = None
    problems: list[Any] = []
    try:
        api = read_api(values)
    except SettingsError as error:
        problems.extend(error.problems)
    try:
        read_expectations(values, [kind.value for kind in Kind])
    except SettingsError as error:
        problems.extend(error.problems)
    for what, cure in problems:
        show(Step(SETTINGS_STEP, State.FAILED, 0.0, what, cure))
    if api is None or problems:
        return ExitCode.SETTINGS
    masker = Masker([api.password], api.username)
    show(Step(SETTINGS_STEP, State.OK, 0.0, msg("all there")))
    for step in check(api):
        show(step)
        failed |= step.state is State.FAILED
    return ExitCode.API if failed else ExitCode.DONE


def _demo(options: Mapping[str, Any]) -> Result:
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
        return _run_report(options, values, PeriodRequest(Mode(options["mode"])))
