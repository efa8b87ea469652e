"""Files that are whole or not there at all, also after a power cut."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from glob import escape
from pathlib import Path

STRAY_AFTER = 3600
"""Seconds after which a draft belongs to no run that lives: it is written in an instant."""


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file and force it to the disk; whoever looks sees the old or the new one, whole.

    Drafts of the same file that killed runs left behind are removed.

    Raises:
        OSError: if it cannot be written; the old file is still there, and nothing else.
    """
    # Node exporter reads *.prom, the outbox its own names: nobody reads this one.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        write_through(draft, content, mode)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)
    remove_strays(path.parent, f".{escape(path.name)}.*.tmp")


def remove_strays(folder: Path, pattern: str) -> None:
    """Remove the drafts that killed runs left in a folder, as far as that is possible."""
    with contextlib.suppress(OSError):
        for path in list(folder.glob(pattern)):
            if path.stat().st_mtime < time.time() - STRAY_AFTER:
                path.unlink(missing_ok=True)


def write_through(path: Path, content: bytes, mode: int) -> None:
    """Write a new file and force it to the disk."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        # A file system without modes, such as FAT, may refuse any.
        with contextlib.suppress(PermissionError):
            os.fchmod(handle, mode)
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
