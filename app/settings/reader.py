"""Takes values out of a mapping, and collects every problem instead of stopping at one."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.errors import SettingsError
from app.i18n import Message, msg
from app.settings.names import SETTINGS

Problem = tuple[Message, Message | None]
MOST_BYTES = 1_000_000
"""Bytes of a file that a setting names; one of more is none of ours, and may be endless."""
_HOST = re.compile(r"[A-Za-z0-9_.\-]+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9_.\-]+)?")
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|\[?::1\]?", re.IGNORECASE)


class Secret(str):
    """A string that shows itself only where it is used on purpose."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return stars, also inside containers and dataclasses."""
        return "'********'"


class Reader:
    """Takes values out of a mapping and collects every problem instead of stopping at one."""

    def __init__(self, values: Mapping[str, str | None]) -> None:
        self._values = values
        self._defaults = {setting.name: setting.default for setting in SETTINGS}
        self.problems: list[Problem] = []

    def given(self, name: str) -> bool:
        """Whether it was given at all, be it empty."""
        return name in self._values

    def text(self, name: str) -> str:
        """Return a text without blanks around it, or the default."""
        value = (self._values.get(name) or "").strip()
        return value or self._defaults.get(name, "")

    def raw(self, name: str) -> str:
        """Return a text as it is; "" without it."""
        return self._values.get(name) or ""

    def fail(self, what: Message, cure: Message | None = None) -> None:
        """Note a problem."""
        self.problems.append((what, cure))

    def required(self, name: str, cure: Message) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if not value:
            self.fail(msg("{name} is not set.", name=name), cure)
        return value

    def number(self, name: str, kind: Callable[[str], Any], low: float, high: float) -> Any:
        """Return a number within limits; one that is none is told, and stands for the default."""
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
            return kind(self._defaults[name] or f"{low:g}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], *, fold: Callable[[str], str]) -> str:
        """Return one of some words."""
        value = fold(self.text(name))
        if value not in choices:
            self.fail(
                msg("{name} is {value!r}.", name=name, value=self.text(name)),
                msg("Choose one of: {choices}.", choices=", ".join(choices)),
            )
            return choices[0]
        return value

    def secret(self, name: str, *, required: bool = False) -> Secret:
        """Return what stands in NAME, or in the file that NAME_FILE names."""
        given, file = self.raw(name), self.text(f"{name}_FILE")
        if given and file:
            self.fail(
                msg("{name} and {file} are both set.", name=name, file=f"{name}_FILE"),
                msg("Keep one of them."),
            )
        if file:
            return self._secret_of(f"{name}_FILE", file)
        if required and not given:
            self.fail(
                msg("{name} is not set.", name=name),
                msg("Set it or {file}; see .env.example.", file=f"{name}_FILE"),
            )
        return Secret(given)

    def _secret_of(self, name: str, file: str) -> Secret:
        values = {"name": name, "path": _shown_path(name, file)}
        cure = msg("Give a readable file that holds nothing else.")
        try:
            # A file ends with a line feed, and some begin with a byte order mark, that are not part
            # of the secret.
            content = read_text(file).rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            self.fail(msg("{name} {path} cannot be read: {reason}.", reason=reason, **values), cure)
            return Secret("")
        if not content:
            self.fail(msg("{name} {path} is empty.", **values), cure)
        return Secret(content)

    def ca_file(self, name: str) -> Path | None:
        """Return a file of certificates; None without it."""
        written = self.text(name)
        if not written:
            return None
        path = Path(written)
        values = {"name": name, "path": written}
        try:
            pem = read_file(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.fail(msg("{name} {path} cannot be read: {reason}.", reason=reason, **values))
            return None
        if b"-----BEGIN CERTIFICATE-----" not in pem:
            self.fail(
                msg("{name} {path} holds no certificate.", **values),
                msg("Give a file of certificates in PEM format."),
            )
            return None
        return path

    def done(self) -> None:
        """Stop here if anything is wrong.

        Raises:
            SettingsError: naming all of it.
        """
        if self.problems:
            raise SettingsError(self.problems)


def read_file(path: str | Path) -> bytes:
    """Return the content of a file that a setting names.

    Raises:
        OSError: if it cannot be read, or is larger than any such file (`MOST_BYTES`).
        ValueError: if its name can be none.
    """
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def read_text(path: str | Path) -> str:
    """Return the text of a file that a setting names, in UTF-8, with or without a mark of it.

    Raises:
        OSError, ValueError: as `read_file`; ValueError also if it is not UTF-8.
    """
    return io.TextIOWrapper(io.BytesIO(read_file(path)), "utf-8-sig").read()


def is_host(host: str) -> bool:
    """Whether a text is a host name or an address, and nothing else."""
    return bool(_HOST.fullmatch(host)) or _is_ipv6(host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, so that nobody else can listen on the way."""
    return bool(_LOOPBACK.fullmatch(host))


def is_web_address(url: str) -> bool:
    """Whether a text is a web address without credentials."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if any(letter.isspace() or not letter.isprintable() for letter in url):
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc


def without_credentials(host: str) -> str:
    """Return a mistyped host without what may be a password before an @."""
    return "…" + host[host.rindex("@") :] if "@" in host else host


def _is_ipv6(host: str) -> bool:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    # Python takes anything at all behind the per cent sign of a scope.
    if not _IPV6.fullmatch(bare):
        return False
    try:
        IPv6Address(bare)
    except ValueError:
        return False
    return True


def _shown_path(name: str, file: str) -> str:
    """Return a path as it may be shown: it may be the secret itself, put there by mistake."""
    secret = "://" in file if name.endswith("_URL_FILE") else "/" not in file
    return "…" if secret or "/" not in file else file
