"""The process itself: its streams, its signals and its end."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

import click

from app.errors import ReportError, WriteError
from app.i18n import Translator, msg

SIGTERM_EXIT = 128 + signal.SIGTERM
SIGINT_EXIT = 128 + signal.SIGINT
_passed_by = threading.Event()


def put(result: str | bytes) -> None:
    """Print on stdout, for whoever waits for it there.

    Raises:
        WriteError: if it cannot be printed (a full disk, a reader that has gone).
    """
    try:
        click.echo(result)
    except OSError as error:
        what = msg("The result could not be printed: {reason}.", reason=error.strerror or "")
        raise WriteError(what) from error


def say(_: Translator, error: ReportError) -> None:
    """Print every problem as one sentence with its cure, on stderr; no path steers a terminal."""
    # Only here: nobody should wait for it who asks for help.
    from app.bacula.joblog import clean

    label = click.style(_("Error:"), fg=tint("red"))
    for what, cure in error.problems:
        told = f"{_.text(what)} {_.text(cure) if cure is not None else ''}".strip()
        talk(f"{label} {clean(told)}")


def talk(text: str) -> None:
    """Print on stderr; when nobody can hear it, the exit code still tells."""
    with suppress(OSError):
        click.echo(text, err=True)


def tint(name: str | None) -> str | None:
    """Return a colour's name, or none where the operator wants none (NO_COLOR)."""
    return None if os.environ.get("NO_COLOR") else name


def hold_standard_streams() -> None:
    """Keep the numbers of closed streams from files that are opened later; write what they can.

    A sign that the terminal's encoding lacks is no reason to fail.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def heed_signals() -> None:
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
        if heard != 2 and not _passed_by.is_set():
            raise SystemExit(SIGTERM_EXIT) if number == signal.SIGTERM else KeyboardInterrupt

    def wake() -> None:
        number = os.read(ear, 1)[0]
        while not woken.wait(0.05):
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    threading.Thread(target=wake, name="signals", daemon=True).start()


def pass_signals_by() -> None:
    """Heed no signal any more: there is nothing left to be stopped."""
    _passed_by.set()


def end(code: int) -> NoReturn:
    """Leave at once: a call that is still under way must not hold the process."""
    from app.logs import tear_down

    tear_down()
    # What was stopped while it waited for its reader must not begin to wait again.
    stopped = code in (SIGTERM_EXIT, SIGINT_EXIT)
    for stream in () if stopped else (sys.stdout, sys.stderr):
        # A closed one is None.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(code)
