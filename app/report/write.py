"""Keeps a report: all of its files or none, never half a file, never over an older report."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from app.errors import WriteError
from app.i18n import Message, msg

MODE = 0o640
"""Reports name servers and files: for their owner and group only."""
_TRIES = 120
_DRAFTS = ".mail_*.tmp"
_SURELY_DEAD = 24 * 3600
"""Seconds after which a draft belongs to no run that lives, where that cannot be known better."""
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def prepare(directory: Path) -> None:
    """Make sure, before anything is asked, that reports can be written to a folder.

    Raises:
        WriteError: if they cannot.
    """
    try:
        with contextlib.suppress(FileExistsError):
            # What is there and no folder is told by the next line.
            directory.mkdir(parents=True)
        with tempfile.TemporaryFile(dir=directory, prefix=".mail_", suffix=".tmp"):
            pass
    except (OSError, ValueError) as error:
        # A name with a null byte in it is a ValueError.
        raise _write_error(directory, error) from error


def write_report(directory: Path, contents: Mapping[str, str], generated: datetime) -> list[Path]:
    """Write the files of one report, named by the second it was generated.

    A second that already has a report is left alone: the next free one is taken. Each file is
    complete on disk before it gets its name. What a killed run left in the folder is removed.

    Args:
        directory: the folder; it must exist.
        contents: text by file ending; the first one is the report itself.
        generated: the time for the name, in the report's zone.

    Returns:
        The paths, in the order of `contents`.

    Raises:
        WriteError: if a file cannot be written; nothing of this report is left behind then.
    """
    # Named before they exist, so that nothing that may come in between leaves one behind.
    token = secrets.token_hex(8)
    drafts = {
        ending: directory / f".mail_{token}_{number}.tmp" for number, ending in enumerate(contents)
    }
    with _among_others(directory):
        return _write(directory, contents, generated, drafts)


def _write(
    directory: Path, contents: Mapping[str, str], generated: datetime, drafts: Mapping[str, Path]
) -> list[Path]:
    targets: dict[str, Path] = {}
    inodes: dict[str, int] = {}
    try:
        for ending, text in contents.items():
            inodes[ending] = _write_draft(drafts[ending], text)
        for second in range(_TRIES):
            stem = f"mail_{generated + timedelta(seconds=second):%Y%m%d%H%M%S}"
            if any(directory.glob(f"{stem}.*")):
                continue
            targets = {ending: directory / f"{stem}.{ending}" for ending in contents}
            try:
                # The report itself comes last: where it is seen, the rest is there, too.
                for ending in list(contents)[::-1]:
                    _name(drafts[ending], targets[ending])
            except FileExistsError:
                # Another run took this second between the look and the naming.
                _remove_own(targets, inodes)
                continue
            _sync_folder(directory)
            return list(targets.values())
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        _remove_own(targets, inodes)
        raise _write_error(directory, error) from error
    except BaseException:
        _remove_own(targets, inodes)
        raise
    finally:
        try:
            _remove(*drafts.values())
        finally:
            # Once more, should a signal have come in between.
            _remove(*drafts.values())


@contextlib.contextmanager
def _among_others(directory: Path) -> Iterator[None]:
    """Be known to write in a folder while it lasts; first clear up what killed runs left there.

    Whoever writes holds the folder, together with others. Who can have it alone for a moment knows
    that no draft in it is of a run that lives.
    """
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:
        # Writing will say why.
        handle = None
    try:
        if handle is not None:
            latest = _surely_dead(handle)
            with contextlib.suppress(OSError):
                _clear_up(directory, latest)
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _surely_dead(handle: int) -> float:
    """Return when a draft must have been made, at the latest, to belong to no run that lives."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Others write, or the file system has no locks: age must do.
        return time.time() - _SURELY_DEAD
    return math.inf


def _clear_up(directory: Path, latest: float) -> None:
    """Remove drafts made by a moment, and reports that got no further than their companions."""
    strays: dict[Path, os.stat_result] = {}
    # A list to begin with: files may come and go meanwhile.
    for path in list(directory.glob(_DRAFTS)):
        with contextlib.suppress(OSError):
            if (state := path.stat()).st_mtime <= latest:
                strays[path] = state
    # The report itself is number 0, and the last that is named.
    unnamed = {
        path.name.partition("_0.")[0]
        for path, state in strays.items()
        if path.name.endswith("_0.tmp") and state.st_nlink == 1
    }
    halves = {
        state.st_ino
        for path, state in strays.items()
        if path.name.rpartition("_")[0] in unnamed and state.st_nlink > 1
    }
    for path in list(directory.glob("mail_*")) if halves else ():
        with contextlib.suppress(OSError):
            if path.stat().st_ino in halves:
                path.unlink()
    # Number 0 last: as long as it is there, the next run can go on with this.
    _remove(*sorted(strays, reverse=True))


def _write_draft(path: Path, text: str) -> int:
    """Write a complete file under a name that nobody looks for; return its inode."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write(text)
        file.flush()
        # A file system without modes, such as FAT, may refuse any.
        with contextlib.suppress(PermissionError):
            os.fchmod(handle, MODE)
        os.fsync(handle)
        return os.fstat(handle).st_ino


def _name(draft: Path, target: Path) -> None:
    """Give a complete file its name, unless the name is taken (a rename would not notice)."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: who has the claim may look and rename. Taking the name
        # itself would leave an empty report if the run was killed then.
        claim = target.with_name(f".{target.name}.tmp")
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))
        try:
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            os.replace(draft, target)
        finally:
            _remove(claim)


def _sync_folder(directory: Path) -> None:
    # Some network file systems cannot sync a folder; the files themselves are safe.
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _remove_own(targets: Mapping[str, Path], inodes: Mapping[str, int]) -> None:
    """Take back the names this run gave; a file of the same name may be another run's."""
    for ending, target in targets.items():
        with contextlib.suppress(OSError):
            if target.stat().st_ino == inodes[ending]:
                target.unlink()


_CURES: dict[int, Message] = {
    errno.ENOSPC: msg("Free some space there, or choose another folder (--output, REPORT_DIR)."),
    errno.EDQUOT: msg("Free some space there, or choose another folder (--output, REPORT_DIR)."),
    errno.EROFS: msg("Mount it writable, or choose another folder (--output, REPORT_DIR)."),
}
_CURE = msg("Check the folder's owner and mode, or choose another one (--output, REPORT_DIR).")


def _write_error(directory: Path, error: OSError | ValueError) -> WriteError:
    what = msg(
        "The report could not be written to {folder}: {reason}.",
        folder=str(directory),
        reason=getattr(error, "strerror", None) or str(error) or type(error).__name__,
    )
    return WriteError(what, _CURES.get(getattr(error, "errno", None) or 0, _CURE))
