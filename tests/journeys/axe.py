"""What is wrong with a page that is open in the browser: axe, headings, title, sideways scroll."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

PHONE, DESK = 390, 1280
_RUN = """async () => {
  const moving = document.getAnimations().filter(
    (one) => one.playState === "running" && Number.isFinite(one.effect.getComputedTiming().endTime));
  await Promise.allSettled(moving.map((one) => one.finished));
  return axe.run(document, {resultTypes: ["violations"]});
}"""
"""What fades in has its colours only at the end; what turns for ever is not waited for."""


def faults(page: Page) -> list[str]:
    """All that makes this page hard to use for somebody, as sentences; empty when nothing was found."""
    return [*_axe(page), *_headings(page), *_title(page), *scrolls(page)]


def scrolls(page: Page) -> list[str]:
    """Whether the page is wider than its window."""
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return [f"scrolls sideways: {widths[0]} at {widths[1]}"] if widths[0] > widths[1] else []


@lru_cache
def _script() -> str:
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")


def _axe(page: Page) -> list[str]:
    page.evaluate(_script())
    found: list[dict[str, Any]] = page.evaluate(_RUN)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def _headings(page: Page) -> list[str]:
    """One h1, first of all but for a summary of errors, and no level left out on the way down."""
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4",
        "all => all.filter(one => one.checkVisibility() && !one.closest('ds-error-summary'))"
        ".map(one => Number(one.tagName[1]))",
    )
    leaps = any(deeper > level + 1 for level, deeper in pairwise(levels))
    return [f"headings leap: {levels}"] if levels[:1] != [1] or levels.count(1) != 1 or leaps else []


def _title(page: Page) -> list[str]:
    title = page.title()
    return [] if " · Treffpunkt" in title and title.split(" · ")[0].strip() else [f"title: {title}"]
