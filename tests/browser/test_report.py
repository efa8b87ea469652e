"""The page in a real browser: it reads, sorts, filters, prints, and never runs what is not its own.

With REPORT_SHOTS=folder the pictures stay, for a person to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from app.assess import Assessment
from app.bacula.joblog import read_log
from app.demo import Baculum, Night, job_row, told_night
from app.report.render import Format
from app.snapshot import Snapshot
from tests.browser.conftest import OpenPage, Shots
from tests.unit.made import made_job, made_snapshot
from tests.unit.report import nights
from tests.unit.report.nights import page_of, reported, view_of

SEOUL = ZoneInfo("Asia/Seoul")
DESK, PHONE = 1280, 390
LANGUAGES = ["ko", "en"]
VISIBLE_ROWS = (
    "[...document.querySelectorAll('#table tbody tr')].filter(r => r.offsetParent).length"
)
ROWS = "document.querySelectorAll('#table tbody tr').length"
SPILLED = """
() => [...document.querySelectorAll('body *')].filter(element => {
  if (element.closest('.skip, .vh, .scroll, pre, thead, svg, script')) return false;
  const box = element.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.outerHTML.slice(0, 80))
"""

Show = Callable[..., Page]


@pytest.fixture
def show(open_page: OpenPage, tmp_path: Path) -> Show:
    """Opens the page of a night that is given as values, or as a page."""

    def show(night: Snapshot | Assessment | str, language: str = "en", **options: Any) -> Page:
        text = night if isinstance(night, str) else page_of(night, language)
        path = tmp_path / "report.html"
        # As the report itself is written: what no encoding can write is replaced.
        path.write_text(text, encoding="utf-8", errors="replace")
        return open_page(path, **options)

    return show


def asked(night: Night, language: str, folder: Path) -> Path:
    """The report of a night that a server tells."""
    with Baculum(night) as server:
        web = "https://backup01.example.com:9095"
        return reported(server, folder, language=language, formats=[Format.HTML], web=web)[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The report of the told night, by language."""
    night = told_night(datetime.now(UTC), SEOUL)

    @cache
    def told(language: str) -> Path:
        return asked(night, language, tmp_path_factory.mktemp("told"))

    return told


def fits(page: Page) -> None:
    """Nothing needs scrolling sideways, nothing sticks out."""
    wide, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room
    assert page.evaluate(SPILLED) == []


def column(page: Page, place: int) -> list[str]:
    """A column's texts as they are seen, in the order of the rows."""
    texts: list[str] = page.evaluate(
        "place => [...document.querySelectorAll('#table tbody tr')].filter(r => r.offsetParent)"
        ".map(r => r.cells[place].innerText)",
        place,
    )
    return texts


def keys(page: Page, place: int) -> list[float]:
    """What a column of numbers is sorted by, in the order of the rows."""
    found: list[float] = page.evaluate(
        "place => [...document.querySelectorAll('#table tbody tr')].map("
        "r => Number(r.cells[place].dataset.v))",
        place,
    )
    return found


def until(page: Page, condition: str) -> None:
    """Let frames pass until it is so; Playwright's own waiting is eval, which the page forbids."""
    for _ in range(1_000):
        if page.evaluate(condition):
            return
        page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
    pytest.fail(f"it never came to this: {condition}")


# --- the told night, to look at -----------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [DESK, PHONE, 320, 760, 761, 1920])
def test_the_told_night_fits_every_width(
    open_page: OpenPage, told: Callable[[str], Path], language: str, width: int
) -> None:
    fits(open_page(told(language), width=width))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_of_the_told_night(
    open_page: OpenPage, told: Callable[[str], Path], shots: Shots, language: str, dark: bool
) -> None:
    theme = "dark" if dark else "light"
    for width, device in ((DESK, "desk"), (PHONE, "phone")):
        page = open_page(told(language), width=width, dark=dark)
        assert shots(page, f"told-{language}-{device}-{theme}").stat().st_size


@pytest.mark.parametrize("name", nights.VERDICTS)
def test_each_verdict_is_told_in_words_shape_and_colour(
    show: Show, shots: Shots, name: str
) -> None:
    words = {
        "good": ("All good", "rgb(26, 122, 69)"),
        "attention": ("Look at this", "rgb(154, 91, 0)"),
        "critical": ("Act now", "rgb(192, 38, 45)"),
        "unknown": ("Not known", "rgb(138, 44, 131)"),
    }
    page = show(nights.VERDICTS[name]())
    heading = page.locator("h1")
    assert words[name][0] == heading.inner_text()
    assert words[name][1] == heading.evaluate("one => getComputedStyle(one).color")
    assert page.title().startswith(f"{words[name][0]}: Backup report")
    assert page.locator(".verdict svg").is_visible()
    fits(page)
    shots(page, f"verdict-{name}-en-desk-light")
    page = show(nights.VERDICTS[name](), "ko", width=PHONE, dark=True)
    fits(page)
    shots(page, f"verdict-{name}-ko-phone-dark")


def test_the_four_verdicts_have_four_signs(show: Show) -> None:
    shapes = {
        show(make()).locator(".verdict svg path").get_attribute("d")
        for make in nights.VERDICTS.values()
    }
    assert len(nights.VERDICTS) == len(shapes)


def test_the_night_follows_the_readers_dark_theme(show: Show) -> None:
    backgrounds = {
        show(nights.good(), dark=dark).evaluate("getComputedStyle(document.body).backgroundColor")
        for dark in (False, True)
    }
    assert {"rgb(244, 245, 248)", "rgb(18, 21, 28)"} == backgrounds


@pytest.mark.parametrize("language", LANGUAGES)
def test_gaps_stand_at_the_top(show: Show, shots: Shots, language: str) -> None:
    for width in (DESK, PHONE):
        page = show(nights.incomplete(), language, width=width)
        fits(page)
        banner = page.locator(".banner").bounding_box()
        tiles = page.locator(".tiles").bounding_box()
        assert banner is not None
        assert tiles is not None
        assert banner["y"] < tiles["y"]
        shots(page, f"incomplete-{language}-{width}")


# --- accessibility ------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("language", "width"), [("ko", DESK), ("en", PHONE)])
def test_axe_finds_nothing_on_the_told_night(
    open_page: OpenPage, told: Callable[[str], Path], language: str, dark: bool, width: int
) -> None:
    page = open_page(told(language), dark=dark, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(page) == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", [*nights.VERDICTS, "incomplete", "empty"])
def test_axe_finds_nothing_on_any_verdict(show: Show, name: str, dark: bool) -> None:
    made = {**nights.VERDICTS, "incomplete": nights.incomplete, "empty": made_snapshot}
    assert violations(show(made[name](), dark=dark)) == []


def violations(page: Page) -> list[str]:
    """What axe has to say: contrast, labels, headings, landmarks, roles, language."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def test_axe_would_notice_a_faint_colour(show: Show) -> None:
    page = show(nights.good())
    page.add_style_tag(content=".sums { color: #bbb !important }")
    assert any(found.startswith("color-contrast") for found in violations(page))


def test_headings_go_down_one_step_at_a_time(show: Show) -> None:
    levels = show(nights.critical()).evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.tagName[1]))"
    )
    assert 1 == levels[0] == min(levels)
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_first_tab_leads_past_the_head_to_the_failures(show: Show) -> None:
    page = show(nights.critical())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the failures"
    page.keyboard.press("Enter")
    page.wait_for_url("**/*#failed")


# --- hostile input ------------------------------------------------------------------------------

EVIL = [
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=2</script>",
    '"><img src=x onerror=window.hacked=3>',
    "' onmouseover='window.hacked=4' autofocus onfocus='window.hacked=5",
    "javascript:window.hacked=6",
    "<svg/onload=window.hacked=7>",
    "</style><style>*{display:none!important}</style>",
    "</textarea></title></pre></table><h1>Everything is fine</h1>",
    "<iframe srcdoc='<script>parent.hacked=8</script>'></iframe>",
    "<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
    "<!-- --!> ]]> <? ?> {{ 7*7 }} {% raw %} ${7*7} %1 %2 &lt;b&gt; &#x202e;",
    "‮\u2066drowssap\u2069 ‏abc \u200b\ufeff",
    "\x00\x01\x07\x08\x0b\x0c\x1b[31m\x1b]0;title\x07\x7f\x85",
    "\ud800 lone \udfff surrogates",
    "한글" * 40 + "🦄" * 30,
    # Marks that pile up over and under one letter.
    "ก" + "\u0e47" * 20 + "Z" + "\u0351\u036b\u0343\u032a" * 20 + "A" + "\u0335\u0317" * 30,
    "x" * 300,
]
EVIL_LINES = [
    *(f"web01-fd JobId 1: Fatal error: {evil}" for evil in EVIL),
    "web01-fd JobId 1: Error: " + "W" * 5_000,
    "web01-fd JobId 1: Warning: " + "<b>" * 2_000,
    # Bytes that are no UTF-8, as file names may hold.
    b'web01-fd JobId 1: Could not stat "/srv/\xff\xfe\xb0\xa1/\xed\xa0\x80": ERR=x'.decode(
        "utf-8", "surrogateescape"
    ),
    "web01-fd JobId 1: " + "\t".join(["tab"] * 50) + "\r\n\r\n\n",
]


def hostile_night() -> Night:
    """Every outcome, and nothing in it that means well."""
    now = datetime.now(UTC)
    start = now - timedelta(hours=2)
    night = Night(director=EVIL[0] + EVIL[1], zone=SEOUL, jobs=[])
    letters = ["f", "T", "T", "A", "C", "R", "?", "E", "<"]
    for place, evil in enumerate(EVIL):
        letter = letters[place % len(letters)]
        ended = None if letter in "CR" else now - timedelta(minutes=place + 5)
        row = job_row(
            place + 1,
            evil,
            client=EVIL[-place - 1],
            status=letter,
            level=["F", "<", '"'][place % 3],
            scheduled=start,
            started=start,
            ended=ended,
            zone=SEOUL,
            errors=place % 2,
            pool=evil,
            fileset=evil,
            files=place * 1_000,
            bytes=place * 10**9,
            job=f"{evil}.2026-11-20_22.00.00_01",
        )
        # The server holds logs as bytes: of what is no text, only single bytes.
        lines = [line for line in EVIL_LINES if "\ud800" not in line]
        night.add(row, [("2026-11-20 22:00:00", line) for line in lines])
    return night


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The report of the hostile night, by language."""

    @cache
    def hostile(language: str) -> Path:
        return asked(hostile_night(), language, tmp_path_factory.mktemp("hostile"))

    return hostile


def harmless(page: Page) -> None:
    """Nothing of what came from others ran or took shape."""
    assert page.evaluate("window.hacked === undefined")
    assert page.locator("img, iframe, base, object, embed, meta[http-equiv=refresh]").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("h1").count() == 1
    assert page.locator("style").count() == 1
    events = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).map(a => a.name)"
    assert [name for name in page.evaluate(events) if name.startswith("on")] == []
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    allowed = ("#", "https://backup01.example.com:9095/web/job/history/")
    assert [link for link in links if link is not None and not link.startswith(allowed)] == []


@pytest.mark.parametrize(("language", "width"), [("en", DESK), ("ko", PHONE)])
def test_a_hostile_night_runs_nothing_and_keeps_its_shape(
    open_page: OpenPage,
    hostile: Callable[[str], Path],
    shots: Shots,
    language: str,
    width: int,
) -> None:
    page = open_page(hostile(language), width=width)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    harmless(page)
    fits(page)
    assert page.locator(".banner").count() == 0
    for box in page.locator("summary").all()[:3]:
        box.click()
    page.locator("#find").fill("<script>")
    for header in page.locator("#table thead button").all():
        header.click()
    page.mouse.move(200, 400)
    harmless(page)
    fits(page)
    assert dialogs == []
    shots(page, f"hostile-{language}-{width}")


def test_every_hostile_job_is_shown_once(
    open_page: OpenPage, hostile: Callable[[str], Path]
) -> None:
    page = open_page(hostile("en"))
    cards = page.evaluate("[...document.querySelectorAll('.card')].map(one => one.id.slice(4))")
    rows = page.evaluate(
        "[...document.querySelectorAll('#table tbody td:nth-child(2) small')]"
        ".map(one => one.innerText)"
    )
    assert sorted(str(number) for number in range(1, len(EVIL) + 1)) == sorted(cards + rows)


def test_text_that_nobody_cleaned_is_harmless_too(show: Show) -> None:
    jobs = [
        made_job(place + 1, "fTW"[place % 3], name=evil, client=evil, pool=evil)
        for place, evil in enumerate(EVIL)
    ]
    logs = {job.jobid: read_log(EVIL_LINES) for job in jobs}
    for width in (DESK, PHONE):
        page = show(made_snapshot(*jobs, logs=logs), width=width)
        harmless(page)
        fits(page)


def test_what_slips_through_escaping_is_stopped_by_the_policy(tmp_path: Path, browser: Any) -> None:
    text = page_of(nights.good()).replace(
        "</footer>",
        "</footer><script>window.hacked=1</script><img src=x onerror='window.hacked=2'>"
        "<img src='http://127.0.0.1:1/leak'>",
    )
    (tmp_path / "report.html").write_text(text, "utf-8")
    # Not through open_page: here the complaints are what is wanted.
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("window.hacked === undefined")
    assert sum("Content Security Policy" in told for told in complaints) >= 3
    context.close()


# --- the table ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd() -> str:
    """The page of 5,000 successes."""
    return page_of(nights.many(5_000))


def test_without_scripts_everything_is_there(show: Show, crowd: str) -> None:
    page = show(crowd, javascript=False)
    assert page.locator("#table tbody tr:visible").count() == 5_000
    assert page.locator(".find:visible, .more:visible").count() == 0


def test_without_scripts_logs_still_open(show: Show) -> None:
    page = show(nights.critical(), javascript=False)
    page.locator(".card summary").first.click()
    assert page.locator("details pre").first.is_visible()


def test_the_first_look_shows_two_hundred_rows_and_how_many_there_are(
    show: Show, crowd: str
) -> None:
    page = show(crowd)
    assert page.evaluate(VISIBLE_ROWS) == 200
    assert page.locator("#shown").inner_text() == "200 of 5,000 shown"
    assert page.locator("#more").inner_text() == "Show all 5,000"


def test_a_row_beyond_the_first_look_is_found(show: Show, crowd: str) -> None:
    page = show(crowd)
    wanted = view_of(nights.many(5_000)).successes[4_321]
    assert wanted.job not in column(page, 1)
    page.locator("#find").fill(f"{wanted.client.upper()}  {wanted.job} ")
    rows = column(page, 1)
    assert f"{wanted.job} {wanted.jobid}" in [row.replace("\n", " ") for row in rows]
    assert f"{len(rows)} of 5,000 shown" == page.locator("#shown").inner_text()
    page.locator("#find").fill("")
    assert page.evaluate(VISIBLE_ROWS) == 200


def test_a_filter_without_a_hit_says_so(show: Show, crowd: str) -> None:
    page = show(crowd)
    page.locator("#find").fill("no such server")
    assert page.evaluate(VISIBLE_ROWS) == 0
    assert page.locator("#shown").inner_text() == "0 of 5,000 shown"
    assert page.locator("#more").is_hidden()


def test_show_all_shows_every_row(show: Show, crowd: str) -> None:
    page = show(crowd)
    page.locator("#more").click()
    assert page.locator("#shown").inner_text() == ""
    assert page.locator("#more").is_hidden()
    until(page, f"{VISIBLE_ROWS} === 5000")
    assert len(set(column(page, 1))) == 5_000


def test_two_hundred_rows_need_no_button(show: Show) -> None:
    page = show(nights.many(200))
    assert page.evaluate(VISIBLE_ROWS) == 200
    assert page.locator("#more").is_hidden()
    page = show(nights.many(201))
    assert page.evaluate(VISIBLE_ROWS) == 200
    assert page.locator("#more").is_visible()


# Rows that are put into the table, or taken out of it one by one, by the answer to one key.
MOVED_BY_A_KEY = """
text => {
  const table = document.getElementById("table"), find = document.getElementById("find");
  const watch = new MutationObserver(() => {});
  watch.observe(table, {childList: true, subtree: true});
  find.value = text;
  find.dispatchEvent(new Event("input"));
  return watch.takeRecords().flatMap(one => [...one.addedNodes, ...one.removedNodes])
    .filter(one => one.nodeName === "TR").length;
}
"""


@pytest.mark.parametrize("everything", [False, True])
def test_a_key_moves_no_more_than_a_page_of_rows_and_the_others_follow(
    show: Show, crowd: str, everything: bool
) -> None:
    page = show(crowd)
    if everything:
        page.locator("#more").click()
        until(page, f"{VISIBLE_ROWS} === 5000")
    for text in ("server", "server0", "server07", "server", ""):
        assert 0 < page.evaluate(MOVED_BY_A_KEY, text) <= 600, text
    until(page, f"{ROWS} === 5000")
    until(page, f"{VISIBLE_ROWS} === {5000 if everything else 200}")


def test_a_key_lays_the_page_out_once(show: Show, crowd: str) -> None:
    page = show(crowd)
    told = page.context.new_cdp_session(page)
    told.send("Performance.enable")

    def layouts() -> float:
        metrics = told.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "LayoutCount")

    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    before = layouts()
    page.evaluate(MOVED_BY_A_KEY, "server07")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert 1 <= layouts() - before <= 2


