"""Reports on real file systems: whole or not there, never one over another."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.errors import WriteError
from app.report.write import prepare, write_report
from tests.disks import Full, disk

ROOT = Path(__file__).parents[2]
SECOND = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
REPORT = {"html": "<p>한글</p>\n", "json": "{}\n"}
NAMES = ["mail_20261121080000.html", "mail_20261121080000.json"]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def python(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A process of its own that runs some lines."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


# --- names ------------------------------------------------------------------------------------


def test_a_report_is_named_by_its_second_in_the_order_of_its_formats(tmp_path: Path) -> None:
    paths = write_report(tmp_path, REPORT, SECOND)
    assert [path.name for path in paths] == NAMES
    assert REPORT["html"] == paths[0].read_text("utf-8")
    assert names(tmp_path) == NAMES


def test_a_second_report_of_the_same_second_takes_the_next_one(tmp_path: Path) -> None:
    first = write_report(tmp_path, REPORT, SECOND)
    second = write_report(tmp_path, {**REPORT, "html": "other"}, SECOND)
    assert second[0].name == "mail_20261121080001.html"
    assert REPORT["html"] == first[0].read_text("utf-8")


def test_a_second_that_has_a_file_of_another_format_is_not_shared(tmp_path: Path) -> None:
    write_report(tmp_path, {"json": "{}"}, SECOND)
    assert write_report(tmp_path, {"html": "x"}, SECOND)[0].name == "mail_20261121080001.html"


def test_a_report_that_appears_between_look_and_naming_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def late(source: Path, target: Path) -> None:
        if target.name == NAMES[0]:
            target.write_text("of another run")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    paths = write_report(tmp_path, REPORT, SECOND)
    assert paths[0].name == "mail_20261121080001.html"
    assert (tmp_path / NAMES[0]).read_text() == "of another run"
    assert len(names(tmp_path)) == 3


def test_twenty_processes_at_once_leave_twenty_whole_reports(tmp_path: Path) -> None:
    code = """
        import sys
        from datetime import UTC, datetime
        from pathlib import Path
        from app.report.write import write_report
        sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
        who = sys.argv[2]
        contents = {"html": (who + "\\n") * 50_000, "json": who, "txt": who}
        for path in write_report(Path(sys.argv[1]), contents, datetime(2026, 11, 21, tzinfo=UTC)):
            print(path)
    """
    processes = [python(code, str(tmp_path), f"run-{number:02d}") for number in range(20)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    outputs = [process.communicate(b"\n") for process in processes]
    assert [
        (process.returncode, error) for process, (_, error) in zip(processes, outputs, strict=True)
    ] == [(0, b"")] * 20
    for number, (printed, _) in enumerate(outputs):
        html, *others = [Path(line) for line in printed.decode().splitlines()]
        assert f"run-{number:02d}\n" * 50_000 == html.read_text()
        assert [f"run-{number:02d}"] * 2 == [path.read_text() for path in others]
    assert len(names(tmp_path)) == 60


def test_one_hundred_and_twenty_reports_of_one_second_are_the_end(tmp_path: Path) -> None:
    for _ in range(120):
        write_report(tmp_path, {"html": "x"}, SECOND)
    with pytest.raises(WriteError, match="File exists"):
        write_report(tmp_path, {"html": "x"}, SECOND)
    assert len(names(tmp_path)) == 120


# --- modes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_a_report_is_for_owner_and_group_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        paths = write_report(tmp_path, REPORT, SECOND)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o640, 0o640]


def test_a_folder_that_is_missing_is_made_with_its_parents(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == []
    prepare(tmp_path / "a" / "b")


def test_a_link_to_a_folder_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    prepare(tmp_path / "link")
    write_report(tmp_path / "link", REPORT, SECOND)
    assert names(tmp_path / "real") == NAMES


# --- where it cannot be written -----------------------------------------------------------------


def test_a_folder_that_is_a_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WriteError) as caught:
            prepare(path)
        assert "Not a directory" in str(caught.value)
        assert str(path) in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_name_that_cannot_be_is_told_so(tmp_path: Path) -> None:
    for name in ("x" * 300, "a\0b"):
        with pytest.raises(WriteError):
            prepare(tmp_path / name)


@pytest.mark.parametrize("size", [70_000, 1_000_000, 20_000_000])
def test_a_full_disk_leaves_nothing_behind(full: Full, size: int) -> None:
    older = write_report(full.path, {"html": "older"}, SECOND)
    with pytest.raises(WriteError) as caught:
        write_report(full.path, {"html": "small", "json": "x" * size}, SECOND)
    assert full.reason in str(caught.value)
    assert [older[0].name] == names(full.path)
    assert older[0].read_text() == "older"


def test_a_full_disk_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError) as caught:
        write_report(tmp_path, REPORT, SECOND)
    assert str(caught.value.cure).startswith("Free some space")
    assert names(tmp_path) == []


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that refuses: for root, whom no mode stops, a file system mounted so."""
    folder = tmp_path / "read-only"
    with disk(folder, "ro") as there:
        if there:
            yield folder
        elif os.geteuid() == 0:
            # A root that may not mount: nobody makes files there.
            yield Path("/proc/self")
        else:
            folder.chmod(0o555)
            yield folder
            folder.chmod(0o755)


