"""The settings: read once from a mapping, checked all together, frozen.

`SETTINGS` is the one list of names, defaults and meanings; the README's table and `.env.example`
are tested against it. Secrets hide themselves when printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import SettingsError
from app.i18n import LANGUAGES, N_, Message, msg
from app.policy import Policy, read_policy


class Secret(str):
    """A string that shows itself only where it is used on purpose."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return stars, also inside containers and dataclasses."""
        return "'********'"


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its default as written, and its meaning for the README."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting("BACULUM_API_HOST", "", N_("Host name or address of the Baculum or Bacularis API")),
    Setting("BACULUM_API_PORT", "9096", N_("Its port")),
    Setting("BACULUM_API_SCHEME", "http", N_("http or https")),
    Setting("BACULUM_API_USERNAME", "", N_("User name (HTTP Basic)")),
    Setting("BACULUM_API_PASSWORD", "", N_("Password")),
    Setting("BACULUM_API_PASSWORD_FILE", "", N_("File that holds the password, instead")),
    Setting("BACULUM_API_CA_FILE", "", N_("CA certificates (PEM) to trust for https")),
    Setting("BACULUM_API_TIMEOUT", "10", N_("Seconds that one API call may take")),
    Setting("BACULUM_API_TRIES", "3", N_("How often a call is tried, at most")),
    Setting("BACULUM_API_DEADLINE", "300", N_("Seconds that all calls of a run may take")),
    Setting("BACULUM_API_WORKERS", "4", N_("Calls made at the same time, at most")),
    Setting("BACULUM_WEB_URL", "", N_("Address of the web interface (port 9095), for links")),
    Setting("REPORT_DIR", "reports", N_("Folder that the reports are written to")),
    Setting("REPORT_LANG", "", N_("ko or en; unset: by the locale")),
    Setting("REPORT_TZ", "", N_("Zone of the period and of all times; unset: the Director's")),
    Setting("REPORT_POLICY_FILE", "", N_("File (TOML) of what is expected and what is muted")),
    Setting("REPORT_LOG_DIR", "logs", N_("Folder of the log file; empty: no file")),
    Setting("REPORT_LOG_LEVEL", "INFO", N_("DEBUG, INFO, WARNING or ERROR")),
    Setting("REPORT_LOG_FORMAT", "text", N_("text or json")),
)

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
MAX_WORKERS = 16
_HOST = re.compile(r"[A-Za-z0-9_.\-]+")
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|\[?::1\]?", re.IGNORECASE)

Problem = tuple[Message, Message | None]


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
        return self.scheme == "http" and not _LOOPBACK.fullmatch(self.host)


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