def test_paper_gets_every_hit_at_once(show: Show, crowd: str) -> None:
    page = show(crowd)
    found = page.evaluate(
        """() => {
          const find = document.getElementById("find");
          find.value = "server";
          find.dispatchEvent(new Event("input"));
          dispatchEvent(new Event("beforeprint"));
          return document.querySelectorAll("#table tbody tr").length;
        }"""
    )
    assert found == 5_000


def test_a_row_is_made_of_few_elements(show: Show, crowd: str) -> None:
    """Ten thousand rows are most of what a browser has to read."""
    page = show(crowd)
    row = page.locator("#table tbody tr").first
    assert row.evaluate("one => one.querySelectorAll('*').length") == 9
    assert row.evaluate("one => one.innerHTML.length") < 300
    # As they were written: the script moves none of them.
    assert page.locator("#table tbody").count() == 5_000 / 200


def test_of_very_many_failures_all_are_found_linked_and_printed(show: Show) -> None:
    page = show(made_snapshot(*(made_job(n, "f", name=f"job{n}") for n in range(1, 401))))
    skipped = "getComputedStyle(document.getElementById('job-7')).contentVisibility"
    assert page.evaluate(skipped) == "auto"
    page.evaluate("document.querySelector('.top a, .skip').href = '#job-7'")
    page.locator("a[href='#job-7']").first.focus()
    page.keyboard.press("Enter")
    top = "document.getElementById('job-7').getBoundingClientRect().top"
    until(page, f"Math.abs({top} - 12) < 2")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.evaluate("scrollTo(0, 0); getSelection().removeAllRanges()")
    assert page.evaluate("find('job13')")
    fits(page)
    page.emulate_media(media="print")
    assert page.evaluate(skipped) == "visible"


