"""A real host to deploy to: systemd, Podman and an SSH server, booted in a container.

Everything that is done to it from outside goes the way an administrator's would: by
ansible-playbook over SSH. The embedded Baculum runs in this process, at an address that the host
reaches, so a test can change its password, stop it, or look at what it was asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from app.demo import Baculum, told_night
from tests.conftest import leave_out

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PLAYBOOKS = ROOT / "ansible/playbooks"
EXAMPLE = ROOT / "ansible/inventory/example"
PODMAN = ROOT / "scripts/podman"
BIN = ROOT / ".venv/bin"
ENVIRONMENT = {
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "HOME": os.environ.get("HOME", "/root"),
    "LC_ALL": "C.UTF-8",
    "ANSIBLE_NOCOLOR": "1",
}
HOST = "backup-report"
PATIENCE = 60.0
VAULT_PASSWORD = "opens-the-vault"


# --- where there is no such host ------------------------------------------------------------------


def _without_host() -> str:
    """Say why no host can be booted here; nothing, if it can."""
    if os.geteuid() != 0:
        return "they boot a host in a container, which only root may do"
    missing = [name for name in ("podman", "mmdebstrap", "ssh") if not shutil.which(name)]
    return f"{', '.join(missing)} not found" if missing else ""


_broken = pytest.StashKey[str]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a host where there can be none."""
    mine = [
        item
        for item in items
        if item.path.is_relative_to(HERE) and "host" in getattr(item, "fixturenames", ())
    ]
    leave_out(config, items, mine, "deployment", _without_host)


# The tests of a host are chapters of one story: after a broken one, the rest means nothing.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember the first test that failed."""
    report = yield
    if report.failed and "host" in getattr(item, "fixturenames", ()):
        item.session.stash.setdefault(_broken, item.name)
    return report


@pytest.fixture(autouse=True)
def story(request: pytest.FixtureRequest) -> None:
    """Stop at once if an earlier chapter failed."""
    broken = request.session.stash.get(_broken, "")
    if broken and "host" in request.fixturenames:
        pytest.fail(f"an earlier step failed: {broken}", pytrace=False)


# --- the host -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Play:
    """What one ansible-playbook did."""

    code: int
    output: str

    @property
    def changed(self) -> set[str]:
        """The names of the tasks that changed something."""
        return self._tasks("changed")

    @property
    def said(self) -> str:
        """Everything it printed, on one line and as it was meant."""
        return " ".join(self.output.replace("''", "'").split())

    def _tasks(self, state: str) -> set[str]:
        names: set[str] = set()
        task = ""
        for line in self.output.splitlines():
            if match := re.match(r"TASK \[(?:bacula_report : )?(.*)\] \**$", line):
                task = match[1]
            elif line.startswith(f"{state}: ["):
                names.add(task)
        return names


