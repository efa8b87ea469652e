"""What is in the image, what it says of itself, and what it does not hold."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from docker.models.images import Image
from packaging.utils import canonicalize_name

from app import __version__
from tests.container.conftest import LABEL, PASSWORD, Rig, locked

LOOK = """
import importlib.metadata, json, os, shutil, site, stat, sys
top = "/opt/bacula-report"
found = {"files": [], "writable": []}
for folder, _, names in os.walk(top):
    for name in names:
        path = os.path.join(folder, name)
        found["files"].append(os.path.relpath(path, top))
        if os.access(path, os.W_OK) or os.access(folder, os.W_OK):
            found["writable"].append(path)
found["packages"] = {
    one.name: one.version for one in importlib.metadata.distributions()
}
found["licences"] = {
    one.name: [
        str(file).partition(".dist-info/licenses/")[2]
        for file in one.files
        if ".dist-info/licenses/" in str(file) and os.path.getsize(one.locate_file(file))
    ]
    for one in importlib.metadata.distributions()
}
found["promised"] = {
    one.name: one.metadata.get_all("License-File") for one in importlib.metadata.distributions()
}
found["path"] = sys.path
found["tools"] = [name for name in ("cc", "gcc", "c++", "g++", "make") if shutil.which(name)]
found["top"] = os.listdir("/")
found["command"] = open(top + "/bin/bacula-report").readline().strip()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def contents(rig: Rig) -> dict[str, Any]:
    ended = rig.run("-c", LOOK, entrypoint="python")
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_image_and_source_have_the_same_version(image: Image) -> None:
    assert image.labels[f"{LABEL}version"] == __version__


def test_the_labels_say_what_it_is_and_what_it_was_built_on(image: Image) -> None:
    labels = image.labels

    assert labels[f"{LABEL}title"] == "bacula-report"
    assert labels[f"{LABEL}licenses"] == "MIT"
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", labels[f"{LABEL}revision"])
    assert re.fullmatch(r"(https?|ssh)://\S+|unknown", labels[f"{LABEL}source"])
    assert "/" in labels[f"{LABEL}base.name"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}|unknown", labels[f"{LABEL}base.digest"])


def test_a_stand_in_base_is_told_by_a_label(image: Image) -> None:
    stand_in = "bacula-report-base" in image.labels[f"{LABEL}base.name"]

    assert ("bacula-report.stand-in-base" in image.labels) is stand_in


def test_it_starts_without_a_shell_as_a_numeric_user(
    image: Image, contents: dict[str, Any]
) -> None:
    config = image.attrs["Config"]

    assert config["Entrypoint"] == ["bacula-report"]
    assert not config.get("Cmd")
    assert config["User"] == "10001:10001"
    assert list(config["Volumes"]) == ["/reports"]
    assert contents["command"] == "#!/opt/bacula-report/bin/python"


def test_its_defaults_are_the_volume_and_no_log_file(image: Image) -> None:
    environment = dict(line.split("=", 1) for line in image.attrs["Config"]["Env"])

    assert environment["REPORT_DIR"] == "/reports"
    assert environment["REPORT_LOG_DIR"] == ""
    assert not [name for name in environment if "PASSWORD" in name]


def test_exactly_the_locked_packages_are_in_it(contents: dict[str, Any]) -> None:
    found = {canonicalize_name(name): version for name, version in contents["packages"].items()}

    assert found == {**locked(), "bacula-report": __version__}


def test_the_licence_texts_travel_with_the_packages(contents: dict[str, Any]) -> None:
    held = {name: sorted(texts) for name, texts in contents["licences"].items()}

    assert held == {name: sorted(texts) for name, texts in contents["promised"].items()}
    assert [name for name, texts in held.items() if not texts] == []
    assert held["bacula-report"] == ["LICENSE", "docs/licences.md"]
    assert {name for name, texts in held.items() if "NOTICE" in texts} == {
        *("prometheus_client", "requests"),
    }


def test_it_holds_no_installer_no_tests_no_tools(contents: dict[str, Any]) -> None:
    files = contents["files"]

    assert sorted(name for name in files if name.startswith("bin/")) == sorted(
        {"bin/bacula-report", *(name for name in files if name.startswith("bin/python"))}
    )
    assert not [name for name in files if re.search(r"/(pip|setuptools|tests?)/", name)]
    assert not [name for name in files if re.search(r"\.(sh|whl)$", name)]
    assert contents["tools"] == []
    assert "build" not in contents["top"]


def test_it_holds_its_templates_and_catalogue(contents: dict[str, Any]) -> None:
    app = [name.partition("/app/")[2] for name in contents["files"] if "/app/" in name]

    assert "templates/report.html.j2" in app
    assert "locale/ko/LC_MESSAGES/bacula_report.mo" in app
    assert not [name for name in app if name.endswith(".py") and not bytecode_of(name, app)]


def bytecode_of(name: str, files: list[str]) -> list[str]:
    folder, _, module = f"/{name}".rpartition("/")
    start = f"{folder}/__pycache__/{module.removesuffix('.py')}.cpython-".lstrip("/")
    return [file for file in files if file.startswith(start)]


def test_its_user_can_change_nothing_of_it(contents: dict[str, Any]) -> None:
    assert contents["writable"] == []


def test_its_history_holds_no_secret_and_no_host(image: Image) -> None:
    history = json.dumps(image.history())

    assert PASSWORD not in history
    assert "http://" not in history
    assert "https://" not in history.replace(image.labels[f"{LABEL}source"], "")