def test_of_some_failures_none_waits_for_its_layout(show: Show) -> None:
    page = show(made_snapshot(*(made_job(n, "f") for n in range(1, 101))))
    assert page.locator(".card").count() == 100
    assert page.locator(".many").count() == 0


@pytest.mark.parametrize("place", [3, 4, 5, 6, 7])
def test_numbers_and_times_sort_by_their_value(show: Show, place: int) -> None:
    page = show(nights.many(450))
    header = page.locator("#table th[scope=col]").nth(place)
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    until(page, f"{ROWS} === 450")
    up = keys(page, place)
    assert sorted(up) == up
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    until(page, f"{ROWS} === 450")
    assert sorted(up, reverse=True) == keys(page, place)
    assert page.locator("th[aria-sort]").count() == 1


def test_names_sort_as_people_count(show: Show) -> None:
    jobs = [made_job(n, name=f"job-{n}", client=f"web{n}-fd") for n in (10, 9, 2, 100, 1)]
    page = show(made_snapshot(*jobs))
    page.locator("#table thead button").nth(1).click()
    names = [text.split()[0] for text in column(page, 1)]
    assert names == ["job-1", "job-2", "job-9", "job-10", "job-100"]
    page.locator("#table thead button").nth(1).click()
    assert names[::-1] == [text.split()[0] for text in column(page, 1)]


