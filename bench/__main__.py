"""`python -m bench`: measure, print the tables, and keep them where that is wanted."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bench.catalog import Extent
from bench.children import BenchError, ask
from bench.models import REAL, Model
from bench.runs import (
    Case,
    Phases,
    measure_case,
    measure_judging,
    measure_memory,
    measure_phases,
    measure_throughput,
)
from bench.scenarios import FAILURES, JOBS, SERVERS, USUAL, WORKERS, Scenario, every, models
from bench.startup import measure_startup
from bench.tables import Figures, Opened, document, markdown, write

LARGEST = 10_000
"""So many jobs are shown where judging, rendering and the browser are measured, at most."""
SLOWER = 4
"""The browser is also measured as on a processor that much slower."""
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
    scenarios = _scenarios(options)
    reached = {}
    for model in models(scenarios, options.latency):
        _say(f"what {model.server} gains from connections, {model.workers} at once")
        reached[model] = measure_throughput(model)
    cases: list[Case] = []
    for one in scenarios:
        _say(f"{one.server}, {one.workers} at once, {one.jobs:,} jobs, {one.failures:,} failed")
        gained = reached[one.model(options.latency)]
        cases.append(measure_case(one, gained, latency=options.latency, repeats=options.repeats))
    sizes = sorted({one.jobs for one in scenarios})
    plain = Model("baculum-15.0", "8", 0.0)
    repeats = options.repeats or 2
    _say("stages")
    phases = [measure_phases(plain, size, repeats=repeats) for size in sizes]
    size = min(LARGEST, sizes[-1])
    with tempfile.TemporaryDirectory() as folder:
        judging = _judge(size, repeats)
        pages, missing = _open(size, Path(folder)) if options.browser else ([], "not wanted")
    _say("memory")
    memory = measure_memory(plain, size, repeats=repeats)
    _say("start")
    startup = measure_startup((options.repeats or 3) * _STARTUPS)
    return Figures(
        latency=options.latency,
        load=load,
        throughputs=list(reached.values()),
        cases=cases,
        phases=phases,
        judging=judging,
        memory=memory,
        pages=pages,
        no_pages=missing,
        startup=startup,
    )


def _scenarios(options: argparse.Namespace) -> Sequence[Scenario]:
    full = options.full
    if not (full or options.servers or options.workers or options.jobs or options.failures):
        return USUAL
    found = every(
        options.servers or (SERVERS if full else ("baculum-15.0", "bacularis-6.3")),
        options.workers or (WORKERS if full else ("8",)),
        options.jobs or (JOBS if full else (LARGEST,)),
        options.failures or (FAILURES if full else (100,)),
    )
    scenarios = list(found)
    if not scenarios:
        raise BenchError("there is no such scenario: more failures than jobs, or no curve")
    return scenarios


def _judge(size: int, repeats: int) -> list[Phases]:
    """Judge and render so many jobs of several kinds."""
    kinds = {
        f"{size:,} jobs of 200 names": Extent(size, 10, 10, names=200),
        f"{size:,} jobs, each of its own name": Extent(size * 11 // 4, 11, 4, names=size),
        f"{size:,} jobs, all failed": Extent(size, 10, 10, failures=size, names=200),
    }
    judged = []
    for what, extent in kinds.items():
        _say(f"judging and rendering {what}")
        judged.append(measure_judging(what, extent, repeats=repeats))
    return judged


def _open(size: int, folder: Path) -> tuple[list[Opened], str]:
    """Open pages in the browser, at its own pace and slowed down; else tell why not."""
    paths: dict[str, Path] = {}
    for what, failures in (("3 % gone wrong", None), (f"{size // 10:,} failed", size // 10)):
        paths[what] = folder / f"{len(paths)}.html"
        extent = Extent(size, 10, 10, failures, names=200)
        measure_judging(what, extent, repeats=1, page=paths[what])
    found = []
    for slower in (1, SLOWER):
        _say("the page in the browser" + (f", {slower} times slower" if slower > 1 else ""))
        order: dict[str, Any] = {"pages": [str(path) for path in paths.values()], "slower": slower}
        told = ask("browser", order, folder)
        if "missing" in told:
            return [], str(told["missing"])
        found += [
            Opened(what, size, path.stat().st_size, slower, **one)
            for (what, path), one in zip(paths.items(), told["pages"], strict=True)
        ]
    return found, ""


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="What a report costs, against an embedded server on this machine.",
        epilog="Without a choice of its own: a set of scenarios that takes about four minutes.",
    )
    parser.add_argument(
        "--full", action="store_true", help="every combination: takes hours with all servers"
    )
    parser.add_argument(
        "--jobs", type=_list_of(_amount), metavar="LIST", help="sizes of the catalog"
    )
    parser.add_argument(
        "--failures", type=_list_of(_amount), metavar="LIST", help="jobs shown that failed"
    )
    parser.add_argument(
        "--servers",
        type=_list_of(_server),
        metavar="LIST",
        help=f"servers to stand in for: {', '.join(SERVERS)}",
    )
    parser.add_argument(
        "--workers",
        type=_list_of(_workers),
        metavar="LIST",
        help=f"requests the server answers at once; {REAL}: slower the more, as real ones",
    )
    parser.add_argument(
        "--latency",
        type=_seconds,
        default=0.1,
        help="seconds each answer takes; real ones: 0.1 (the default)",
    )
    parser.add_argument(
        "--repeats",
        type=_amount,
        default=None,
        help="repeats whose median counts; by default 3, where a run takes long 1",
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="do not open the page"
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


def _workers(text: str) -> str:
    return text if text == REAL else str(_amount(text))


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
