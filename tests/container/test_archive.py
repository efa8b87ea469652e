"""What goes to a host without a registry: the image as an archive, and the list of its contents."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.images import Image

from app import __version__
from tests.container.conftest import NAME, ROOT, Rig


@pytest.fixture(scope="module")
def archive(image: Image) -> Path:
    """The archive, as `make image-archive` writes it."""
    assert image.id
    done = subprocess.run([ROOT / "scripts/image-archive"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ROOT / done.stdout.strip()


@pytest.fixture(scope="module")
def bill(image: Image) -> dict[str, Any]:
    """The SBOM, as `make sbom` writes it; the script holds it to CycloneDX's schema itself."""
    assert image.id
    done = subprocess.run([ROOT / "scripts/image-sbom"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads((ROOT / done.stdout.strip()).read_text("utf-8"))
    return loaded


def test_the_archive_holds_the_image_under_its_name_and_version(archive: Path) -> None:
    assert archive == ROOT / f"dist/bacula-report-{__version__}.tar"
    with tarfile.open(archive) as opened:
        manifest = json.load(opened.extractfile("manifest.json") or pytest.fail("no manifest"))

    assert [one["RepoTags"] for one in manifest] == [[f"{NAME}:{__version__}"]]


def test_the_archive_can_be_loaded(client: docker.DockerClient, archive: Path) -> None:
    with archive.open("rb") as opened:
        (loaded,) = client.images.load(opened)

    assert f"{NAME}:{__version__}" in loaded.tags
    assert loaded.labels["org.opencontainers.image.version"] == __version__


def test_the_bill_names_what_the_image_holds(bill: dict[str, Any], rig: Rig) -> None:
    told = rig.run(
        "-c",
        "import importlib.metadata as m; print(*(f'{d.name}@{d.version}'.lower() for d in"
        " m.distributions()), sep='\\n')",
        entrypoint="python",
    )
    python = [part for part in bill["components"] if part["purl"].startswith("pkg:pypi/")]

    assert sorted(told.stdout.split()) == sorted(
        f"{part['name']}@{part['version']}".lower() for part in python
    )
    assert all(part.get("licenses") for part in python)


def test_the_bill_names_the_image_and_its_base(bill: dict[str, Any], image: Image) -> None:
    component = bill["metadata"]["component"]
    properties = {one["name"]: one["value"] for one in component["properties"]}

    assert (component["name"], component["version"]) == ("bacula-report", __version__)
    assert properties["org.opencontainers.image.base.name"]
    assert [part for part in bill["components"] if part["purl"].startswith("pkg:deb/")]


def test_the_bill_names_no_folder_of_this_machine(bill: dict[str, Any]) -> None:
    assert str(ROOT) not in json.dumps(bill)
