"""The mail in a real browser, as wide as a preview pane and as a phone, in the light and the dark.

A browser shows more than a mail client does; what clients do not support is kept out by
tests/unit/report/test_mail.py. With REPORT_SHOTS=folder the pictures stay, for a person to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from app.assess import Assessment
from app.deliver.mail.address import read_address
from app.deliver.mail.message import Envelope, build
from app.deliver.model import Letter, Parcel
from app.report.mail import MailText
from app.snapshot import Snapshot
from tests.browser.conftest import OpenPage, Shots
from tests.unit.made import NOW
from tests.unit.report import nights
from tests.unit.report.nights import broken, mail_of
from tests.unit.report.test_render import HOSTILE

LANGUAGES = ["ko", "en"]
PANE, PHONE, SMALL = 600, 360, 320
WIDTHS = [PANE, PHONE, SMALL, 1280]
WEB = "https://backup01.example.com:9095"
SPILLED = """
() => [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.outerHTML.slice(0, 80))
"""
# A mail is shown within another page, and that page has the landmarks.
AXE = {"rules": {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}}

Show = Callable[..., Page]
NIGHTS: dict[str, Callable[[], Snapshot | Assessment]] = {
    **nights.VERDICTS,
    "incomplete": nights.incomplete,
    "fortnight": nights.fortnight,
    "troubled": nights.troubled,
    "forty": lambda: broken(40, 60),
    "too-many": lambda: broken(1_000),
    "hostile": lambda: nights.spiteful((HOSTILE, "가" * 300, "x" * 300)),
}


@pytest.fixture
def show(open_page: OpenPage, tmp_path: Path) -> Show:
    """Opens the mail of a night, or a mail's HTML."""

    def show(
        night: Snapshot | Assessment | str,
        language: str = "en",
        *,
        width: int = PANE,
        dark: bool = False,
    ) -> Page:
        text = night if isinstance(night, str) else mail_of(night, language, web_url=WEB).html
        path = tmp_path / "mail.html"
        path.write_text(text, encoding="utf-8")
        return open_page(path, width=width, dark=dark)

    return show


def fits(page: Page) -> None:
    """Nothing needs scrolling sideways, nothing sticks out."""
    wide, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room
    assert page.evaluate(SPILLED) == []


def violations(page: Page) -> list[str]:
    """What axe has to say: contrast, headings, tables, roles, language."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NIGHTS)
def test_a_mail_fits_a_preview_pane_and_a_phone(show: Show, name: str, width: int) -> None:
    for language in LANGUAGES:
        fits(show(NIGHTS[name](), language, width=width))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", [name for name in NIGHTS if name != "too-many"])
def test_axe_finds_nothing(show: Show, name: str, dark: bool) -> None:
    assert violations(show(NIGHTS[name](), dark=dark)) == []


def test_axe_would_notice_a_faint_colour(show: Show) -> None:
    page = show(nights.good())
    page.add_style_tag(content=".foot { color: #bbb !important }")
    assert any(found.startswith("color-contrast") for found in violations(page))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["good", "unknown", "troubled", "forty", "fortnight", "critical"])
def test_pictures(show: Show, shots: Shots, name: str, dark: bool) -> None:
    for width in (PANE, PHONE):
        page = show(NIGHTS[name](), width=width, dark=dark)
        theme = "dark" if dark else "light"
        assert shots(page, f"mail-{name}-{width}-{theme}").stat().st_size


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_is_seen_on_a_phone_without_scrolling(show: Show, language: str) -> None:
    for name in nights.VERDICTS:
        page = show(nights.VERDICTS[name](), language, width=PHONE)
        box = page.locator(".sentence").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 320


def test_the_dark_is_dark(show: Show) -> None:
    page = show(nights.troubled(), dark=True)
    for selector in ("body", "td.card", "td.log"):
        colour = page.locator(selector).first.evaluate("e => getComputedStyle(e).backgroundColor")
        red, green, blue = (int(part) for part in colour[4:-1].split(","))
        assert max(red, green, blue) < 64


def test_the_preheader_is_not_seen(show: Show) -> None:
    assert not show(nights.critical()).locator(".preheader").is_visible()


def test_the_mail_is_six_hundred_pixels_wide_in_the_middle_of_a_screen(show: Show) -> None:
    box = show(nights.good(), width=1280).locator(".frame").bounding_box()
    assert box is not None
    assert box["width"] == 600
    assert abs(box["x"] + 300 - 640) < 10


@pytest.mark.parametrize("dark", [False, True])
def test_a_note_of_the_delivery_is_read_above_the_verdict(
    show: Show, shots: Shots, dark: bool
) -> None:
    page = show(sent(mail_of(nights.critical())), width=PHONE, dark=dark)
    note, verdict = page.get_by_text("Late: this report").bounding_box(), box_of(page, "h1")
    assert note is not None
    assert note["y"] + note["height"] < verdict
    assert violations(page) == []
    fits(page)
    shots(page, f"mail-late-{dark}")


def box_of(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def sent(mail: MailText) -> str:
    """The HTML as a late letter carries it."""
    parcel = Parcel(
        "20261121T000000Z-abc", "", "en", "dir", NOW, NOW, NOW, "", "good", "All good", "", (), (),
        (), True, mail.subject, mail.text, mail.html,
    )  # fmt: skip
    letter = Letter("mail", ("a@example.com",), NOW, parcel, late=True)
    envelope = Envelope(read_address("r@example.com"), (read_address("a@example.com"),))
    message = message_from_bytes(build(letter, envelope), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())
