"""compose.yaml as it is started for trying: the job and the embedded Baculum, two services."""

from __future__ import annotations

import json
import os
import secrets as random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container
from docker.models.images import Image

from tests.container.conftest import DOCKER_HOST, ROOT, Rig

PASSWORD = random.token_hex(8)
Compose = Callable[..., subprocess.CompletedProcess[str]]


def _provider() -> list[str]:
    """Name what starts it: for Podman the provider from PyPI, for Docker its plug-in."""
    if DOCKER_HOST and shutil.which("docker"):
        return ["docker", "compose"]
    folder = Path(sys.executable).parent
    return [str(folder / "podman-compose"), "--podman-path", str(ROOT / "scripts/podman")]


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A secret as compose.yaml tells to make it."""
    folder = tmp_path_factory.mktemp("secrets")
    folder.chmod(0o700)
    file = folder / "baculum"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o644)
    return file


@pytest.fixture(scope="module")
def compose(image: Image, rig: Rig, secret: Path) -> Iterator[Compose]:
    """The provider, for a project of this run's name; all of it is gone afterwards."""
    command = [*_provider(), "-f", str(ROOT / "compose.yaml"), "-p", rig.run_name]
    environment = {
        **os.environ,
        "BACULA_REPORT_IMAGE": str(image.tags[0]),
        "BACULUM_SECRET_FILE": str(secret),
        "REPORT_LANG": "ko",
    }

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    yield call
    call("down", "-v")


@pytest.fixture(scope="module")
def started(compose: Compose) -> subprocess.CompletedProcess[str]:
    return compose("up", "--abort-on-container-exit", "--exit-code-from", "report")


def service(client: docker.DockerClient, rig: Rig, name: str) -> Container:
    found: list[Container] = client.containers.list(
        all=True,
        filters={
            "label": [
                f"com.docker.compose.project={rig.run_name}",
                f"com.docker.compose.service={name}",
            ]
        },
    )
    (container,) = found
    return container


@pytest.mark.usefixtures("started")
def test_up_makes_a_report_in_the_named_volume(client: docker.DockerClient, rig: Rig) -> None:
    container = service(client, rig, "report")
    reports = rig.files(container, "/reports")
    (html,) = [file for file in reports if file.name.endswith(".html")]
    (mount,) = [one for one in container.attrs["Mounts"] if one["Destination"] == "/reports"]

    assert len(reports) == 2
    assert b'lang="ko"' in html.content
    assert (mount["Type"], mount["Name"]) == ("volume", f"{rig.run_name}_reports")


def test_up_ends_with_the_report(started: subprocess.CompletedProcess[str]) -> None:
    assert started.returncode == 0, started.stdout + started.stderr
    assert PASSWORD not in started.stdout + started.stderr


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("name", ["baculum", "report"])
def test_both_services_are_hardened(client: docker.DockerClient, rig: Rig, name: str) -> None:
    container = service(client, rig, name)
    host = container.attrs["HostConfig"]

    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert any("no-new-privileges" in option for option in host["SecurityOpt"])
    # Podman tells them one by one, Docker as it was asked.
    assert "ALL" in host["CapDrop"] or "SETUID" in host["CapDrop"]
    assert list(container.attrs["NetworkSettings"]["Networks"]) == [f"{rig.run_name}_private"]
    assert not host["PortBindings"]
    assert PASSWORD not in json.dumps(container.attrs)
