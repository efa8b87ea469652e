"""The outbox: letters on disk, written before the first attempt and kept until they are settled.

    outbox/<letter id>/letter.json   what is sent; page.html beside it, if the channel takes it
    outbox/<letter id>/state.json    what became of each recipient, and doubtful attempts
    outbox/<letter id>/spare         room for the next state, should the disk be full by then
    outbox/failed/<letter id>/       put aside for good, with the reason
    outbox/kept/<report>.json        what was to be sent of each report, to send it again
    outbox/told.json                 what each channel was told last (rules)
    outbox/.lock                     held while letters are sent

A letter appears by a rename and disappears by one, so it is there whole or not at all. No secret is
written: a channel is known by its name, and how it is reached is looked up when it is used.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.deliver.files import (
    STRAY_AFTER,
    remove_strays,
    sync_folder,
    write_file,
    write_through,
)
from app.deliver.model import DeliveryError, Letter, Parcel, Results, Trouble
from app.deliver.paper import (
    FORMAT,
    NOT_READABLE,
    as_json,
    check_format,
    moment_of,
    read_letter,
    read_parcel,
    tell_letter,
    tell_parcel,
)
from app.deliver.rules import Told
from app.i18n import Message, msg

GIVE_UP_AFTER = timedelta(days=7)
"""A letter that nobody took for so long is put aside."""
KEEP_FAILED_DAYS = 30
KEEP_FAILED = 100
"""Letters put aside that are kept at most."""
MOST_DOUBTS = 2
"""Attempts without an answer, after all was sent: a recipient has the letter twice at most."""
KEEP_DAYS = 14
KEEP = 200
"""Reports that can be sent again."""
FOLDER_MODE = 0o750
FILE_MODE = 0o640
_LETTER, _STATE, _PAGE, _SPARE = "letter.json", "state.json", "page.html", "spare"
_SPARE_SIZE = 8192
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})

WAITING, SENT, FAILED = "waiting", "sent", "failed"


class OutboxError(DeliveryError):
    """The outbox cannot be read or written."""


@dataclass(slots=True)
class _Recipient:
    fate: str = WAITING
    reason: str = ""


@dataclass(slots=True)
class Slip:
    """A letter in the outbox and what became of it so far.

    Attributes:
        letter: the letter.
        folder: where it lies; None if it could not be written and is known to this run alone.
        doubts: attempts that sent all and brought no answer.
    """

    letter: Letter
    folder: Path | None
    doubts: int = 0
    _recipients: dict[str, _Recipient] = field(default_factory=dict)
    _committed: bool = False

    @property
    def pending(self) -> tuple[str, ...]:
        """The recipients that nothing is settled for."""
        return tuple(one for one, state in self._recipients.items() if state.fate == WAITING)

    @property
    def exhausted(self) -> bool:
        """Whether one more attempt might bring a third copy."""
        return self.doubts >= MOST_DOUBTS

    @property
    def committed(self) -> bool:
        """Whether the letter may have been accepted in the attempt that is under way."""
        return self._committed

    def commit(self) -> None:
        """Note that the letter may be accepted from now on, before it can be.

        Raises:
            OutboxError: if that cannot be noted; the letter must not be sent then.
        """
        if not self._committed:
            self.doubts += 1
            self._committed = True
            self._save()

    def note(self, results: Results) -> None:
        """Take in what became of recipients, in memory; `Outbox.settle` writes it down."""
        errors = [error for error in results.values() if error is not None]
        if self._committed and not any(error.trouble is Trouble.DOUBTFUL for error in errors):
            self.doubts -= 1
        self._committed = False
        for recipient, error in results.items():
            state = self._recipients[recipient]
            if error is None:
                state.fate, state.reason = SENT, ""
                continue
            state.reason = str(error)
            doubtful = error.trouble is Trouble.DOUBTFUL and self.exhausted
            if error.trouble is Trouble.REFUSED or doubtful:
                state.fate = FAILED

    def give_up(self, reason: Message) -> None:
        """Settle what is pending as failed; the last reason stays beside this one."""
        for state in self._recipients.values():
            if state.fate == WAITING:
                state.fate = FAILED
                state.reason = " ".join(part for part in (str(reason), state.reason) if part)

    @property
    def failed(self) -> tuple[str, ...]:
        """The recipients that will never get it."""
        return tuple(one for one, state in self._recipients.items() if state.fate == FAILED)

    def renew(self) -> None:
        """Let what failed be tried anew; what was sent stays so.

        Raises:
            OutboxError: if that cannot be written down.
        """
        self.doubts = 0
        for state in self._recipients.values():
            if state.fate == FAILED:
                state.fate = WAITING
        self._save()

    def _save(self) -> None:
        if self.folder is None:
            return
        state = {
            "format": FORMAT,
            "doubts": self.doubts,
            "recipients": {name: asdict(state) for name, state in self._recipients.items()},
        }
        try:
            try:
                write_file(self.folder / _STATE, as_json(state), FILE_MODE)
            except OSError as error:
                if error.errno not in _NO_ROOM or not (self.folder / _SPARE).exists():
                    raise
                # Without this note the letter could not be sent, though it has its place here.
                (self.folder / _SPARE).unlink()
                write_file(self.folder / _STATE, as_json(state), FILE_MODE)
        except OSError as error:
            raise _error(self.folder, error) from error


class Outbox:
    """The letters of a reports folder."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made when the first letter is posted."""
        self.folder = folder
        self._failed = folder / "failed"
        self._kept = folder / "kept"

    def post(self, letter: Letter) -> Slip:
        """Write a letter down before it is sent. One that already waits stays as it is.

        Raises:
            OutboxError: if it cannot be written; nothing is left behind then.
        """
        target = self.folder / letter.id
        draft = self.folder / f".draft-{secrets.token_hex(8)}"
        slip = Slip(letter, draft, 0, {one: _Recipient() for one in letter.recipients})
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            try:
                draft.mkdir(mode=FOLDER_MODE)
                write_through(draft / _LETTER, as_json(tell_letter(letter)), FILE_MODE)
                if letter.parcel.page is not None:
                    write_through(draft / _PAGE, letter.parcel.page.content, FILE_MODE)
                slip._save()
                write_through(draft / _SPARE, bytes(_SPARE_SIZE), FILE_MODE)
                sync_folder(draft)
                draft.rename(target)
            except BaseException:
                _remove(draft)
                raise
            sync_folder(self.folder)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and target.is_dir():
                return self._read(target)
            raise _error(self.folder, error) from error
        slip.folder = target
        return slip

    def aside(self, letter: Letter) -> Slip:
        """Return a slip for a letter that could not be written down."""
        return Slip(letter, None, 0, {one: _Recipient() for one in letter.recipients})

    @contextlib.contextmanager
    def locked(self, patience: float) -> Iterator[bool]:
        """Hold the outbox, so that no other run sends its letters meanwhile.

        Args:
            patience: seconds to wait for another run.

        Yields:
            Whether it is held. A process that ends, however it ends, holds it no longer.
        """
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            handle = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        except OSError:
            # A full or read-only disk: there is nothing here to be sent twice.
            yield True
            return
        try:
            yield _hold(handle, time.monotonic() + patience)
        finally:
            os.close(handle)

    def waiting(self, now: datetime | None = None) -> tuple[list[Slip], list[OutboxError]]:
        """Return the letters that wait, the oldest first, and what is wrong with others.

        Args:
            now: the present, for who holds the outbox: damaged letters are put aside then.
        """
        slips: list[Slip] = []
        problems: list[OutboxError] = []
        try:
            names = sorted(
                entry.name
                for entry in os.scandir(self.folder)
                if entry.is_dir(follow_symlinks=False)
            )
        except FileNotFoundError:
            return slips, problems
        except OSError as error:
            return slips, [_error(self.folder, error)]
        for name in names:
            if name.startswith(".") or name in (self._failed.name, self._kept.name):
                continue
            try:
                slips.append(self._read(self.folder / name))
            except OutboxError as error:
                problems.append(error)
                if now is not None and error.trouble is Trouble.REFUSED:
                    with contextlib.suppress(OSError):
                        self._put_aside(self.folder / name, now)
        return slips, problems

    def settle(self, slip: Slip, now: datetime) -> None:
        """Write down what became of a letter; one that is settled leaves the outbox.

        Raises:
            OutboxError: if that cannot be written down.
        """
        if slip.folder is None:
            return
        try:
            if slip.pending or slip.failed:
                slip._save()
            if slip.pending:
                return
            if slip.failed:
                slip.folder = self._put_aside(slip.folder, now)
                return
            # One step, so that a letter that was sent is never found again half removed.
            done = self.folder / f".done-{secrets.token_hex(8)}"
            try:
                slip.folder.rename(done)
                sync_folder(self.folder)
            finally:
                _remove(done)
        except OSError as error:
            raise _error(self.folder, error) from error

    def put_back(self) -> int:
        """Let every letter that was put aside be tried once more; for who holds the outbox.

        Who has a letter already does not get it again. Damaged letters stay where they are.

        Returns:
            How many were put back.

        Raises:
            OutboxError: if one cannot be.
        """
        count = 0
        for name in sorted(self._names(self._failed)):
            try:
                slip = self._read(self._failed / name)
            except OutboxError:
                continue
            if (self.folder / name).exists():
                continue
            slip.renew()
            try:
                (self._failed / name).rename(self.folder / name)
            except OSError as error:
                raise _error(self.folder, error) from error
            sync_folder(self._failed)
            sync_folder(self.folder)
            count += 1
        return count

    def tidy(self, now: datetime) -> None:
        """Remove what was put aside long ago, and what killed runs left behind."""
        aside = self._names(self._failed)
        oldest = now.timestamp() - timedelta(days=KEEP_FAILED_DAYS).total_seconds()
        aged = sorted((_changed(self._failed / name), name) for name in aside)
        surplus = max(len(aged) - KEEP_FAILED, 0)
        for index, (changed, name) in enumerate(aged):
            if index < surplus or changed < oldest:
                shutil.rmtree(self._failed / name, ignore_errors=True)
        for name in self._names(self.folder):
            stray = self.folder / name
            if name.startswith(".done-") or (
                name.startswith(".draft-") and _changed(stray) < time.time() - STRAY_AFTER
            ):
                shutil.rmtree(stray, ignore_errors=True)

    def keep(self, report: str, parcels: Sequence[Parcel], now: datetime) -> None:
        """Keep what is sent of a report, without its pages, so that it can be sent again.

        Args:
            report: the report's name, that of its files without their endings.
            parcels: what is sent, one for each audience.
            now: the present, aware; what was kept too long ago is removed.

        Raises:
            OutboxError: if it cannot be written.
        """
        content = as_json({"format": FORMAT, "parcels": [tell_parcel(one) for one in parcels]})
        try:
            # Each by itself: what is made along the way would get no mode of ours.
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            self._kept.mkdir(mode=FOLDER_MODE, exist_ok=True)
            self._forget(now)
            write_file(self._kept / f"{report}.json", content, FILE_MODE)
        except OSError as error:
            raise _error(self._kept, error) from error

    def kept(self, report: str, pages: Path) -> list[Parcel]:
        """Return what was sent of a report; nothing if that is not kept.

        Args:
            report: its name.
            pages: the folder with its pages; one that is gone is left out.

        Raises:
            OutboxError: if it is damaged or cannot be read.
        """

        def page(name: str) -> bytes | None:
            # Its own file name only: what lies here may have been changed by hand.
            path = pages / Path(name).name
            return path.read_bytes() if path.is_file() else None

        path = self._kept / f"{report}.json"
        try:
            told = json.loads(path.read_bytes())
            check_format(told)
            return [read_parcel(one, page) for one in told["parcels"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _error(path, error) from error
        except NOT_READABLE as error:
            raise OutboxError(
                msg("What was kept of {report} is damaged.", report=report),
                msg("Make the report anew, with --from, --to and --send."),
                f"{type(error).__name__}: {error}",
                trouble=Trouble.REFUSED,
            ) from error

    def _forget(self, now: datetime) -> None:
        """Remove what was kept long ago, and what killed runs left behind."""
        remove_strays(self._kept, ".*.tmp")
        oldest = now.timestamp() - timedelta(days=KEEP_DAYS).total_seconds()
        files = sorted((_changed(one), one) for one in self._kept.glob("*.json"))
        surplus = max(len(files) - KEEP + 1, 0)
        for index, (changed, path) in enumerate(files):
            if index < surplus or changed < oldest:
                with contextlib.suppress(OSError):
                    path.unlink()

    def told(self) -> dict[str, Told]:
        """Return what each channel was told last; nothing if that is not known any more."""
        try:
            written = json.loads((self.folder / "told.json").read_bytes())
            return {
                name: Told(
                    one["standing"],
                    moment_of(one["generated"]),
                    moment_of(one["sent"]),
                )
                for name, one in written["channels"].items()
            }
        except (OSError, *NOT_READABLE):
            return {}

    def tell(self, channel: str, told: Told) -> None:
        """Remember what a channel was told, unless it knows something newer.

        Raises:
            OutboxError: if that cannot be written down.
        """
        known = self.told()
        last = known.get(channel)
        if last is not None and last.generated > told.generated and not last.is_ahead(told.sent):
            # A late letter: it is a sign of life, but no news.
            told = replace(last, sent=max(told.sent, last.sent))
        known[channel] = told
        channels = {
            name: {
                "standing": one.standing,
                "generated": one.generated.isoformat(),
                "sent": one.sent.isoformat(),
            }
            for name, one in known.items()
        }
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            content = as_json({"format": FORMAT, "channels": channels})
            write_file(self.folder / "told.json", content, FILE_MODE)
        except OSError as error:
            raise _error(self.folder, error) from error

    def _read(self, folder: Path) -> Slip:
        try:
            told = json.loads((folder / _LETTER).read_bytes())
            letter = read_letter(told, lambda _: (folder / _PAGE).read_bytes())
            state = json.loads((folder / _STATE).read_bytes())
            recipients = {
                str(name): _Recipient(_fate(one["fate"]), str(one["reason"]))
                for name, one in state["recipients"].items()
            }
            if set(recipients) != set(letter.recipients) or folder.name != letter.id:
                raise ValueError("letter and state do not fit")
            return Slip(letter, folder, int(state["doubts"]), recipients)
        except (FileNotFoundError, NotADirectoryError, *NOT_READABLE) as error:
            raise OutboxError(
                msg("The letter {letter} in the outbox is damaged.", letter=folder.name),
                msg("It was moved to {folder}; look at it there.", folder=str(self._failed)),
                f"{type(error).__name__}: {error}",
                trouble=Trouble.REFUSED,
            ) from error
        except OSError as error:
            raise _error(folder, error) from error

    def _put_aside(self, folder: Path, now: datetime) -> Path:
        self._failed.mkdir(mode=FOLDER_MODE, exist_ok=True)
        target = self._failed / folder.name
        if target.exists():
            # The same letter failed before, and was sent again by hand.
            shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
        # From now on it is as old as its failure.
        with contextlib.suppress(OSError):
            os.utime(target, (now.timestamp(), now.timestamp()))
        sync_folder(self.folder)
        sync_folder(self._failed)
        return target

    @staticmethod
    def _names(folder: Path) -> list[str]:
        try:
            return [one.name for one in os.scandir(folder) if one.is_dir(follow_symlinks=False)]
        except OSError:
            return []


def _remove(folder: Path) -> None:
    """Remove a folder as far as it is there, also when a signal comes in between."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hold(handle: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.05)
        except OSError:
            # Some network file systems have no locks; the timer starts one run at a time.
            return True
        else:
            return True


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _fate(value: Any) -> str:
    if value not in (WAITING, SENT, FAILED):
        raise ValueError(f"fate {value!r}")
    return str(value)


_CURES: dict[int, Message] = {
    errno.ENOSPC: msg("Free some space there; until then a letter that is not taken is lost."),
    errno.EDQUOT: msg("Free some space there; until then a letter that is not taken is lost."),
    errno.EROFS: msg("Mount it writable."),
}
_CURE = msg("Check the folder's owner and mode.")


def _error(folder: Path, error: OSError) -> OutboxError:
    reason = error.strerror or type(error).__name__
    return OutboxError(
        msg("The outbox {folder} cannot be used: {reason}.", folder=str(folder), reason=reason),
        _CURES.get(error.errno or 0, _CURE),
    )
