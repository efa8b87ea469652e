"""A container engine, the image that the project's own script builds, and a rig to run it.

The engine is the one that DOCKER_HOST names, else Podman, whose API is served for this run on a
socket of its own. Whatever a test starts here carries this run's name and is removed by its id.
"""

from __future__ import annotations

import gc
import io
import os
import re
import shutil
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.models.images import Image
from docker.models.networks import Network
from packaging.markers import Marker

from app import __version__
from tests.conftest import leave_out

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# Read here, before a test's environment is cleaned.
DOCKER_HOST = os.environ.get("DOCKER_HOST", "")
ENGINE = ROOT / "scripts/image-engine"
NAME = "localhost/bacula-report"
LABEL = "org.opencontainers.image."
PASSWORD = "correct-horse-9f2c"
USER = "report"
READY = b"answers on"
PATIENCE = 60.0


def _without_engine() -> str:
    """Say why containers cannot be run here; nothing, if they can."""
    if DOCKER_HOST:
        return ""
    if not shutil.which("podman"):
        return "no podman, and DOCKER_HOST is not set (on Debian: apt-get install podman)"
    told = subprocess.run(
        [ROOT / "scripts/podman", "info", "--format", "{{.Host.Arch}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return (
        "" if told.returncode == 0 else f"podman does not work here: {told.stderr.strip()[-200:]}"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without an engine, leave out what needs one."""
    mine = [
        item
        for item in items
        if item.path.is_relative_to(HERE) and "client" in getattr(item, "fixturenames", ())
    ]
    leave_out(config, items, mine, "container", _without_engine)


@dataclass(frozen=True)
class File:
    """A file as it lies in a container or volume."""

    name: str
    owner: int
    group: int
    mode: int
    content: bytes
    folder: str = ""


@dataclass(frozen=True)
class Ended:
    """What is left of a container that has ended."""

    code: int
    stdout: str
    stderr: str
    inspected: Mapping[str, Any]
    reports: Sequence[File]

    @property
    def report(self) -> File:
        """The report itself."""
        (report,) = [
            file
            for file in self.reports
            if file.name.startswith("mail_") and file.name.endswith(".html")
        ]
        return report

    @property
    def letters(self) -> list[File]:
        """The letters that wait in the outbox."""
        return [
            file
            for file in self.reports
            if file.name == "letter.json" and "/failed/" not in file.folder
        ]


HARDENED: Mapping[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": ""},
}


@dataclass
class Rig:
    """Starts containers of the image, and knows what it started."""

    client: docker.DockerClient
    image: Image
    run_name: str
    network: Network
    containers: list[Container] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def volume(self, prepare: str = "") -> str:
        """Make a volume; `prepare` is Python that root runs with it as its current folder."""
        name = f"{self.run_name}-{len(self.volumes)}"
        self.client.volumes.create(name)
        self.volumes.append(name)
        if prepare:
            done = self.run(
                "-c",
                prepare,
                entrypoint="python",
                user="0:0",
                working_dir="/volume",
                volumes={name: {"bind": "/volume", "mode": "rw"}},
                cap_drop=[],
            )
            assert done.code == 0, done.stderr
        return name

    def secrets(self, **texts: str) -> dict[str, Any]:
        """Mount files where secrets are, each for the container's user only."""
        volume = self.volume(
            "import os\n"
            f"for name, text in {texts!r}.items():\n"
            "    open(name, 'w').write(text + '\\n')\n"
            "    os.chmod(name, 0o440)\n"
            "    os.chown(name, 10001, 0)\n"
            "os.chmod('.', 0o755)\n"
        )
        return {volume: {"bind": "/run/secrets", "mode": "ro"}}

    def start(self, *command: str, **options: Any) -> Container:
        """Start a hardened container; without `network` it has none."""
        network = options.pop("network", None)
        options = {**HARDENED, "network_mode": "none", "detach": True, **options}
        if network is not None:
            # With its name on the network; the SDK has no other way to give one from the start.
            del options["network_mode"]
            options["network"] = network
        container = self.client.containers.create(str(self.image.id), list(command), **options)
        self.containers.append(container)
        container.start()
        return container

    def end(self, container: Container) -> Ended:
        """Wait for a container's end, and take along what it leaves behind."""
        code = container.wait(timeout=PATIENCE)["StatusCode"]
        container.reload()
        ended = Ended(
            code,
            container.logs(stdout=True, stderr=False).decode(),
            container.logs(stdout=False, stderr=True).decode(),
            container.attrs,
            self.files(container, "/reports"),
        )
        container.remove(v=True)
        self.containers.remove(container)
        return ended

    def run(self, *command: str, **options: Any) -> Ended:
        """Run a hardened container to its end."""
        return self.end(self.start(*command, **options))

    def files(self, container: Container, folder: str) -> list[File]:
        """Read the files of a folder out of a container, which may have ended."""
        chunks, _ = container.get_archive(folder)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            return [
                File(
                    Path(member.name).name,
                    member.uid,
                    member.gid,
                    member.mode & 0o7777,
                    (archive.extractfile(member) or io.BytesIO()).read(),
                    str(Path(member.name).parent),
                )
                for member in archive.getmembers()
                if member.isfile()
            ]

    def serve(self, *command: str, name: str, ready: bytes, **options: Any) -> Container:
        """Start a server of Python in the private network, and wait until it says `ready`."""
        container = self.start(
            *command,
            entrypoint="python",
            name=f"{self.run_name}-{name}",
            network=self.network.name,
            **options,
        )
        wait_for(container, ready)
        return container

    def remove(self) -> None:
        """Remove everything, ended or not."""
        for container in self.containers:
            with suppress(NotFound):
                container.remove(force=True, v=True)
        for name in self.volumes:
            with suppress(NotFound):
                self.client.volumes.get(name).remove(force=True)


def wait_for(container: Container, text: bytes) -> None:
    """Wait until a container has printed `text`."""
    told = b""
    for chunk in container.logs(stream=True, follow=True):
        told += chunk
        if text in told:
            return
    pytest.fail(f"{container.name} ended without {text!r}:\n{told.decode()}")


@pytest.fixture(autouse=True)
def _streams_end_with_their_test() -> Iterator[None]:
    """The SDK leaves streams of logs to the garbage collector: here, not in another's test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    """The engine's API."""
    if reason := _without_engine():
        pytest.fail(reason)
    if DOCKER_HOST:
        with_host = docker.DockerClient(base_url=DOCKER_HOST, timeout=int(PATIENCE))
        yield with_host
        with_host.close()
        return
    socket = tmp_path_factory.mktemp("podman") / "podman.sock"
    log = socket.with_suffix(".log")
    with log.open("wb") as output:
        service = subprocess.Popen(
            [ROOT / "scripts/podman", "system", "service", "--time=0", f"unix://{socket}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        connected = _connect(f"unix://{socket}", service, log)
        yield connected
        connected.close()
    finally:
        service.terminate()
        service.wait(PATIENCE)


def _connect(url: str, service: subprocess.Popen[bytes], log: Path) -> docker.DockerClient:
    deadline = time.monotonic() + PATIENCE
    while service.poll() is None and time.monotonic() < deadline:
        with suppress(DockerException):
            connected = docker.DockerClient(base_url=url, timeout=int(PATIENCE))
            connected.ping()
            return connected
        time.sleep(0.05)
    pytest.fail(f"podman's service does not answer:\n{log.read_text()}")


@pytest.fixture(scope="session")
def image(client: docker.DockerClient) -> Image:
    """The image, built by the project's own script."""
    built = subprocess.run(
        [ROOT / "scripts/image"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if built.returncode:
        pytest.fail(f"the image was not built:\n{built.stdout}{built.stderr}")
    return client.images.get(f"{NAME}:{__version__}")


@pytest.fixture(scope="session")
def rig(client: docker.DockerClient, image: Image) -> Iterator[Rig]:
    """Runs the image; everything it started is gone afterwards."""
    name = f"bacula-report-test-{uuid.uuid4().hex[:8]}"
    network = client.networks.create(name, driver="bridge", internal=True)
    rig = Rig(client, image, name, network)
    yield rig
    rig.remove()
    with suppress(APIError):
        network.remove()


@pytest.fixture(scope="session")
def secrets(rig: Rig) -> Mapping[str, Any]:
    """The password as a file, mounted where secrets are."""
    return rig.secrets(baculum=PASSWORD)


@pytest.fixture(scope="session")
def baculum(rig: Rig, secrets: Mapping[str, Any]) -> Container:
    """The embedded Baculum in a container of its own."""
    return rig.serve(
        *("-m", "app.demo", "--host", "0.0.0.0"),
        name="baculum",
        ready=READY,
        environment=credentials(),
        volumes=dict(secrets),
    )


def locked() -> dict[str, str]:
    """What requirements.lock names for Linux: the version of each package."""
    lines = re.findall(
        r"(?m)^([\w.-]+)==([\w.]+)(?: ; (.+?))? \\$",
        (ROOT / "requirements.lock").read_text("utf-8"),
    )
    return {
        name: version for name, version, marker in lines if not marker or Marker(marker).evaluate()
    }


def credentials() -> dict[str, str]:
    """What names the user, and the file with the password."""
    return {
        "BACULUM_API_USERNAME": USER,
        "BACULUM_API_PASSWORD_FILE": "/run/secrets/baculum",
    }
