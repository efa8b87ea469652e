"""`python -m bench.browser`: a page in a real browser: opening it, filtering it.

It prints JSON: what each page took, or why there is no browser.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Any

NO_BROWSER = "no Chromium on PATH, or no Playwright"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: as root and in containers there is none. The rest keeps it quiet.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SEARCHED = "server07"
_PAUSE = 100
_WATCH = """
window.tasks = []; window.answers = [];
const keep = list => told => told.getEntries().forEach(one => list.push(one.duration));
new PerformanceObserver(keep(tasks)).observe({type: "longtask", buffered: true});
new PerformanceObserver(keep(answers))
  .observe({type: "event", buffered: true, durationThreshold: 16});
"""
_LOADED = """() => {
  const load = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {load: load.loadEventEnd / 1000, paint: paint ? paint.startTime / 1000 : null,
          elements: document.getElementsByTagName("*").length};
}"""
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main() -> None:
    """Read from stdin which pages to open and how slow a processor to play; print the figures."""
    order = json.load(sys.stdin)
    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print(json.dumps({"missing": NO_BROWSER}))
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        pages = [_page(browser, path, order["slower"]) for path in order["pages"]]
        browser.close()
    print(json.dumps({"pages": pages}))


def _page(browser: Any, path: str, slower: float) -> Mapping[str, Any]:
    """Open a page in a context of its own, then use it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    page.add_init_script(_WATCH)
    told = context.new_cdp_session(page)
    told.send("Performance.enable")
    if slower > 1:
        told.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(f"file://{path}", wait_until="load", timeout=120_000)
    page.evaluate(_TWO_FRAMES)
    found = dict(page.evaluate(_LOADED))
    metrics = {one["name"]: one["value"] for one in told.send("Performance.getMetrics")["metrics"]}
    found["layout"] = metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]
    found["script"] = metrics["ScriptDuration"]
    found |= _used(page)
    context.close()
    return found


def _used(page: Any) -> dict[str, float]:
    """Type into the filter, sort, show all, type again; the worst answer and the longest task."""
    find = page.locator("#find")
    steps: list[Callable[[], Any]] = [
        lambda: find.press_sequentially(SEARCHED, delay=_PAUSE),
        lambda: find.fill(""),
        lambda: page.locator("#table thead button").nth(6).click(),
        lambda: page.locator("#table thead button").nth(0).click(),
    ]
    more = page.locator("#more")
    if more.is_visible():
        steps += [
            more.click,
            lambda: find.press_sequentially(SEARCHED, delay=_PAUSE),
            lambda: find.fill(""),
        ]
    answer = task = 0.0
    for step in steps:
        page.evaluate("tasks.length = answers.length = 0")
        step()
        page.evaluate(_TWO_FRAMES)
        page.wait_for_timeout(_PAUSE)
        answers, tasks = page.evaluate("[answers, tasks]")
        answer = max([answer, *answers])
        task = max([task, *tasks])
    return {"answer": answer / 1000, "task": task / 1000}


if __name__ == "__main__":
    main()
