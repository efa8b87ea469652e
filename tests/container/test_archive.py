"""What goes to a host without a registry: the image as an archive, and the list of its contents."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.images import Image
from packaging.utils import canonicalize_name

from app import __version__
from tests.container.conftest import LABEL, NAME, ROOT, Rig, locked

# All that may lie beside the packages' own dist-info folders.
MODULES = {
    *("app", "certifi", "charset_normalizer", "click", "css_inline", "dotenv", "idna", "jinja2"),
    *("markupsafe", "prometheus_client", "requests", "tenacity", "tzdata", "urllib3"),
}
# Where an engine mounts its own files while it builds, it leaves an empty one.
MOUNTED = {"dev", "etc", "etc/hostname", "etc/hosts", "etc/resolv.conf", "proc", "run", "sys"}
FORBIDDEN = re.compile(
    r"\.(?:pot?|sh|bat|whl|egg|a|o|h|pth|orig|log|toml|ya?ml)$"
    r"|/(?:tests?|docs|examples?|bench|scripts|build|\.\w+|pip|setuptools|wheel)/"
    r"|/direct_url\.json$"
)
MEGABYTE = 1_000_000
ADDED_AT_MOST = 16 * MEGABYTE


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


# --- what the application adds to its base ----------------------------------------------------


@pytest.fixture(scope="module")
def added(client: docker.DockerClient, image: Image, archive: Path) -> list[tarfile.TarInfo]:
    """Every entry of the layers above the base's."""
    base = client.images.get(image.labels[f"{LABEL}base.name"])
    below = len(base.attrs["RootFS"]["Layers"])
    entries: list[tarfile.TarInfo] = []
    with tarfile.open(archive) as opened:
        (told,) = json.load(opened.extractfile("manifest.json") or pytest.fail("no manifest"))
        for name in told["Layers"][below:]:
            with tarfile.open(fileobj=opened.extractfile(name)) as layer:
                entries += layer.getmembers()
    return entries


def inside(added: Sequence[tarfile.TarInfo]) -> list[tarfile.TarInfo]:
    return [one for one in added if one.name.startswith("opt/bacula-report/")]


def test_it_adds_one_folder_and_an_empty_one_for_the_reports(added: list[tarfile.TarInfo]) -> None:
    others = {one.name: one for one in added if not one.name.startswith("opt/")}

    assert set(others) <= {"opt", "reports", *MOUNTED}
    assert "reports" in others
    assert sum(one.size for one in others.values()) == 0


def test_in_its_folder_are_a_command_an_interpreter_and_the_locked_packages(
    added: list[tarfile.TarInfo],
) -> None:
    parts = [one.name.split("/")[2:] for one in inside(added)]
    site = {part[3] for part in parts if len(part) > 3 and part[2] == "site-packages"}
    described = {name for name in site if name.endswith(".dist-info")}

    assert {part[0] for part in parts} == {"bin", "include", "lib", "lib64", "pyvenv.cfg"}
    assert {part[2] for part in parts if part[0] == "lib" and len(part) > 2} == {"site-packages"}
    assert [part for part in parts if part[0] == "include" and len(part) > 2] == []
    assert {
        (canonicalize_name(name), version)
        for name, version in (one.removesuffix(".dist-info").split("-") for one in described)
    } == {*locked().items(), ("bacula-report", __version__)}
    assert site - described == MODULES


def test_it_adds_nothing_that_only_building_and_testing_need(added: list[tarfile.TarInfo]) -> None:
    names = [one.name for one in added if ".dist-info/licenses/" not in one.name]

    assert [name for name in names if FORBIDDEN.search(f"/{name}")] == []


def modes(entry: tarfile.TarInfo) -> set[int]:
    """Which modes an entry may have."""
    if entry.isdir() or "/bin/" in entry.name:
        return {0o755}
    return {0o644, 0o755} if entry.name.endswith(".so") else {0o644}


def test_all_it_adds_is_roots_and_only_root_may_change_it(added: list[tarfile.TarInfo]) -> None:
    (reports,) = [one for one in added if one.name == "reports"]
    others = [one for one in added if one.name not in {"reports", *MOUNTED}]

    assert (reports.mode & 0o7777, reports.uid, reports.gid) == (0o770, 10001, 0)
    assert [one.name for one in others if (one.uid, one.gid) != (0, 0)] == []
    assert [one.name for one in others if not (one.isdir() or one.isreg() or one.issym())] == []
    files = [one for one in others if not one.issym()]
    assert [one.name for one in files if one.mode & 0o7777 not in modes(one)] == []


