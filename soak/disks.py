"""Disks that are full, read-only, without inodes, over quota, somebody else's, or gone midway."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.demo import Baculum, Fault, FaultKind, told_night
from app.errors import ExitCode
from bench.catalog import ZONE
from bench.children import BenchError
from soak.house import PASSWORD, USERNAME, House, Ran
from soak.town import Town, textfile_in, town
from tests.disks import can_mount, disk

ARGUMENTS = ("--mode", "production", "--format", "html,json,text", "--quiet")
LETTERS = 4
"""Two people and the audience get a mail each, and the webhook its message."""
WITHOUT_POWERS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Starts a program that may do no more than the owner of its files may, even as root."""
_MB = 1024 * 1024
_INODES = 64
_BALLAST = ".ballast"
_NOBODY = 65534
_FULL = "No space left on device"


@dataclass(frozen=True, slots=True)
class Stage:
    """What every trouble is tried on.

    Attributes:
        api: the API.
        people: who is told.
        size: bytes of the files of one report.
    """

    api: Baculum
    people: Town
    size: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A site on a stage, where something is to go wrong."""

    stage: Stage
    house: House

    def folder(self, where: str) -> Path:
        """Return one of its folders, which is not there yet."""
        folder = {
            "reports": self.house.reports,
            "outbox": self.house.outbox,
            "logs": self.house.log.parent,
            "textfile": textfile_in(self.house.folder).parent,
        }[where]
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(exist_ok=True)
        return folder


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with a disk.

    Attributes:
        where: whose folder it is.
        what: what is wrong.
        arrange: makes it so, for as long as it lasts.
        codes: the exit codes that may come of it; the first that applies is a matter of room.
        says: the system's reason, which is told unless all went well.
        before: a command that starts the run.
        needs: programs that must be there to try it, and root; nothing: anybody can try it.
        foreseen: whether it can be known before anything is asked.
    """

    where: str
    what: str
    arrange: Callable[[Scene], AbstractContextManager[None]]
    codes: tuple[ExitCode, ...]
    says: str = _FULL
    before: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("mount",)
    foreseen: bool = False

    @property
    def name(self) -> str:
        """Where and what."""
        return f"{self.where}: {self.what}"

    @property
    def possible(self) -> bool:
        """Whether it can be tried here."""
        if not self.needs:
            return True
        return os.geteuid() == 0 and can_mount() and all(map(shutil.which, self.needs))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one trouble.

    Attributes:
        trouble: which.
        code: the exit code of the run that sends.
        report: whether its report was written.
        letters: how many letters arrived, of `LETTERS`.
        told: the sentence that says what is wrong, "" if there is none.
        problems: what is not as it should be, of this run and of one that sends nothing.
    """

    trouble: Trouble
    code: int
    report: bool
    letters: int
    told: str
    problems: tuple[str, ...]


# --- what can be wrong --------------------------------------------------------------------------


@contextmanager
def _filled(where: str, reports: float, scene: Scene) -> Iterator[None]:
    """A disk with room for so many reports."""
    folder = scene.folder(where)
    with disk(folder, f"size={8 * _MB}"):
        state = os.statvfs(folder)
        free = state.f_bavail * state.f_frsize
        (folder / _BALLAST).write_bytes(bytes(max(free - round(reports * scene.stage.size), 0)))
        yield


@contextmanager
def _without_inodes(where: str, left: int, scene: Scene) -> Iterator[None]:
    folder = scene.folder(where)
    with disk(folder, f"size={8 * _MB}", f"nr_inodes={_INODES}"):
        (folder / _BALLAST).mkdir()
        for number in range(os.statvfs(folder).f_ffree - left):
            (folder / _BALLAST / str(number)).touch()
        yield


@contextmanager
def _read_only(where: str, scene: Scene) -> Iterator[None]:
    with disk(scene.folder(where), "ro"):
        yield


@contextmanager
def _foreign(where: str, scene: Scene) -> Iterator[None]:
    """Somebody else's folder, to be looked at only."""
    folder = scene.folder(where)
    folder.mkdir()
    os.chown(folder, _NOBODY, _NOBODY)
    folder.chmod(0o555)
    yield


@contextmanager
def _a_file(where: str, scene: Scene) -> Iterator[None]:
    scene.folder(where).write_text("a file")
    yield


@dataclass
class _Meanwhile(Fault):
    """No fault of the server's: when it is asked the first time, something happens elsewhere."""

    act: Callable[[], object] = field(default=lambda: None, compare=False)

    def applies(self, target: str) -> bool:
        if super().applies(target):
            self.act()
        return False


