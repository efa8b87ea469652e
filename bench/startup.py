"""How long `bacula-report --help` takes, beside an interpreter that does nothing."""

from __future__ import annotations

import re
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.children import environment, measure

_EMPTY_CLICK = """
import click

@click.command()
def main():
    pass

main(["--help"])
"""
PROGRAMS = {
    "python -c pass": ("-c", "pass"),
    "an empty click program, --help": ("-c", _EMPTY_CLICK),
    "bacula-report --help": ("-m", "app", "--help"),
}
_IMPORT = re.compile(r"import time:\s*(\d+) \|\s*\d+ \|\s*([\w.]+)")
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Startup:
    """Median seconds by program, and milliseconds of import by top-level package, dearest first."""

    seconds: dict[str, float]
    imports: dict[str, float]


def measure_startup(repeats: int) -> Startup:
    """Run each program in turn, so that a disturbance hits all of them."""
    env = environment()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken: dict[str, list[float]] = {program: [] for program in PROGRAMS}
        # The first round also writes byte code and is not counted.
        for round_ in range(repeats + 1):
            for program, arguments in PROGRAMS.items():
                wall = measure(arguments, env, folder).wall
                if round_:
                    taken[program].append(wall)
        imports = _imports(folder)
    return Startup({name: statistics.median(walls) for name, walls in taken.items()}, imports)


def _imports(folder: Path) -> dict[str, float]:
    """Add up what importing each package's own modules takes during --help."""
    with tempfile.TemporaryFile("w+", dir=folder) as told:
        measure(("-X", "importtime", "-m", "app", "--help"), environment(), folder, stderr=told)
        told.seek(0)
        lines = told.read()
    spent: dict[str, float] = {}
    for own, module in _IMPORT.findall(lines):
        package = module.partition(".")[0]
        spent[package] = spent.get(package, 0) + int(own) / 1000
    dearest = sorted(spent, key=lambda package: -spent[package])[:_SHOWN]
    return {package: spent[package] for package in dearest}
