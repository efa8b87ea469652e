"""The command line: the only room that reads the environment, echoes and exits.

Everything heavy is imported where it is used, so that `--help` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from app import __version__
from app.errors import ExitCode, ReportError, SettingsError, UsageError
from app.i18n import LANGUAGES, Translator, language_for, msg
from app.period import Mode, PeriodRequest, parse_bound

if TYPE_CHECKING:
    from app.pipeline import Result
    from app.report.render import Format

FORMATS = ("html", "json", "text")
FAIL_ON = ("never", "warning", "failed")
SIGTERM_EXIT = 128 + signal.SIGTERM
_DEFAULT_ENV_FILE = ".env"


def _early_language(arguments: Sequence[str]) -> str:
    """Find the language before anything is parsed, for help texts and usage errors."""
    chosen = os.environ.get("REPORT_LANG")
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            chosen = arguments[place + 1]
        elif argument.startswith("--lang="):
            chosen = argument.partition("=")[2]
    return language_for(chosen, os.environ)


def _host_zone() -> tzinfo:
    """Return this machine's zone, by name if it has one."""
    from app.settings import zone_of

    named = os.environ.get("TZ", "").lstrip(":")
    if not named:
        path = os.path.realpath("/etc/localtime")
        named = path.partition("zoneinfo/")[2]
    return (zone_of(named) if named else None) or datetime.now().astimezone().tzinfo or UTC


def _environment(env_file: str | None) -> dict[str, str | None]:
    """Return the settings' source: .env below, the environment above.

    Raises:
        SettingsError: if a file was named that cannot be read.
    """
    path = Path(env_file or _DEFAULT_ENV_FILE)
    values: dict[str, str | None] = {}
    if env_file or path.is_file():
        from dotenv import dotenv_values

        try:
            with path.open(encoding="utf-8") as stream:
                # Without interpolation: a password may contain ${.
                values |= dotenv_values(stream=stream, interpolate=False)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            what = msg(
                "The settings file {path} cannot be read: {reason}.", path=str(path), reason=reason
            )
            raise SettingsError([(what, msg("Check its path and mode (--env-file)."))]) from error
    own = {name: value for name, value in os.environ.items() if value or name == "REPORT_LOG_DIR"}
    pair = ("BACULUM_API_PASSWORD", "BACULUM_API_PASSWORD_FILE")
    if any(name in own for name in pair):
        # A password from the environment replaces the file's, in whatever form.
        values = {name: value for name, value in values.items() if name not in pair}
    return values | own


def _run_report(
    options: Mapping[str, Any], values: Mapping[str, str | None], period: PeriodRequest
) -> Result:
    """Read the settings, set up the log, and make one report."""
    from app.logs import LOGGER, Masker, set_up
    from app.pipeline import Order, run
    from app.report.render import Format
    from app.settings import read_api, read_log, read_output
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
    if problems:
        raise SettingsError(problems)
    level = "DEBUG" if options["verbose"] else log.level
    set_up(
        level=level,
        log_format=log.format,
        directory=log.directory,
        masker=Masker([api.password], api.username),
        console_level="WARNING" if options["quiet"] else level,
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
        host_zone=_host_zone(),
    )
    result = run(order, api, output)
    import logging

    for path in result.paths[1:]:
        logging.getLogger(LOGGER).info("Also written: %s", path)
    click.echo(str(result.paths[0]))
    return result


