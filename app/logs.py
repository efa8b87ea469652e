"""The run's own log: console and a file rotated daily, with every secret masked in one place."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import logging.handlers
import os
import re
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from urllib.parse import quote, quote_plus

from app.bacula.joblog import clean
from app.i18n import Message, Translator, msg

LOGGER = "bacula_report"
FILE_NAME = "bacula-report.log"
KEEP_DAYS = 14
_FILE_MODE = 0o640
_MASK = "********"
_AUTHORIZATION = re.compile(r"((?:Basic|Bearer)\s+)[A-Za-z0-9+/=._\-]{6,}")
_URL_USER = re.compile(r"(://)[^/\s@]+@")


class Masker:
    """Replaces secrets in any text, in each form they may take on the way."""

    def __init__(self, secrets: Iterable[str] = (), username: str = "") -> None:
        forms: set[str] = set()
        for secret in secrets:
            if not secret:
                continue
            forms |= {secret, quote(secret, safe=""), quote_plus(secret)}
            # As repr() writes it in either kind of quotes, and as bytes.
            for written in (repr(f'"{secret}')[2:-1], repr(secret.encode() + b'"')[2:-2]):
                forms |= {written, written.replace("\\'", "'")}
            forms |= {json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
            for pair in (f"{username}:{secret}", secret):
                forms.add(base64.b64encode(pair.encode()).decode())
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` with stars where a secret stood."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, _MASK)
        return _URL_USER.sub(rf"\1{_MASK}@", _AUTHORIZATION.sub(rf"\1{_MASK}", text))


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
        message = clean(self._masker(message))
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


class _DailyFile(logging.handlers.TimedRotatingFileHandler):
    """Rotates at midnight, also across runs that are shorter than a day, and never raises."""

    def _open(self) -> TextIOWrapper:
        """Open the file, today's like every later one, for its owner and group only."""
        stream = super()._open()
        # A link may lead to a device, which is not ours to close for others.
        if os.path.isfile(self.baseFilename):
            os.chmod(self.baseFilename, _FILE_MODE)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore a log that cannot be written any more: the disk may be full; the run goes on."""

    def doRollover(self) -> None:
        """Rotate; when another run has just done so, simply go on with the new file."""
        try:
            super().doRollover()
        except OSError:
            self.rolloverAt = self.computeRollover(int(time.time()))
            if self.stream is None:
                self.stream = self._open()