def test_the_table_says_how_it_is_sorted_at_first(show: Show) -> None:
    page = show(nights.many(20))
    assert page.evaluate(
        "[...document.querySelectorAll('th[aria-sort]')].map(one => one.ariaSort)"
    ) == ["descending"]
    finished = keys(page, 3)
    assert sorted(finished, reverse=True) == finished


def test_sorting_and_filtering_go_together(show: Show) -> None:
    page = show(nights.many(450))
    page.locator("#find").fill("server07")
    page.locator("#table thead button").nth(6).click()
    assert {"server07-fd"} == set(column(page, 0))
    sizes = keys(page, 6)
    assert sorted(sizes) == sizes


def test_the_table_is_sorted_from_the_keyboard(show: Show) -> None:
    page = show(nights.many(30))
    page.locator("#find").focus()
    for _ in range(7):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Size"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert sorted(keys(page, 6)) == keys(page, 6)
    page.keyboard.press("Space")
    assert sorted(keys(page, 6), reverse=True) == keys(page, 6)


def test_a_log_is_opened_from_the_keyboard(show: Show) -> None:
    page = show(nights.critical())
    summary = page.locator(".card summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details pre").first.is_visible()
    assert summary.evaluate("one => String(one.parentNode.open)") == "true"


@pytest.mark.parametrize("count", [0, 1, 500, 10_000])
def test_any_number_of_jobs_opens(show: Show, count: int) -> None:
    page = show(nights.many(count))
    assert min(count, 200) == page.evaluate(VISIBLE_ROWS)
    fits(page)
    failed = show(made_snapshot(*(made_job(n, "f") for n in range(1, min(count, 500) + 1))))
    assert min(count, 500) == failed.locator(".card").count()


