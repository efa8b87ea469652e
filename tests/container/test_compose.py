"""compose.yaml as it is started for trying: the job and the embedded Baculum, two services."""

from __future__ import annotations

import io
import json
import os
import secrets as random
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosmtpd
import attr
import attrs
import docker
import public
import pytest
from docker.models.containers import Container
from docker.models.images import Image

from tests.container.conftest import DOCKER_HOST, ROOT, Rig

PASSWORD = random.token_hex(8)
# As the first process it would not heed SIGTERM by itself.
CATCHER = (
    "import signal, sys; from aiosmtpd.main import main; "
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit()); main(['-n', '-l', '0.0.0.0:1025'])"
)
Compose = Callable[..., subprocess.CompletedProcess[str]]


def _provider() -> list[str]:
    """Name what starts it: for Podman the provider from PyPI, for Docker its plug-in."""
    if DOCKER_HOST and shutil.which("docker"):
        return ["docker", "compose"]
    folder = Path(sys.executable).parent
    return [str(folder / "podman-compose"), "--podman-path", str(ROOT / "scripts/podman")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


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
def catcher(client: docker.DockerClient, image: Image, rig: Rig) -> Iterator[str]:
    """A stand-in for the mail catcher's image, which no registry has to be reached for."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for package in (aiosmtpd, attr, attrs, public):
            folder = Path(str(package.__file__)).parent
            archive.add(folder, f"packages/{folder.name}")
        text = (
            # Not the image itself: it has a volume, which nobody would remove.
            f"FROM {image.labels['org.opencontainers.image.base.name']}\n"
            "COPY packages /packages\nENV PYTHONPATH=/packages PYTHONUNBUFFERED=1\n"
            f"ENTRYPOINT {json.dumps(['python3', '-c', CATCHER])}\n"
        ).encode()
        told = tarfile.TarInfo("Containerfile")
        told.size = len(text)
        archive.addfile(told, io.BytesIO(text))
    packed.seek(0)
    name = f"localhost/{rig.run_name}-catcher:latest"
    client.images.build(
        fileobj=packed, custom_context=True, dockerfile="Containerfile", tag=name, rm=True
    )
    yield name
    client.images.remove(name, force=True)


@pytest.fixture(scope="module")
def compose(image: Image, rig: Rig, secret: Path, catcher: str) -> Iterator[Compose]:
    """The provider, for a project of this run's name; all of it is gone afterwards."""
    command = [*_provider(), "-f", str(ROOT / "compose.yaml"), "-p", rig.run_name]
    environment = {
        **os.environ,
        "BACULA_REPORT_IMAGE": str(image.tags[0]),
        "BACULUM_SECRET_FILE": str(secret),
        "CATCHER_IMAGE": catcher,
        "CATCHER_PORT": str(free_port()),
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
    call("--profile", "mail", "down", "-v")


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


def test_the_provider_knows_the_mail_catcher_only_when_asked_for(compose: Compose) -> None:
    plain, with_mail = compose("config"), compose("--profile", "mail", "config")

    assert (plain.returncode, with_mail.returncode) == (0, 0), with_mail.stderr
    assert "REPORT_MAIL_HOST: catcher" in with_mail.stdout
    assert "catcher" not in plain.stdout


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


def test_up_mailed_sends_the_report_to_the_mail_catcher(
    compose: Compose, client: docker.DockerClient, rig: Rig
) -> None:
    done = compose("--profile", "mail", "up", "--exit-code-from", "mailed", "mailed")
    told = service(client, rig, "catcher").logs().decode()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "To: ops@example.com" in told
