"""`python -m app.demo`: the embedded Baculum in the foreground, telling the night anew every hour.

Only here the package reads the environment, prints, and knows signals.
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .flavours import Flavour
from .server import Baculum
from .story import told_night

_DEFAULT_PORT = 9096
_TELL_AGAIN_SECONDS = 3600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; returns the exit code."""
    parser = _parser(os.environ)
    options = parser.parse_args(arguments)
    try:
        password = options.password or _secret(os.environ, "BACULUM_API_PASSWORD")
        username = options.username or _secret(os.environ, "BACULUM_API_USERNAME")
    except OSError as error:
        parser.error(f"cannot read a secret: {error}")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    baculum = Baculum(
        told_night(datetime.now(UTC), options.zone),
        options.flavour,
        username=username or "report",
        password=password or "demo-password",
        host=options.host,
        port=options.port,
    )
    try:
        baculum.start()
    except OSError as error:
        parser.exit(1, f"cannot listen on {options.host}:{options.port}: {error}\n")
    try:
        sys.stdout.write(f"{options.flavour} answers on {baculum.url}\n")
        sys.stdout.flush()
        while not stop.wait(_TELL_AGAIN_SECONDS):
            baculum.night = told_night(datetime.now(UTC), options.zone)
    finally:
        baculum.stop()
    return 0


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app.demo",
        description="An embedded Baculum that tells of one believable night.",
        epilog="Credentials also come from BACULUM_API_USERNAME and BACULUM_API_PASSWORD, "
        "or from the files that the same names with _FILE point to.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=_DEFAULT_PORT, help="port (%(default)s)")
    parser.add_argument(
        "--flavour",
        type=Flavour,
        choices=list(Flavour),
        default=Flavour.BACULUM_15,
        help="which server to pass for (%(default)s)",
    )
    parser.add_argument("--username", help="user name (report)")
    parser.add_argument("--password", help="password (demo-password)")
    parser.add_argument(
        "--zone",
        type=_zone,
        default=environment.get("TZ") or "UTC",
        help="the Director's time zone (%(default)s)",
    )
    return parser


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name.removeprefix(":"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"unknown time zone {name!r}") from error


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    """A value from the environment, or from the file that NAME_FILE points to."""
    path = environment.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    return environment.get(name)


if __name__ == "__main__":
    sys.exit(main())
