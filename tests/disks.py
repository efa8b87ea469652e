"""Small disks to be filled: real file systems where one can be mounted."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FULL_SIZE = 65_536


@dataclass(frozen=True)
class Full:
    """A folder where little fits, and how the system says so."""

    path: Path
    reason: str


def mounted(folder: Path, *options: str) -> bool:
    """Put a small file system there; only root can."""
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


@cache
def can_mount() -> bool:
    """Tell whether a file system can be mounted here: not even every root may."""
    with tempfile.TemporaryDirectory() as folder, disk(Path(folder) / "probe") as there:
        return there


@contextmanager
def disk(folder: Path, *options: str) -> Iterator[bool]:
    """Have a file system of its own in a folder; tells whether there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    there = mounted(folder, "-o", ",".join(("rw", *options)))
    try:
        yield there
    finally:
        if there:
            # Lazily: whoever still looks there must not keep it.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full_disk(folder: Path) -> Iterator[Full]:
    """Have a disk where no file fits that is larger than `FULL_SIZE`.

    Where none can be mounted, a limit of this process does the same.
    """
    with disk(folder, f"size={FULL_SIZE}") as there:
        if there:
            yield Full(folder, "No space left on device")
            return
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_SIZE, before[1]))
        try:
            yield Full(folder, "File too large")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
