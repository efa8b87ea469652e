"""Files that are whole or not there at all, also after a power cut."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file and force it to the disk; whoever looks sees the old or the new one, whole.

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