class _Reader:
    """Takes values out of a mapping and collects every problem instead of stopping at one."""

    def __init__(self, values: Mapping[str, str | None]) -> None:
        self._values = values
        self._defaults = {setting.name: setting.default for setting in SETTINGS}
        self.problems: list[Problem] = []

    def given(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        value = (self._values.get(name) or "").strip()
        return value or self._defaults[name]

    def raw(self, name: str) -> str:
        return self._values.get(name) or ""

    def fail(self, what: Message, cure: Message | None = None) -> None:
        self.problems.append((what, cure))

    def required(self, name: str, cure: Message) -> str:
        value = self.text(name)
        if not value:
            self.fail(msg("{name} is not set.", name=name), cure)
        return value

    def number(self, name: str, kind: Callable[[str], Any], low: float, high: float) -> Any:
        written = self.text(name)
        try:
            value = kind(written)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            self.fail(
                msg("{name} is {value!r}.", name=name, value=written),
                msg("Give a number from {low} to {high}.", low=f"{low:g}", high=f"{high:g}"),
            )
            return kind(self._defaults[name])
        return value

    def choice(self, name: str, choices: tuple[str, ...], *, fold: Callable[[str], str]) -> str:
        value = fold(self.text(name))
        if value not in choices:
            self.fail(
                msg("{name} is {value!r}.", name=name, value=self.text(name)),
                msg("Choose one of: {choices}.", choices=", ".join(choices)),
            )
            return choices[0]
        return value


def read_api(values: Mapping[str, str | None]) -> ApiSettings:
    """Read how the API is reached.

    Raises:
        SettingsError: naming everything that is missing or wrong, and how to mend it.
    """
    reader = _Reader(values)
    example = msg("Set it in the environment or in .env; see .env.example.")
    host = reader.required("BACULUM_API_HOST", example)
    if host and not (_HOST.fullmatch(host) or _is_ipv6(host)):
        reader.fail(
            msg("BACULUM_API_HOST is {value!r}.", value=_without_credentials(host)),
            msg("Give a host name or address only; scheme and port have their own settings."),
        )
    username = reader.required("BACULUM_API_USERNAME", example)
    if ":" in username:
        reader.fail(
            msg("BACULUM_API_USERNAME contains a colon."),
            msg("HTTP Basic cannot send such a name; choose another user."),
        )
    ca_file = _ca_file(reader)
    settings = ApiSettings(
        host=host,
        port=reader.number("BACULUM_API_PORT", int, 1, 65535),
        scheme=reader.choice("BACULUM_API_SCHEME", ("http", "https"), fold=str.lower),
        username=username,
        password=_password(reader),
        ca_file=ca_file,
        timeout=reader.number("BACULUM_API_TIMEOUT", float, 0.1, 600),
        tries=reader.number("BACULUM_API_TRIES", int, 1, 10),
        deadline=reader.number("BACULUM_API_DEADLINE", float, 1, 86400),
        workers=reader.number("BACULUM_API_WORKERS", int, 1, MAX_WORKERS),
    )
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def read_output(
    values: Mapping[str, str | None], *, directory: str | None, language: str
) -> OutputSettings:
    """Read what is written; `directory` and `language` come from the command line.

    Raises:
        SettingsError: naming everything that is wrong.
    """
    reader = _Reader(values)
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
    if web_url and not _is_web_address(web_url):
        reader.fail(
            msg("BACULUM_WEB_URL is not a web address."),
            msg("Give it without user and password, such as https://backup01:9095."),
        )
    if reader.problems:
        raise SettingsError(reader.problems)
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
    reader = _Reader(values)
    level = reader.choice("REPORT_LOG_LEVEL", LOG_LEVELS, fold=str.upper)
    log_format = reader.choice("REPORT_LOG_FORMAT", LOG_FORMATS, fold=str.lower)
    if reader.problems:
        raise SettingsError(reader.problems)
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
    written = _Reader(values).text("REPORT_POLICY_FILE")
    if not written:
        return Policy()
    try:
        content = Path(written).read_text("utf-8-sig")
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


def _is_ipv6(host: str) -> bool:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        IPv6Address(bare)
    except ValueError:
        return False
    return True


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc


def _password(reader: _Reader) -> Secret:
    password, file = reader.raw("BACULUM_API_PASSWORD"), reader.text("BACULUM_API_PASSWORD_FILE")
    if password and file:
        reader.fail(
            msg("BACULUM_API_PASSWORD and BACULUM_API_PASSWORD_FILE are both set."),
            msg("Keep one of them."),
        )
    if not file:
        if not password:
            reader.fail(
                msg("{name} is not set.", name="BACULUM_API_PASSWORD"),
                msg("Set it or BACULUM_API_PASSWORD_FILE; see .env.example."),
            )
        return Secret(password)
    try:
        # A file ends with a line feed, and some begin with a byte order mark, that are not part of
        # the password.
        content = Path(file).read_text("utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        reader.fail(
            msg(
                "BACULUM_API_PASSWORD_FILE {path} cannot be read: {reason}.",
                # Without a slash it may be the password itself, put there by mistake.
                path=file if "/" in file else "…",
                reason=reason,
            ),
            msg("Give a readable file that holds only the password."),
        )
        return Secret("")
    if not content:
        reader.fail(
            msg("BACULUM_API_PASSWORD_FILE {path} is empty.", path=file),
            msg("Give a readable file that holds only the password."),
        )
    return Secret(content)


def _ca_file(reader: _Reader) -> Path | None:
    written = reader.text("BACULUM_API_CA_FILE")
    if not written:
        return None
    path = Path(written)
    try:
        pem = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        reader.fail(
            msg("BACULUM_API_CA_FILE {path} cannot be read: {reason}.", path=written, reason=reason)
        )
        return None
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        reader.fail(
            msg("BACULUM_API_CA_FILE {path} holds no certificate.", path=written),
            msg("Give a file of certificates in PEM format."),
        )
        return None
    return path


def _without_credentials(host: str) -> str:
    """Return a mistyped host without what may be a password before an @."""
    return "…" + host[host.rindex("@") :] if "@" in host else host