def test_a_read_only_folder_is_told_before_and_while_writing(read_only: Path) -> None:
    for attempt in (
        lambda: prepare(read_only),
        lambda: prepare(read_only / "below"),
        lambda: write_report(read_only, REPORT, SECOND),
    ):
        with pytest.raises(WriteError) as caught:
            attempt()
        assert str(read_only) in str(caught.value)


def test_a_folder_that_vanishes_meanwhile_is_told(tmp_path: Path) -> None:
    prepare(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(WriteError, match="No such file or directory"):
        write_report(tmp_path / "gone", REPORT, SECOND)


# --- file systems that lack something ----------------------------------------------------------


@pytest.mark.parametrize("reason", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK])
def test_without_hard_links_reports_are_written_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    first = write_report(tmp_path, REPORT, SECOND)
    second = write_report(tmp_path, {**REPORT, "html": "other"}, SECOND)
    assert REPORT["html"] == first[0].read_text("utf-8")
    assert second[0].read_text("utf-8") == "other"
    assert len(names(tmp_path)) == 4
    assert stat.S_IMODE(first[0].stat().st_mode) == 0o640


def test_without_hard_links_a_failure_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: Path, target: Path) -> None:
        raise OSError(errno.EPERM if target.suffix == ".json" else errno.EIO, "no")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(WriteError):
        write_report(tmp_path, REPORT, SECOND)
    assert names(tmp_path) == []


def test_without_modes_reports_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int, _mode: int) -> None:
        raise PermissionError(errno.EPERM, "no modes here")

    monkeypatch.setattr(os, "fchmod", refuse)
    assert [path.name for path in write_report(tmp_path, REPORT, SECOND)] == NAMES


def test_without_hard_links_a_kill_leaves_no_empty_report(tmp_path: Path) -> None:
    """A name that was taken first would be a report without a word in it."""
    killed_at("replace", tmp_path, "os.link = refuse")
    assert list(tmp_path.glob("mail_*")) == []
    assert [path.name for path in write_report(tmp_path, REPORT, SECOND)] == NAMES
    assert names(tmp_path) == NAMES


# --- what killed runs left ---------------------------------------------------------------------


def killed_at(function: str, folder: Path, *more: str) -> None:
    """Let a process write a report, and kill it when it does something for the last time.

    That is the naming of the report itself, and the removal of the first draft.
    """
    code = """
        import errno, os, signal, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from app.report import write

        def refuse(*_):
            raise OSError(errno.EPERM, "no links here")

        def deadly(*given):
            if sys.argv[2] != "link" or given[1].suffix == ".html":
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        real = getattr(os, sys.argv[2])
        setattr(os, sys.argv[2], deadly)
        exec(sys.argv[3])
        contents = {"html": "<p>half</p>\\n", "json": "{}\\n"}
        write.write_report(Path(sys.argv[1]), contents, datetime(2026, 11, 21, tzinfo=UTC))
    """
    process = python(code, str(folder), function, "\n".join(more))
    _, told = process.communicate()
    assert (process.returncode, told) == (-signal.SIGKILL, b"")


def test_a_report_without_its_page_is_taken_back_by_the_next_run(tmp_path: Path) -> None:
    killed_at("link", tmp_path)
    assert [path.name for path in tmp_path.glob("mail_*")] == ["mail_20261121000000.json"]
    write_report(tmp_path, REPORT, SECOND)
    assert names(tmp_path) == NAMES


def test_a_report_that_was_whole_stays_when_its_drafts_are_cleared_away(tmp_path: Path) -> None:
    killed_at("unlink", tmp_path)
    whole = ["mail_20261121000000.html", "mail_20261121000000.json"]
    assert sorted(path.name for path in tmp_path.glob("mail_*")) == whole
    assert len(names(tmp_path)) == 4
    write_report(tmp_path, REPORT, SECOND)
    assert names(tmp_path) == [*whole, *NAMES]


