"""Writes the list of licences, docs/licences.md, from the SBOM of the image.

Usage: licences.py SBOM OUTPUT   Exit 1: something has a licence that pyproject.toml does not allow.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from license_expression import get_spdx_licensing  # type: ignore[import-untyped]  # has none
from packaging.utils import canonicalize_name

PROJECT = "bacula-report"
HEAD = """\
# Licences

What the image's application layer holds besides bacula-report itself (MIT), written by
`make licences` from the image's SBOM. The text of each licence lies in the image, beside its
package: `/opt/bacula-report/lib/python3.*/site-packages/NAME-VERSION.dist-info/licenses/`.

What each package and crate may be licensed under is listed in `pyproject.toml`
(`[tool.bacula-report]`); a test holds this list to it. The base image's own packages are not
listed here: Debian tells their licences in `/usr/share/doc/NAME/copyright`.

| Package | Version | Licence |
| --- | --- | --- |
"""
COMPILED = """
## Compiled into {name}

Rust crates; the source of each is at crates.io under the name and version that the SBOM tells.

| Licence | Crates |
| --- | --- |
"""
FEW = 5


def licence(part: Mapping[str, Any]) -> str:
    """Say under which licences a part of the bill stands, as one SPDX expression."""
    told = part["licenses"]
    return " AND ".join(one.get("expression") or one["license"]["id"] for one in told)


def may_be(expression: str, allowed: Iterable[str]) -> bool:
    """Tell whether an expression can be met with nothing but allowed licences."""
    spdx = get_spdx_licensing()
    parsed = spdx.parse(expression, validate=True)
    names = set(allowed)
    met = {one: spdx.TRUE if str(one) in names else spdx.FALSE for one in parsed.symbols}
    return bool(parsed.subs(met).simplify() == spdx.TRUE)


def page(bill: Mapping[str, Any]) -> Iterator[str]:
    """Tell the page, piece by piece."""
    parts = {part["bom-ref"]: part for part in bill["components"]}
    depends = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    packages = sorted(
        (canonicalize_name(part["name"]), part)
        for part in parts.values()
        if part["purl"].startswith("pkg:pypi/") and part["name"] != PROJECT
    )
    yield HEAD
    for name, part in packages:
        yield f"| {name} | {part['version']} | {licence(part)} |\n"
    for name, part in packages:
        crates = defaultdict(list)
        for ref in depends.get(part["bom-ref"], []):
            if parts[ref]["purl"].startswith("pkg:cargo/"):
                crates[licence(parts[ref])].append(f"{parts[ref]['name']} {parts[ref]['version']}")
        if crates:
            yield COMPILED.format(name=name)
        for expression in sorted(crates, key=lambda one: (-len(crates[one]), one)):
            named = crates[expression]
            told = ", ".join(sorted(named)) if len(named) <= FEW else str(len(named))
            yield f"| {expression} | {told} |\n"


def main(source: Path, output: Path) -> None:
    """Write the page, or stop with what may not be in the image."""
    bill = json.loads(source.read_text("utf-8"))
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    allowed = project["tool"][PROJECT]["allowed-licences"]
    for part in bill["components"]:
        added = part["purl"].startswith(("pkg:pypi/", "pkg:cargo/"))
        if added and not may_be(licence(part), allowed):
            sys.exit(f"{part['name']} {part['version']}: {licence(part)} is not allowed.")
    output.write_text("".join(page(bill)), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
