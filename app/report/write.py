"""Keeps a report: all of its files or none, never half a file, never over an older report."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from app.errors import WriteError
from app.i18n import Message, msg

MODE = 0o640
"""Reports name servers and files: for their owner and group only."""
_TRIES = 120
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def prepare(directory: Path) -> None:
    """Make sure, before anything is asked, that reports can be written to a folder.

    Raises:
        WriteError: if they cannot.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _write_error(directory, error) from error


def write_report(directory: Path, contents: Mapping[str, str], generated: datetime) -> list[Path]:
    """Write the files of one report, named by the second it was generated.

    A second that already has a report is left alone: the next free one is taken. Each file is
    complete on disk before it gets its name.

    Args:
        directory: the folder; it must exist.
        contents: text by file ending; the first one is the report itself.
        generated: the time for the name, in the report's zone.

    Returns:
        The paths, in the order of `contents`.

    Raises:
        WriteError: if a file cannot be written; nothing of this report is left behind then.
    """
    temporary: dict[str, Path] = {}
    written: list[Path] = []
    try:
        for ending, text in contents.items():
            temporary[ending] = _write_temporary(directory, text)
        for second in range(_TRIES):
            stem = f"mail_{generated + timedelta(seconds=second):%Y%m%d%H%M%S}"
            targets = {ending: directory / f"{stem}.{ending}" for ending in contents}
            if any(target.exists() for target in targets.values()):
                continue
            try:
                for ending, target in targets.items():
                    _name(temporary[ending], target)
                    written.append(target)
            except FileExistsError:
                # Another run took this second between the look and the naming.
                _remove(written)
                written.clear()
                continue
            _sync_folder(directory)
            return written
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        _remove(written)
        raise _write_error(directory, error) from error
    except BaseException:
        _remove(written)
        raise
    finally:
        _remove(temporary.values())


def _write_temporary(directory: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=".mail_", suffix=".tmp", dir=directory)
    path = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), MODE)
            os.fsync(file.fileno())
    except BaseException:
        _remove([path])
        raise
    return path


def _name(temporary: Path, target: Path) -> None:
    """Give a complete file its name, unless the name is taken (a rename would not notice)."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: take the name first, then put the file there.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))
        try:
            os.replace(temporary, target)
        except BaseException:
            _remove([target])
            raise


def _sync_folder(directory: Path) -> None:
    # Some network file systems cannot sync a folder; the files themselves are safe.
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


_CURES: dict[int, Message] = {
    errno.ENOSPC: msg("Free some space there, or choose another folder (--output, REPORT_DIR)."),
    errno.EROFS: msg("Mount it writable, or choose another folder (--output, REPORT_DIR)."),
}
_CURE = msg("Check the folder's owner and mode, or choose another one (--output, REPORT_DIR).")


def _write_error(directory: Path, error: OSError) -> WriteError:
    what = msg(
        "The report could not be written to {folder}: {reason}.",
        folder=str(directory),
        reason=error.strerror or type(error).__name__,
    )
    return WriteError(what, _CURES.get(error.errno or 0, _CURE))