@dataclass
class Host:
    """The booted host, and how to deploy to it."""

    container: str
    site: Path
    variables: dict[str, Any] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command on the host, as root, and return what it says."""
        done = podman("exec", self.container, *command, check=False)
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def play(self, name: str, *arguments: str, fails: bool = False) -> Play:
        """Run a playbook from outside, with everything it can say about itself."""
        vault_password = self.site.parent / "vault-password"
        command: list[str | Path] = [BIN / "ansible-playbook", "-vv", "-i", self.site]
        command += ["--vault-password-file", vault_password, PLAYBOOKS / f"{name}.yml", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.outputs.append(done.stdout)
        if (done.returncode != 0) != fails:
            pytest.fail(f"{name}.yml ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return Play(done.returncode, done.stdout)

    def give(self, **variables: Any) -> None:
        """Change variables of the inventory; None takes one out."""
        self.variables.update({f"bacula_report_{name}": variables[name] for name in variables})
        given = {name: value for name, value in self.variables.items() if value is not None}
        (self.site / "group_vars/bacula_report/site.yml").write_text(yaml.safe_dump(given))

    def set_password(self, password: str, **others: str) -> None:
        """Change the password in the vault, and others."""
        vault = self.site / "group_vars/bacula_report/vault.yml"
        kept = {"api_password": password, **others}
        vault.write_text(
            yaml.safe_dump({f"vault_bacula_report_{name}": kept[name] for name in kept})
        )
        subprocess.run(
            [
                BIN / "ansible-vault",
                *("encrypt", "--vault-password-file", self.site.parent / "vault-password", vault),
            ],
            env=ENVIRONMENT,
            check=True,
            capture_output=True,
        )
        assert vault.read_text().startswith("$ANSIBLE_VAULT")

    def boot(self) -> None:
        """Wait until it is up, and tell the inventory how to reach it."""

        def is_up() -> bool:
            # On the way up there may be no system to talk to yet.
            state = self.run("systemctl", "is-system-running", check=False).strip()
            if state == "degraded":
                pytest.fail(self.run("systemctl", "--failed", "--no-pager"))
            return state == "running"

        wait_for(is_up, "the host to boot")
        address, _, port = podman("port", self.container, "22").stdout.strip().rpartition(":")
        key = self.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[:2]
        known = self.site.parent / "known_hosts"
        known.write_text(f"[{address}]:{port} {' '.join(key)}\n")
        reach = {
            "ansible_host": address,
            "ansible_port": int(port),
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": str(self.site.parent / "key"),
            "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={known}",
        }
        inventory = {"bacula_report": {"hosts": {HOST: reach}}}
        (self.site / "hosts.yml").write_text(yaml.safe_dump(inventory))

    def restart(self) -> None:
        """Shut the host down and boot it again. Its journal does not outlive it."""
        self.outputs.append(self.whole_journal())
        podman("restart", "--time", "20", self.container)
        self.boot()

    def service(self, instance: str = "main", *, fails: bool = False) -> int:
        """Start a report's service, and return its exit code."""
        unit = f"bacula-report-{instance}.service"
        done = podman("exec", self.container, "systemctl", "start", unit, check=False)
        assert (done.returncode != 0) == fails, self.journal(instance)
        return int(self.show(unit, "ExecMainStatus"))

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def journal(self, instance: str = "main") -> str:
        """What the report's service said."""
        unit = f"bacula-report-{instance}.service"
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")

    def whole_journal(self) -> str:
        """Everything that was ever logged, with every field."""
        return self.run("journalctl", "--no-pager", "--output=export", "--all")

    def reports(self, instance: str = "main") -> set[str]:
        """The reports on the host."""
        folder = f"/var/lib/bacula-report/{instance}"
        return set(self.run("find", folder, "-name", "mail_*.html").split())

    def failed_units(self) -> str:
        """The names of the failed units."""
        return self.run("systemctl", "--failed", "--plain", "--no-legend", "--no-pager")


