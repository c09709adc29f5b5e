"""What holds of every page: nobody is left out, nothing leaves the machine, no complaints."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    until,
)

pytestmark = pytest.mark.browser

WEB = Path(__file__).parents[3] / "src" / "tta_rebuild" / "server" / "web"
PAGES = {
    "stories": "",
    "new": "new",
    "play": "story/{cast}/main",
    "map": "story/{cast}/main/map/2",
    "cast": "story/{cast}/main/cast",
    "canon": "story/{cast}/main/canon",
    "compare": "story/{cast}/main/compare/" + quote("the other door"),
    "costs": "costs",
    "lab": "lab",
}
OVER_THE_EDGE = """[...document.querySelectorAll('header *, main *')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .filter((one) => !one.closest('.table, .map-box, .unseen'))
    .map((one) => one.outerHTML.slice(0, 120))"""


def opened(reader: Reader, server: RunningServer, name: str) -> Any:
    """A page with everything in it shown: what is folded is opened, too."""
    page = reader.open(PAGES[name].format(**server.stories))
    until(page, "!document.querySelector('main [aria-busy=true]')")
    return page


def opened_wholly(page: Any) -> None:
    page.evaluate(
        "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
    )
    until(page, "!document.querySelector('main [aria-busy=true]')")


@pytest.mark.smoke
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.stress)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_the_browser_complains_of_nothing(
    chromium: Any, server: RunningServer, name: str, scheme: str
) -> None:
    reader = Reader(chromium, server.address, color_scheme=scheme, reduced_motion="reduce")
    page = opened(reader, server, name)
    keep_screenshot(page, f"{name}-{scheme}")
    opened_wholly(page)
    assert_nobody_is_left_out(page)
    for tab in range(page.locator(".tabs button").count()):
        page.locator(".tabs button").nth(tab).click()
        until(page, "!document.querySelector('main [aria-busy=true]')")
        opened_wholly(page)
        assert_nobody_is_left_out(page)
    assert reader.seen.errors == []
    assert reader.seen.foreign == []
    reader.context.close()


@pytest.mark.parametrize("width", [320, pytest.param(768, marks=pytest.mark.stress)])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_small_screen(
    chromium: Any, server: RunningServer, name: str, width: int
) -> None:
    reader = Reader(chromium, server.address, viewport={"width": width, "height": 800})
    page = opened(reader, server, name)
    keep_screenshot(page, f"{name}-{width}")
    opened_wholly(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.evaluate(
        OVER_THE_EDGE
    )
    reader.context.close()


def test_all_pages_together_are_small() -> None:
    files = [
        one for one in WEB.rglob("*") if one.suffix in {".js", ".mjs", ".css", ".html", ".svg"}
    ]
    assert files
    assert sum(len(gzip.compress(one.read_bytes(), 9)) for one in files) < 250_000


def test_no_page_makes_markup_of_text() -> None:
    for one in WEB.glob("*.js"):
        text = one.read_text("utf-8")
        for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, f"{one.name}: {word}"


def test_nothing_is_fetched_from_elsewhere() -> None:
    for one in [*WEB.glob("*.js"), *WEB.glob("*.html"), *WEB.glob("*.css")]:
        assert "//cdn" not in one.read_text("utf-8")
        assert "http://www.w3.org" in (text := one.read_text("utf-8")) or "http://" not in text


def test_the_reader_chooses_light_size_and_movement_and_finds_it_again(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main".format(**server.stories))
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    size = "getComputedStyle(document.querySelector('.prose')).fontSize"
    before = page.evaluate(f"[{paper}, {size}]")
    page.get_by_label("How you read").click()
    page.get_by_label("dark", exact=True).check()
    page.get_by_label("Text size").fill("4")
    page.get_by_label("Let things move gently").uncheck()
    chosen = page.evaluate(f"[{paper}, {size}]")
    assert chosen[0] != before[0]
    assert float(chosen[1][:-2]) > float(before[1][:-2])
    page.reload()
    page.locator(".prose").wait_for()
    assert page.evaluate(f"[{paper}, {size}]") == chosen
    assert page.evaluate("document.documentElement.dataset.motion") == "none"


def test_text_of_a_story_is_never_markup(reader: Reader, server: RunningServer) -> None:
    page = reader.open("story/{cast}/main".format(**server.stories))
    assert "<b>Nobody</b> said anything" in page.locator(".prose").inner_text().replace(
        "\u00a0", " "
    )
    assert page.locator(".prose b").count() == 0
    assert page.locator(".prose em").inner_text() == "anything"
