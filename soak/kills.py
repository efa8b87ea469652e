"""Runs that are ended from outside at every moment of their life, and what they leave behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from random import Random

from app.cli.process import SIGTERM_EXIT
from app.deliver.files import STRAY_AFTER
from app.deliver.outbox import Outbox
from app.demo import Baculum, told_night
from bench.catalog import ZONE
from bench.children import BenchError
from soak.house import PASSWORD, USERNAME, House, Ran, ended, judged
from soak.town import Town, textfile_in, town

ARGUMENTS = ("--mode", "production", "--format", "html,json,text", "--quiet")
ENDINGS = {"html", "json", "txt", "web.html"}
"""The files of a whole report here: one audience has a page of its own."""
_NAME = re.compile(r"mail_(\d{14})\.(.+)")
OLDER = {"mail_20200101000000.html": "an older report", "mail_20200101000000.json": "{}"}
_LOOK = 0.0005


class Phase(StrEnum):
    """What a run is at."""

    STARTING = "starting"
    ASKING = "asking the API"
    JUDGING = "judging, rendering"
    WRITING = "writing the report"
    SENDING = "sending"
    ARRIVED = "sending, a letter has arrived"
    OVER = "over before the signal"


@dataclass
class Figures:
    """What came of it.

    Attributes:
        kills: runs that were ended by a signal.
        fell: how many of them were hit in which phase, by signal.
        codes: exit codes after SIGTERM.
        reports: runs that had written their report when they were ended.
        strays: hidden files that a SIGKILL left behind.
        waiting: letters that waited in the outbox then.
        letters: letters, by recipient, that were sent in all.
        twice: those of them that arrived twice.
        problems: what is not as it should be.
    """

    kills: int = 0
    fell: Counter[tuple[Phase, str]] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    reports: int = 0
    strays: int = 0
    waiting: int = 0
    letters: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)


def soak(kills: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Figures:
    """End so many runs, each in a folder of its own, and let another run follow each.

    Raises:
        BenchError: if a run that nobody disturbs fails.
    """
    figures = Figures()
    with (
        Baculum(told_night(datetime.now(UTC), ZONE), username=USERNAME, password=PASSWORD) as api,
        town() as people,
        tempfile.TemporaryDirectory() as folder,
    ):
        butcher = _Butcher(api, people, Random(seed), figures)
        butcher.measure(Path(folder))
        number = 0
        while figures.kills < kills:
            # What is over before its signal is looked at as well, but counts for nothing.
            butcher.turn(Path(folder) / str(number), number)
            number += 1
            if number % 25 == 0:
                say(f"{figures.kills} of {kills} runs ended")
    return figures


class _Watch:
    """Tells from outside what a run is at."""

    def __init__(self, house: House, api: Baculum, people: Town, asked: int) -> None:
        self._house = house
        self._api = api
        self._people = people
        self._asked = asked

    def phase(self) -> Phase:
        """Return the phase that can be seen to have begun."""
        if self._people.mail.received or self._people.web.asked:
            return Phase.ARRIVED
        names = self._house.names()
        fresh = [name for name in names if name not in OLDER]
        if any(name.endswith(".html") and ".web." not in name for name in fresh):
            return Phase.SENDING
        if any(name.endswith((".tmp", ".txt", ".json")) for name in fresh):
            return Phase.WRITING
        seen = len(self._api.requests)
        if seen >= self._asked:
            return Phase.JUDGING
        return Phase.ASKING if seen else Phase.STARTING


class _Butcher:
    def __init__(self, api: Baculum, people: Town, chance: Random, figures: Figures) -> None:
        self._api = api
        self._people = people
        self._chance = chance
        self._figures = figures
        self._asked = 0
        self._lasts: dict[Phase, float] = {}
        self._whole = 0.0
        self._expected: dict[str, object] = {}
        self._lines = 0

    def measure(self, folder: Path) -> None:
        """See how long an undisturbed run takes, and each of its phases."""
        for name in ("warm", "measured"):
            house = self._house(folder / name)
            process, watch = self._start(house)
            begun = time.monotonic()
            begins: dict[Phase, float] = {}
            while process.poll() is None:
                begins.setdefault(watch.phase(), time.monotonic() - begun)
                time.sleep(_LOOK)
            self._whole = time.monotonic() - begun
            ran = ended(process)
            if ran.code != 0:
                raise BenchError(f"undisturbed, a run ended with {ran.code}: {ran.err}")
            self._asked = len(self._api.requests)
            self._expected = judged(ran.document)
            self._lines = Path(ran.out.strip()).with_suffix(".txt").read_text("utf-8").count("\n")
        ends = [*list(begins.values())[1:], self._whole]
        self._lasts = {
            phase: end - begin for (phase, begin), end in zip(begins.items(), ends, strict=True)
        }

    def turn(self, folder: Path, number: int) -> None:
        """End one run, look at what it left, and let another one follow."""
        how = signal.SIGKILL if number % 2 else signal.SIGTERM
        house = self._house(folder)
        process, watch = self._start(house)
        aim = self._aim()
        self._wait(process, watch, *aim)
        phase = watch.phase() if process.poll() is None else Phase.OVER
        process.send_signal(how)
        ran = ended(process)
        self._figures.kills += phase is not Phase.OVER
        self._figures.fell[phase, how.name] += 1
        name = f"run {number}, {how.name} while {phase}"
        found = list(self._look(house, ran, how, phase))
        if _lives(process.pid):
            found.append("a process is left")
        self._figures.problems += (f"{name}: {one}" for one in found)
        letters = self._waiting(house)
        found = list(self._follow(house, letters))
        self._figures.problems += (f"{name}, the next run: {one}" for one in found)
        shutil.rmtree(folder)

    def _house(self, folder: Path) -> House:
        folder.mkdir()
        house = House(folder, self._api, **self._people.settings(folder))
        house.reports.mkdir()
        for name, content in OLDER.items():
            (house.reports / name).write_text(content)
        return house

    def _start(self, house: House) -> tuple[subprocess.Popen[str], _Watch]:
        self._api.requests.clear()
        self._people.forget()
        return house.start(*ARGUMENTS), _Watch(
            house, self._api, self._people, self._asked or 1_000_000
        )

    def _aim(self) -> tuple[Phase, float]:
        """Choose a moment: a third anywhere, the others spread over the phases evenly."""
        if self._chance.random() < 1 / 3:
            return Phase.STARTING, self._chance.uniform(0, self._whole)
        phase = self._chance.choice(list(self._lasts))
        return phase, self._chance.uniform(0, self._lasts[phase])

    def _wait(
        self, process: subprocess.Popen[str], watch: _Watch, phase: Phase, seconds: float
    ) -> None:
        order = list(Phase)
        while process.poll() is None and order.index(watch.phase()) < order.index(phase):
            time.sleep(_LOOK)
        time.sleep(seconds)

    def _look(self, house: House, ran: Ran, how: signal.Signals, phase: Phase) -> Iterable[str]:
        """Look at what an ended run left; yield what should not be."""
        yield from ran.flaws
        killed = how is signal.SIGKILL
        names = house.names()
        strays = _strays(house)
        sets = _sets(names)
        written = [stem for stem, endings in sets.items() if endings == ENDINGS]
        self._figures.reports += bool(written)
        for stem, endings in sets.items():
            # What accompanies the report comes before it, and is whole by itself.
            if endings != ENDINGS and (not killed or "html" in endings):
                yield f"{stem} has {sorted(endings)} only"
        yield from self._torn(house)
        yield from _older(house)
        if killed:
            self._figures.strays += len(strays)
            return
        if strays:
            yield f"left behind: {', '.join(map(str, strays))}"
        if phase is Phase.OVER:
            return
        self._figures.codes[ran.code] += 1
        early = ran.code == -signal.SIGTERM and phase is Phase.STARTING
        if ran.code not in (SIGTERM_EXIT, 0) and not early:
            yield f"exit code {ran.code}"
        denied = "no report was written" in ran.err
        named = "the report is" in ran.err or "had been written" in ran.err
        if (denied and written) or (named and not written):
            yield f"with {written} it says: {ran.err}"

    def _waiting(self, house: House) -> set[str]:
        """Return the letters that wait."""
        slips, problems = Outbox(house.outbox).waiting()
        self._figures.problems += map(str, problems)
        self._figures.waiting += len(slips)
        return {slip.letter.id for slip in slips}

    def _follow(self, house: House, letters: set[str]) -> Iterable[str]:
        """Let the next run come, a good while later; yield what should not be."""
        before = house.names()
        for stray in _strays(house):
            if stray.parent != house.reports:
                long_ago = time.time() - 2 * STRAY_AFTER
                os.utime(stray, (long_ago, long_ago))
        ran = house.run(*ARGUMENTS)
        if ran.code != 0:
            yield f"exit code {ran.code}: {ran.err}"
            return
        if judged(ran.document) != self._expected:
            yield "another report than undisturbed"
        sets = _sets(house.names())
        if len(sets) != len([one for one in _sets(before).values() if one == ENDINGS]) + 1:
            yield f"of {before} became {house.names()}"
        yield from (
            f"{stem} has {sorted(one)} only" for stem, one in sets.items() if one != ENDINGS
        )
        yield from self._torn(house)
        yield from _older(house)
        yield from (f"not cleared away: {stray}" for stray in _strays(house))
        if self._waiting(house):
            yield "letters wait"
        copies = self._people.copies
        self._figures.letters += len(copies)
        self._figures.twice += sum(number == 2 for number in copies.values())
        yield from (
            f"{letter} came {n} times to {who}" for (letter, who), n in copies.items() if n > 2
        )
        yield from (f"{one} is lost" for one in letters - {letter for letter, _ in copies})

    def _torn(self, house: House) -> Iterable[str]:
        """Yield the names of files that are not whole."""
        for name in house.names():
            path = house.reports / name
            if name in OLDER or not name.startswith("mail_"):
                continue
            text = path.read_text("utf-8")
            if name.endswith(".json"):
                try:
                    json.loads(text)
                except ValueError:
                    yield f"{name} is torn"
            elif name.endswith(".html") and not text.endswith("</html>\n"):
                yield f"{name} is torn: {text[-40:]!r}"
            elif name.endswith(".txt") and text.count("\n") != self._lines:
                yield f"{name} is torn: {text.count(chr(10))} lines"
        textfile = textfile_in(house.folder)
        if textfile.exists() and not re.fullmatch(
            r"(?:# .*\n|[a-z_]+\{.*\} \S+\n)+", textfile.read_text("utf-8")
        ):
            yield "the textfile is torn"
        yield from (f"the log has a line {line!r}" for line in house.torn_lines())


def _sets(names: Iterable[str]) -> dict[str, set[str]]:
    """Return the files of each report but the older one: their endings, by what they share."""
    sets: dict[str, set[str]] = {}
    for name in names:
        if name not in OLDER and (match := _NAME.fullmatch(name)) is not None:
            sets.setdefault(match[1], set()).add(match[2])
    return sets


def _strays(house: House) -> list[Path]:
    """Return what no run should leave behind."""
    folders = (house.reports, textfile_in(house.folder).parent)
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.name.startswith(".")
        and path != house.outbox / ".lock"
        # What lies in a stray goes with it.
        and not path.parent.name.startswith(".")
    ]


def _older(house: House) -> Iterable[str]:
    for name, content in OLDER.items():
        path = house.reports / name
        if not path.exists() or path.read_text() != content:
            yield f"{name} was touched"


def _lives(session: int) -> bool:
    """Tell whether any process of a run's session is left."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True
