"""Gives every regular expression of the program what might make it backtrack.

`python -m tests.fuzz.regexes` prints each whose time grows much faster than its input. One input is
compared with one four times as long, for which a linear search takes 4 times as long, a quadratic
one 16 times. It is no test: a busy machine may deceive it.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator

import app

SHORT = 1_000
"""Characters of the shorter input; the other one has four times as many."""
SUSPICIOUS = 8.0
NOTICEABLE = 0.002
"""Seconds that the longer input has to take to be worth a thought."""
BEGINS = (
    "", "x", '"', "<", "(", "Job: name=", "  --> Client: name=", "  --> Schedule: name=",
    "Pool: a", "Backup Level:", "Bacula a 1.1", "a JobId 1: ", "fatal error: ", "on a", "\x1b]",
)  # fmt: skip
PIECES = (
    " ", "\n", "\t", "a", "0", "_", "-", ".", ":", ",", "@", "/", "\\", '"', "'", "<", "(", "[",
    "&#1", "%41", "\xed", "\ud800", "\x1b[", "\x1b]", "a ", "0.", "on:", "at ", "://", "://a",
    "\\x4", "Basic ", "<body ", "Pool:", "\nPool:", "Pool:\n", "a.c:1 ", "error: ", 'device "',
    "JobId 1", "\nTermination:", "Full (upgraded from ", "bacula 1.1", 'please mount volume "',
    'could not stat "', 'run a "', "a returned non-zero status=", " is a different filesystem",
    " Possible causes:", "file:", "ERR=", " Enabled=2", " JobType=1", "--> Client: name=",
    "2026-11-21 02:54:43 ", ".2026-11-21_02.54.43_", "no prior ",
)  # fmt: skip
ENDS = ("", "!", "\n!")


Search = Callable[[str], object]


def expressions() -> Iterator[tuple[str, Search]]:
    """Yield every compiled expression of the program, with its name, as it is used."""
    for found in pkgutil.walk_packages(app.__path__, "app."):
        if found.name.endswith("__main__") or found.name.startswith("app.demo"):
            continue
        module = importlib.import_module(found.name)
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            if not isinstance(value, re.Pattern) or not isinstance(value.pattern, str):
                continue
            anchored = re.search(rf"\b{name}\.(?:full)?match\(", source)
            yield f"{found.name}.{name}", value.match if anchored else value.search


def seconds(form: Search, text: str) -> float:
    """Return how long it takes to find a first match, or that there is none; the best of two."""
    taken = []
    for _ in range(2):
        begun = time.process_time()
        form(text)
        taken.append(time.process_time() - begun)
    return min(taken)


def worst(form: Search) -> tuple[float, float, str]:
    """Return the ratio, the seconds of the longer input, and how it begins, of the worst input."""
    found = (0.0, 0.0, "")
    for begin, piece, end in itertools.product(BEGINS, PIECES, ENDS):
        long = begin + piece * (4 * SHORT // len(piece)) + end
        taken = seconds(form, long)
        if taken > max(NOTICEABLE, found[1]):
            short = seconds(form, begin + piece * (SHORT // len(piece)) + end)
            ratio = taken / max(short, 1e-9)
            if ratio > SUSPICIOUS:
                found = (ratio, taken, f"{begin}{piece}…{end}")
    return found


def main() -> int:
    """Print what is suspicious."""
    suspicious = 0
    forms = list(expressions())
    for name, form in forms:
        ratio, taken, text = worst(form)
        if ratio:
            suspicious += 1
            sys.stdout.write(f"{name}: {ratio:.0f} times for {taken * 1e3:.0f} ms, {text!r}\n")
    sys.stdout.write(f"{len(forms)} expressions, {suspicious} grow faster than their input.\n")
    return int(suspicious > 0)


if __name__ == "__main__":
    sys.exit(main())