def _exit_code(result: Result, fail_on: str) -> ExitCode:
    """Choose the exit code: what is missing counts before what is found."""
    from app.bacula.codes import Outcome

    assessment = result.assessment
    if assessment.snapshot.stopped is not None:
        return ExitCode.API
    if not assessment.complete:
        return ExitCode.INCOMPLETE
    reached = {
        "never": (),
        "failed": (Outcome.FAILED,),
        "warning": (Outcome.FAILED, Outcome.UNKNOWN, Outcome.WARNING, Outcome.CANCELLED),
    }[fail_on]
    if any(assessment.counts[outcome] for outcome in reached):
        return ExitCode.FINDINGS
    return ExitCode.DONE


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
        raise click.BadParameter(f"{value!r} is not one or more of {', '.join(FORMATS)}.")
    return names


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
                    help=_("Only jobs of this type (B, R, V, D, C, ...). May be repeated."),
                ),
                click.option(
                    "--client",
                    "clients",
                    multiple=True,
                    metavar="NAME",
                    help=_("Only jobs of this client; * and ? are wildcards. May be repeated."),
                ),
                click.option(
                    "--job",
                    "jobs",
                    multiple=True,
                    metavar="NAME",
                    help=_("Only jobs of this name; * and ? are wildcards. May be repeated."),
                ),
                click.option(
                    "--fail-on",
                    type=click.Choice(FAIL_ON),
                    default="never",
                    show_default=True,
                    help=_("Exit with 1 if a job failed, or needs a look (warning)."),
                ),
                click.option("-v", "--verbose", is_flag=True, help=_("Log every request.")),
                click.option("-q", "--quiet", is_flag=True, help=_("Log only what is wrong.")),
            )
        ):
            command = option(command)
        return command

    @click.group(
        invoke_without_command=True,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        help=_("Report what happened to the Bacula backups of a period, as one HTML file.")
        + "\n\n\b\n"
        + _("Examples:")
        + "\n  bacula-report --mode production"
        + '\n  bacula-report --from "2026-11-01" --to "2026-11-07" --client "web*" --lang ko'
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
    def report(context: click.Context, **options: Any) -> None:
        context.obj = options
        if context.invoked_subcommand:
            return
        period = _period(options["mode"], options["start"], options["end"])
        result = _run_report(options, _environment(options["env_file"]), period)
        context.exit(_exit_code(result, options["fail_on"]))

    @report.command(
        help=_("Check settings, network, TLS, password, API, catalog and Director, step by step.")
    )
    @click.option("--env-file", metavar="FILE", help=_("File with settings.  [default: .env]"))
    @click.option("--lang", type=click.Choice(LANGUAGES), help=_("Language.  [REPORT_LANG]"))
    @click.pass_context
    def check(context: click.Context, **options: Any) -> None:
        given = context.obj
        values = _environment(options["env_file"] or given["env_file"])
        chosen = options["lang"] or given["lang"] or values.get("REPORT_LANG")
        context.exit(_check(values, Translator(language_for(chosen, os.environ))))

    @report.command(help=_("Make a report of an invented night, from a Baculum that is built in."))
    @click.option(
        "--mode",
        type=click.Choice([Mode.TEST.value, Mode.PRODUCTION.value]),
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
    def demo(context: click.Context, **options: Any) -> None:
        result = _demo(options)
        context.exit(_exit_code(result, options["fail_on"]))

    return report


def _check(values: Mapping[str, str | None], _: Translator) -> ExitCode:
    """Print each step as it ends."""
    from app.check import SETTINGS_STEP, State, Step, check
    from app.logs import Masker
    from app.settings import read_api

    marks = {State.OK: ("✓", "green"), State.FAILED: ("✗", "red"), State.SKIPPED: ("–", None)}
    failed = False
    masker = Masker()

    def show(step: Step) -> None:
        mark, colour = marks[step.state]
        line = f"{_.text(step.name)}: {_.text(step.told)}  ({step.seconds:.3f} s)"
        click.secho(f"{mark} ", fg=_colour(colour), nl=False)
        click.echo(masker(line))
        if step.cure is not None:
            click.echo(f"  → {masker(_.text(step.cure))}")

    try:
        api = read_api(values)
    except SettingsError as error:
        for what, cure in error.problems:
            show(Step(SETTINGS_STEP, State.FAILED, 0.0, what, cure))
        return ExitCode.SETTINGS
    masker = Masker([api.password], api.username)
    show(Step(SETTINGS_STEP, State.OK, 0.0, msg("all there")))
    for step in check(api):
        show(step)
        failed |= step.state is State.FAILED
    return ExitCode.API if failed else ExitCode.DONE


def _demo(options: Mapping[str, Any]) -> Result:
    """Run the same pipeline against the embedded Baculum, from which nothing leaves this machine."""
    from zoneinfo import ZoneInfo

    from app.demo import Baculum, Flavour, told_night

    try:
        flavour = Flavour(options["server"])
    except ValueError as error:
        raise UsageError(
            msg("--server {value!r} is not known.", value=options["server"]),
            msg("Choose one of: {choices}.", choices=", ".join(one.value for one in Flavour)),
        ) from error
    zone = _host_zone()
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


def _colour(name: str | None) -> str | None:
    return None if os.environ.get("NO_COLOR") else name


def _say(_: Translator, error: ReportError) -> None:
    """Print every problem as one sentence with its cure, on stderr."""
    label = _("Error:")
    for what, cure in error.problems:
        told = f"{_.text(what)} {_.text(cure) if cure is not None else ''}".strip()
        click.secho(f"{label} ", fg=_colour("red"), nl=False, err=True)
        click.echo(told, err=True)


def _end(code: int) -> NoReturn:
    """Leave at once: a call that is still under way must not hold the process."""
    from contextlib import suppress

    from app.logs import tear_down

    tear_down()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with a documented code; never a traceback."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    language = _early_language(argv)
    _ = Translator(language)

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit(SIGTERM_EXIT)

    signal.signal(signal.SIGTERM, stop)
    code: int = ExitCode.DONE
    try:
        code = build(language).main(argv, prog_name="bacula-report", standalone_mode=False) or 0
    except ReportError as error:
        _say(_, error)
        code = error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = ExitCode.USAGE
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("Interrupted; no report was written."), err=True)
        code = 128 + signal.SIGINT
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else ExitCode.USAGE
        if code == SIGTERM_EXIT:
            click.echo(_("Stopped; no report was written."), err=True)
    except Exception as error:
        code = _unexpected(_, error)
    _end(code)


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
    _say(_, ReportError(what, cure))
    return ExitCode.WRITE
