"""Joins what scripts/image-sbom found into one CycloneDX file, and holds it to its schema.

Usage: image-sbom.py FOLDER WHEELHOUSE OUTPUT
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name, parse_wheel_filename

PROJECT = "bacula-report"
LABEL = "org.opencontainers.image."
# What a package's own words leave open, read in the licence text that it brings.
READ = {("jinja2", "License :: OSI Approved :: BSD License"): "BSD-3-Clause"}


def wheels(house: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Tell the SHA-256 of each wheel that was installed, by name and version."""
    for wheel in house.glob("*/*.whl"):
        name, version, *_ = parse_wheel_filename(wheel.name)
        yield (name, str(version)), hashlib.sha256(wheel.read_bytes()).hexdigest()


def licences(package: dict[str, Any]) -> list[dict[str, Any]]:
    """Leave of a package's licences those with an SPDX name; there must be one."""
    told = package.get("licenses", [])
    exact = [one for one in told if "expression" in one or "id" in one["license"]]
    name = canonicalize_name(package["name"])
    for one in told if not exact else ():
        if found := READ.get((name, one["license"].get("name", ""))):
            exact.append({"license": {"id": found, "acknowledgement": "concluded"}})
    if not exact:
        sys.exit(f"{name} names no licence of SPDX; read its text, and add it to READ: {told}")
    return exact


def compiled_in(
    folder: Path, packages: list[dict[str, Any]]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Tell what is compiled into a wheel, if it brings a bill of its own (PEP 770), by its ref."""
    refs = {canonicalize_name(one["name"]): one["bom-ref"] for one in packages}
    for bill in sorted(folder.glob("lib/python*/site-packages/*.dist-info/sboms/*.json")):
        parts = json.loads(bill.read_text("utf-8"))["components"]
        for part in parts:
            part["bom-ref"] = part["purl"]
        yield refs[canonicalize_name(bill.parents[1].name.partition("-")[0])], parts


def interpreter(folder: Path) -> dict[str, Any]:
    """Name the base's Python, which need not be a package of its system."""
    lines = (folder / "pyvenv.cfg").read_text("utf-8").splitlines()
    version = dict(line.split(" = ", 1) for line in lines)["version"]
    return {
        "type": "platform",
        "bom-ref": "python",
        "name": "CPython",
        "version": version,
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
        "purl": f"pkg:generic/python@{version}",
        "licenses": [{"license": {"id": "PSF-2.0"}}],
    }


def fields(text: str) -> dict[str, str]:
    """Read one paragraph of dpkg's status; continued lines are not needed."""
    lines = (line.partition(": ") for line in text.splitlines() if not line.startswith(" "))
    return {name: value for name, _, value in lines}


def debian_packages(folder: Path) -> Iterator[dict[str, Any]]:
    """Name every package that Debian's dpkg has installed in the image."""
    status, release = folder / "dpkg-status", folder / "os-release"
    if not status.exists():
        return
    system = dict(
        line.replace('"', "").split("=", 1)
        for line in release.read_text("utf-8").splitlines()
        if "=" in line
    )
    distribution = f"{system['ID']}-{system.get('VERSION_ID', 'unknown')}"
    for paragraph in status.read_text("utf-8").split("\n\n"):
        package = fields(paragraph)
        if not package.get("Status", "").endswith(" installed"):
            continue
        name, version = package["Package"], package["Version"]
        purl = (
            f"pkg:deb/{system['ID']}/{name}@{quote(version, safe='.~')}"
            f"?arch={package['Architecture']}&distro={distribution}"
        )
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
        }


def main(folder: Path, house: Path, output: Path) -> None:
    """Write the bill, or stop with what is wrong with it."""
    bill = json.loads((folder / "packages.json").read_text("utf-8"))
    image = json.loads((folder / "image.json").read_text("utf-8"))[0]
    labels = image["Config"]["Labels"]
    packages, depends = bill["components"], bill["dependencies"]
    project = next(part for part in packages if part["name"] == PROJECT)
    hashes = dict(wheels(house))
    for package in packages:
        package["licenses"] = licences(package)
        sha = hashes[canonicalize_name(package["name"]), package["version"]]
        package["hashes"] = [{"alg": "SHA-256", "content": sha}]
    for ref, parts in list(compiled_in(folder, packages)):
        packages += parts
        depends += [{"ref": part["bom-ref"]} for part in parts]
        (whole,) = (one for one in depends if one["ref"] == ref)
        whole["dependsOn"] = [*whole.get("dependsOn", []), *(part["bom-ref"] for part in parts)]
    base = [interpreter(folder), *debian_packages(folder)]
    packages += base
    depends += [{"ref": part["bom-ref"]} for part in base]
    depends.append(
        {"ref": "image", "dependsOn": [project["bom-ref"], *(part["bom-ref"] for part in base)]}
    )
    bill["metadata"]["component"] = {
        "type": "container",
        "bom-ref": "image",
        "name": PROJECT,
        "version": labels[f"{LABEL}version"],
        "properties": [
            {"name": "image-id", "value": image["Id"]},
            *({"name": name, "value": labels[name]} for name in sorted(labels)),
        ],
    }
    text = json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"The bill of materials is not valid: {wrong}")
    output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