def test_the_drafts_of_a_run_that_still_writes_are_left_alone(tmp_path: Path) -> None:
    code = """
        import os, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from app.report.write import write_report

        def slow(handle):
            sys.stdout.write("writing\\n"); sys.stdout.flush(); sys.stdin.readline()

        os.fsync = slow
        write_report(Path(sys.argv[1]), {"html": "slow"}, datetime(2026, 11, 21, tzinfo=UTC))
    """
    process = python(code, str(tmp_path))
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    write_report(tmp_path, REPORT, SECOND)
    assert len(list(tmp_path.glob(".mail_*"))) == 1
    _, told = process.communicate(b"\n\n")
    assert (process.returncode, told) == (0, b"")
    assert (tmp_path / "mail_20261121000000.html").read_text() == "slow"
    assert len(names(tmp_path)) == 3


def test_an_old_draft_goes_even_while_another_run_writes(tmp_path: Path) -> None:
    """Also where the file system has no locks."""
    for name, hours in ((".mail_old_0.tmp", 25), (".mail_young_0.tmp", 1)):
        (tmp_path / name).touch()
        made = time.time() - hours * 3600
        os.utime(tmp_path / name, (made, made))
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_SH)
    write_report(tmp_path, REPORT, SECOND)
    os.close(other)
    assert names(tmp_path) == [".mail_young_0.tmp", *NAMES]
    write_report(tmp_path, REPORT, SECOND)
    assert len(names(tmp_path)) == 4


# --- the end, at any moment --------------------------------------------------------------------

WRITER = """
    import hashlib, os, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from app.report.write import write_report

    def stop(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)
    real = {name: getattr(os, name) for name in ("open", "fsync", "fchmod", "link", "unlink")}

    def marked(name):
        def call(*given, **named):
            os.write(1, b".")
            result = real[name](*given, **named)
            os.write(1, b".")
            return result
        return call

    for name in real:
        setattr(os, name, marked(name))
    number = 0
    while True:
        body = f"report {number} " * 100_000
        digest = hashlib.sha256(body.encode()).hexdigest()
        contents = {"html": body + digest, "json": digest}
        write_report(Path(sys.argv[1]), contents, datetime(2026, 11, 21, tzinfo=UTC))
        number += 1
"""


def end_after(marks: int, folder: Path, number: signal.Signals) -> subprocess.Popen[bytes]:
    """Let a process write reports, and end it about so many operations later."""
    folder.mkdir()
    process = python(WRITER, str(folder))
    assert process.stdout is not None
    seen = 0
    while seen < marks:
        seen += len(os.read(process.stdout.fileno(), 1))
    process.send_signal(number)
    # What it still says must not block it.
    process.stdout.read()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    return process


def check_whole(folder: Path) -> None:
    """Every report that has its name is complete, and its companion is there."""
    for path in folder.glob("mail_*.html"):
        text = path.read_text("utf-8")
        digest = hashlib.sha256(text[:-64].encode()).hexdigest()
        assert digest == text[-64:]
        assert digest == path.with_suffix(".json").read_text()


@pytest.mark.parametrize("batch", range(3))
def test_a_kill_at_any_moment_leaves_no_torn_report(tmp_path: Path, batch: int) -> None:
    moments = random.Random(batch)
    for turn in range(10):
        folder = tmp_path / str(turn)
        process = end_after(moments.randrange(1, 60), folder, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        check_whole(folder)
        # Later than all of these: whatever was half done is gone then.
        write_report(folder, {"html": "", "json": ""}, SECOND + timedelta(days=1))
        (folder / "mail_20261122080000.html").unlink()
        (folder / "mail_20261122080000.json").unlink()
        check_whole(folder)
        assert list(folder.glob(".*")) == []
        assert len(list(folder.glob("*.json"))) == len(list(folder.glob("*.html")))


def test_a_polite_end_at_any_moment_leaves_whole_reports_and_nothing_else(tmp_path: Path) -> None:
    moments = random.Random(7)
    for turn in range(15):
        folder = tmp_path / str(turn)
        process = end_after(moments.randrange(1, 60), folder, signal.SIGTERM)
        assert process.returncode == 128 + signal.SIGTERM
        check_whole(folder)
        assert [name for name in names(folder) if not name.startswith("mail_")] == []
        pages, data = folder.glob("*.html"), folder.glob("*.json")
        assert sorted(p.stem for p in pages) == sorted(p.stem for p in data)


def test_an_interruption_while_naming_takes_back_what_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link: Callable[[Path, Path], None] = os.link

    def interrupted(source: Path, target: Path) -> None:
        link(source, target)
        if target.suffix == ".html":
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path, REPORT, SECOND)
    assert names(tmp_path) == []
