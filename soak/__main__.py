"""`python -m soak`: wear the report down, print what came of it, keep it where that is wanted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.children import BenchError
from bench.page import renew
from soak import calls, disks, kills
from soak.tables import Figures, markdown


def main(arguments: Sequence[str] | None = None) -> int:
    """Do as asked; returns the exit code: 1 if anything is not as it should be."""
    options = _parser().parse_args(arguments)
    everything = options.calls is options.kills is None and not options.disks
    load = os.getloadavg()[0]
    try:
        amount = 10_000 if everything else options.calls
        called = calls.soak(amount, options.seed, _say) if amount else None
        amount = 300 if everything else options.kills
        killed = kills.soak(amount, options.seed, _say) if amount else None
        tried = disks.soak(_say) if everything or options.disks else None
        figures = Figures(options.seed, load, called, killed, tried)
        told = markdown(figures)
        print(told)
        if options.write is not None:
            renew(options.write, "soak", told)
    except (BenchError, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for problem in figures.problems:
        print(f"soak: {problem}", file=sys.stderr)
    return 1 if figures.problems else 0


def _say(what: str) -> None:
    print(f"soaking: {what}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m soak",
        description="Real runs of the report among passing faults, killed, and on broken disks. "
        "Without a choice: 10,000 calls, 300 kills and all disks.",
    )
    parser.add_argument("--calls", type=_amount, metavar="N", help="so many API calls at least")
    parser.add_argument("--kills", type=_amount, metavar="N", help="so many runs that are ended")
    parser.add_argument(
        "--disks", action="store_true", help="all disks; as root, as they are to be mounted"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="chance; the same one strikes the same (default: 1)"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the tables between the markers of FILE"
    )
    return parser


def _amount(text: str) -> int:
    value = int(text.replace("_", ""))
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
