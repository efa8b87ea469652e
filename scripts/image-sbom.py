"""Joins what scripts/image-sbom found into one CycloneDX file, and holds it to its schema.

Usage: image-sbom.py FOLDER OUTPUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

PROJECT = "bacula-report"
LABEL = "org.opencontainers.image."


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


def main(folder: Path, output: Path) -> None:
    """Write the bill, or stop with what is wrong with it."""
    bill = json.loads((folder / "packages.json").read_text("utf-8"))
    image = json.loads((folder / "image.json").read_text("utf-8"))[0]
    labels = image["Config"]["Labels"]
    project = next(part for part in bill["components"] if part["name"] == PROJECT)
    base = list(debian_packages(folder))
    bill["components"] += base
    bill["dependencies"] += [{"ref": part["bom-ref"]} for part in base]
    bill["dependencies"].append(
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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