@contextmanager
def _midway(change: Callable[[Path], object], scene: Scene) -> Iterator[None]:
    """Something happens to the reports folder while the API is asked."""
    folder, api = scene.folder("reports"), scene.stage.api
    folder.mkdir()
    change_it = partial(change, folder)
    api.faults = [_Meanwhile("/joblog/", FaultKind.SLOW, times=1, act=change_it)]
    yield
    api.faults = []


def _become_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a file")


@contextmanager
def _image(make: Sequence[str], mount: str, scene: Scene) -> Iterator[Path]:
    """A file system in a file, and the folder where it is mounted."""
    folder, image = scene.house.folder / "mounted", scene.house.folder / "image"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(128 * _MB)
    device = _do("losetup", "--find", "--show", str(image)).strip()
    try:
        _do(*make, device)
        _do(mount, device, str(folder))
        try:
            yield folder
        finally:
            _do("umount", "--lazy", str(folder))
    finally:
        _do("losetup", "--detach", device)


@contextmanager
def _exfat(scene: Scene) -> Iterator[None]:
    """No hard links, no owners, no modes."""
    with _image(("mkfs.exfat",), "mount.exfat-fuse", scene) as folder:
        scene.folder("reports").symlink_to(folder)
        yield


@contextmanager
def _quota(scene: Scene) -> Iterator[None]:
    """A limit of the folder's own: the disk itself has room."""
    with _image(("mkfs.btrfs", "-q"), "mount", scene) as folder:
        limited = str(folder / "reports")
        _do("btrfs", "quota", "enable", str(folder))
        _do("btrfs", "subvolume", "create", limited)
        _do("btrfs", "qgroup", "limit", "128k", limited)
        scene.folder("reports").symlink_to(limited)
        yield