def test_what_it_adds_is_as_small_as_the_guide_says(added: list[tarfile.TarInfo]) -> None:
    size = sum(one.size for one in added)
    told = re.search(r"adds \*\*([\d.]+) MB\*\*", (ROOT / "docs/image.md").read_text("utf-8"))

    assert size < ADDED_AT_MOST
    assert told
    # Bytecode differs a little from one Python to the next.
    assert abs(size - float(told[1]) * MEGABYTE) < MEGABYTE / 2


# --- the archive and the bill -----------------------------------------------------------------


def test_the_archive_can_be_loaded(client: docker.DockerClient, archive: Path) -> None:
    with archive.open("rb") as opened:
        (loaded,) = client.images.load(opened)

    assert f"{NAME}:{__version__}" in loaded.tags
    assert loaded.labels["org.opencontainers.image.version"] == __version__


def of_kind(bill: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The components whose purl is of a kind."""
    return [part for part in bill["components"] if part["purl"].startswith(f"pkg:{kind}/")]


def test_the_bill_names_what_the_image_holds(bill: dict[str, Any], rig: Rig) -> None:
    told = rig.run(
        "-c",
        "import importlib.metadata as m; print(*(f'{d.name}@{d.version}'.lower() for d in"
        " m.distributions()), sep='\\n')",
        entrypoint="python",
    )
    python = of_kind(bill, "pypi")

    assert sorted(told.stdout.split()) == sorted(
        f"{part['name']}@{part['version']}".lower() for part in python
    )
    for part in python:
        assert part["purl"] == f"pkg:pypi/{canonicalize_name(part['name'])}@{part['version']}"


def test_every_part_of_the_bill_is_told_once_and_needed_by_another(bill: dict[str, Any]) -> None:
    refs = [part["bom-ref"] for part in bill["components"]]
    depends = {one["ref"]: set(one.get("dependsOn", [])) for one in bill["dependencies"]}

    assert len(refs) == len(set(refs))
    assert set(depends) == {*refs, "image"}
    assert set().union(*depends.values()) == set(refs)


def test_each_package_of_the_bill_has_its_licence_and_the_hash_that_is_locked(
    bill: dict[str, Any],
) -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    for part in of_kind(bill, "pypi"):
        (made,) = part["hashes"]
        assert all("expression" in one or "id" in one["license"] for one in part["licenses"])
        assert made["alg"] == "SHA-256"
        assert part["name"] == "bacula-report" or f"--hash=sha256:{made['content']}" in lock


def test_the_bill_names_the_interpreter_and_what_is_compiled_into_wheels(
    bill: dict[str, Any], rig: Rig
) -> None:
    told = rig.run("-c", "import sys; print(sys.version.split()[0])", entrypoint="python")
    (python,) = of_kind(bill, "generic")
    depends = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    (css_inline,) = (part for part in of_kind(bill, "pypi") if part["name"] == "css-inline")
    crates = of_kind(bill, "cargo")

    assert (python["name"], python["version"]) == ("CPython", told.stdout.strip())
    assert {part["name"] for part in crates} > {"cssparser", "selectors"}
    assert {part["bom-ref"] for part in crates} <= set(depends[css_inline["bom-ref"]])
    assert all(part["licenses"] for part in crates)


def list_licences(bill: dict[str, Any], page: Path) -> subprocess.CompletedProcess[str]:
    """Write the list of licences, as `make licences` does."""
    source = page.with_name("bill.json")
    source.write_text(json.dumps(bill), "utf-8")
    command: list[str | Path] = [sys.executable, "scripts/licences.py", source, page]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_list_of_licences_is_what_the_bill_says(bill: dict[str, Any], tmp_path: Path) -> None:
    done = list_licences(bill, tmp_path / "licences.md")

    assert done.returncode == 0, done.stderr
    written = (tmp_path / "licences.md").read_text("utf-8")
    assert written == (ROOT / "docs/licences.md").read_text("utf-8"), "run make licences"


def test_a_licence_that_is_not_allowed_stops_the_list(bill: dict[str, Any], tmp_path: Path) -> None:
    other = json.loads(json.dumps(bill))
    of_kind(other, "cargo")[0]["licenses"] = [{"expression": "AGPL-3.0-only AND MIT"}]

    done = list_licences(other, tmp_path / "licences.md")

    assert done.returncode == 1
    assert "AGPL-3.0-only AND MIT is not allowed" in done.stderr
    assert not (tmp_path / "licences.md").exists()


def test_the_bill_names_the_image_and_its_base(bill: dict[str, Any], image: Image) -> None:
    component = bill["metadata"]["component"]
    properties = {one["name"]: one["value"] for one in component["properties"]}

    assert (component["name"], component["version"]) == ("bacula-report", __version__)
    assert properties["org.opencontainers.image.base.name"]
    assert of_kind(bill, "deb")


def test_the_bill_names_no_folder_of_this_machine(bill: dict[str, Any]) -> None:
    assert str(ROOT) not in json.dumps(bill)
