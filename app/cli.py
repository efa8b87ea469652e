"""The command line: the only room that reads the environment, echoes and exits.

Everything heavy is imported where it is used, so that `--help` is quick.
"""

from __future__ import annotations

import gettext
import io
import os
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from app import __version__
from app.errors import ExitCode, ReportError, SettingsError, UsageError, WriteError
from app.i18n import DOMAIN, LANGUAGES, N_, Translator, language_for, msg, nmsg
from app.period import Mode, PeriodRequest, parse_bound

if TYPE_CHECKING:
    from app.pipeline import Result

FORMATS = ("html", "json", "text")
FAIL_ON = ("never", "warning", "failed")
SIGTERM_EXIT = 128 + signal.SIGTERM
_DEFAULT_ENV_FILE = ".env"
_FILLER = "\ue000"
"""Stands behind a character that is two columns wide while a help text is wrapped."""

CLICK_TEXTS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Invalid value for {param_hint}: {message}"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    nmsg("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
    nmsg("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    nmsg("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    nmsg("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
)
"""What click itself says; here so that it is translated along with our own texts."""


class _Formatter(click.HelpFormatter):
    """Wraps help texts by the columns they take: Korean characters are two wide."""

    def write_text(self, text: str) -> None:
        super().write_text(_filled(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        filled = [(term, _filled(meaning)) for term, meaning in rows]
        super().write_dl(filled, col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(_FILLER, "")


class _Context(click.Context):
    formatter_class = _Formatter


class _Command(click.Command):
    context_class = _Context


class _Group(click.Group):
    context_class = _Context
    command_class = _Command


def _filled(text: str) -> str:
    return "".join(
        char + _FILLER if unicodedata.east_asian_width(char) in "WF" else char for char in text
    )


def _teach_click(language: str) -> None:
    """Let click find its words in our catalogue: it asks gettext, and gettext asks LANGUAGE."""
    gettext.bindtextdomain(DOMAIN, str(Path(__file__).with_name("locale")))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


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
    own = _own_variables()
    pair = ("BACULUM_API_PASSWORD", "BACULUM_API_PASSWORD_FILE")
    if any(name in own for name in pair):
        # A password from the environment replaces the file's, in whatever form.
        values = {name: value for name, value in values.items() if name not in pair}
    return values | own


def _own_variables() -> dict[str, str]:
    """Return the environment's settings; they are UTF-8 whatever the locale says.

    Raises:
        SettingsError: naming those that are not.
    """
    from app.settings import SETTINGS

    own: dict[str, str] = {}
    problems = []
    for name in (setting.name for setting in SETTINGS):
        written = os.environ.get(name)
        # An empty one stands for none; but an empty folder of the log means: no log.
        if written is None or (not written and name != "REPORT_LOG_DIR"):
            continue
        try:
            own[name] = os.fsencode(written).decode("utf-8")
        except UnicodeDecodeError:
            what = msg("{name} is not UTF-8.", name=name)
            problems.append((what, msg("Set it in a terminal or a file that is.")))
    if problems:
        raise SettingsError(problems)
    return own


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
        host_zone=_host_zone(),
    )
    result = run(order, api, output)
    import logging

    for path in result.paths[1:]:
        logging.getLogger(LOGGER).info(msg("Also written: {path}", path=str(path)))
    # As bytes: the path is printed as it is, whatever the terminal's encoding.
    _print(os.fsencode(result.paths[0]))
    return result


def _print(result: str | bytes) -> None:
    """Print on stdout, for whoever waits for it there.

    Raises:
        WriteError: if it cannot be printed (a full disk, a reader that has gone).
    """
    try:
        click.echo(result)
    except OSError as error:
        what = msg("The result could not be printed: {reason}.", reason=error.strerror or "")
        raise WriteError(what) from error


def _told(language: str, work: Callable[[], ExitCode]) -> ExitCode:
    """Do the work of a command; tell its errors in the language that the settings ask for."""
    try:
        return work()
    except ReportError as error:
        _say(Translator(language), error)
        return error.exit_code


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
        raise UsageError(
            msg("--format {value!r} is not known.", value=value),
            msg("Give one or more of: {choices}.", choices=", ".join(FORMATS)),
        )
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
        cls=_Group,
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
        values = _environment(options["env_file"])

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
        values = _environment(options["env_file"] or given["env_file"])
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
        _print(f"{click.style(mark, fg=_colour(colour))} {masker(line)}")
        if step.cure is not None:
            _print(f"  → {masker(_.text(step.cure))}")

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
    label = click.style(_("Error:"), fg=_colour("red"))
    for what, cure in error.problems:
        told = f"{_.text(what)} {_.text(cure) if cure is not None else ''}".strip()
        _talk(f"{label} {told}")


def _talk(text: str) -> None:
    """Print on stderr; when nobody can hear it, the exit code still tells."""
    with suppress(OSError):
        click.echo(text, err=True)


def _end(code: int) -> NoReturn:
    """Leave at once: a call that is still under way must not hold the process."""
    from app.logs import tear_down

    tear_down()
    for stream in (sys.stdout, sys.stderr):
        # A closed one is None.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(code)


def _heed_signals() -> None:
    """End the run at SIGTERM or Ctrl-C, at once.

    Python heeds signals in its main thread only, and that sleeps on when a signal comes just before
    it falls asleep, or to another thread: until a call that is under way ends, which may be never.
    So a watcher wakes it.
    """
    heard = 0
    woken = threading.Event()
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)

    def stop(number: int, _frame: object) -> None:
        nonlocal heard
        heard += 1
        woken.set()
        # The second one may be the watcher's, and must not disturb what cleans up by then.
        if heard != 2:
            raise SystemExit(SIGTERM_EXIT) if number == signal.SIGTERM else KeyboardInterrupt

    def wake() -> None:
        number = os.read(ear, 1)[0]
        while not woken.wait(0.05):
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    threading.Thread(target=wake, name="signals", daemon=True).start()


def _hold_standard_streams() -> None:
    """Keep the numbers of closed standard streams from files that are opened later."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with a documented code; never a traceback."""
    _hold_standard_streams()
    argv = list(sys.argv[1:] if arguments is None else arguments)
    language = _early_language(argv)
    _ = Translator(language)
    _teach_click(language)
    for stream in (sys.stdout, sys.stderr):
        # A sign that the terminal's encoding lacks is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _heed_signals()
    code: int = ExitCode.DONE
    try:
        code = build(language).main(argv, prog_name="bacula-report", standalone_mode=False) or 0
    except ReportError as error:
        _say(_, error)
        code = error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        _talk(error.format_message())
        code = ExitCode.USAGE
    except click.ClickException as error:
        code = error.exit_code
        with suppress(OSError):
            error.show()
    except (click.Abort, KeyboardInterrupt):
        _talk(_("Interrupted; no report was written."))
        code = 128 + signal.SIGINT
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else ExitCode.USAGE
        if code == SIGTERM_EXIT:
            _talk(_("Stopped; no report was written."))
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