def _do(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def _at_reports() -> Iterator[Trouble]:
    trouble = partial(Trouble, "reports")
    # Whether the report fits, the letters do, or both.
    unwritten, either, fine = (
        (ExitCode.WRITE,),
        (ExitCode.WRITE, ExitCode.DELIVERY),
        (ExitCode.DONE,),
    )
    for reports in (0.0, 0.01, 0.25, 0.5, 0.75, 0.95):
        yield trouble(
            f"room for {reports:g} reports", partial(_filled, "reports", reports), unwritten
        )
    for reports in (1.05, 1.3):
        yield trouble(f"room for {reports:g} reports", partial(_filled, "reports", reports), either)
    yield trouble("room for 5 reports", partial(_filled, "reports", 5.0), fine)
    for left, codes in (
        (0, unwritten),
        (1, unwritten),
        (4, unwritten),
        (7, unwritten),
        (12, either),
    ):
        arrange = partial(_without_inodes, "reports", left)
        yield trouble(f"{left} inodes left", arrange, codes, foreseen=left == 0)
    yield trouble(
        "midway gone", partial(_midway, shutil.rmtree), unwritten, "No such file", needs=()
    )
    yield trouble(
        "midway a file", partial(_midway, _become_a_file), unwritten, "Not a directory", needs=()
    )
    yield trouble(
        "a quota of 128 KiB (btrfs)",
        _quota,
        unwritten,
        "Disk quota exceeded",
        needs=("mkfs.btrfs", "btrfs", "losetup"),
    )
    yield trouble(
        "no hard links, no modes (exFAT)",
        _exfat,
        fine,
        needs=("mkfs.exfat", "mount.exfat-fuse", "losetup"),
    )


def _anywhere() -> Iterator[Trouble]:
    """The log matters least; where the books or the numbers are missing, somebody is not told."""
    codes = {
        "reports": ExitCode.WRITE,
        "outbox": ExitCode.DELIVERY,
        "textfile": ExitCode.DELIVERY,
        "logs": ExitCode.DONE,
    }
    for where, code in codes.items():
        trouble = partial(Trouble, where, codes=(code,), foreseen=where == "reports")
        if where != "reports":
            yield trouble("full", partial(_filled, where, 0.0))
            yield trouble("no inode left", partial(_without_inodes, where, 0))
        yield trouble("read-only", partial(_read_only, where), says="Read-only file system")
        yield trouble(
            "somebody else's",
            partial(_foreign, where),
            says="Permission denied",
            before=WITHOUT_POWERS,
            needs=("setpriv",),
        )
        reasons = "Not a directory|File exists"
        yield trouble("a file", partial(_a_file, where), says=reasons, needs=())


TROUBLES = (*_at_reports(), *_anywhere())


# --- trying them --------------------------------------------------------------------------------


def soak(say: Callable[[str], None] = lambda _: None) -> tuple[list[Result], list[Trouble]]:
    """Try every trouble that is possible here.

    Returns:
        What came of them, and those that could not be tried.

    Raises:
        BenchError: if an undisturbed run fails, or a trouble cannot be made.
    """
    results, untried = [], []
    with stage() as there:
        for trouble in TROUBLES:
            say(trouble.name)
            if trouble.possible:
                results.append(attempt(trouble, there))
            else:
                untried.append(trouble)
    return results, untried


@contextmanager
def stage() -> Iterator[Stage]:
    """Have an API and everybody who is told; an undisturbed run tells the size of a report.

    Raises:
        BenchError: if that run fails.
    """
    night = told_night(datetime.now(UTC), ZONE)
    with (
        Baculum(night, username=USERNAME, password=PASSWORD) as api,
        town() as people,
        tempfile.TemporaryDirectory() as folder,
    ):
        house = House(Path(folder), api, **people.settings(Path(folder)))
        ran = house.run(*ARGUMENTS)
        if ran.code != ExitCode.DONE or people.copies.total() != LETTERS:
            raise BenchError(f"undisturbed, a run ended with {ran.code}: {ran.err}")
        size = sum(one.stat().st_size for one in house.reports.glob("mail_*"))
        yield Stage(api, people, size)


def attempt(trouble: Trouble, there: Stage) -> Result:
    """Let a run that sends meet a trouble, and before it one that sends nothing."""
    problems: list[str] = []
    if trouble.where == "reports":
        quiet, problems, _ = _meet(trouble, there, "--no-send")
        if quiet.code not in (ExitCode.DONE, ExitCode.WRITE):
            problems.append(f"exit code {quiet.code}")
        if trouble.foreseen and there.api.requests:
            problems.append("the API was asked in vain")
        problems = [f"--no-send: {one}" for one in problems]
    ran, more, copies = _meet(trouble, there)
    problems += more
    if ran.code not in trouble.codes:
        problems.append(f"exit code {ran.code}: {ran.err}")
    if len(copies) != LETTERS or set(copies.values()) != {1}:
        problems.append(f"letters: {copies}")
    told = [line for line in ran.err.splitlines() if re.search(trouble.says, line)]
    if not told and ran.code:
        problems.append(f"{trouble.says} is not told: {ran.err}")
    return Result(
        trouble, ran.code, bool(ran.out), sum(copies.values()), "".join(told[-1:]), tuple(problems)
    )


def _meet(
    trouble: Trouble, there: Stage, *more: str
) -> tuple[Ran, list[str], dict[tuple[str, str], int]]:
    """Let one run meet a trouble; return what it left that should not be, and the letters."""
    there.api.requests.clear()
    there.people.forget()
    # The audience's own page is for who gets it.
    endings = () if more else ("web.html",)
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), there.api, **there.people.settings(Path(folder)))
        with trouble.arrange(Scene(there, house)):
            ran = house.run(*ARGUMENTS, *more, before=trouble.before)
            problems = list(_look(house, ran, {"html", "json", "txt", *endings}))
    return ran, problems, dict(there.people.copies)


def _look(house: House, ran: Ran, endings: set[str]) -> Iterator[str]:
    """Look at what there is while the trouble lasts; yield what should not be."""
    yield from ran.flaws
    if (ran.code == ExitCode.WRITE) is bool(ran.out):
        yield f"exit code {ran.code}, stdout {ran.out!r}"
    if (ran.code == ExitCode.WRITE) is not (len(re.findall("^Error:", ran.err, re.M)) == 1):
        yield f"exit code {ran.code}, stderr {ran.err!r}"
    stem = Path(ran.out.strip()).stem
    expected = sorted(f"{stem}.{ending}" for ending in endings) if ran.out else []
    names = [name for name in house.names() if name not in (_BALLAST, "outbox")]
    if names != expected:
        yield f"{names} instead of {expected}"
    elif expected:
        json.loads((house.reports / f"{stem}.json").read_text("utf-8"))
    for folder in (house.outbox, textfile_in(house.folder).parent):
        for path in folder.rglob(".*"):
            if path.name not in (".lock", _BALLAST):
                yield f"left behind: {path}"
