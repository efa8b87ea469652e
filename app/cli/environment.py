"""What is read from the environment and from .env."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from app.errors import SettingsError
from app.i18n import msg

_DEFAULT_ENV_FILE = ".env"


def host_zone() -> tzinfo:
    """Return this machine's zone, by name if it has one."""
    from app.settings import zone_of

    named = os.environ.get("TZ", "").lstrip(":")
    if not named:
        path = os.path.realpath("/etc/localtime")
        named = path.partition("zoneinfo/")[2]
    return (zone_of(named) if named else None) or datetime.now().astimezone().tzinfo or UTC


def read_environment(env_file: str | None) -> dict[str, str | None]:
    """Return the settings' source: .env below, the environment above.

    Raises:
        SettingsError: if a file was named that cannot be read.
    """
    path = Path(env_file or _DEFAULT_ENV_FILE)
    values: dict[str, str | None] = {}
    if env_file or path.is_file():
        from dotenv import dotenv_values

        from app.settings.reader import read_text

        try:
            # Without interpolation: a password may contain ${.
            values |= dotenv_values(stream=io.StringIO(read_text(path)), interpolate=False)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            what = msg(
                "The settings file {path} cannot be read: {reason}.", path=str(path), reason=reason
            )
            raise SettingsError([(what, msg("Check its path and mode (--env-file)."))]) from error
    from app.settings import SETTINGS

    return with_environment(values, [setting.name for setting in SETTINGS])


def with_environment(
    values: Mapping[str, str | None], names: Sequence[str]
) -> dict[str, str | None]:
    """Return values with those of the environment above them.

    Args:
        values: what was read from a file.
        names: the variables to look at.

    Raises:
        SettingsError: naming those that are not UTF-8.
    """
    own = _own_variables(names)
    # A secret from the environment replaces the file's, in whatever form.
    pairs = [(name, f"{name}_FILE") for name in names if f"{name}_FILE" in names]
    replaced = {name for pair in pairs if not own.keys().isdisjoint(pair) for name in pair}
    return {name: value for name, value in values.items() if name not in replaced} | own


def _own_variables(names: Sequence[str]) -> dict[str, str]:
    """Return variables of the environment; they are UTF-8 whatever the locale says.

    Raises:
        SettingsError: naming those that are not.
    """
    own: dict[str, str] = {}
    problems = []
    for name in names:
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
