"""What can be said of Containerfile and compose.yaml without an engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.container.conftest import ROOT

BIN = Path(sys.executable).parent
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
SERVICES = ("baculum", "report", "mailed")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")
    return loaded


def test_the_linter_has_nothing_to_say_about_the_containerfile() -> None:
    told = subprocess.run(
        [BIN / "hadolint", "--no-color", ROOT / "Containerfile"], capture_output=True, text=True
    )

    assert (told.returncode, told.stdout) == (0, "")


def test_every_builder_understands_the_containerfile() -> None:
    # Docker's classic builder knows neither mounts in RUN nor here-documents.
    assert "RUN --" not in CONTAINERFILE
    assert "<<" not in CONTAINERFILE
    assert len(re.findall(r"(?m)^FROM ", CONTAINERFILE)) == 2


def test_the_build_names_no_host_but_the_default_base() -> None:
    hosts = re.findall(r"(?:https?://|[\w.-]+\.(?:io|com|org|net)/)\S*", CONTAINERFILE)

    assert hosts == ["docker.io/library/python:3.12-slim-bookworm"]


def test_what_is_installed_comes_from_the_wheelhouse_and_is_held_to_the_lock() -> None:
    installs = re.findall(r"(?m)install --quiet (.*\n(?: +.*\n)*?)(?=    &&|COPY)", CONTAINERFILE)
    locked, project = (" ".join(one.replace("\\\n", " ").split()) for one in installs)

    assert locked.startswith("--no-index --find-links /build/locked --no-compile --require-hashes")
    assert locked.endswith("-r /build/requirements.lock")
    # The project's own wheel, which is built here, and nothing that it may ask for.
    assert project.startswith("--no-index --find-links /build/project --no-deps --no-compile")
    assert not re.search(r"\b(?:curl|wget|apt-get|ADD)\b", CONTAINERFILE)


def test_the_engine_is_sent_only_what_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == [
        "*",
        "!requirements.lock",
        "!build/wheelhouse",
    ]


def test_compose_yaml_is_valid_by_the_compose_specification() -> None:
    told = subprocess.run(
        [
            *(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"),
            ROOT / "compose.yaml",
        ],
        capture_output=True,
        text=True,
    )

    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_compose_yaml_hardens_its_services(service: str, compose: dict[str, Any]) -> None:
    told = compose["services"][service]

    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["networks"] == ["private"]
    assert "ports" not in told
    assert "privileged" not in told


def test_compose_yaml_takes_the_password_from_a_file_that_git_ignores(
    compose: dict[str, Any],
) -> None:
    for service in SERVICES:
        environment = compose["services"][service]["environment"]
        assert "BACULUM_API_PASSWORD" not in environment
        assert environment["BACULUM_API_PASSWORD_FILE"] == "/run/secrets/baculum"
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()

    assert compose["secrets"]["baculum"] == {
        "file": "${BACULUM_SECRET_FILE:-./build/secrets/baculum}"
    }
    assert "/build/" in ignored


def test_compose_yaml_lets_nothing_out_of_its_network(compose: dict[str, Any]) -> None:
    assert compose["networks"]["private"] == {"internal": True}
    others = [name for name, told in compose["services"].items() if told["networks"] != ["private"]]

    assert others == ["catcher"]


def test_the_mail_catcher_is_there_on_demand_for_this_machine_only(compose: dict[str, Any]) -> None:
    catcher, mailed = compose["services"]["catcher"], compose["services"]["mailed"]

    assert catcher["profiles"] == mailed["profiles"] == ["mail"]
    assert re.fullmatch(
        r"\$\{CATCHER_IMAGE:-docker\.io/axllent/mailpit:v\d+\.\d+\.\d+\}", catcher["image"]
    )
    assert all(port.startswith("127.0.0.1:") for port in catcher["ports"])
    assert catcher["read_only"] is True
    assert catcher["cap_drop"] == ["ALL"]
    assert catcher["user"] == "10001:10001"
    assert mailed["environment"]["REPORT_MAIL_HOST"] == "catcher"
