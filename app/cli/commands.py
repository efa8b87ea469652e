"""The commands and their options; what each does is in `work`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn

import click

from app import __version__
from app.cli.environment import read_environment
from app.cli.help import Group, early_language, teach_click
from app.cli.process import (
    SIGTERM_EXIT,
    end,
    heed_signals,
    hold_standard_streams,
    say,
    talk,
)
from app.cli.work import check_all, deliver_waiting, run_demo, run_report
from app.errors import ExitCode, ReportError, UsageError
from app.i18n import LANGUAGES, Translator, language_for, msg
from app.period import Mode, PeriodRequest, parse_bound

FORMATS = ("html", "json", "text")
FAIL_ON = ("never", "warning", "failed")
_SHARED = ("env_file", "output", "lang", "verbose", "quiet")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with a documented code; never a traceback."""
    hold_standard_streams()
    heed_signals()
    end(answer(list(sys.argv[1:] if arguments is None else arguments)))


def answer(argv: Sequence[str]) -> int:
    """Run the command within a process that goes on; return a documented code, raise nothing."""
    language = early_language(argv)
    _ = Translator(language)
    teach_click(language)
    code: int = ExitCode.DONE
    try:
        command = build(language)
        code = command.main(list(argv), prog_name="bacula-report", standalone_mode=False) or 0
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
    return code


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
                    help=_("failed: exit with 1 if one must act now; warning: if not all is good."),
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
        + "\n  bacula-report check",
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
        help=_("test: last seven days. production: since yesterday 22:00."),
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
    @click.option("--send", is_flag=True, help=_("Send the report; an error if nobody is set up."))
    @click.option("--no-send", is_flag=True, help=_("Send nothing, whatever is set up."))
    @click.option("--dry-run", is_flag=True, help=_("Say what would be sent, and send nothing."))
    @report_options
    @click.version_option(__version__, prog_name="bacula-report")
    @click.pass_context
    def report(context: click.Context, /, **options: Any) -> None:
        context.obj = options
        if context.invoked_subcommand:
            return
        period = _period(options["mode"], options["start"], options["end"])
        if options["no_send"] and (options["send"] or options["dry_run"]):
            raise UsageError(
                msg("--no-send excludes --send and --dry-run."), msg("Give one of them.")
            )
        values = read_environment(options["env_file"])

        def work() -> int:
            return run_report(options, values, period, sends=not options["no_send"])

        chosen = options["lang"] or values.get("REPORT_LANG")
        context.exit(_told(language_for(chosen, os.environ), work))

    about_check = _("Check settings, API, Director and channels, step by step.")

    @report.command(help=about_check, short_help=about_check)
    @click.option("--env-file", metavar="FILE", help=_("File with settings.  [default: .env]"))
    @click.option("--lang", type=click.Choice(LANGUAGES), help=_("Language.  [REPORT_LANG]"))
    @click.pass_context
    def check(context: click.Context, /, **options: Any) -> None:
        given = context.obj
        values = read_environment(options["env_file"] or given["env_file"])
        chosen = options["lang"] or given["lang"] or values.get("REPORT_LANG")
        spoken = language_for(chosen, os.environ)
        context.exit(_told(spoken, lambda: check_all(values, Translator(spoken))))

    about_deliver = _("Send what waits in the outbox, or a report again.")

    @report.command(
        help=about_deliver
        + "\n\n"
        + _(
            "With files of reports, those are sent again to everybody who is set up. That is "
            "possible for two weeks."
        ),
        short_help=about_deliver,
    )
    @click.argument("reports", metavar=_("[REPORT]..."), nargs=-1)
    @click.option(
        "--again", is_flag=True, help=_("Try once more what was put aside for good, too.")
    )
    @click.option("--env-file", metavar="FILE", help=_("File with settings.  [default: .env]"))
    @click.option(
        "--output",
        metavar="DIR",
        help=_("Folder for the reports.  [REPORT_DIR; default: reports]"),
    )
    @click.option("--lang", type=click.Choice(LANGUAGES), help=_("Language.  [REPORT_LANG]"))
    @click.option("-v", "--verbose", is_flag=True, help=_("Log every request."))
    @click.option("-q", "--quiet", is_flag=True, help=_("Log only what is wrong."))
    @click.pass_context
    def deliver(context: click.Context, /, **options: Any) -> None:
        # What is given before the command's name counts as well.
        given = {**options, **{name: options[name] or context.obj[name] for name in _SHARED}}
        values = read_environment(given["env_file"])
        spoken = language_for(given["lang"] or values.get("REPORT_LANG"), os.environ)
        context.exit(_told(spoken, lambda: deliver_waiting(given, values, spoken)))

    about_demo = _("Make a report of an invented night, with a built-in Baculum.")

    @report.command(help=about_demo, short_help=about_demo)
    @click.option(
        "--mode",
        type=click.Choice([Mode.TEST.value, Mode.PRODUCTION.value]),
        metavar="MODE",
        default=Mode.TEST.value,
        show_default=True,
        help=_("test: last seven days. production: since yesterday 22:00."),
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
        context.exit(run_demo(options))

    return report


def _told(language: str, work: Callable[[], int]) -> int:
    """Do the work of a command; tell its errors in the language that the settings ask for."""
    try:
        return work()
    except ReportError as error:
        say(Translator(language), error)
        return error.exit_code


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
