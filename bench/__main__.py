"""`python -m bench`: measure, print the tables, and keep them where that is wanted."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from bench.children import BenchError
from bench.runs import LARGEST_PHASES, Case, measure_case, measure_phases
from bench.startup import measure_startup
from bench.tables import Figures, document, markdown, write

SERVERS = ("baculum-9.6", "baculum-11.0", "baculum-13.0", "baculum-15.0", "bacularis-6.3")
LARGE = 20_000
"""Catalogs beyond this are measured once unless --repeats says otherwise: they take long."""
_STARTUPS = 4

Value = TypeVar("Value")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as asked; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        figures = _measure(options)
        tables = markdown(figures)
        print(tables)
        if options.json is not None:
            options.json.write_text(json.dumps(document(figures), indent=1) + "\n", "utf-8")
        if options.write is not None:
            write(options.write, tables)
    except (BenchError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measure(options: argparse.Namespace) -> Figures:
    load = os.getloadavg()[0]
    cases: list[Case] = []
    for jobs in options.jobs:
        for server in options.servers:
            _say(f"{server}, {jobs:,} jobs")
            repeats = options.repeats or (1 if jobs > LARGE else 3)
            cases.append(
                measure_case(
                    server, jobs, latency=options.latency, workers=options.workers, repeats=repeats
                )
            )
    repeats = options.repeats or 3
    _say("stages")
    shown = min(LARGEST_PHASES, max(options.jobs))
    phases = measure_phases(options.servers[0], shown, repeats=repeats)
    _say("start")
    startup = measure_startup(repeats * _STARTUPS)
    return Figures(options.latency, options.workers, load, cases, phases, startup)


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="What a report costs, against an embedded server on this machine.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--jobs",
        type=_list_of(_amount),
        default="1000,10000,100000",
        metavar="LIST",
        help="sizes of the catalog; a tenth of it is shown",
    )
    parser.add_argument(
        "--servers",
        type=_list_of(_server),
        default="baculum-15.0,bacularis-6.3",
        metavar="LIST",
        help=f"servers to stand in for: {', '.join(SERVERS)}",
    )
    parser.add_argument(
        "--latency", type=_seconds, default=0.1, help="seconds each answer takes; real ones: 0.1"
    )
    parser.add_argument(
        "--workers", type=_amount, default=8, help="requests the server answers at once"
    )
    parser.add_argument(
        "--repeats",
        type=_amount,
        default=None,
        help=f"repeats whose median counts; by default 3, above {LARGE:,} jobs 1",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the tables between the markers of FILE"
    )
    return parser


def _list_of(read: Callable[[str], Value]) -> Callable[[str], list[Value]]:
    def parts(text: str) -> list[Value]:
        return [read(part.strip()) for part in text.split(",") if part.strip()]

    return parts


def _amount(text: str) -> int:
    value = int(text.replace("_", ""))
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 60:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 60")
    return value


def _server(text: str) -> str:
    if text not in SERVERS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(SERVERS)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
