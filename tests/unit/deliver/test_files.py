"""Files that are whole or not there: and what killed runs left of them."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from app.deliver.files import STRAY_AFTER, write_file
from app.deliver.outbox import Outbox
from tests.unit.deliver.made import MADE, a_parcel


def stray(path: Path, seconds: float) -> Path:
    """A draft that a killed run left so long ago."""
    path.write_bytes(b"half")
    made = time.time() - seconds
    os.utime(path, (made, made))
    return path


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.prom"
    for content in (b"one", b"two"):
        write_file(path, content, 0o640)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.prom"
    write_file(path, b"one", 0o640)

    def fail(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, b"two", 0o640)
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.prom", "[a].prom", "*.prom"])
def test_drafts_of_killed_runs_go_when_no_run_can_live_so_long(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    stray(tmp_path / f".{name}.0123abcd.tmp", STRAY_AFTER + 60)
    young = stray(tmp_path / f".{name}.4567cdef.tmp", 60)
    others = stray(tmp_path / ".b.prom.89abcdef.tmp", STRAY_AFTER + 60)
    write_file(path, b"one", 0o640)
    assert sorted(tmp_path.iterdir()) == sorted([path, young, others])


def test_drafts_of_what_is_kept_go_too(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.keep("mail_1", [a_parcel(page=None)], MADE)
    stray(tmp_path / "kept" / ".mail_0.json.0123abcd.tmp", STRAY_AFTER + 60)
    outbox.keep("mail_2", [a_parcel(page=None)], MADE)
    assert sorted(one.name for one in (tmp_path / "kept").iterdir()) == [
        "mail_1.json",
        "mail_2.json",
    ]