def test_a_tile_leads_to_its_section_and_an_empty_one_nowhere(show: Show) -> None:
    page = show(nights.attention())
    assert page.evaluate(
        "[...document.querySelectorAll('.tile[href]')].map(one => one.getAttribute('href'))"
    ) == ["#failed", "#warning", "#success"]
    page.locator(".tile.warning").click()
    assert page.url.endswith("#warning")


# --- findings, nights and protection ------------------------------------------------------------

WIDTHS = [320, PHONE, 820, DESK]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("opened", [False, True])
def test_findings_and_nights_fit_every_width(show: Show, width: int, opened: bool) -> None:
    page = show(nights.troubled(), width=width)
    if opened:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    fits(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_of_findings_and_nights(show: Show, shots: Shots, language: str) -> None:
    for width, dark in ((DESK, False), (820, False), (PHONE, False), (DESK, True), (PHONE, True)):
        page = show(nights.troubled(), language, width=width, dark=dark)
        fits(page)
        theme = "dark" if dark else "light"
        assert shots(page, f"troubled-{language}-{width}-{theme}").stat().st_size


def test_what_is_critical_is_seen_without_scrolling_and_is_the_largest(show: Show) -> None:
    page = show(nights.troubled())
    first = page.locator(".finding").first
    box = first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 900
    assert "critical" in (first.get_attribute("class") or "").split()
    sizes = [
        page.locator(f".group.{severity} .said").first.evaluate(
            "one => parseFloat(getComputedStyle(one).fontSize)"
        )
        for severity in ("critical", "warning")
    ]
    small = page.locator(".aside").first.evaluate(
        "one => parseFloat(getComputedStyle(one).fontSize)"
    )
    assert sizes[0] > sizes[1] > small


def test_counters_then_findings_come_before_the_tables(show: Show) -> None:
    page = show(nights.troubled())
    order = page.evaluate(
        "[...document.querySelectorAll('.tiles, #findings, #nights, #trends, #failed, #protection,"
        " #servers, #success')].map(one => one.id || one.className)"
    )
    assert order == [
        "tiles", "findings", "nights", "trends", "failed", "protection", "servers", "success",
    ]  # fmt: skip


def test_severity_is_told_by_shape_and_word_too(show: Show) -> None:
    page = show(nights.troubled())
    shapes = {
        severity: page.locator(
            f".{severity} h3 svg path, .aside.{severity} summary svg path"
        ).first.get_attribute("d")
        for severity in ("critical", "warning", "info", "muted")
    }
    assert len(set(shapes.values())) == 4
    words = page.locator(".finding h3 .vh").all_inner_texts()
    assert {word.strip() for word in words} == {"Critical:", "Warning:"}


def test_good_to_know_is_folded_away_and_opens_from_the_keyboard(show: Show) -> None:
    page = show(nights.troubled())
    inside = page.locator(".aside.info > ul")
    assert not inside.is_visible()
    page.locator(".aside.info > summary").focus()
    page.keyboard.press("Enter")
    assert inside.is_visible()


def test_the_rest_of_many_jobs_is_one_click_away(show: Show) -> None:
    page = show(nights.found_in(nights.good(), nights.unreachable(40)))
    assert page.locator(".who li:visible").count() == 10
    page.get_by_text("Show 30 more").click()
    assert page.locator(".who li:visible").count() == 40


def test_a_job_of_a_finding_leads_to_its_card(show: Show) -> None:
    page = show(nights.troubled())
    page.locator(".finding .what a").first.click()
    assert page.url.endswith("#job-451")
    assert page.locator(".card:target").get_attribute("id") == "job-451"


def test_a_cell_of_the_matrix_leads_to_the_failure_from_the_keyboard(show: Show) -> None:
    page = show(nights.troubled(), width=PHONE)
    cell = page.locator(".matrix td a[href^='#job-']").first
    cell.focus()
    page.keyboard.press("Enter")
    assert "#job-" in page.url
    assert cell.get_attribute("aria-label") == "server01-fd, night of 20 Nov: 1 failed"


def test_the_matrix_scrolls_in_its_own_box_and_begins_with_the_last_night(show: Show) -> None:
    page = show(nights.troubled(), width=320)
    fits(page)
    box = page.locator("#nights .scroll").first
    assert box.evaluate("one => one.scrollWidth > one.clientWidth")
    seen = "one => { const b = one.getBoundingClientRect(); return b.left >= 0 && b.right <= 321 }"
    heads = page.locator("#nights thead th")
    assert heads.last.evaluate(seen)
    assert page.locator("#nights tbody th").first.evaluate(seen)
    box.evaluate("one => one.scrollLeft = -10000")
    assert heads.first.evaluate(seen.replace("left >= 0", "left > 0"))
    assert page.locator("#nights tbody th").first.evaluate(seen)


def test_the_matrix_is_a_table_with_heads_for_rows_and_columns(show: Show) -> None:
    page = show(nights.troubled())
    assert page.locator("#nights thead th[scope=col]").count() == 14
    assert page.locator("#nights tbody th[scope=row]").count() == 15
    assert page.locator("#nights tbody tr").first.locator("td").count() == 14


def test_every_bar_of_a_trend_is_drawn_within_its_chart(show: Show) -> None:
    page = show(nights.troubled(), width=PHONE)
    assert page.locator(".chart").count() == 3
    spilled = page.evaluate(
        "[...document.querySelectorAll('.chart')].flatMap(c => { const o ="
        " c.getBoundingClientRect(); return [...c.querySelectorAll('rect')].filter(r => {"
        " const b = r.getBoundingClientRect();"
        " return b.top < o.top - 1 || b.bottom > o.bottom + 1 || b.right > o.right + 1 }) }).length"
    )
    assert spilled == 0
    assert page.locator("svg.chart[role=img] > title").count() == 3


def test_the_numbers_of_the_trends_are_there_as_a_table(show: Show) -> None:
    page = show(nights.troubled())
    page.get_by_text("The same as a table").click()
    assert page.locator("#trends table tbody tr:visible").count() == 14


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("name", "width"), [("troubled", DESK), ("troubled", PHONE), ("green", DESK), ("red", DESK)]
)
def test_axe_finds_nothing_on_findings_and_nights(
    show: Show, name: str, width: int, dark: bool
) -> None:
    page = show(LONG[name](), width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(page) == []


LONG: dict[str, Callable[[], Snapshot | Assessment]] = {
    "troubled": nights.troubled,
    "green": nights.fortnight,
    "red": lambda: nights.fortnight(
        12, 12, {(n, back): "fAW?"[n % 4] for n in range(12) for back in range(12)}
    ),
}


def test_every_state_of_the_matrix_can_be_read_on_its_colour(show: Show) -> None:
    letters = {(0, 1): "f", (1, 1): "A", (2, 1): "W", (3, 1): "?"}
    night = nights.fortnight(5, 6, letters)
    for dark in (False, True):
        page = show(night, dark=dark)
        assert len(page.locator(".legend i").all_inner_texts()) >= 6
        assert [one for one in violations(page) if one.startswith("color-contrast")] == []


@pytest.mark.parametrize("width", [DESK, PHONE, 320])
def test_hostile_findings_run_nothing_and_keep_the_shape(
    show: Show, shots: Shots, width: int
) -> None:
    page = show(nights.spiteful(EVIL), width=width)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    harmless(page)
    fits(page)
    shots(page, f"spiteful-{width}")


def test_long_words_of_any_language_wrap(show: Show) -> None:
    words = ("서버의 백업이 여섯 밤째 실패하고 있으며 암호가 거부되었습니다 " * 4, "가" * 200)
    for width in WIDTHS:
        page = show(nights.spiteful(words), "ko", width=width)
        fits(page)


def test_five_hundred_servers_open_quickly_and_fold_away(show: Show) -> None:
    page = show(nights.fortnight(500, 15, {(n, 0): "f" for n in range(60)}))
    assert page.locator("#nights tbody tr:visible").count() == 40
    assert page.get_by_text("460 more servers").is_visible()
    fits(page)


def test_paper_shows_what_is_folded_away_of_the_findings(show: Show, shots: Shots) -> None:
    page = show(nights.troubled(), width=718)
    page.emulate_media(media="print")
    fits(page)
    assert page.locator("#findings .who li:visible").count() == 14
    assert page.locator("#nights tbody tr:visible").count() == 15
    shots(page, "troubled-paper")


def test_what_recovered_is_told_in_its_own_colour_and_a_copy_small(
    show: Show, shots: Shots
) -> None:
    for dark in (False, True):
        page = show(nights.copied(), dark=dark)
        assert page.locator("#recovered .card").count() == 1
        page.locator(".copies summary").click()
        assert "copy of JobId 3" in page.locator(".copies li").inner_text()
        assert violations(page) == []
        fits(page)
        shots(page, f"recovered-{dark}")


# --- on paper -----------------------------------------------------------------------------------

PAPER = 718  # A4 with the margins of the style sheet, in CSS pixels


@pytest.mark.parametrize("dark", [False, True])
def test_paper_gets_every_success_and_nothing_that_needs_a_click(
    show: Show, crowd: str, dark: bool
) -> None:
    page = show(crowd, width=PAPER, dark=dark)
    page.emulate_media(media="print")
    assert page.evaluate(VISIBLE_ROWS) == 5_000
    assert page.locator(".find:visible, .more:visible, .skip:visible").count() == 0
    assert page.locator("#table").evaluate("one => getComputedStyle(one).display") == "table"
    fits(page)


@pytest.mark.parametrize(("language", "dark"), [("ko", False), ("en", True)])
def test_paper_clips_nothing_and_is_black_on_white(
    open_page: OpenPage, told: Callable[[str], Path], shots: Shots, language: str, dark: bool
) -> None:
    page = open_page(told(language), width=PAPER, dark=dark)
    page.locator(".card summary").first.click()
    page.emulate_media(media="print", color_scheme="dark" if dark else "light")
    fits(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".card details:visible").count() == 1
    clipped = page.evaluate(
        "[...document.querySelectorAll('pre')].filter(one => one.offsetParent)"
        ".filter(one => one.scrollHeight > one.clientHeight + 1).length"
    )
    assert clipped == 0
    assert violations(page) == []
    shots(page, f"paper-{language}{'-dark' if dark else ''}")


def test_the_page_becomes_a_pdf(show: Show, tmp_path: Path) -> None:
    pdf = show(nights.critical()).pdf(format="A4", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF-")
    assert 1 <= pdf.count(b"/Type /Page\n") <= 3
