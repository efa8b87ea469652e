"""The figures as Markdown. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.page import machine, table
from soak import calls, kills
from soak.disks import LETTERS, Result, Trouble
from soak.kills import Phase

_CODES = {0: "done", 4: "API unusable", 5: "incomplete", 143: "stopped", -15: "stopped at once"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that was counted; None for what was not wanted.

    Attributes:
        seed: chance.
        load: the machine's load at the beginning.
        calls: calls among passing faults.
        kills: runs that were ended from outside.
        disks: troubles with disks, and those that could not be tried.
    """

    seed: int
    load: float
    calls: calls.Figures | None = None
    kills: kills.Figures | None = None
    disks: tuple[Sequence[Result], Sequence[Trouble]] | None = None

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it should be."""
        found: list[str] = []
        if self.calls is not None:
            found += self.calls.problems
            if self.calls.share_failed > calls.AIM:
                found.append(f"{self.calls.share_failed:.2%} of the calls failed")
        if self.kills is not None:
            found += self.kills.problems
        if self.disks is not None:
            results, _ = self.disks
            found += (f"{one.trouble.name}: {what}" for one in results for what in one.problems)
        return found


def markdown(figures: Figures) -> str:
    """Return every table."""
    parts = [f"{machine()}; load at the start {figures.load:.1f}; seed {figures.seed}."]
    if figures.calls is not None:
        parts += ["### Calls among passing faults", *_calls(figures.calls)]
    if figures.kills is not None:
        parts += ["### Runs that were ended", *_kills(figures.kills)]
    if figures.disks is not None:
        parts += ["### Disks", *_disks(*figures.disks)]
    return "\n\n".join(parts)


def _calls(told: calls.Figures) -> list[str]:
    tally = told.tally
    kinds = ", ".join(f"{name} {number:,}" for name, number in sorted(tally.kinds.items()))
    rows = [
        ("calls", f"{tally.calls:,}"),
        ("requests, with every further try", f"{tally.tries:,}"),
        ("of these struck by a fault", _share(tally.faults, tally.tries)),
        ("calls that needed a second try", f"{sum(tally.by_tries[n] for n in (2, 3)):,}"),
        ("calls that needed a third try", f"{tally.by_tries[3]:,}"),
        (
            f"**calls that failed after all tries** (aim: at most {calls.AIM:.1%})",
            f"**{_share(len(tally.failed), tally.calls, 3)}**",
        ),
        ("requests, by the runs' own count", f"{told.told_requests:,}"),
        ("requests that failed, by the runs' own count", f"{told.told_failed:,}"),
        (f"slowest request, with BACULUM_API_TIMEOUT={calls.TIMEOUT:g}", f"{told.slowest:.2f} s"),
        (
            f"API time of the longest run, with BACULUM_API_DEADLINE={calls.DEADLINE:g}",
            f"{told.longest:.1f} s",
        ),
        ("runs", f"{told.runs:,}"),
        ("runs by exit code", _codes(told.codes)),
        ("runs that lacked nothing, and judged as a run without faults did", f"{told.same:,}"),
        ("runs that lacked something, and said so", f"{told.honest:,}"),
        ("runs that lacked a trifle (the Director's name, a job's progress)", f"{told.trifles:,}"),
        ("anything else", f"{len(told.problems):,}"),
    ]  # fmt: skip
    failed = ", ".join(f"`{target}` {number}" for target, number in _asked(tally.failed).items())
    return [
        table(("What", "Figure"), rows),
        f"Faults: {kinds}.",
        f"What failed after all tries: {failed or 'nothing'}.",
    ]


def _asked(targets: Sequence[str]) -> Counter[str]:
    """Count what was asked for, whatever its number or name."""
    plain = (re.sub(r"\d{3,}|(?<=name=).+|(?<=offset=).+", "…", one) for one in targets)
    return Counter(sorted(plain))


def _kills(told: kills.Figures) -> list[str]:
    signals = ("SIGTERM", "SIGKILL")
    fell = [(phase.value, *(f"{told.fell[phase, name]:,}" for name in signals)) for phase in Phase]
    rows = [
        ("runs that were ended by a signal", f"{told.kills:,}"),
        ("exit codes after SIGTERM", _codes(told.codes)),
        ("runs that had written their report by then", f"{told.reports:,}"),
        ("hidden drafts that SIGKILL left behind, all cleared away later", f"{told.strays:,}"),
        ("letters that waited in the outbox, all sent by the next run", f"{told.waiting:,}"),
        ("letters sent in all, by recipient", f"{told.letters:,}"),
        ("of these twice, with the same Message-ID", f"{told.twice:,}"),
        ("torn files, half reports, lost letters, wrong next runs", f"{len(told.problems):,}"),
    ]  # fmt: skip
    return [table(("What the run was at", *signals), fell), table(("What", "Figure"), rows)]


def _disks(results: Sequence[Result], untried: Sequence[Trouble]) -> list[str]:
    rows = (
        (
            one.trouble.where,
            one.trouble.what,
            str(one.code),
            "yes" if one.report else "no",
            f"{one.letters} of {LETTERS}",
            "; ".join(one.problems) or "–",
        )
        for one in results
    )
    head = ("Folder", "What is wrong", "Exit code", "Report written", "Letters sent", "Problems")
    told = [table(head, rows, left=2)]
    if untried:
        told.append(f"Not tried on this machine: {', '.join(one.name for one in untried)}.")
    return told


def _codes(codes: dict[int, int]) -> str:
    told = (f"{code} ({_CODES.get(code, '?')}): {codes[code]:,}" for code in sorted(codes))
    return ", ".join(told) or "–"


def _share(part: int, whole: int, digits: int = 2) -> str:
    return f"{part:,} ({part / max(whole, 1):.{digits}%})"
