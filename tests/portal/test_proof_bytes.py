"""What every page weighs as it is served: at most 40 KB on a first visit with everything, 15 KB on later ones."""

import re
from pathlib import Path

from tests.portal.conftest import Browser
from tests.portal.shown import pages

STATIC = Path(__file__).parents[2] / "portal" / "static"
FIRST, LATER, SCRIPT, SHEET = 40_000, 15_000, 10_000, 8_000
PART = re.compile(r'(?:href|src)="(/static/[^"]+)"')


async def weigh(browser: Browser, path: str) -> tuple[int, dict[str, int]]:
    """Return the bytes of a page and of each file it takes, as the line carries them."""
    page = await browser.get(path)
    assert page.status_code < 500, path
    files = {one: (await browser.get(one)).num_bytes_downloaded for one in PART.findall(page.text)}
    return page.num_bytes_downloaded, files


async def test_every_page_is_light_on_the_first_visit_and_lighter_on_later_ones(signed_in: Browser) -> None:
    await signed_in.post("/file/1.001193", data={"place": "00004"})
    _, kept = await weigh(signed_in, "/")
    weights: list[tuple[int, int, str]] = []
    for path in pages():
        page, files = await weigh(signed_in, path)
        later = page + sum(size for name, size in files.items() if name not in kept)
        weights.append((page + sum(files.values()), later, path))
    heavy = [one for one in weights if one[0] > FIRST or one[1] > LATER]
    assert heavy == [], f"(first, later, address); the heaviest: {sorted(weights)[-5:]}"
    assert max(first for first, _, _ in weights) > 5_000, f"nothing was weighed: {sorted(weights)[-5:]}"


async def test_every_script_is_small_and_the_stylesheet_is_kept_small(browser: Browser) -> None:
    scripts = {file.name: file.stat().st_size for file in STATIC.glob("*.js")}
    assert scripts and {name: size for name, size in scripts.items() if size > SCRIPT} == {}, scripts
    _, files = await weigh(browser, "/")
    sheets = {name: size for name, size in files.items() if name.endswith(".css")}
    assert len(sheets) == 1 and max(sheets.values()) <= SHEET, f"{sheets}, at most {SHEET}"
