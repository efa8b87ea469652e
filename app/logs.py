"""The run's own log: console and a file rotated daily, with every secret masked in one place."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import logging
import logging.handlers
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from urllib.parse import quote, quote_plus, unquote

from app.bacula.joblog import clean, repair
from app.i18n import Message, Translator, msg

LOGGER = "bacula_report"
FILE_NAME = "bacula-report.log"
KEEP_DAYS = 14
_FILE_MODE = 0o640
_MASK = "********"
_AUTHORIZATION = re.compile(r"((?:Basic|Bearer)\s+)[A-Za-z0-9+/=._\-]{6,}")
_URL_USER = re.compile(r"(://)[^/\s@]+@")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_PERCENT = re.compile("%[0-9A-F]{2}")
_LEFT_ALONE = "!#$%&'()*+,/:;=?@[]~"
"""Signs that requests does not quote in an address that it is given whole."""
_ENTITY = re.compile(r"&(?:#\d{1,20}|#[xX][0-9a-fA-F]{1,20}|[A-Za-z]{2,10});?")
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\\\"'/]))")
_LAYERS = 5
"""How often something may be quoted within something quoted: JSON in an exception in a list."""


class Masker:
    """Replaces secrets in any text, in each form they may take on the way.

    The usual forms are looked for as they are. For all others the text is unquoted, layer by layer;
    where a secret comes to light, the log gets the unquoted text, masked.
    """

    def __init__(self, secrets: Iterable[str] = (), username: str = "") -> None:
        forms: set[str] = set()
        self._secrets = {secret for secret in secrets if secret}
        for secret in self._secrets:
            forms |= {secret, quote_plus(secret)}
            for safe in ("", "/", _LEFT_ALONE):
                written = quote(secret, safe=safe)
                forms |= {written, _PERCENT.sub(lambda found: found[0].lower(), written)}
            # As repr() writes it in either kind of quotes, and as bytes.
            for written in (repr(f'"{secret}')[2:-1], repr(secret.encode() + b'"')[2:-2]):
                forms |= {written, written.replace("\\'", "'")}
            forms |= {json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
            for pair in (f"{username}:{secret}", secret):
                forms.add(base64.b64encode(pair.encode()).decode())
        self._forms = sorted(forms, key=len, reverse=True)
        # Unquoting a text may change a secret that stands in it unquoted.
        layers = set(self._secrets)
        for secret in self._secrets:
            for undo in _UNQUOTE * _LAYERS:
                layers.add(secret := undo(secret))
        self._unquoted = sorted(layers, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` with stars where a secret stood."""
        text = self._without(self._forms, text)
        plain = text
        for _ in range(_LAYERS if self._secrets else 0):
            before = plain
            # After each of them: what stands beside a secret may be a quoting with its last sign.
            for undo in _UNQUOTE:
                quoted, plain = plain, undo(plain)
                masked = self._without(self._unquoted, plain) if plain != quoted else plain
                if masked != plain:
                    text = plain = masked
            if plain == before:
                break
        return _URL_USER.sub(rf"\1{_MASK}@", _AUTHORIZATION.sub(rf"\1{_MASK}", text))

    def _without(self, forms: Iterable[str], text: str) -> str:
        """Return a text with stars for these forms, and for base64 that holds a secret."""
        for form in forms:
            if form in text:
                text = text.replace(form, _MASK)
        return _BASE64.sub(self._decoded, text) if self._secrets else text

    def _decoded(self, found: re.Match[str]) -> str:
        """Return what may be base64 as it is, or stars if a secret is in it."""
        written = found.group().replace("-", "+").replace("_", "/")
        for begin in range(4):
            whole = written[begin : begin + (len(written) - begin) // 4 * 4]
            # An incomplete group at the end may hold one or two bytes more.
            rest = written[begin + len(whole) :]
            told = base64.b64decode(whole + (rest + "=" * (-len(rest) % 4) if rest[1:] else ""))
            if any(secret.encode("utf-8", "replace") in told for secret in self._secrets):
                return _MASK
        return found.group()


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text)


def _without_escapes(text: str) -> str:
    plain = _ESCAPED.sub(_unescaped, text)
    # Of two halves of one character, as JSON has them, one character.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_UNQUOTE: tuple[Callable[[str], str], ...] = (unquote, _without_entities, _without_escapes, repair)
