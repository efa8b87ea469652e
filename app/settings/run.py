"""How the API is asked, what is expected, what is written, and the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import SettingsError
from app.i18n import LANGUAGES, msg
from app.policy import Policy, read_policy
from app.settings.reader import (
    Reader,
    Secret,
    is_host,
    is_loopback,
    is_web_address,
    read_text,
    without_credentials,
)

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
MAX_WORKERS = 16


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the API is reached. Times in seconds."""

    host: str
    port: int
    scheme: str
    username: str
    password: Secret = field(repr=False)
    ca_file: Path | None
    timeout: float
    tries: int
    deadline: float
    workers: int

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without credentials."""
        host = self.host.strip("[]")
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def address(self) -> str:
        """Host and port, for people."""
        return self.base_url.partition("://")[2]

    @property
    def password_in_clear(self) -> bool:
        """Whether the password travels unencrypted over a network."""
        return self.scheme == "http" and not is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """What is written, where, and for whom."""

    directory: Path
    language: str
    zone: tzinfo | None
    web_url: str


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where the log goes."""

    directory: Path | None
    level: str
    format: str


def read_api(values: Mapping[str, str | None]) -> ApiSettings:
    """Read how the API is reached.

    Raises:
        SettingsError: naming everything that is missing or wrong, and how to mend it.
    """
    reader = Reader(values)
    example = msg("Set it in the environment or in .env; see .env.example.")
    host = reader.required("BACULUM_API_HOST", example)
    if host and not is_host(host):
        reader.fail(
            msg("BACULUM_API_HOST is {value!r}.", value=without_credentials(host)),
            msg("Give a host name or address only; scheme and port have their own settings."),
        )
    username = reader.required("BACULUM_API_USERNAME", example)
    if ":" in username:
        reader.fail(
            msg("BACULUM_API_USERNAME contains a colon."),
            msg("HTTP Basic cannot send such a name; choose another user."),
        )
    ca_file = reader.ca_file("BACULUM_API_CA_FILE")
    settings = ApiSettings(
        host=host,
        port=reader.number("BACULUM_API_PORT", int, 1, 65535),
        scheme=reader.choice("BACULUM_API_SCHEME", ("http", "https"), fold=str.lower),
        username=username,
        password=reader.secret("BACULUM_API_PASSWORD", required=True),
        ca_file=ca_file,
        timeout=reader.number("BACULUM_API_TIMEOUT", float, 0.1, 600),
        tries=reader.number("BACULUM_API_TRIES", int, 1, 10),
        deadline=reader.number("BACULUM_API_DEADLINE", float, 1, 86400),
        workers=reader.number("BACULUM_API_WORKERS", int, 1, MAX_WORKERS),
    )
    reader.done()
    return settings


def read_output(
    values: Mapping[str, str | None], *, directory: str | None, language: str
) -> OutputSettings:
    """Read what is written; `directory` and `language` come from the command line.

    Raises:
        SettingsError: naming everything that is wrong.
    """
    reader = Reader(values)
    lang = reader.text("REPORT_LANG").lower()
    if lang and lang.partition("_")[0].partition("-")[0] not in LANGUAGES:
        reader.fail(
            msg("REPORT_LANG is {value!r}.", value=lang),
            msg("Choose one of: {choices}.", choices=", ".join(LANGUAGES)),
        )
    zone = None
    name = reader.text("REPORT_TZ")
    if name:
        zone = zone_of(name)
        if zone is None:
            reader.fail(
                msg("REPORT_TZ is {value!r}.", value=name),
                msg("Give a zone of the IANA list, such as Asia/Seoul."),
            )
    web_url = reader.text("BACULUM_WEB_URL").rstrip("/")
    if web_url and not is_web_address(web_url):
        reader.fail(
            msg("BACULUM_WEB_URL is not a web address."),
            msg("Give it without user and password, such as https://backup01:9095."),
        )
    reader.done()
    return OutputSettings(
        directory=Path(directory or reader.text("REPORT_DIR")),
        language=language,
        zone=zone,
        web_url=web_url,
    )


def read_log(values: Mapping[str, str | None]) -> LogSettings:
    """Read where the log goes. An empty REPORT_LOG_DIR means: no file.

    Raises:
        SettingsError: naming everything that is wrong.
    """
    reader = Reader(values)
    level = reader.choice("REPORT_LOG_LEVEL", LOG_LEVELS, fold=str.upper)
    log_format = reader.choice("REPORT_LOG_FORMAT", LOG_FORMATS, fold=str.lower)
    reader.done()
    off = reader.given("REPORT_LOG_DIR") and not reader.raw("REPORT_LOG_DIR").strip()
    return LogSettings(
        directory=None if off else Path(reader.text("REPORT_LOG_DIR")),
        level=level,
        format=log_format,
    )


def read_expectations(values: Mapping[str, str | None], kinds: Collection[str] = ()) -> Policy:
    """Read the policy file; without one, the defaults.

    Args:
        values: the settings.
        kinds: the kinds of findings that a mute may name; empty: not checked.

    Raises:
        SettingsError: naming everything that is wrong in it.
    """
    written = Reader(values).text("REPORT_POLICY_FILE")
    if not written:
        return Policy()
    try:
        content = read_text(written)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        what = msg(
            "REPORT_POLICY_FILE {path} cannot be read: {reason}.", path=written, reason=reason
        )
        cure = msg("Give a readable file, or unset it for the defaults.")
        raise SettingsError([(what, cure)]) from error
    return read_policy(content, written, kinds)


def zone_of(name: str) -> tzinfo | None:
    """Return the named IANA zone, or None when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