def podman(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the machine's podman."""
    done = subprocess.run(
        [PODMAN, *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        errors="replace",  # a journal holds anything
        check=False,
    )
    if check and done.returncode:
        pytest.fail(f"podman {arguments[0]}: {done.stderr}")
    return done


def wait_for(ready: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Wait until `ready` returns something true, and return that."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if result := ready():
            return result
        time.sleep(0.1)
    pytest.fail(f"waited in vain for {what}")


def make(script: Path) -> str:
    """Run one of the project's scripts, and return the last line it prints."""
    done = subprocess.run([script], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if done.returncode:
        pytest.fail(f"{script.name}: {done.stderr[-2000:]}")
    return done.stdout.split()[-1]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image as `make image-archive` writes it; a copy, for the image may be built again."""
    built = ROOT / make(ROOT / "scripts/image-archive")
    return Path(shutil.copy(built, tmp_path_factory.mktemp("archive")))


@pytest.fixture(scope="session")
def next_archive(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same image as the next version."""
    folder = tmp_path_factory.mktemp("next")
    name = f"localhost/bacula-report-test-next:{uuid.uuid4().hex[:8]}"
    loaded = podman("load", "--quiet", "--input", archive).stdout.split()[-1]
    (folder / "Containerfile").write_text(
        f"FROM {loaded}\nLABEL org.opencontainers.image.version=99.0\n"
    )
    podman("build", "--quiet", "--network=none", "--pull=never", "-t", name, folder)
    podman("save", "--quiet", "--output", folder / "next.tar", name)
    yield folder / "next.tar"
    podman("rmi", name, check=False)


class Registry(ThreadingHTTPServer):
    """Hands out the one image of an OCI folder, by digest."""

    def __init__(self, address: str, folder: Path) -> None:
        self.folder = folder
        super().__init__((address, 0), _RegistryHandler)

    @property
    def image(self) -> str:
        """The image's name, with its digest."""
        index = json.loads((self.folder / "index.json").read_text("utf-8"))
        host, port = self.server_address[:2]
        return f"{host!s}:{port}/site/bacula-report@{index['manifests'][0]['digest']}"


class _RegistryHandler(BaseHTTPRequestHandler):
    server: Registry

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        if (content := self._answer()) is not None:
            with content.open("rb") as opened:
                shutil.copyfileobj(opened, self.wfile)

    def _answer(self) -> Path | None:
        kind, digest = self.path.rpartition("/")[::2]
        blob = self.server.folder / "blobs/sha256" / digest.removeprefix("sha256:")
        content = blob if blob.is_file() else None
        self.send_response(200 if content or self.path == "/v2/" else 404)
        if kind.endswith("manifests"):
            self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        self.send_header("Content-Length", str(content.stat().st_size if content else 0))
        self.end_headers()
        return content

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def registry(archive: Path, api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site's own registry; yields the image's name in it, with its digest."""
    folder = tmp_path_factory.mktemp("registry") / "image"
    loaded = podman("load", "--quiet", "--input", archive).stdout.split()[-1]
    podman("save", "--quiet", "--format", "oci-dir", "--output", folder, loaded)
    with Registry(api.address, folder) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.image
        server.shutdown()


@pytest.fixture(scope="module")
def host(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A fresh host with nothing deployed, and an inventory made from the example."""
    if reason := _without_host():
        pytest.fail(reason)
    image = make(HERE / "host/build")
    name = f"bacula-report-test-{uuid.uuid4().hex[:8]}"
    folder = tmp_path_factory.mktemp("operator")
    shutil.copytree(EXAMPLE, folder / "site")
    (folder / "vault-password").write_text(VAULT_PASSWORD)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True
    )
    host = Host(name, folder / "site")
    podman("network", "create", name)
    try:
        podman(
            *("run", "--detach", "--name", name, "--hostname", HOST, "--network", name),
            *("--privileged", "--cgroupns=private", "--systemd=always", "--stop-signal=RTMIN+3"),
            # Layers cannot be stacked on the container's own layers: its images need a volume.
            *("--volume", f"{name}:/var/lib/containers", "--publish", "127.0.0.1::22"),
            image,
        )
        podman("cp", folder / "key.pub", f"{name}:/home/admin/.ssh/authorized_keys")
        host.run("chown", "admin:admin", "/home/admin/.ssh/authorized_keys")
        host.boot()
        yield host
    finally:
        for command in (
            ("rm", "--force", "--time", "5", name),
            ("volume", "rm", "--force", name),
            ("network", "rm", "--force", name),
        ):
            podman(*command, check=False)


@dataclass(frozen=True)
class Certificate:
    """A certificate that signed itself, and its key."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


@dataclass
class Api:
    """The embedded Baculum as the host sees it."""

    address: str
    port: int = 0
    server: Baculum | None = None

    def start(self, password: str, **options: Any) -> Baculum:
        """Start it, or start it anew with another password."""
        self.stop()
        self.server = Baculum(
            told_night(datetime.now(UTC), UTC),
            username="report",
            password=password,
            host=self.address,
            port=self.port,
            **options,
        ).start()
        self.port = self.server.port
        return self.server

    def stop(self) -> None:
        """Let nobody answer."""
        if self.server is not None:
            self.server.stop()
            self.server = None


@pytest.fixture(scope="module")
def api(host: Host) -> Iterator[Api]:
    """A Baculum on the machine's side of the host's network."""
    gateway = podman(
        *("network", "inspect", host.container, "--format"),
        "{{range .Subnets}}{{.Gateway}}{{end}}",
    )
    api = Api(gateway.stdout.strip())
    yield api
    api.stop()


@pytest.fixture(scope="module")
def certificate(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for the machine's address on the host's network."""
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(folder / "ca.pem", folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=api", "-keyout", made.key, "-out", made.file),
            *("-addext", f"subjectAltName=IP:{api.address}"),
        ],
        check=True,
        capture_output=True,
    )
    return made