"""What undoes one layer of quoting: that of addresses, of HTML, of JSON and Python, and UTF-8 that
was taken for Latin-1."""


def _unescaped(found: re.Match[str]) -> str:
    *numbers, sign = found.groups()
    if sign:
        return str(sign)
    code = int(next(filter(None, numbers)), 16)
    return chr(code) if code <= sys.maxunicode else found.group()


class _Formatter(logging.Formatter):
    """Text ("[2026-11-20 08:00:00] [INFO] message") or one JSON object a line, masked."""

    def __init__(self, *, as_json: bool, masker: Masker, language: str) -> None:
        super().__init__()
        self._tr = Translator(language)
        self._as_json = as_json
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, masked; only its first line looks like the beginning of one."""
        message = self._tr.text(record.msg) if _is_message(record) else record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        # Messages may quote a server; nothing in them may steer a terminal or forge a record.
        message = self._masker(clean(self._masker(message)))
        moment = datetime.fromtimestamp(record.created).astimezone()
        if self._as_json:
            return json.dumps(
                {"time": moment.isoformat(), "level": record.levelname, "message": message},
                ensure_ascii=False,
            )
        flat = message.replace("\n", "\n    ")
        return f"[{moment:%Y-%m-%d %H:%M:%S}] [{record.levelname}] {flat}"


def _is_message(record: logging.LogRecord) -> bool:
    return isinstance(record.msg, Message)


def set_up(
    *,
    level: str,
    log_format: str,
    directory: Path | None,
    masker: Masker,
    stream: TextIO | None = None,
    console_level: str | None = None,
    language: str = "en",
) -> logging.Logger:
    """Configure and return the run's logger.

    What is logged as a `Message` is written in `language`; plain text (of requests, say) as it is.
    The console gets `console_level` (else `level`); the file gets `level`. A log folder that cannot
    be written is said once on the console and the run goes on: a report matters more than its log.
    """
    logger = logging.getLogger(LOGGER)
    tear_down()
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    formatter = _Formatter(as_json=log_format == "json", masker=masker, language=language)
    console = logging.StreamHandler(stream or sys.stderr)
    console.setLevel(console_level or level)
    console.setFormatter(formatter)
    logger.addHandler(console)
    if directory is not None:
        try:
            file = _daily_file(directory)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            logger.warning(
                msg("No log file in {folder}: {reason}", folder=str(directory), reason=reason)
            )
        else:
            file.setLevel(level)
            file.setFormatter(formatter)
            logger.addHandler(file)
    return logger


def tear_down() -> None:
    """Close and remove the handlers, so that a run leaves nothing open."""
    logger = logging.getLogger(LOGGER)
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        # On a full disk the rest cannot be written here either.
        with contextlib.suppress(OSError):
            handler.close()


def _daily_file(directory: Path) -> logging.Handler:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / FILE_NAME
    return _DailyFile(path, when="midnight", backupCount=KEEP_DAYS, encoding="utf-8")


def _is_torn(path: str) -> bool:
    """Tell whether a file ends in the middle of a line, as on a disk that was full."""
    # An empty one cannot be read from its end; another may be for writing only.
    with contextlib.suppress(OSError), open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
    return False


class _DailyFile(logging.handlers.TimedRotatingFileHandler):
    """Rotates at midnight, also across runs that are shorter than a day, and never raises."""

    _given_up = False

    def _open(self) -> TextIOWrapper:
        """Open the file, today's like every later one, for its owner and group only."""
        stream = super()._open()
        # A link may lead to a device, which is not ours to close for others.
        if os.path.isfile(self.baseFilename):
            os.chmod(self.baseFilename, _FILE_MODE)
            if _is_torn(self.baseFilename):
                stream.write("\n")
        return stream

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once, on the console, that the log cannot be written any more; the run goes on."""
        error = sys.exc_info()[1]
        if self._given_up or not isinstance(error, OSError):
            return
        self._given_up = True
        values = {"path": self.baseFilename, "reason": error.strerror or type(error).__name__}
        logging.getLogger(LOGGER).warning(
            msg("The log file {path} is incomplete: {reason}", **values)
        )

    def doRollover(self) -> None:
        """Rotate; when another run has just done so, simply go on with the new file."""
        try:
            super().doRollover()
        except OSError:
            self.rolloverAt = self.computeRollover(int(time.time()))
            if self.stream is None:
                self.stream = self._open()
