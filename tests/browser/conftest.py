"""A real Chromium for the tests in this folder, driven by Playwright.

It is the system's own Chromium: nothing is downloaded. A page is opened from its file, with no
network, and anything it complains about or tries to fetch fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

from tests.conftest import leave_out

HERE = Path(__file__).parent
# Where screenshots are kept. Read here, before a test's environment is cleaned.
SHOTS = Path(os.environ["REPORT_SHOTS"]).resolve() if os.environ.get("REPORT_SHOTS") else None

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
NO_CHROMIUM = "no Chromium on PATH (on Debian: apt-get install chromium)"
# No sandbox: as root, in CI and in containers, there is none. The rest keeps it quiet.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class OpenPage(Protocol):
    """Opens a file as a page; the test fails on whatever goes wrong in it."""

    def __call__(
        self,
        path: Path,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        locale: str = "ko-KR",
        javascript: bool = True,
        offline: bool = True,
    ) -> Page:
        """Open `path` in a fresh context of this size, colour scheme and language."""
        ...


class Shots(Protocol):
    """Keeps a screenshot for a person to look at."""

    def __call__(self, page: Page, name: str, *, full_page: bool = True) -> Path:
        """Save the page as `name`.png and return the file."""
        ...


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser, leave these tests out."""
    mine = [item for item in items if item.path.is_relative_to(HERE)]
    leave_out(config, items, mine, "browser", lambda: "" if CHROMIUM else NO_CHROMIUM)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chromium of this run."""
    if CHROMIUM is None:
        pytest.fail(NO_CHROMIUM)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """A function that opens pages, each watched until the test ends."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def watch_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(f"console: {message.text}")

    def watch_request(request: Request) -> None:
        if not request.url.startswith(("file:", "data:")):
            problems.append(f"request: {request.url}")

    def open_page(
        path: Path,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        locale: str = "ko-KR",
        javascript: bool = True,
        offline: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport=ViewportSize(width=width, height=height),
            color_scheme="dark" if dark else "light",
            locale=locale,
            timezone_id="UTC",
            java_script_enabled=javascript,
            offline=offline,
        )
        contexts.append(context)
        context.on("console", watch_console)
        context.on("weberror", lambda error: problems.append(f"script: {error.error}"))
        context.on("request", watch_request)
        page = context.new_page()
        page.goto(path.resolve().as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    if problems:
        pytest.fail("the page is not clean:\n" + "\n".join(problems), pytrace=False)


@pytest.fixture
def shots(tmp_path: Path) -> Shots:
    """A function that keeps screenshots in the folder REPORT_SHOTS.

    Without it nobody looks at them: only what a window shows is painted, into the test's folder.
    """

    def shoot(page: Page, name: str, *, full_page: bool = True) -> Path:
        path = (SHOTS or tmp_path) / f"{name}.png"
        page.screenshot(path=path, full_page=full_page and bool(SHOTS), animations="disabled")
        return path

    return shoot
